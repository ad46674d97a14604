"""Readers whose waits depend on what they read."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.load_sets_pace import load_sets_pace, share_missed
from powermeter.analysis.whole_run import WholeRun, measure_run
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
SLOW, FAST = 10, 1  # tenths of a second
IDLE_W, BUSY_W = 1.0, 7.0


def polled(busy: np.ndarray, slow: int = SLOW, fast: int = FAST, held_up: int = 0):
    """Read a load of tenths of seconds: the next reading comes after `slow` where this one was low, else after `fast`.

    A reader that the load holds up comes `held_up` later where its moment is a busy one.
    """
    at = [0]
    while at[-1] + slow < busy.size:
        due = at[-1] + (fast if busy[at[-1]] else slow)
        at.append(due + (held_up if busy[due] else 0))
    t = np.array(at, np.int64)
    noise = 0.01 * np.random.default_rng(1).standard_normal(t.size)
    return t, from_samples(t * NS // 10, np.where(busy[t], BUSY_W, IDLE_W) + noise)


def bursts(tenths: int, pause: int, n: int) -> np.ndarray:
    """Return bursts at any place of the slow reader."""
    pauses = pause + np.random.default_rng(2).integers(0, SLOW, n)
    return np.concatenate([np.repeat([False, True], [k, tenths]) for k in pauses] + [np.zeros(30, bool)])


def run_of(trace) -> WholeRun:
    return measure_run(Integral.of(trace))


def used(busy: np.ndarray, t: np.ndarray) -> float:
    return float(np.where(busy, BUSY_W, IDLE_W)[t[0] : t[-1]].sum()) / 10


def test_bursts_shorter_than_a_wait_are_inside_an_interval_that_is_estimated() -> None:
    busy = bursts(4, 27, 200)
    t, trace = polled(busy)
    found = run_of(trace)
    assert found.paced > 0 and found.energy.grade is Grade.ESTIMATED
    assert found.energy.value < used(busy, t) <= found.energy.high


def test_what_is_missed_of_a_burst_is_half_of_what_it_does_not_fill_of_a_wait() -> None:
    # Met at each of ten places, a burst of L leaves J L/2 (1 − L/τ) of itself out: 6 W, 0.4 s, a wait of 1 s.
    busy = bursts(4, 27, 200)
    _, trace = polled(busy)
    pace = load_sets_pace(trace)
    assert pace is not None
    assert pace.missed.sum() == pytest.approx(200 * 6 * 0.4 / 2 * (1 - 0.4), rel=0.25)


def test_bursts_that_outlast_a_wait_are_measured() -> None:
    busy = bursts(80, 67, 40)
    t, trace = polled(busy)
    found = run_of(trace)
    assert found.energy.grade is Grade.MEASURED
    assert found.energy.low <= used(busy, t) <= found.energy.high


def test_slow_waits_are_no_holes() -> None:
    _, trace = polled(bursts(80, 67, 40))
    assert Integral.of(trace).hole.size == 0


def test_a_logger_that_the_load_holds_up_puts_down_too_little() -> None:
    busy = bursts(13, 17, 60)
    t, trace = polled(busy, slow=1, fast=1, held_up=2)
    found = run_of(trace)
    assert found.paced > 0
    assert found.energy.low <= used(busy, t) <= found.energy.high


def test_a_reader_that_slows_down_while_the_load_is_high_puts_down_too_much() -> None:
    dips = bursts(4, 27, 60)
    _, trace = polled(dips)
    upside_down = from_samples(trace.times_ns, 8.0 - trace.values)
    assert run_of(upside_down).paced == pytest.approx(-run_of(trace).paced, rel=0.01)


def test_events_whose_beginning_falls_into_a_wait_reach_upward() -> None:
    # 6 W more in the first 0.4 s of each event of 2 s, 1 W more in the rest.
    first = bursts(4, 43, 60)
    starts = np.flatnonzero(np.diff(first.astype(int)) > 0) + 1
    power = np.where(first, BUSY_W, IDLE_W)
    for k in starts:
        power[k + 4 : k + 20] = 2.0
    at = [0]
    while at[-1] + SLOW < power.size:
        at.append(at[-1] + (FAST if power[at[-1]] > 1.5 else SLOW))
    t = np.array(at, np.int64)
    noise = 0.01 * np.random.default_rng(1).standard_normal(t.size)
    integral = Integral.of(from_samples(t * NS // 10 + NS // 20, power[t] + noise))
    starts = starts[(starts + 20) < t[-1]]
    label = measure(integral, starts * NS // 10, (starts + 20) * NS // 10).combine(
        np.ones(starts.size), "label"
    )
    truth = starts.size * (0.4 * BUSY_W + 1.6 * 2.0)
    assert label.grade is Grade.ESTIMATED
    assert label.value < truth <= label.high


@pytest.mark.parametrize("seed", range(4))
def test_a_timer_that_a_jobs_end_starts_anew_puts_down_too_much_behind_each_end(seed: int) -> None:
    """A row each 5 s, and one 50 ms before each job's end, which shows it still: the line falls over the whole wait behind it, 2.5 s × 6 W too much."""
    rng = np.random.default_rng(seed)
    ends, t = np.cumsum(rng.uniform(20, 45, 20)), [0.0]
    starts = ends - rng.uniform(8, 15, 20)
    while t[-1] < ends[-1]:
        soon = ends[(ends - 0.05 > t[-1] + 0.01) & (ends - 0.05 < t[-1] + 5)]
        t.append(float(soon[0]) - 0.05 if soon.size else t[-1] + 5)
    at = np.array([*t, t[-1] + 5, t[-1] + 10])
    busy = np.searchsorted(starts, at, side="right") > np.searchsorted(ends, at, side="right")
    watts = np.where(busy, BUSY_W, IDLE_W) + 0.01 * rng.standard_normal(at.size)
    found = run_of(from_samples(np.rint(at * NS).astype(np.int64), watts))
    truth = IDLE_W * (at[-1] - at[0]) + (BUSY_W - IDLE_W) * float((ends - np.maximum(starts, 0)).sum())
    assert found.energy.grade is Grade.ESTIMATED and found.paced < 0
    assert found.energy.low <= truth < found.energy.value


