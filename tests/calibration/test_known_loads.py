"""Known loads as a person types them: `0.5A`, `0.5A±1mA`, `10s-20s=0.5A`, one by one at a prompt: what it promises."""

from __future__ import annotations

import math

import pytest

from powermeter.calibration import known_loads
from powermeter.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "known", "true", "uncertainty"),
    [
        ("0.5A", True, 0.5, 0.1 / math.sqrt(12)),
        ("0.500A", True, 0.5, 0.001 / math.sqrt(12)),
        ("250 mA", True, 0.25, 0.001 / math.sqrt(12)),
        ("0.5A±1mA", False, 0.5, math.hypot(0.001 / math.sqrt(3), 0.1 / math.sqrt(12))),
        ("2.500 W +- 5mW", False, 2.5, math.hypot(0.005 / math.sqrt(3), 0.001 / math.sqrt(12))),
        ("1.50e3mA", True, 1.5, 0.01 / math.sqrt(12)),
    ],
)
def test_a_typed_load_says_how_sure_it_is(text, known, true, uncertainty):
    attributes = known_loads.parse(text, known=known)
    assert attributes["true"] == pytest.approx(true)
    assert attributes["uncertainty"] == pytest.approx(uncertainty)


def test_a_typed_stretch_is_whole_nanoseconds_after_the_start():
    (event,) = known_loads.windows(["0.1s-2500ms=0.5A"], 1_000, known=True)
    assert (event.start_ns, event.end_ns) == (100_001_000, 2_500_001_000)
    assert isinstance(event.start_ns, int) and isinstance(event.end_ns, int)  # a file holds no others


@pytest.mark.parametrize(
    "text", ["", "0.5", "A", "0.5A", "0.5 parsec", "5Ω±1Ω", "0.5A±", "0.5A±1V", "0.5A±-1mA", "nanA±1A"]
)
def test_a_load_that_is_none_is_refused(text):
    with pytest.raises(ConfigurationError):
        known_loads.parse(text, known=False)
