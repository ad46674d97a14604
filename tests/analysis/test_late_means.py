"""Means that come late or early, and loads with a tail of their own."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import LAG, LEAD, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples

NS, FINE = 1_000_000_000, 0.001
LENGTH, IDLE, ADDED = 0.6, 1.5, 4.0
STARTS = 3 + 2.137 * np.arange(30)


def watts(tail_w: float = 0.0, first: float = 1.0) -> np.ndarray:
    """Return the power of thirty events of 0.6 s, each millisecond; a tail of 0.25 s, and what is drawn in the first half."""
    t = np.arange(0, 70, FINE)
    power = np.full(t.size, IDLE)
    for start in STARTS:
        a, b = round(start / FINE), round((start + LENGTH) / FINE)
        power[a:b] += ADDED
        power[a : (a + b) // 2] += ADDED * (first - 1)
        power[b : b + 250] += tail_w
    return power


def measured(power: np.ndarray, late_s: float = 0.0, averages_s: float = 0.1) -> GroupEstimate:
    """Return what ten means a second of that make of the events, stamped late, or over more than their interval."""
    running = np.concatenate([[0.0], np.cumsum(power) * FINE])
    t = np.arange(1.0, 68, 0.1)
    grid = np.arange(running.size) * FINE
    means = np.interp(t, grid, running) - np.interp(t - averages_s, grid, running)
    noise = 0.002 * np.random.default_rng(1).standard_normal(t.size)
    stamps = np.rint((t + late_s) * NS).astype(np.int64)
    trace = from_samples(stamps, means / averages_s + noise, Quantity.POWER, kind=Kind.MEAN)
    starts = np.rint(STARTS * NS).astype(np.int64)
    return measure_means(Integral.of(trace), starts, starts + round(LENGTH * NS))


@pytest.mark.parametrize(("late_s", "averages_s"), [(0.2, 0.1), (0.15, 0.1), (0.0, 0.3), (0.0, 0.8)])
def test_what_follows_may_be_the_events_where_it_is_missing_at_their_starts(
    late_s: float, averages_s: float
) -> None:
    found = measured(watts(), late_s, averages_s)
    used = LENGTH * (IDLE + ADDED)
    assert found.why == LAG and found.tail is None
    assert found.value.mean() < 0.95 * used < used <= found.value.mean() + found.above_all / STARTS.size
    # Nor is more than twice of what is missing left open.
    assert found.above_all / STARTS.size < 2 * (used - found.value.mean())


def test_what_comes_ahead_may_be_the_events_where_it_is_missing_at_their_ends() -> None:
    found = measured(watts(), -0.2)
    used = LENGTH * (IDLE + ADDED)
    assert found.why == LEAD
    assert found.value.mean() < 0.95 * used < used <= found.value.mean() + found.above_all / STARTS.size


@pytest.mark.parametrize("tail_w", [1.0, 4.0])
def test_a_tail_behind_a_sharp_start_is_the_loads(tail_w: float) -> None:
    found = measured(watts(tail_w))
    assert found.why == "" and found.tail is not None
    assert found.tail[0] == pytest.approx(0.25 * tail_w, rel=0.05)
    assert found.value.mean() == pytest.approx(LENGTH * (IDLE + ADDED), rel=0.01)


def test_a_low_tail_is_the_loads_where_power_drops_to_it_at_once_however_it_rose() -> None:
    # 2 W in the first half and 4 W in the second look late; 1 W behind the end does not.
    found = measured(watts(1.0, first=0.5))
    assert found.why == "" and found.tail is not None
