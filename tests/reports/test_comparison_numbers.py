"""The three numbers of a row agree with each other to a reader who subtracts what is printed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.reports.comparison_numbers import in_print
from powermeter.result import Result
from powermeter.units import parse_quantity
from tests.reports.test_comparison_by_hand import ROW


def row(left: tuple[float, float], right: tuple[float, float], half: float, value: float | None = None):
    """Return a row of two sides, each with its half-width, whose difference is known to `half`."""
    difference = right[0] - left[0] if value is None else value
    results = [Result(v, "J", v - h, v + h) for v, h in (left, right, (difference, half))]
    return replace(ROW, mean_left=results[0], mean_right=results[1], difference=results[2])


def printed(shown) -> float:
    return parse_quantity(shown.bare.replace(",", ""), "J")


def test_what_two_digits_would_contradict_has_one_more() -> None:
    """154.6 and 137.6 mJ to tens are 150 and 140, and their difference of -17 is -20."""
    repeats = {"repeats:decode": 0.05}
    of = replace(
        row((0.1546, 0.1), (0.1376, 0.1), 0.19),
        mean_left=Result(0.1546, "J", 0.0459, 0.30654, parts=repeats),
        mean_right=Result(0.1376, "J", 0.0326, 0.2426, parts=repeats),
    )
    found = in_print(of)
    assert (found.left.text, found.right.text) == ("155 mJ (46 to 307)", "138 ± 105 mJ")
    assert found.difference.text == "-17 ± 190 mJ"


def test_sides_of_one_gain_are_as_fine_as_their_difference_where_tenths_would_contradict_it() -> None:
    """199.96 and 189.93 mJ to tenths are 200.0 and 189.9, and differ by 10.1 to a reader."""
    found = in_print(row((0.19996, 0.005), (0.18993, 0.005), 0.00021))
    assert (found.left.text, found.right.text) == ("199.960 ± 5.000 mJ", "189.930 ± 5.000 mJ")


def test_what_agrees_keeps_its_two_digits() -> None:
    found = in_print(ROW)
    assert (found.left.text, found.right.text, found.difference.text) == (
        "2.00 ± 0.10 J",
        "3.00 ± 0.20 J",
        "+1.00 ± 0.22 J",
    )


def test_a_drift_that_was_taken_out_is_not_rounded_away() -> None:
    """A note states that the difference is another than that of the means."""
    found = in_print(row((2.0, 0.1), (3.0, 0.1), 0.14, value=1.3))
    assert (found.left.text, found.difference.text) == ("2.00 ± 0.10 J", "+1.30 ± 0.14 J")


def test_any_two_sides_agree_with_their_difference() -> None:
    rng = np.random.default_rng(16)
    worst = 0.0
    for _ in range(400):
        a, b = rng.lognormal(0, 1, 2)
        halves = np.array([a, b]) * rng.uniform(0.01, 0.6, 2)
        half = float(np.hypot(*halves)) * rng.choice([1.0, 0.05])
        found = in_print(row((a, halves[0]), (b, halves[1]), half))
        apart = printed(found.right) - printed(found.left) - printed(found.difference)
        worst = max(worst, abs(apart) / max(half, *halves))
    assert worst < 0.051, "half a step of two digits of the coarsest"


@pytest.mark.parametrize("open_side", [Result(2.0, "J", 0.0, 5.0), Result(2.0, "J", 2.0, 2.0)])
def test_a_bound_and_an_exact_side_stay_as_every_report_prints_them(open_side: Result) -> None:
    found = in_print(replace(ROW, mean_left=open_side))
    assert found.left == open_side.show()
