"""How many repeats show a difference: against the exact power of the t-test, and against comparisons themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from powermeter.comparison.contrast import contrast
from powermeter.comparison.designs import Side
from powermeter.comparison.sample_size import DRIFT_COST, Plan, repeats_to_show
from powermeter.comparison.verdict import LEVEL, Verdict
from powermeter.errors import DataError


def in_turns(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when the repeats of both sides were in A B B A, in s."""
    order = np.tile([False, True, True, False], n)[: 2 * n]
    return np.flatnonzero(~order).astype(float), np.flatnonzero(order).astype(float)


def power_at_the_promise(runs: int, difference: float, spread: float) -> tuple[float, int]:
    n = repeats_to_show(difference, spread)
    times = in_turns(n)
    found = 0
    for i in range(runs):
        rng = np.random.default_rng([i, round(difference * 1e4), round(spread * 1e4)])
        a, b = (1 + spread * rng.standard_normal(n), 1 - difference + spread * rng.standard_normal(n))
        left = Side("A", a, instrument="m", times_s=times[0], separate=True)
        right = Side("B", b, instrument="m", times_s=times[1], separate=True)
        found += contrast(left, right).verdict is Verdict.LESS
    return found / runs, n


def test_the_promised_repeats_find_the_difference() -> None:
    share, n = power_at_the_promise(200, 0.05, 0.05)
    plain = 2 * ((student.ppf(1 - LEVEL / 2, 2 * n - 3) + student.ppf(0.8, 2 * n - 3)) * 1.0) ** 2
    assert plain < n <= plain * (1 + DRIFT_COST / n) ** 2 + 1
    assert share >= 0.80 - 2 * 0.028


@pytest.mark.slow
@pytest.mark.parametrize(
    ("difference", "spread"), [(0.10, 0.05), (0.05, 0.1), (0.02, 0.02), (0.02, 0.1), (0.2, 0.05)]
)
def test_power_at_the_promised_repeats_is_at_least_80_percent(difference: float, spread: float) -> None:
    share, n = power_at_the_promise(1500, difference, spread)
    print(f"\npower at {difference:.0%} with a spread of {spread:.0%}, {n} repeats a side: {share:.3f}")
    assert share >= 0.80 - 2 * 0.0103


def test_pairs_have_the_power_of_the_noncentral_t() -> None:
    """The exact power of a paired t-test of 20 pairs at what the plan calls detectable is 80 %."""
    plan = Plan(1.0, 0.0, math.inf, 20, level=0.04, pairs=True)
    shift = plan.needs(20) * math.sqrt(20)
    power = 1 - nct.cdf(student.ppf(0.98, 19), 19, shift)
    assert power == pytest.approx(0.8, abs=0.01)


def test_a_spread_from_few_repeats_asks_for_more() -> None:
    known, learnt = Plan(1.0, 0.0, math.inf, 4), Plan(1.0, 0.0, 5, 4)
    assert learnt.repeats(0.5) > 1.15 * known.repeats(0.5)


def test_repeats_and_detectable_difference_belong_together() -> None:
    plan = Plan(0.1, 0.01, 30, 16)
    n = plan.repeats(0.08)
    assert plan.needs(n) <= 0.08 < plan.needs(n - 1)
    assert plan.repeats(plan.detectable()) == 16
    assert plan.repeats(0.02) is None  # the sensors' own 0.01 is (2.05 + 0.84) × 0.01 already
    assert plan.repeats(0.0) is None


@pytest.mark.parametrize(("relative", "spread"), [(0, 0.1), (math.nan, 0.1), (0.1, -1), (1e-9, 1)])
def test_what_cannot_be_planned_is_refused(relative, spread) -> None:
    with pytest.raises(DataError):
        repeats_to_show(relative, spread)
