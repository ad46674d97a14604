"""Readings that stand for a refresh: what events used if each is a snapshot, and if it is the mean since the one before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.snapshot_or_mean import may_average, taken_for_means
from powermeter.analysis.windows import Windows
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples, read_channel
from powermeter.signals.trace import Trace

NS = 10**9
CHANNEL = Channel("power", Quantity.POWER, 1e-6, Rail("input"))
IDLE, MORE = 1.0, 5.0


def logged(seed: int, seconds: float, refresh: float, averages: bool) -> tuple[Trace, np.ndarray, np.ndarray]:
    """30 events above 1 W, shown by a meter that refreshes now and then, in rows ten times as fast; nothing states the refresh."""
    rng = np.random.default_rng(seed)
    starts = 2.0 + np.cumsum(rng.uniform(3 * refresh, 7 * refresh, 30) + seconds)
    ends = starts + seconds

    def energy(t: np.ndarray) -> np.ndarray:
        t = np.asarray(t, float)
        return IDLE * t + MORE * np.clip(t[:, None] - starts, 0, seconds).sum(axis=1)

    rows = np.arange(0.0, ends[-1] + 2, refresh / 10)
    phase = rng.random() * refresh
    k = np.maximum(np.floor((rows - phase) / refresh), 0).astype(int)
    at = np.arange(k.max() + 1) * refresh + phase
    if averages:
        shown = (energy(at) - energy(at - refresh)) / refresh
    else:
        inside = np.searchsorted(starts, at, side="right") > np.searchsorted(ends, at, side="right")
        shown = np.where(inside, IDLE + MORE, IDLE)
    shown = shown + 0.005 * rng.standard_normal(shown.size)
    trace = read_channel(
        CHANNEL, np.rint(rows * NS).astype(np.int64), np.rint(shown[k] * 1e6).astype(np.int64), origin="meter"
    )
    assert trace is not None and trace.repeats > 0
    return trace, np.rint(starts * NS).astype(np.int64), np.rint(ends * NS).astype(np.int64)


def mean_of(found: Windows) -> tuple[float, float, Grade]:
    n = found.value.size
    result = found.combine(np.full(n, 1 / n), "label")
    return result.low, result.high, result.grade


@pytest.mark.thorough
@pytest.mark.parametrize("averages", [True, False])
def test_short_events_hold_what_either_way_of_reading_leaves(averages: bool) -> None:
    """50 ms under a refresh of 100 ms: taken for snapshots, means hold a good third of the energy, at a stated fifth."""
    truth = (IDLE + MORE) * 0.05
    held = 0
    for seed in range(10):
        trace, starts, ends = logged(seed, 0.05, 0.1, averages)
        low, high, grade = mean_of(measure(Integral.of(trace), starts, ends))
        held += low <= truth <= high
        assert grade is Grade.ESTIMATED or not averages
    assert held >= 9


def test_readings_that_fall_at_once_behind_events_are_snapshots() -> None:
    trace, starts, ends = logged(3, 0.25, 0.1, averages=False)
    means = taken_for_means(Integral.of(trace), starts, ends)
    found = measure(Integral.of(trace), starts, ends)
    settled = measure(Integral.of(replace(trace, clock_ns=0.0)), starts, ends)
    assert means is not None
    assert found.value == pytest.approx(settled.value)


def test_one_refresh_is_found_in_five_changes_of_a_short_log() -> None:
    """A refresh of 2 s in a log of 12 s: five changes, each ten rows behind the last, to values that do not recur."""
    rows = np.arange(60, dtype=np.int64) * NS // 5
    values = np.array([1.0, 1.02, 4.1, 6.0, 2.2, 1.01])[np.arange(60) // 10]
    trace = read_channel(CHANNEL, rows, np.rint(values * 1e6).astype(np.int64), origin="meter")
    assert trace is not None and trace.repeats == 54


def plain(
    seed: int, averages: bool, tail_s: float = 0.0, late: float = 0.0
) -> tuple[Trace, np.ndarray, np.ndarray, float]:
    """Five readings a second, called instantaneous, of 25 events of 0.25 s that draw most at both ends; and one's mean energy, J.

    `late`: how many intervals behind its stamp the one ends that a reading averages over.
    """
    rng = np.random.default_rng(seed)
    step = 1e-3
    starts = np.round(2 + np.cumsum(rng.uniform(0.7, 1.2, 25)), 3)
    watts = np.full(round((starts[-1] + 3) / step), IDLE)
    for a in (starts / step).round().astype(int).tolist():
        watts[a : a + 250] += MORE * np.repeat([3.0, 0.15, 3.0], [38, 174, 38])
        watts[a + 250 : a + 250 + round(tail_s / step)] += MORE
    sums = np.concatenate([[0.0], np.cumsum(watts) * step])
    at = np.arange(0.2 + 0.2 * rng.random(), watts.size * step, 0.2)
    edges = np.arange(sums.size) * step
    if averages:
        shown = (np.interp(at, edges, sums) - np.interp(at - 0.2, edges, sums)) / 0.2
    else:
        shown = watts[np.minimum((at / step).astype(int), watts.size - 1)]
    shown = shown + 0.005 * rng.standard_normal(at.size)
    joules = np.interp(starts + 0.25, edges, sums) - np.interp(starts, edges, sums)
    begins = np.rint(starts * NS).astype(np.int64)
    trace = from_samples(np.rint((at - 0.2 * late) * NS).astype(np.int64), shown)
    return trace, begins, begins + NS // 4, float(joules.mean())


@pytest.mark.parametrize("averages", [True, False])
def test_readings_called_instantaneous_whose_next_one_holds_something_may_be_means(averages: bool) -> None:
    """Taken for snapshots, means held six tenths of the energy at a stated 6 %, since no edge has level power on both sides."""
    for seed in range(4):
        trace, starts, ends, truth = plain(seed, averages)
        assert may_average(trace, starts, ends) == (0.0 if averages else None)
        low, high, grade = mean_of(measure(Integral.of(trace), starts, ends))
        assert low <= truth <= high, (seed, low, truth, high)
        assert grade is (Grade.ESTIMATED if averages else Grade.MEASURED)


def test_what_goes_on_by_the_second_reading_behind_ends_is_no_mean_of_one_interval() -> None:
    trace, starts, ends, _ = plain(1, False, tail_s=0.4)
    assert may_average(trace, starts, ends) is None


def test_fewer_than_five_ends_show_nothing_of_it() -> None:
    trace, starts, ends, _ = plain(2, True)
    assert may_average(trace, starts[:4], ends[:4]) is None and may_average(trace, starts[:7], ends[:7]) == 0


@pytest.mark.parametrize("late", [0.5, 1.0])
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_means_stamped_in_the_middle_or_at_the_beginning_show_before_starts(kind: Kind, late: float) -> None:
    for seed in range(4):
        trace, starts, ends, truth = plain(seed, True, late=late)
        assert may_average(trace, starts, ends) == late
        low, high, grade = mean_of(measure(Integral.of(replace(trace, kind=kind)), starts, ends))
        assert low <= truth <= high and grade is Grade.ESTIMATED, (seed, low, truth, high)


def test_means_stamped_at_the_end_show_nothing_before_starts() -> None:
    trace, starts, ends, _ = plain(3, True)
    assert may_average(replace(trace, kind=Kind.MEAN), starts, ends) is None


def with_tails(seed: int, averages: bool) -> tuple[Trace, np.ndarray, np.ndarray, float]:
    """40 events of 50 to 90 ms, each with a tail that dies by 50 ms, read ten times a second; and the mean event's joules."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.05, 0.09, 40)
    starts = 2.0 + np.cumsum(lengths + rng.uniform(0.3, 0.6, 40)) - lengths
    grid = np.arange(0.0, starts[-1] + 3, 5e-4)
    last = np.searchsorted(starts, grid, side="right") - 1
    since = np.where(last >= 0, grid - (starts + lengths)[last], np.inf)
    watts = IDLE + np.where(since < 0, MORE, np.where(np.isfinite(since), 3 * np.exp(-since / 0.05), 0.0))
    joules = np.concatenate([[0.0], np.cumsum(watts) * 5e-4])
    t = np.arange(0.5 + rng.uniform(0, 0.1), grid[-1], 0.1)
    k = np.rint(t / 5e-4).astype(int)
    shown = (joules[k] - joules[k - 200]) / 0.1 if averages else watts[k]
    shown = shown + 0.005 * rng.standard_normal(shown.size)
    trace = from_samples(np.rint(t * NS).astype(np.int64), shown, noise=0.005)
    edges = (np.rint(x * NS).astype(np.int64) for x in (starts, starts + lengths))
    return trace, *edges, float((IDLE + MORE) * lengths.mean())


