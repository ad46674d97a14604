"""Several labels judged at once: Holm's step-down (Scand. J. Statist. 6, 1979), by p-values that are set."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from powermeter.comparison import matching_labels, multiple_comparisons
from powermeter.comparison.contrast import contrast
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.pairs_and_turns import Side
from powermeter.comparison.verdict import LEVEL, Verdict

NOISE = 0.1 * np.random.default_rng(11).standard_normal(24)


def sides(shift: float) -> tuple[Side, Side]:
    """Return recordings that took turns (A B B A), twelve a side, B higher by this."""
    order = np.tile([False, True, True, False], 6)
    values, times = 10 + NOISE + shift * order, np.arange(24.0)
    return (
        Side("A", values[~order], times_s=times[~order], separate=True),
        Side("B", values[order], times_s=times[order], separate=True),
    )


@functools.lru_cache
def with_p(wanted: float) -> tuple[Side, Side]:
    """Return sides whose p-value, alone, is this: bisection over the shift."""
    low, high = -0.2, 0.4
    for _ in range(30):
        middle = (low + high) / 2
        found = contrast(*sides(middle))
        p, higher = found.p_value, found.difference.value > 0
        low, high = (low, middle) if higher and p <= wanted else (middle, high)
    assert contrast(*sides(high)).p_value == pytest.approx(wanted, rel=1e-3)
    return sides(high)


def judged(*wanted: float) -> list[bool]:
    pairs = [matching_labels.Pair(str(p), *with_p(p)) for p in wanted]
    return [
        row.contrast.verdict is Verdict.MORE for row in multiple_comparisons.jointly(pairs, CompareOptions())
    ]


@pytest.mark.parametrize("wanted", [0.001, 0.03, 0.039])
def test_alone_a_p_value_below_the_level_is_a_verdict(wanted: float) -> None:
    assert LEVEL == 0.04 and judged(wanted) == [True]


def test_alone_one_above_is_none() -> None:
    assert judged(0.041) == [False]


def test_the_smallest_of_three_must_be_below_a_third_of_the_level() -> None:
    """0.04/3 = 0.01333."""
    assert judged(0.013, 0.5, 0.5) == [True, False, False]
    assert judged(0.5, 0.0137, 0.5) == [False, False, False]


def test_then_the_next_below_half_of_it_and_the_last_below_all_of_it() -> None:
    """0.0133, 0.02, 0.04, in whatever order the labels stand."""
    assert judged(0.039, 0.013, 0.0195) == [True, True, True]
    assert judged(0.0195, 0.041, 0.013) == [True, False, True]


def test_where_one_fails_those_after_it_fail_too() -> None:
    """0.021 is above a half of the level; 0.03 would be below the whole of it."""
    assert judged(0.013, 0.021, 0.03) == [True, False, False]


def test_the_level_of_a_verdict_is_that_of_its_p_value() -> None:
    found = with_p(0.02)
    assert contrast(*found, level=0.0202).verdict is Verdict.MORE
    assert contrast(*found, level=0.0198).verdict is not Verdict.MORE