@pytest.mark.parametrize("seed", range(10))
def test_intervals_that_are_uneven_by_chance_cost_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    busy = np.repeat(rng.random(200) < 0.4, 23)
    t = np.cumsum(rng.choice([2, 8], 700))
    t = t[t < busy.size]
    assert load_sets_pace(from_samples(t * NS // 10, np.where(busy[t], BUSY_W, IDLE_W))) is None


def test_even_intervals_are_looked_at_no_further() -> None:
    busy = bursts(13, 17, 60)
    t = np.arange(busy.size)
    assert load_sets_pace(from_samples(t * NS // 10, np.where(busy, BUSY_W, IDLE_W))) is None


@pytest.mark.parametrize(("lasted", "share"), [(1.0, 0.8), (3.0, 0.4), (4.9, 0.02), (8.0, 0.0)])
def test_of_a_burst_that_is_over_at_once_a_share_is_missed(lasted, share):
    """Behind a wait of 10 s a burst is read every 0.1 s for L: of the rise 1 − 2 L/10 is missed; of one longer than half the wait nothing."""
    behind = np.arange(1, 100) / 10
    times = np.concatenate([[0.0, 10.0], 10 + behind])
    watts = np.concatenate([[IDLE_W, BUSY_W], np.where(behind < lasted - 0.05, BUSY_W, IDLE_W)])
    trace = from_samples(np.rint(times * NS).astype(np.int64), watts)
    assert share_missed(trace, np.diff(times))[0] == pytest.approx(share)
