"""The Software Carbon Intensity by its published formula."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint, given
from powermeter.footprint.allocation import by_time
from powermeter.footprint.embodied import device
from powermeter.footprint.sci import sci, sci_of
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_sci_discloses_what_it_must() -> None:
    making = by_time(device("server"), 3600, given("life.server", 4, "y"))
    whole = footprint(KWH, "FRA", making=[("carbon", making)])
    score = sci_of(whole, 100, "inference", "measured at the 5 V input")
    assert score.score.value == pytest.approx(whole.carbon.value / 100)
    text = score.disclosure()
    for word in (
        "functional unit R: inference",
        "software boundary",
        "method",
        "E × I",
        "M:",
        "no offsets",
        "source",
    ):
        assert word in text
    assert "WARNING" not in text
    alone = footprint(KWH, "FRA")
    assert "not a complete SCI" in sci_of(alone, 1, "inference", "measured").disclosure()
    with pytest.raises(ConfigurationError):
        sci(alone.accounts["carbon"].lines[0], [], 0, "inference", boundary="b", method="m")
    with pytest.raises(ConfigurationError):
        sci(alone.accounts["carbon"].lines[0], [], 1, " ", boundary="b", method="m")
