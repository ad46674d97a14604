"""Few events on means that come late or early, and few whose load has a tail."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import LAG, LEAD, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind, Quantity
from powermeter.signals.decoding import from_samples

NS, FINE = 1_000_000_000, 0.01
IDLE, ADDED = 3.0, 5.0
STARTS, LENGTH = np.array([8.37, 24.81, 43.16]), 6.0
USED = LENGTH * (IDLE + ADDED)


def measured(events: int, late_s: float = 0.0, tail_w: float = 0.0, slow_s: float = 0.0) -> GroupEstimate:
    """Return what means of a second make of the first events, their stamps late; behind each event a second of a tail, or a slow start."""
    power = np.full(6000, IDLE)
    for start in STARTS[:events]:
        a, b = round(start / FINE), round((start + LENGTH) / FINE)
        power[a:b] += ADDED
        power[a : a + round(slow_s / FINE)] -= ADDED / 2
        power[b : b + round(1 / FINE)] += tail_w
    running = np.concatenate([[0.0], np.cumsum(power) * FINE])
    t = np.arange(2.0, 57.0)
    grid = np.arange(running.size) * FINE
    means = np.interp(t, grid, running) - np.interp(t - 1.0, grid, running)
    noise = 0.002 * np.random.default_rng(1).standard_normal(t.size)
    stamps = np.rint((t + late_s) * NS).astype(np.int64)
    trace = from_samples(stamps, means + noise, Quantity.POWER, kind=Kind.MEAN)
    starts = np.rint(STARTS[:events] * NS).astype(np.int64)
    return measure_means(Integral.of(trace), starts, starts + round(LENGTH * NS))


@pytest.mark.parametrize("events", [1, 2, 3])
@pytest.mark.parametrize("late_s", [0.9, 1.4, 2.2])
def test_what_follows_few_events_may_be_theirs_where_they_lack_it_behind_their_starts(
    events: int, late_s: float
) -> None:
    found = measured(events, late_s)
    assert found.why == LAG
    mean = found.value.mean()
    assert mean < USED <= mean + found.above_all / events
    # What lies behind ends is all that may be theirs.
    assert mean + found.above_all / events < 1.02 * USED


def test_what_comes_ahead_of_few_events_may_be_theirs_where_they_lack_it_before_their_ends() -> None:
    found = measured(3, -1.4)
    assert found.why == LEAD
    assert found.value.mean() < USED <= found.value.mean() + found.above_all / 3 < 1.02 * USED


@pytest.mark.parametrize("tail_w", [1.0, 4.0])
def test_a_tail_behind_few_sharp_starts_is_not_theirs(tail_w: float) -> None:
    found = measured(3, tail_w=tail_w)
    assert not found.above_all
    assert found.value.sum() - found.below_all <= 3 * USED <= found.value.sum() + 2 * found.own.sum()


def test_a_tail_behind_slow_starts_looks_late() -> None:
    # 2.5 J are missing in the first second, 4 J follow: which of the two it is, nothing shows.
    found = measured(3, tail_w=4.0, slow_s=1.0)
    assert found.why == LAG
    used = 3 * (USED - 2.5)
    assert found.value.sum() - found.below_all <= used <= found.value.sum() + found.above_all


def test_sharp_events_are_not_opened() -> None:
    assert measured(3).why == "" and not measured(3).above_all
