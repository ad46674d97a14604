"""Snapshots of an instrument's own refresh: a loop that is nearly in step with it is bounded or paid for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.refresh_beat import (
    comes_back,
    leave_a_mark,
    levels_differ,
    levels_of_few,
    plateaus,
    slow_swings,
    unmarked_levels,
)
from powermeter.analysis.regular_or_random import own_moments, read_at_random
from powermeter.channel import REPEAT, Accuracy, Channel, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples, read_channel
from powermeter.signals.trace import Trace

NS = 10**9


def card(watts_at: np.ndarray, rng: np.random.Generator, flags: bool = True) -> Trace:
    """Return what is read at 30 random moments a second of a card that refreshes each 0.1 s; `watts_at` at its refreshes."""
    t = np.sort((np.arange(3 * watts_at.size) + rng.uniform(size=3 * watts_at.size)) / 30)
    index = np.minimum((t / 0.1).astype(int), watts_at.size - 1)
    codes = np.rint(watts_at[index] * 1000).astype(np.int64)
    repeats = np.concatenate([[0], np.where(np.diff(index) == 0, REPEAT, 0)]).astype(np.uint8)
    channel = Channel("gpu.power", Quantity.POWER, 1e-3, Rail("gpu"), accuracy=Accuracy(noise=0.3, step=1e-3))
    times = np.rint(t * NS).astype(np.int64)
    found = read_channel(channel, times, codes, repeats if flags else None, origin="card")
    assert found is not None
    return found


def square(
    period_s: float, rng: np.random.Generator, count: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return watts at refreshes, starts and ends (ns), and joules of trains of 10 s that are on half of each period."""
    seconds = 4 + 14 * count
    at = np.arange(0, seconds, 0.1) + 0.05
    watts = np.full(at.size, 75.0)
    starts = 4 + 14 * np.arange(count) + rng.uniform(0, 0.1, count)
    for start in starts.tolist():
        inside = (at >= start) & (at < start + 10)
        watts[inside] = np.where(((at[inside] - start) / period_s) % 1 < 0.5, 600.0, 120.0)
    watts += 0.3 * rng.standard_normal(at.size)
    return (
        watts,
        np.rint(starts * NS).astype(np.int64),
        np.rint((starts + 10) * NS).astype(np.int64),
        3600.0 * count,
    )


@pytest.mark.parametrize("flags", [True, False])
def test_random_moments_of_asking_do_not_vary_those_of_a_refresh(flags: bool) -> None:
    rng = np.random.default_rng(1)
    trace = card(300 + 30 * rng.standard_normal(400), rng, flags)
    assert own_moments(trace) and not read_at_random(trace)
    plain = np.sort(np.rint((np.arange(600) + rng.uniform(size=600)) * NS / 20)).astype(np.int64)
    noisy = from_samples(plain, 3 + rng.standard_normal(600))
    assert read_at_random(noisy) and not own_moments(noisy)
    # A coarse display on a steady load repeats as well, but in a few values.
    coarse = from_samples(plain, np.round(3 + 0.3 * rng.standard_normal(600)))
    assert not own_moments(coarse)


@pytest.mark.parametrize(
    ("period_s", "count"), [(0.05015, 1), (0.0507, 1), (0.1008, 1), (0.0252, 1), (0.05004, 5), (0.05, 5)]
)
def test_a_loop_nearly_in_step_with_the_refresh_holds_or_is_a_bound(period_s: float, count: int) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        watts, starts, ends, true = square(period_s, rng, count)
        trace = card(watts, rng)
        found = measure(Integral.of(trace), starts, ends).combine(np.ones(count), "train")
        assert found.low <= true <= found.high, (seed, found)


