"""How a comparison is weighed: what cannot be meant is refused before anything is opened."""

from __future__ import annotations

import pytest

from powermeter import CompareOptions, ConfigurationError


def test_nothing_need_be_said():
    asked = CompareOptions()
    assert asked.paired is None and asked.margin == 0.0 and asked.warmup and asked.items == (None, None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"of": "joy"}, "energy, power, time"),
        ({"margin": -0.1}, "5%"),
        ({"margin": 10.0}, "5%"),
        ({"margin": float("nan")}, "5%"),
        ({"block": "input", "paired": True}, "pairs or blocks"),
        ({"block": "input", "paired": False}, "pairs or blocks"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        CompareOptions(**wrong)
