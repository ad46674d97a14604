"""Counters that stand for some rows and catch up: which of their rows are readings."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace
from powermeter.signals.uneven_counter import slope_through_zero, stands_unevenly, without_stands
from powermeter.testing.simulation import NS


def counter(times: np.ndarray, joules: np.ndarray, step: float = 1.0) -> Trace:
    return Trace(
        np.round(times * NS).astype(np.int64),
        np.floor(joules / step) * step,
        Quantity.ENERGY,
        Kind.COUNTER,
        step=step,
        code=step,
        interval_ns=round(float(np.median(np.diff(times))) * NS),
    )


def refreshed(low: float, high: float, rate: float, seed: int = 1) -> tuple[Trace, np.ndarray]:
    """Return a counter of 40 and 150 W by turns that refreshes after `low` to `high` s, read `rate` times a second, and when it did."""
    rng = np.random.default_rng(seed)
    refreshes = np.cumsum(rng.uniform(low, high, round(200 / low)))
    refreshes = refreshes[refreshes < 200]
    times = np.arange(refreshes[0] + 1 / rate, 200, 1 / rate)
    edges = np.arange(0, 201, 10.0)
    total = np.concatenate([[0.0], np.cumsum(np.tile([400.0, 1500.0], 10))])
    last = np.searchsorted(refreshes, times, side="right") - 1
    return counter(times, np.interp(refreshes, edges, total)[last]), refreshes


@pytest.mark.parametrize(("low", "high", "rate"), [(0.7, 1.3, 10.0), (0.08, 0.12, 50.0), (1.0, 2.5, 5.0)])
def test_readings_are_the_rows_at_which_it_moves(low: float, high: float, rate: float) -> None:
    trace, refreshes = refreshed(low, high, rate)
    found = without_stands(trace)
    inside = found.times_ns[1:-1] / NS
    nearest = np.min(np.abs(inside[:, np.newaxis] - refreshes), axis=1)
    assert len(found) == pytest.approx(refreshes.size, abs=2)
    # A refresh is seen within a row, whose middle is stated: half a row off at most, a rectangle's deviation.
    assert float(nearest.max()) <= 0.51 / rate
    assert found.clock_ns == pytest.approx(NS / rate / 12**0.5, rel=0.01)


def test_rows_that_were_read_too_early_are_none() -> None:
    """One row in seven shows the value before; the others are read at their time, which is left as it is."""
    rng = np.random.default_rng(2)
    times = np.arange(200.0)
    joules = np.cumsum(np.where(times % 20 < 10, 40.0, 60.0))
    early = rng.random(200) < 0.15
    early[[0, -1]] = False
    for k in np.flatnonzero(early):
        joules[k] = joules[k - 1]
    found = without_stands(counter(times, joules))
    assert len(found) == 200 - int(early.sum())
    assert found.clock_ns == 0 and set(found.times_ns.tolist()) <= {k * NS for k in range(200)}


def test_bursts_steps_and_a_steady_counter_are_left_alone() -> None:
    """Bursts of 20 J whenever they like; a step of 36 J at 8 W; and one that moves in each row."""
    rng = np.random.default_rng(3)
    times = np.arange(0, 200, 0.1)
    bursts = np.cumsum(np.where(rng.random(times.size) < 0.1, rng.normal(20, 1, times.size), 0.0))
    assert not stands_unevenly(counter(times, bursts, 0.001))
    assert not stands_unevenly(counter(times, 8 * times, 36.0))
    assert not stands_unevenly(counter(times, 50 * times, 0.001))


def test_rows_that_share_a_stamp_show_no_wait() -> None:
    """One row in seven stands, and each stamp has two rows: no time lies between them."""
    times = np.repeat(np.arange(100) * 0.2, 2)
    trace = counter(times, np.cumsum(np.where(np.arange(200) % 7 == 0, 0.0, 10.0)))
    assert not stands_unevenly(trace)


def test_a_slope_through_zero_by_hand() -> None:
    """(1, 2), (2, 3): slope 8/5, rests 0.4 and -0.2, error √(0.16·1 + 0.04·4)/5."""
    slope, error = slope_through_zero(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    assert slope == pytest.approx(1.6)
    assert error == pytest.approx(0.32**0.5 / 5)
