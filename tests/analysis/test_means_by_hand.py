"""Events read as means of a second: what whole windows add up to and how cut ones are divided, by arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.beside_events import pairs_of
from powermeter.analysis.energy_from_means import (
    left_in_common,
    mean_of_those,
    measure_means,
)
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.profiles import Profile, take_tail_out
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import Truth

NS = 1_000_000_000


def ns(values: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(values) * NS).astype(np.int64)


def read(truth: Truth, seconds: int, kind: Kind = Kind.MEAN, **more: float) -> Integral:
    """Return what a meter reads of a load each second: its mean, or its count."""
    stamps = np.arange(seconds + 1, dtype=float)
    running = truth.integral(stamps)
    if kind is Kind.COUNTER:
        trace = from_samples(ns(stamps), running, Quantity.ENERGY, kind=kind, **more)
    else:
        trace = from_samples(ns(stamps[1:]), np.diff(running), kind=kind, **more)
    return Integral.of(trace)


def train(start: np.ndarray, end: np.ndarray, watts: float | np.ndarray = 6.0, seconds: int = 101) -> Truth:
    edges = np.concatenate([[0.0], np.column_stack([start, end]).ravel(), [float(seconds)]])
    levels = np.full(edges.size - 1, 2.0)
    levels[1::2] = watts
    return Truth.steps(edges, levels)


START = 3.3 + 9.7 * np.arange(10)
"""Each begins elsewhere in its window."""


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
@pytest.mark.parametrize("length", [4.0, 2.5, 1.4, 0.6])
def test_level_events_on_level_idle_are_exact_wherever_their_edges_are(kind: Kind, length: float) -> None:
    """Windows that an edge cuts hold the event's part and idle power for the rest: nothing else is possible."""
    found = measure_means(read(train(START, START + length), 101, kind), ns(START), ns(START + length))
    assert found.value == pytest.approx(np.full(10, 6.0 * length))
    assert found.level == pytest.approx(6.0) and found.quiet == pytest.approx(2.0)
    if length > 1:  # else no whole window has shown that power inside is level
        assert float(found.own.max()) < 1e-6


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_events_that_last_for_whole_windows_need_no_idle(kind: Kind) -> None:
    """Levels that rise from 3 W by 1 W: each is its windows' sum."""
    start = 3.0 + 9 * np.arange(10)
    watts = 3.0 + np.arange(10)
    found = measure_means(read(train(start, start + 5, watts), 101, kind), ns(start), ns(start + 5.0))
    assert found.value == pytest.approx(5 * watts) and found.seen.tolist() == [3] * 10


@pytest.mark.parametrize(("step", "noise"), [(0.06, 0.0), (0.0, 0.05), (0.06, 0.05)])
def test_whole_windows_add_up_their_noise(step: float, noise: float) -> None:
    """Five windows of a second: √5 × √(σ² + step²/12) J."""
    start = 3.0 + 9 * np.arange(10)
    whole = read(train(start, start + 5), 101, step=step, noise=noise)
    found = measure_means(whole, ns(start), ns(start + 5.0))
    each = math.sqrt(noise**2 + step**2 / 12)
    assert found.own == pytest.approx(np.full(10, math.sqrt(5) * each), rel=1e-6)
    assert found.factor == pytest.approx(1.0, rel=1e-6)


def test_windows_of_two_seconds_weigh_twice() -> None:
    start = 4.0 + 10 * np.arange(9)
    truth = train(start, start + 6)
    stamps = np.arange(0.0, 102, 2)
    values = np.diff(truth.integral(stamps)) / 2
    whole = Integral.of(from_samples(ns(stamps[1:]), values, kind=Kind.MEAN, noise=0.05))
    found = measure_means(whole, ns(start), ns(start + 6.0))
    assert found.value == pytest.approx(np.full(9, 36.0))
    assert found.own == pytest.approx(np.full(9, 2 * 0.05 * math.sqrt(3)), rel=1e-6)


def test_events_that_follow_at_once_divide_the_window_between_them() -> None:
    """Both of one label at 6 W: each takes of the window that they share what it fills of it."""
    start = np.array([10.3, 14.6, 40.3, 44.6, 70.3, 74.6])
    end = np.array([14.6, 18.8, 44.6, 48.8, 74.6, 78.8])
    found = measure_means(read(train(start[::2], end[1::2]), 101), ns(start), ns(end))
    assert found.value == pytest.approx(6.0 * (end - start))
    # Of the window from 14 to 15 s 3.6 J are the one's and 2.4 J the other's; that nobody saw it costs no more than half of that.
    assert 0.2 < found.own[0] / 3.6 < 0.5 and 0.2 < found.own[1] / 2.4 < 0.5


