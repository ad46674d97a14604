"""What coarse marks, readings that lag, tails and cut peaks leave open of a few events, each sum worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis import edges_in_coarse_steps, means_under_coarse_marks
from powermeter.analysis.beside_events import Calm
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.few_readings_carry import leaning_factors
from powermeter.analysis.integral import Integral, running_trapezoid
from powermeter.analysis.lag_of_all_labels import Lag, hold_back
from powermeter.analysis.slew_limited import cut_off_peaks
from powermeter.analysis.tails import follows_few
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def estimate(n: int, joules: float, own: float = 0.0, **more: object) -> GroupEstimate:
    found = GroupEstimate.empty(n)
    found.value, found.own = np.full(n, joules), np.full(n, own)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def sum_variance(found: GroupEstimate) -> float:
    return found.factor * float(found.own @ found.own)


def beyond_marks(**more: object) -> edges_in_coarse_steps.BesideClearEdges:
    """3 J outside of ten events and 1 J missing inside; half of the edges can be looked at, 3 and 5 readings lie beyond them."""
    given: dict[str, object] = {
        "outside": np.array([0.3] * 10),
        "sums": (3.0, 1.0),
        "low": 0.0,
        "adds": 4.0,
        "doubt": 0.2,
        "share": 0.5,
        "beyond": (3, 5),
        "away": 3,
        "expected": 1.0,
        "dropped_s": 0.0,
        "vary": (0.0, 0.0),
        "behind_s": np.zeros(0),
    }
    return edges_in_coarse_steps.BesideClearEdges(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_marks_in_steps_that_readings_resolve(sign: float) -> None:
    """Steps of 1 s, readings each 0.1 s, 4 W more inside (or less).

    A reading stands for 0.1 s x 4 W / half of the edges = 0.8 J, 0.64 J² each.  Four of them (the mean of both sides) would
    be 2.56, but no more than 10 events x 0.64 / 3 = 2.1333 J²; one more, 0.64; the level's doubt, 0.04.  The edges that nobody
    sees: 10 x (1 + 1) x 4² / 12 = 26.6667 J².  2 J outside are not missing inside and may be nobody's: 4 / 3 J².
    Before, 10 x 0.01 J².  Edges are 4 J / 4 W + 2 x 0.1 s = 1.2 s of 5 s away: 0.24 of a step's variance, of idle 1 W and
    0.4 J between readings: 10 x 0.04 x 1.16 = 0.464 J².
    """
    seen = beyond_marks(adds=4.0 * sign, sums=(3.0 * sign, 1.0 * sign))
    found = estimate(10, 20.0, 0.1, level=5.0, quiet=1.0)
    found = edges_in_coarse_steps.with_outside(found, seen, 1.0, 0.1, alike=False)
    assert found.value == pytest.approx(np.full(10, 20 + sign * 0.3))
    total = 0.1 + 2.133333 + 0.64 + 0.04 + 26.666667 + 1.333333 + 0.464
    assert sum_variance(found) == pytest.approx(total, rel=1e-6)
    assert found.own == pytest.approx(np.full(10, math.sqrt(0.01 + 25 * 0.24 / 6)))
    assert found.lean_all == 0.0 and found.why == "" and found.above_all == 0.0


def test_marks_in_steps_as_long_as_the_interval_are_a_count_of_readings() -> None:
    """Readings each 1 s stand for 8 J each.  Four of them and one: 320 J² are above what marks can do at all.

    At most 4 W x (half a second x 10 + 1.96 x 0.5 s x √(10/3)) = 27.156 J lie outside: a third of its square, and 0.04 and
    4 / 3 J².  Cubes of what lies outside, 10 x 0.3³, count eight times eight each: their share is the skewness.
    """
    found = estimate(10, 20.0, 0.1, level=5.0, quiet=0.0, lean_all=0.5)
    found = edges_in_coarse_steps.with_outside(found, beyond_marks(), 1.0, 1.0, alike=True)
    most = 4 * (5 + 1.959964 * 0.5 * math.sqrt(10 / 3))
    variance = most**2 / 3 + 0.04 + 4 / 3
    # All of a step's variance counts for what is always read at one place: 4 J between readings.
    assert sum_variance(found) == pytest.approx(0.1 + variance + 10 / 6 * 16, rel=1e-6)
    cubes = 0.5 * 0.1**1.5 + (1 / 0.5) ** 3 * 10 * 0.3**3
    assert found.lean_all == pytest.approx(cubes / (0.1 + variance) ** 1.5, rel=1e-6)


@pytest.mark.parametrize(("outside", "counted"), [(40.0, 27.156), (-5.0, 0.0)])
def test_no_more_lies_outside_than_marks_can_leave_there(outside: float, counted: float) -> None:
    found = estimate(10, 20.0, 0.1, level=5.0, quiet=1.0)
    found = edges_in_coarse_steps.with_outside(
        found, beyond_marks(sums=(outside, 0.0)), 1.0, 0.1, alike=False
    )
    assert found.value == pytest.approx(np.full(10, 20 + counted / 10), rel=1e-5)
    # A step and a half beyond an end is 6 J of an event, where more lies outside than dropped fractions leave.
    further = 6 - counted / 10 if outside > 0 else 0.0
    assert found.above == pytest.approx(np.full(10, further), abs=1e-4)
    assert found.above_all == pytest.approx(10 * further, abs=1e-3)


def test_whole_windows_around_three_of_four_events() -> None:
    """They hold 1, 2 and 3 J more: 2 ± 1/√3 J in the mean, of steps of 1 s and 16 W.

    1 J of the last two is not the level's for so long: a third of 4² J² may follow events.  What lies beside: 0.3 J of three,
    (4 x 0.3 / 3)².  Of a quarter step, 4 J, the marks are off by (2 + 2/√3) J at most, and by √(6 x 20 / 16²) of one at least.
    """
    whole = means_under_coarse_marks.WholeWindows(
        np.array([11.0, 12.0, 13.0]), np.arange(3), 1.5, 0.3, np.array([np.nan, 5.5, 6.0]), 20.0
    )
    found = estimate(4, 10.0, 0.5, factor=2.0)
    found = means_under_coarse_marks.with_whole_windows(found, whole, (5.0, 16.0, 1.0), np.full(4, 2.0))
    moved = (2 + 2 / math.sqrt(3)) / 4
    assert found.value == pytest.approx(np.full(4, 12.0))
    variance = 16 / 3 + 0.16 + 16 / 3 + 4 * 1.5**2 / 6 * moved
    assert sum_variance(found) == pytest.approx(2 + variance)
    assert found.own == pytest.approx(np.full(4, math.sqrt(0.25 + 25 * moved / 6)))
    assert found.why == "" and found.above_all == 0.0


def test_more_in_whole_windows_than_a_step_holds_is_open_upwards() -> None:
    """Half a step of 1 W, and 1.96 of ± 1/√3 J: 1.6316 J an event at most, of 2 J that are there."""
    whole = means_under_coarse_marks.WholeWindows(
        np.array([11.0, 12.0, 13.0]), np.arange(3), 0.0, 0.0, np.full(3, np.nan), 0.0
    )
    found = estimate(4, 10.0, 0.5)
    found = means_under_coarse_marks.with_whole_windows(found, whole, (5.0, 1.0, 1.0), np.full(4, 2.0))
    allowed = 0.5 + 1.959964 / math.sqrt(3)
    further = 2 - allowed + 1.959964 / math.sqrt(3)
    assert found.value == pytest.approx(np.full(4, 10 + allowed), rel=1e-6)
    assert found.above == pytest.approx(np.full(4, further), rel=1e-6)
    assert found.above_all == pytest.approx(4 * further, rel=1e-6)


@pytest.mark.parametrize("joules", [3.0, -3.0])
def test_what_follows_events_of_dropped_fractions_may_be_theirs(joules: float) -> None:
    """3 ± 0.5 J follow each: up to 3 + 1.96 x 0.5 J."""
    found = means_under_coarse_marks.with_what_follows(estimate(4, 10.0, tail=(joules, 0.5)))
    assert found.above == pytest.approx(np.full(4, 3.979982), rel=1e-6)
    assert found.above_all == pytest.approx(4 * 3.979982, rel=1e-6) and found.tail is None
    refused = means_under_coarse_marks.with_what_follows(estimate(4, 10.0, tail=(joules, 0.5), why="lag"))
    assert refused.above_all == 0.0 and refused.tail == (joules, 0.5)
    assert means_under_coarse_marks.with_what_follows(estimate(4, 10.0)).above_all == 0.0


@pytest.mark.parametrize(
    ("start_s", "end_s", "held"), [(4.5, 12.5, 0.5 * (2 - 5)), (12.5, 17.5, 0.5 * (8 - 2))]
)
@pytest.mark.parametrize("sure", [True, False])
def test_what_lag_holds_back_is_the_lag_times_what_power_went_by(
    start_s: float, end_s: float, held: float, sure: bool
) -> None:
    """5 W until 10 s, 2 W until 15 s, 8 W after; readings are 0.5 ± 0.1 s late."""
    times = np.arange(21, dtype=np.int64) * NS
    integral = Integral.of(from_samples(times, np.repeat([5.0, 2.0, 8.0], [10, 5, 6])))
    edges = (np.array([round(at * NS)]) for at in (start_s, end_s))
    found = estimate(1, 20.0, below=np.array([0.2]), above=np.array([0.1]), below_all=0.5, above_all=0.25)
    hold_back(integral, *edges, found, Lag(0.5, 0.1, sure))
    assert found.value == pytest.approx([20 + (held if sure else held / 2)])
    assert found.shared["edges:division"] == pytest.approx([held * (0.2 if sure else 0.4)])
    assert found.why == "lag"
    less, more = (max(held, 0.0), max(-held, 0.0)) if sure else (0.0, 0.0)
    assert (found.below, found.above) == (pytest.approx([0.2 + less]), pytest.approx([0.1 + more]))
    assert (found.below_all, found.above_all) == (pytest.approx(0.5 + less), pytest.approx(0.25 + more))


def test_what_is_cut_off_peaks_that_turn_early() -> None:
    """At 10 W/s from 0 W: one peak turns at 10 W, one at 9.8 W (as high), one at 4 W.

    Above the last 6 W are missing; at 10 W/s a triangle on 4 W grows by 6 W x 4 W / 10 W/s = 2.4 J.
    """
    peaks = [np.concatenate([np.arange(top), np.arange(top, 0, -1), [0.0, 0.0]]) for top in (10.0, 9.8, 4.0)]
    values = np.concatenate([[0.0], *peaks])
    seconds = 0.1 * np.arange(values.size)
    rates = np.diff(values) / 0.1
    rows = (rates > 5.0, rates < -5.0)
    assert cut_off_peaks(seconds, values, rows, 10.0) == pytest.approx(2.4)
    alike = np.where(values > 4, 4.0, values)
    assert alike.max() == 4.0
    assert cut_off_peaks(seconds, alike, rows, 10.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("end", [3, 200, 238])
@pytest.mark.parametrize(("watts", "follows"), [(3.0, True), (2.0, False)])
def test_one_event_of_a_long_run_looks_at_its_own_surroundings(end: int, watts: float, follows: bool) -> None:
    """Windows of 2 W that swing by 10 mW; the whole one behind the one that the end cuts holds 1 W more, or not."""
    rates = 2.0 + 0.01 * (np.arange(242) % 2)
    rates[max(end - 2, 0) : end + 1] = 6.0
    rates[end + 1] = watts
    t = np.arange(242, dtype=np.int64) * NS
    beside = np.setdiff1d(np.arange(1, 242), np.arange(end - 3, end + 1))
    assert follows_few(rates, t, np.array([t[-1]]), np.array([end]), beside) is follows


def test_the_factors_of_four_readings_are_wilson_and_hilferty_s() -> None:
    """Of a count of 4: 4 (1 − 1/36 − 1.95996/6)³ = 1.07615 and 5 (1 − 1/45 + 1.95996/6.7082)³ = 10.2408."""
    low, high = leaning_factors(0.5)
    assert 4 - 2 * low == pytest.approx(1.07615, abs=2e-5)
    assert 4 + 2 * high == pytest.approx(10.2408, abs=2e-4)


def test_intervals_longer_than_a_limit_are_wide_and_one_as_long_is_not() -> None:
    """Steps of 1, 2, 3 and 2 s at 1, 3, 5, 5 and 1 W: 2 + 8 + 15 + 6 J."""
    trace = from_samples(np.array([0, 1, 3, 6, 8]) * NS, np.array([1.0, 3.0, 5.0, 5.0, 1.0]))
    running, wide = running_trapezoid(trace, 2.0 * NS)
    assert running.tolist() == [0.0, 2.0, 10.0, 25.0, 31.0] and wide.tolist() == [2]
    assert running_trapezoid(trace, 3.0 * NS)[1].tolist() == []
    each = np.array([0.5, 2.0, 3.0, 1.9, 9.0]) * NS
    assert running_trapezoid(trace, each)[1].tolist() == [0, 3]


def test_windows_around_predict_one_by_the_mean_of_the_others() -> None:
    """0, 0, 0 and 9 W.  By the two around each, at the ends the two next to it: errors of 0, 0, 4.5 and 9 W.

    By all others: 3, 3, 3 and 9 W, whose squares are more.
    """
    calm = Calm(np.array([0.0, 0.0, 0.0, 0.0, 9.0]), np.arange(1, 5), np.ones(4, np.int64), 0.25)
    # A window alone varies by 0.25 W²; what the two around it miss beyond that is their mean's, and half of it.
    error = calm.power(np.array([2])).error
    assert error**2 == pytest.approx((4.5**2 + 81) / 4 - 0.25 + 0.25 / 2)