def test_the_spectrum_next_to_zero_is_what_slow_swings_cost() -> None:
    rng = np.random.default_rng(4)
    trace = card(400 + 100 * np.sin(0.3 * np.arange(300)) + np.cumsum(rng.standard_normal(300)), rng)
    first, count = np.array([20]), np.array([200])
    x = trace.values[20:220]
    power = np.abs(np.fft.rfft(x - x.mean())[1:4]) ** 2 / 200
    t95 = 2.4469 / 1.95996
    expected = trace.interval_ns * 1e-9 * math.sqrt(200 * power.mean()) * t95
    assert slow_swings(trace, first, count)[0] == pytest.approx(expected, rel=1e-3)
    # Two phases of a program are no swings.
    phases = card(np.repeat([100.0, 400.0, 400.0, 100.0], 60) + 0.3 * rng.standard_normal(240), rng)
    assert slow_swings(phases, np.array([0]), np.array([200]))[0] == 0


def test_what_all_events_do_alike_costs_nothing() -> None:
    rng = np.random.default_rng(5)
    course = np.tile([400.0, 100.0, 300.0, 100.0, 350.0, 120.0], 1).repeat(8)
    watts = np.concatenate(
        [np.concatenate([np.full(20, 75.0), course]) for _ in range(6)]
    ) + 0.3 * rng.standard_normal(6 * 68)
    trace = card(watts, rng)
    first = np.searchsorted(trace.times_ns, (2.05 + 6.8 * np.arange(6)) * NS)
    assert slow_swings(trace, first, np.full(6, 44)).max() < 0.05 * 44 * 0.1 * 230


def test_one_change_of_level_on_a_fast_refresh_is_a_bound_and_on_a_slow_one_a_program() -> None:
    rng = np.random.default_rng(6)
    watts = np.concatenate([np.full(40, 75.0), np.full(40, 120.0), np.full(60, 600.0), np.full(40, 75.0)])
    trace = card(watts + 0.3 * rng.standard_normal(180), rng)
    edges = np.array([4 * NS]), np.array([14 * NS])
    found = measure(Integral.of(trace), *edges).result(0)
    assert found is not None and found.grade is Grade.ESTIMATED and found.low < 1500 and found.high > 5500
    slow = from_samples(trace.times_ns * 10, trace.values, noise=0.3)
    assert plateaus(slow, np.array([45]), np.array([90])) is None


def test_levels_that_differ_are_spread_over_the_label_and_far_ones_over_each_event() -> None:
    seconds = np.full(4, 2.0)
    total, own = levels_differ(1.0, 100.0, 10.0, seconds)
    assert total == pytest.approx(16.0) and not own.any()
    _, own = levels_differ(400.0, 100.0, 10.0, seconds)
    assert own == pytest.approx(np.full(4, 40.0))


