"""Bounds of what events used where readings show no more, in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis import bounds
from powermeter.analysis.event_estimate import BEAT, FEW, UNSEEN, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.signals.decoding import from_samples


def integral(watts, noise=0.0, step=0.0) -> Integral:
    values = np.array(watts, float)
    times = np.arange(values.size, dtype=np.int64) * 10**9
    return Integral.of(from_samples(times, values, noise=noise, step=step))


def estimate(value) -> GroupEstimate:
    zero = np.zeros(len(value))
    return GroupEstimate(np.array(value, float), zero, zero, np.zeros(len(value), int), zero, zero, zero)


def test_the_range_is_of_the_readings_in_an_event_and_one_on_either_side() -> None:
    """Readings 1 2 9 4 5 W; the event holds the third: beside it are 2 and 4 W, inside 9 W."""
    assert bounds.seen_range(integral([1, 2, 9, 4, 5]), np.array([2]), np.array([3])) == (2.0, 9.0)
    low, high = bounds.seen_range(integral([1, 2, 9, 4, 5]), np.array([0, 5]), np.array([0, 5]))
    assert low == 1.0 and high == -np.inf, "at the ends the first and the last reading stand beside"


def test_what_no_reading_fell_into_reaches_from_idle_to_half_as_much_again_as_was_ever_seen() -> None:
    """Idle 1 W beside, 5 W seen elsewhere: an event of 0.5 s between readings of 1 and 3 W has 2 W, down to 1 W, up to 7 W."""
    watts = [1.0] * 20 + [5.0, 1.0, 1.0, 3.0, 1.0]
    one = integral(watts)
    before = np.array([23])  # between the readings of 1 W and 3 W
    found = bounds.unseen(one, estimate([0.0]), before, before, np.array([0.5]))
    assert found.why == UNSEEN and found.factor == 1.0
    assert found.value.tolist() == [1.0]  # 2 W × 0.5 s
    assert found.below.tolist() == [0.5]  # down to 1 W
    assert found.above.tolist() == [2.5]  # up to 5 + (5 − 1)/2 = 7 W
    assert (found.below_all, found.above_all) == (0.5, 2.5)


@pytest.mark.parametrize(
    ("noise", "step", "known"), [(0.0, 0.0, True), (0.41, 0.0, False), (0.39, 0.0, True), (0.0, 2.1, False)]
)
def test_a_load_that_hardly_moves_shows_nothing_of_what_is_not_seen(noise, step, known) -> None:
    """4 W of range against ten times the noise and twice the step."""
    one = integral([1.0] * 20 + [5.0] + [1.0] * 4, noise, step)
    before = np.array([22])
    found = bounds.unseen(one, estimate([np.nan]), before, before, np.array([0.5]))
    assert found.why == UNSEEN and np.isfinite(found.value[0]) == known


def test_a_handful_of_readings_reaches_twice_as_far_as_they_span() -> None:
    """1 W beside, 2 and 5 W inside an event of 2 s of which 7 J were found: down to 1 W, up to 2 × 5 − 1 = 9 W."""
    one = integral([1, 1, 2, 5, 1, 1])
    found = bounds.few(one, estimate([7.0]), np.array([2]), np.array([4]), np.array([2.0]), 2)
    assert found.why == FEW
    assert (found.below.tolist(), found.above.tolist()) == ([5.0], [11.0])
    assert (found.below_all, found.above_all) == (5.0, 11.0)


@pytest.mark.parametrize(("readings", "most"), [(3, 12.5), (4, 9.0)])
def test_three_readings_that_are_alike_have_seen_one_phase_only(readings, most) -> None:
    """5 W inside, 1 W beside: up to two and a half times the highest, of four readings only twice the span."""
    one = integral([1, 1, 5, 5, 1, 1])
    found = bounds.few(one, estimate([10.0]), np.array([2]), np.array([4]), np.array([2.0]), readings)
    assert found.above.tolist() == [2 * most - 10]


def test_readings_without_a_difference_bound_nothing() -> None:
    one = integral([5.0, 5.0, 5.05, 5.0])
    found = bounds.few(one, estimate([10.0]), np.array([2]), np.array([3]), np.array([2.0]), 1)
    assert found.why == FEW and not found.below.any() and not found.above.any()


def test_a_beat_bounds_the_blind_part_by_three_times_what_was_seen() -> None:
    """2 to 4 W seen, a level of 3 W, a quarter of 2 s blind: down to 2 − 0.2 W… a tenth of the range on the safe side, up to 12 W."""
    one = integral([2, 2, 3, 4, 2, 2])
    found = bounds.beat(one, estimate([6.0]), np.array([2]), np.array([4]), np.array([2.0]), 0.25)
    assert found.why == BEAT and found.blind == 0.25
    assert found.below == pytest.approx([(3 - 2 + 0.2) * 0.25 * 2])
    assert found.above == pytest.approx([(12 - 3) * 0.25 * 2])
    assert found.above_all == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("noise", "step", "bounded"),
    [(0.66, 0.0, True), (0.67, 0.0, False), (0.0, 0.66, True), (0.0, 0.67, False)],
)
def test_a_span_of_six_times_the_noise_or_the_step_bounds_nothing(noise, step, bounded) -> None:
    """From 1 to 5 W: a noise, or a step without a noise, of 2/3 W is a sixth of it."""
    one = integral([1, 1, 2, 5, 1, 1], noise, step)
    found = bounds.few(one, estimate([7.0]), np.array([2]), np.array([4]), np.array([2.0]), 2)
    assert found.why == FEW and (found.above_all > 0) == bounded


@pytest.mark.parametrize(("varies", "readings", "count"), [(1, 2, 12), (0, 2, 12), (1, 1, 12), (1, 2, 9)])
def test_a_load_that_draws_another_power_at_one_place_each_time_has_an_upper_limit(
    varies: int, readings: int, count: int
) -> None:
    """1 W beside, 3 to 7 W where readings always meet the events of 2 s: the rest may draw 2 × 7 − 1 W and a tenth of 6 W more."""
    draws = np.tile([3.0, 5.0, 7.0], 4)[:count] if varies else np.full(count, 7.0)
    watts = np.ones((count, 8))
    watts[:, 2 : 2 + readings] = draws[:, None]
    first = 8 * np.arange(count) + 2
    found = bounds.beat(
        integral(watts.ravel()), estimate(2 * draws), first, first + readings, np.full(count, 2.0), 1.0
    )
    bounded = varies and readings == 2 and count >= 10
    assert found.why == BEAT
    assert found.above == pytest.approx(2 * (13.6 - draws) if bounded else np.full(count, np.inf))