@pytest.mark.thorough
def test_instants_that_are_means_hold_what_events_used_where_a_tail_follows() -> None:
    """What the second reading behind an end holds is the tail: taken for instants they held half of the energy at ±8 %."""
    held = 0
    for seed in range(12):
        trace, starts, ends, truth = with_tails(seed, True)
        assert may_average(trace, starts, ends) == 0.0
        low, high, grade = mean_of(measure(Integral.of(trace), starts, ends))
        held += low <= truth <= high
        assert grade is Grade.ESTIMATED
    assert held >= 11


def test_instants_with_a_tail_stay_instants() -> None:
    """Just behind a start they are as high as half an interval later, which no mean can be."""
    held = 0
    for seed in range(12):
        trace, starts, ends, truth = with_tails(seed, False)
        assert may_average(trace, starts, ends) is None
        low, high, _ = mean_of(measure(Integral.of(trace), starts, ends))
        held += low <= truth <= high
        assert (high - low) / 2 / truth < 0.04
    assert held >= 11


@pytest.mark.thorough
def test_marks_that_lie_off_by_many_intervals_show_no_means() -> None:
    """Power rises at readings ahead of starts as well: what is high behind ends is the event itself, seen late."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        starts = 1.0 + 0.2 * np.arange(600)
        begins = starts + rng.uniform(-0.008, 0.008, 600)
        t = np.arange(0.5, starts[-1] + 1, 1e-3)
        at = np.maximum(np.searchsorted(begins, t, side="right") - 1, 0)
        watts = 2 + 3 * ((t >= begins[at]) & (t < begins[at] + 0.02)) + 0.02 * rng.standard_normal(t.size)
        trace = from_samples(np.rint(t * NS).astype(np.int64), watts, noise=0.02)
        assert (
            may_average(trace, *(np.rint(x * NS).astype(np.int64) for x in (starts, starts + 0.02))) is None
        )