def level_train(watts_inside: float, watts_beside: float) -> Trace:
    """Return snapshots of a card that shows one value for ten seconds of twenty, and another beside."""
    at = np.arange(0, 20, 0.1)
    t = np.repeat(at, 2) + np.tile([0.02, 0.07], at.size)
    watts = np.where((t >= 5) & (t < 15), watts_inside, watts_beside)
    channel = Channel("gpu.power", Quantity.POWER, 1e-3, Rail("gpu"), refresh_ns=NS // 10)
    codes = np.rint(watts * 1000).astype(np.int64)
    repeats = np.tile([0, REPEAT], at.size).astype(np.uint8)
    found = read_channel(channel, np.rint(t * NS).astype(np.int64), codes, repeats, origin="card")
    assert found is not None
    return found


@pytest.mark.parametrize("shown", [600.0, 120.0])
def test_a_train_whose_snapshots_all_agree_may_be_met_at_one_place(shown: float) -> None:
    """Squares of 100 ms of 120 and 600 W, read each 100 ms: 3600 J, of which snapshots show 6000 or 1200."""
    found = measure(Integral.of(level_train(shown, 70.0)), np.array([5 * NS]), np.array([15 * NS])).result(0)
    assert found is not None and found.grade is Grade.ESTIMATED
    assert found.low < 3600 < found.high


def test_a_card_that_never_changes_is_measured() -> None:
    found = measure(Integral.of(level_train(70.0, 70.0)), np.array([5 * NS]), np.array([15 * NS])).result(0)
    assert found is not None and found.grade is Grade.MEASURED


def wandering(rng: np.random.Generator, loop: bool) -> tuple[Trace, np.ndarray, np.ndarray, np.ndarray]:
    """Return snapshots of a load that changes every second and a half, twelve events of 2 s, and their joules.

    The load does not know of the events, or (`loop`) rises inside them to levels of their own.
    """
    at = np.arange(0, 60, 0.1)
    starts = 1 + 4.8 * np.arange(12) + rng.uniform(0, 2, 12)
    course = np.repeat(rng.uniform(200, 500, 40), 15)
    if loop:
        course = np.full(at.size, 75.0)
        for a, level in zip(starts, rng.uniform(120, 600, 12), strict=True):
            course[(at >= a) & (at < a + 2)] = level
    trace = card(course + 0.3 * rng.standard_normal(at.size), rng)
    sums = np.concatenate([[0.0], np.cumsum(course * 0.1)])
    edges = np.append(at, 60.0)
    joules = np.interp(starts + 2, edges, sums) - np.interp(starts, edges, sums)
    return trace, np.rint(starts * NS).astype(np.int64), np.rint((starts + 2) * NS).astype(np.int64), joules


@pytest.mark.thorough
@pytest.mark.parametrize("loop", [True, False])
def test_levels_that_differ_cost_something_where_power_changes_at_events_edges(loop: bool) -> None:
    halves = []
    for seed in range(6):
        trace, starts, ends, joules = wandering(np.random.default_rng(seed), loop)
        first = np.searchsorted(trace.times_ns, starts, side="right")
        assert leave_a_mark(trace, first, np.searchsorted(trace.times_ns, ends, side="right") - first) == loop
        found = measure(Integral.of(trace), starts, ends).combine(np.ones(12), "work")
        assert found.low <= joules.sum() <= found.high, seed
        halves.append((found.high - found.low) / 2 / joules.sum())
    assert min(halves) > 0.1 if loop else max(halves) < 0.06


def test_few_events_are_taken_to_leave_a_mark() -> None:
    trace, starts, ends, _ = wandering(np.random.default_rng(0), False)
    first = np.searchsorted(trace.times_ns, starts[:4], side="right")
    assert leave_a_mark(trace, first, np.searchsorted(trace.times_ns, ends[:4], side="right") - first)


@pytest.mark.parametrize("period_s", [0.05004, 0.04995])
def test_a_loop_beside_events_too_that_keeps_step_within_many_of_them_is_a_bound(period_s: float) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        at = np.arange(0, 45, 0.1)
        high = ((at / period_s + rng.uniform()) % 1) < 0.5  # on half of the time wherever an event begins
        trace = card(np.where(high, 600.0, 120.0) + 0.3 * rng.standard_normal(at.size), rng)
        starts = np.rint((2 + 5 * np.arange(8) + rng.uniform(0, 1.5, 8)) * NS).astype(np.int64)
        found = measure(Integral.of(trace), starts, starts + 3 * NS).combine(np.ones(8), "step")
        assert found.grade is Grade.ESTIMATED and found.low <= 8 * 3 * 360.0 <= found.high, (seed, found)


def test_one_change_of_level_that_events_mark_is_their_own() -> None:
    at = np.arange(0, 45, 0.1)
    starts = 3 + 5 * np.arange(8)
    watts = np.full(at.size, 120.0)
    for a in starts.tolist():
        watts[(at >= a) & (at < a + 3)] = 600.0
    trace = card(watts + 0.3 * np.random.default_rng(0).standard_normal(at.size), np.random.default_rng(1))
    begins = starts * NS
    first = np.searchsorted(trace.times_ns, begins, side="right")
    count = np.searchsorted(trace.times_ns, begins + 3 * NS, side="right") - first
    assert unmarked_levels(trace, first, count) is None
    assert (
        measure(Integral.of(trace), begins, begins + 3 * NS).combine(np.ones(8), "step").grade
        is Grade.MEASURED
    )


def test_stretches_that_do_not_come_back_are_the_loads_own() -> None:
    """An idle board that works twice, for 9 and 16 s after 35 s: an image of a loop would have been back after 14 s."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        watts = np.repeat([120.0, 600.0, 120.0, 600.0], [350, 90, 50, 160])
        trace = card(watts + 0.3 * rng.standard_normal(650), rng)
        starts = 3 + 7.5 * np.arange(8) + rng.uniform(0, 1.5, 8)
        sums = np.concatenate([[0.0], np.cumsum(watts * 0.1)])
        edges = 0.1 * np.arange(651)
        joules = float(np.sum(np.interp(starts + 4, edges, sums) - np.interp(starts, edges, sums)))
        begins = np.rint(starts * NS).astype(np.int64)
        found = measure(Integral.of(trace), begins, begins + 4 * NS).combine(np.ones(8), "step")
        assert found.grade is Grade.MEASURED and found.low <= joules <= found.high, (seed, found)


@pytest.mark.parametrize(
    ("lasts", "back"),
    [
        ((300, 100), True),
        ((300, 100, 200), True),
        ((300, 100, 50, 20), False),
        ((60, 100, 50, 160), True),
        ((60, 100, 50, 210), False),
    ],
)
def test_what_a_run_cuts_of_a_stretch_is_no_longer_than_a_whole_one(
    lasts: tuple[int, ...], back: bool
) -> None:
    assert comes_back(np.array(lasts)) is back


def jobs(
    levels: list[float], noise: float = 0.1, inside: float = 0.0
) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return 10 Hz readings of jobs of twelve rows, each at a level, over 60 W; and where each job's rows begin and how many they are."""
    rng = np.random.default_rng(9)
    rows = [60.0] * 8
    first = []
    for k, level in enumerate(levels):
        first.append(len(rows))
        rows += [level + inside * ((j + k) % 2) for j in range(12)] + [60.0] * 8
    values = np.array(rows) + noise * rng.standard_normal(len(rows))
    times = np.arange(values.size, dtype=np.int64) * NS // 10
    trace = Trace(times, values, Quantity.POWER, interval_ns=NS // 10, noise=noise)
    return trace, np.array(first), np.full(len(levels), 12)


def test_few_events_each_flat_on_one_of_two_levels_are_bounded_by_both() -> None:
    found = levels_of_few(*jobs([320, 110, 320, 320, 110]))
    assert found is not None
    assert found == pytest.approx((110, 320), abs=1)


@pytest.mark.parametrize(
    ("levels", "inside"),
    [
        ([200, 204, 197, 201], 0.0),  # as programs differ
        ([320, 110, 320, 110, 320, 110], 0.0),  # two kinds of work by turns
        ([110, 180, 250, 320], 0.0),  # inputs of all sizes
        ([320, 110, 320, 320], 90.0),  # uneven inside
        ([320, 110], 0.0),
    ],
)
def test_events_of_other_levels_are_the_program_s(levels: list[float], inside: float) -> None:
    assert levels_of_few(*jobs(levels, inside=inside)) is None


def test_few_events_of_a_slow_log_are_bounded_where_they_last_alike() -> None:
    """Folds of one second, met by a row a second: at 1 Hz as at 10 Hz, one of five events crossing an edge; not jobs of unlike length, nor at 1/3 Hz."""
    trace, first, count = jobs([38, 16, 16, 38, 38])
    slow = replace(trace, times_ns=trace.times_ns * 10, interval_ns=NS)
    assert levels_of_few(slow, first, count) == pytest.approx((16, 38), abs=1)
    crossing = replace(slow, values=np.where(np.arange(len(slow)) == first[3] + 6, 16.0, slow.values))
    assert levels_of_few(crossing, first, count) == pytest.approx((16, 38), abs=1)
    assert levels_of_few(slow, first, np.array([12, 12, 12, 12, 9])) is None
    slower = replace(trace, times_ns=trace.times_ns * 30, interval_ns=3 * NS)
    assert levels_of_few(slower, first, count) is None
