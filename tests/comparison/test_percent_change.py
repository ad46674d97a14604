"""A change in percent keeps what its interval states, and drops an end that states nothing."""

from __future__ import annotations

import pytest

from powermeter.comparison.percent_change import change_in_percent
from powermeter.result import Result


@pytest.mark.parametrize(
    ("ratio", "printed"),
    [
        (
            (0.89, 0.1457, 38.6),
            "at least -86 %",
        ),  # two digits of its half-width would make it 0 % (-100 to 3,800)
        ((1.053, 0.047, 2.5), "+5 % (-95 to 150)"),
        ((0.968, 0.963, 0.973), "-3.20 ± 0.50 %"),
        ((3.0, 1.8, 5.5), "+200 % (80 to 450)"),
        ((16.0, 13.0, 20.0), "+1,500 % (1,200 to 1,900)"),
    ],
)
def test_a_ratio_as_its_change(ratio: tuple[float, float, float], printed: str) -> None:
    value, low, high = ratio
    assert change_in_percent(Result(value, "1", low, high)).text == printed
