"""How many repeats show a difference: against the exact power of the t-test, and against comparisons themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from powermeter.comparison import drift
from powermeter.comparison.contrast import contrast
from powermeter.comparison.pairs_and_turns import Side
from powermeter.comparison.repeats_to_show_difference import DRIFT_COST, RepeatPlan, repeats_to_show
from powermeter.comparison.verdict import LEVEL, Verdict
from powermeter.errors import DataError


def in_turns(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when the repeats of both sides were in A B B A, in s."""
    order = np.tile([False, True, True, False], n)[: 2 * n]
    return np.flatnonzero(~order).astype(float), np.flatnonzero(order).astype(float)


def power_at_the_promise(
    runs: int, difference: float, spread: float, *, separate: bool = True
) -> tuple[float, int]:
    n = repeats_to_show(difference, spread)
    times = in_turns(n)
    found = 0
    for i in range(runs):
        rng = np.random.default_rng([i, round(difference * 1e4), round(spread * 1e4)])
        a, b = (1 + spread * rng.standard_normal(n), 1 - difference + spread * rng.standard_normal(n))
        left = Side("A", a, instrument="m", times_s=times[0], separate=separate)
        right = Side("B", b, instrument="m", times_s=times[1], separate=separate)
        found += contrast(left, right).verdict is Verdict.LESS
    return found / runs, n


@pytest.mark.thorough
def test_the_promised_repeats_find_the_difference() -> None:
    share, n = power_at_the_promise(200, 0.05, 0.05)
    plain = 2 * ((student.ppf(1 - LEVEL / 2, 2 * n - 3) + student.ppf(0.8, 2 * n - 3)) * 1.0) ** 2
    assert plain < n <= plain * (1 + DRIFT_COST / n) ** 2 + 1
    assert share >= 0.80 - 2 * 0.028


@pytest.mark.thorough
@pytest.mark.parametrize(("difference", "spread", "repeats"), [(0.1, 0.05, 8), (0.2, 0.05, 4)])
def test_events_of_one_recording_that_take_turns_keep_the_promise_too(
    difference: float, spread: float, repeats: int
) -> None:
    share, n = power_at_the_promise(100, difference, spread, separate=False)
    assert n == repeats
    assert share >= 0.80 - 2 * 0.04


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
    plan = RepeatPlan(1.0, 0.0, math.inf, 20, level=0.04, pairs=True)
    shift = plan.needs(20) * math.sqrt(20)
    power = 1 - nct.cdf(student.ppf(0.98, 19), 19, shift)
    assert power == pytest.approx(0.8, abs=0.01)


def test_the_difference_needed_is_two_quantiles_times_the_uncertainty() -> None:
    """t at 98 % and at 80 %, n pairs with n − 1 degrees of freedom; n a side in turns with 2n − 3 (level, slope, difference)."""
    pairs, turns = RepeatPlan(1.0, 0.0, math.inf, 5, pairs=True), RepeatPlan(1.0, 0.0, math.inf, 4)
    assert pairs.needs(5) == pytest.approx((student.ppf(0.98, 4) + student.ppf(0.8, 4)) / math.sqrt(5))
    plain = (student.ppf(0.98, 5) + student.ppf(0.8, 5)) * math.sqrt(2 / 4)
    assert turns.needs(4) == pytest.approx((1 + 1.75 / 4) * plain)


def test_the_sensors_error_has_no_degrees_of_freedom_to_lose() -> None:
    """Welch and Satterthwaite (GUM G.4.1): ν (u²/u_A²)², with u_A the part that repeats show."""
    plan = RepeatPlan(1.0, 0.5, 3, 4, pairs=True)
    repeats, whole = 1 / 4, 1 / 4 + 0.25
    freedom = 3 * (whole / repeats) ** 2
    expected = (student.ppf(0.98, freedom) + student.ppf(0.8, freedom)) * math.sqrt(whole)
    assert plan.needs(4) == pytest.approx(expected)


@pytest.mark.thorough
def test_what_allowing_for_a_drift_costs_is_what_it_was_measured_to() -> None:
    """80 % of comparisons in turns find the difference at which the interval's upper end exceeds 0 in 80 % of equal ones."""
    right = np.tile([False, True, True, False], 5)[:10]
    reach = []
    for seed in range(300):
        found = drift.difference(np.random.default_rng([seed, 5]).standard_normal(10), right)
        reach.append(student.ppf(1 - LEVEL / 2, found.freedom) * found.uncertainty - found.difference)
    assert 0.95 < RepeatPlan(1.0, 0.0, math.inf, 5).needs(5) / np.quantile(reach, 0.8) < 1.25


def test_a_spread_from_few_repeats_asks_for_more() -> None:
    known, learnt = RepeatPlan(1.0, 0.0, math.inf, 4), RepeatPlan(1.0, 0.0, 5, 4)
    assert learnt.repeats(0.5) > 1.15 * known.repeats(0.5)


def test_repeats_and_detectable_difference_belong_together() -> None:
    plan = RepeatPlan(0.1, 0.01, 30, 16)
    n = plan.repeats(0.08)
    assert plan.needs(n) <= 0.08 < plan.needs(n - 1)
    assert plan.repeats(plan.detectable()) == 16
    assert plan.repeats(0.02) is None  # the sensors' own 0.01 is (2.05 + 0.84) × 0.01 already
    assert plan.repeats(0.0) is None


@pytest.mark.parametrize(("relative", "spread"), [(0, 0.1), (math.nan, 0.1), (0.1, -1), (1e-9, 1)])
def test_what_cannot_be_planned_is_refused(relative, spread) -> None:
    with pytest.raises(DataError):
        repeats_to_show(relative, spread)


def test_a_plan_has_three_repeats_at_least_and_ten_million_at_most() -> None:
    plan = RepeatPlan(0.001, 0.0, math.inf, 5)
    assert plan.repeats(1.0) == 3, "a thousand standard deviations"
    furthest = plan.needs(10_000_000)
    assert plan.repeats(furthest) == 10_000_000
    assert plan.repeats(furthest * (1 - 1e-9)) is None
    assert RepeatPlan(0.0, 0.0, math.inf, 5).repeats(0.0) is None, "no difference is none to show"
