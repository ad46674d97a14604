"""Readings that stand for a refresh: what events used if each is a snapshot, and if it is the mean since the one before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.held_events import taken_for_means
from powermeter.analysis.integral import Integral
from powermeter.analysis.windows import Windows, measure
from powermeter.channel import Channel, Quantity, Rail
from powermeter.result import Grade
from powermeter.signals.decoding import read_channel
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
    means = taken_for_means(Integral.of(trace))
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
