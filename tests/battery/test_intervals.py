"""A falling function turns an interval round; the range of packs widens it, log-normal on each side."""

from __future__ import annotations

import math

import pytest

from powermeter.battery.intervals import falling, widened
from powermeter.result import Result


def test_the_ends_of_a_falling_function_change_places() -> None:
    found = falling(lambda watts: 8 / watts, Result.of(2.0, "W", {"gain": 0.02}), "h")
    assert found.value == 4.0 and found.low < 4.0 < found.high
    assert found.parts["gain"] == pytest.approx(-0.04, rel=1e-6)  # d(8 / P) = -8 / P² dP


def test_a_sure_number_takes_the_whole_range_of_packs() -> None:
    """The range is 5 to 95 %; an interval is 95 %: wider by 1.96 over 1.645 in logarithms."""
    found = widened(Result.of(10.0, "h"), (0.5, 1.0))
    assert math.log(10.0 / found.low) == pytest.approx(1.95996 / 1.64485 * math.log(2), rel=1e-4)
    assert found.high == pytest.approx(10.0)
    assert widened(Result.of(10.0, "h"), (1.0, 1.0)) == Result.of(10.0, "h")