def test_an_event_that_began_before_the_first_window_or_ends_after_the_last_goes_on_at_its_power() -> None:
    """1.5 s of 6 W before the meter was on, 2.5 s after it was off: the windows beside stand for them, and cost.

    What is not seen may be as far from the label's level as 0.6 of the power that stands for it: 0.6 × 6 W × 1.5 s.
    """
    start, end = np.array([-1.5, 20.0, 40.0, 97.0]), np.array([4.0, 25.0, 45.0, 103.5])
    edges = np.concatenate([[-5.0], np.column_stack([start, end]).ravel(), [110.0]])
    truth = Truth.steps(edges, np.array([2.0, 6, 2, 6, 2, 6, 2, 6, 2]))
    found = measure_means(read(truth, 101), ns(start), ns(end))
    assert found.value == pytest.approx(6.0 * (end - start))
    assert found.own[0] == pytest.approx(0.6 * 6 * 1.5, rel=1e-3)
    assert found.own[3] == pytest.approx(0.6 * 6 * 2.5, rel=1e-3)
    assert float(found.own[1:3].max()) < 1e-6


def test_windows_of_a_state_that_follow_each_other_are_pairs() -> None:
    index, state = np.array([1, 2, 3, 5, 6, 7]), np.array([1, 1, 2, 2, 2, 1])
    assert (
        pairs_of(index, state, 1) == 1 and pairs_of(index, state, 2) == 1 and pairs_of(index, state, 0) == 0
    )
    assert pairs_of(np.arange(1, 7), state, 2) == 2


def test_the_mean_of_what_is_there() -> None:
    left, right = np.array([1.0, 2.0, np.nan]), np.array([3.0, 8.0, np.nan])
    mean, there = mean_of_those(
        [left, right], [np.array([True, False, False]), np.array([True, True, False])]
    )
    assert mean[:2].tolist() == [2.0, 8.0] and math.isnan(mean[2]) and there.tolist() == [True, True, False]


@pytest.mark.parametrize(("window", "rows"), [(None, 30.0), (150, 30.0), (151, 1 + 750 / 151), (50, 30.0)])
def test_a_row_unfolded_from_longer_windows_is_off_as_one_and_its_whole_windows(
    window: int | None, rows: float
) -> None:
    trace = from_samples(
        np.arange(4) * 100, np.ones(4), kind=Kind.MEAN, window_ns=window, interval_ns=100, window_noise=0.5
    )
    assert trace.independent(np.array([1, 30])) == pytest.approx([1.0, rows])


@pytest.mark.parametrize(("n", "joules"), [(3, 0.0), (4, 1.0)])
def test_what_divisions_leave_in_common_is_known_from_four_on(n: int, joules: float) -> None:
    """A mean rest m with its error e is really √(m² − e²), and each window divided at κ leaves √(κ (1 − κ)) of it."""
    rest = np.array([1.0, 2.0, 1.0, 2.0])[:n]
    kappa = np.full(n, 0.2)
    found = left_in_common(rest, kappa, np.ones(n, bool), np.ones(n))
    error = math.sqrt(1 / 3) / 2
    assert found == pytest.approx(joules * math.sqrt(1.5**2 - error**2) * 4 * math.sqrt(0.16))
    some = np.array([True] * n + [False])
    beside = left_in_common(np.append(rest, 99.0), np.append(kappa, 0.5), some, np.ones(n + 1))
    assert beside == pytest.approx(found)


def test_rests_that_are_chance_leave_nothing() -> None:
    assert (
        left_in_common(np.array([1.0, -1.0, 1.0, -1.0]), np.full(4, 0.5), np.ones(4, bool), np.ones(4)) == 0.0
    )


def test_a_tail_is_taken_out_of_every_event_by_its_duration() -> None:
    """3 J above idle in an event of mean length, half a watt of idle: 3 × L/L̄ + 0.5 L, all in doubt alike."""
    found = GroupEstimate.empty(3)
    profile = Profile(
        idle=0.5, above=3.0, above_u=0.3, tail=1.0, tail_u=0.1, freedom=7.0, rest=0.4, model_u=0.2
    )
    seconds = np.array([1.0, 2.0, 3.0])
    take_tail_out(found, profile, seconds)
    assert found.value == pytest.approx(3.0 * seconds / 2 + 0.5 * seconds)
    assert found.own == pytest.approx(np.full(3, 0.5)) and found.tail == (1.0, 0.1) and found.alike
    assert found.factor * 3 * 0.25 == pytest.approx((3 * 0.3) ** 2) and found.freedom == 7.0
    assert found.shared[BY_EDGES] == pytest.approx(np.full(3, 0.2))
