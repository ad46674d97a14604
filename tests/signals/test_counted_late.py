"""Counters that count on in steps of their own about as long as the rows: how old their readings are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.clock_ticks import with_tick
from powermeter.signals.counted_late import COUNTED_LATE, as_late_as_it_counts, moves_whatever_the_wait
from powermeter.signals.meter_refresh import fresh_readings, refresh_found
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating]
NS = 10**9
PLACE = 0.037


def joules(t: Floats, seed: int = 3) -> Floats:
    """Return the running total of a load of 80 and 300 W by turns, each for 3 s, that wanders by 4 % from 50 to 50 ms."""
    rng = np.random.default_rng(seed)
    grid = np.arange(0, 420, 0.05)
    watts = np.where(grid % 6 < 3, 80, 300) * (1 + 0.04 * rng.standard_normal(grid.size))
    return np.interp(t, grid, np.concatenate([[0], np.cumsum(watts[:-1] * 0.05)]))


def counter(t: Floats, step_s: float | None, place_s: float = PLACE) -> Trace:
    """Return rows at t of a counter that counts on each `step_s`, or all the time."""
    counted = t if step_s is None else place_s + np.floor((t - place_s) / step_s) * step_s
    times = np.rint(t * NS).astype(np.int64)
    interval = int(np.median(np.diff(times)))
    return Trace(
        times, np.round(joules(counted), 3), Quantity.ENERGY, Kind.COUNTER, step=1e-3, interval_ns=interval
    )


def scattered(rate: float, seed: int = 1) -> Floats:
    """Return one moment in each interval, anywhere in it."""
    k = np.arange(1, 400)
    return (k + np.random.default_rng(seed).uniform(0, 1, k.size)) / rate


def even(rate: float, jitter: float) -> Floats:
    k = np.arange(1, 400)
    return k / rate + np.random.default_rng(2).uniform(-jitter, jitter, k.size)


@pytest.mark.parametrize(("rate", "step_s"), [(10, 0.1), (10, 0.06), (10, 0.13), (2, 0.5)])
def test_rows_at_scattered_times_are_stamped_at_the_steps(rate: float, step_s: float) -> None:
    trace = counter(scattered(rate), step_s)
    found = fresh_readings(trace, refresh_found(trace))
    turns = (found.times_ns[:-1] / NS - PLACE) / step_s
    assert found.at_its_steps
    assert np.abs(turns - np.rint(turns)).max() < 0.03
    # A row right beside a step may be put on its other side.
    off = np.abs(found.values[:-1] - joules(found.times_ns[:-1] / NS))
    assert np.mean(off > 300 * 0.03 * step_s) < 0.01 and off.max() < 320 * step_s
    assert found.clock_ns < 0.02 * step_s * NS and with_tick(found).tick_ns == 0


def test_a_counter_that_counts_all_the_time_is_left_alone() -> None:
    for t in (scattered(10), even(10, 0.003), even(1, 0.01)):
        trace = counter(t, None)
        assert refresh_found(trace) == 0 and as_late_as_it_counts(trace) is trace


def test_even_rows_that_move_whatever_they_waited_are_half_an_interval_old() -> None:
    """The age of a step is anywhere in an interval, and the same of all rows: a rectangle."""
    trace = counter(even(10, 0.003), 0.1, place_s=0.07)
    found = as_late_as_it_counts(trace)
    assert (trace.times_ns - found.times_ns == trace.interval_ns // 2).all()
    assert found.clock_ns == pytest.approx(trace.interval_ns / 12**0.5)
    assert [note.code for note in found.notes] == [COUNTED_LATE]


def test_a_stated_step_is_half_of_it_old_and_no_news() -> None:
    found = as_late_as_it_counts(trace := counter(even(10, 0.0), 0.02), 20_000_000)
    assert (trace.times_ns - found.times_ns == 10_000_000).all() and found.notes == ()
    assert found.clock_ns == pytest.approx(20e6 / 12**0.5)


def test_steps_of_value_are_none_of_time() -> None:
    """A counter in steps of 30 J under 80 W stands for three rows in four, and moves by a step whatever it waited."""
    trace = counter(even(10, 0.003), None)
    coarse = Trace(
        trace.times_ns,
        np.floor(trace.values / 30) * 30,
        Quantity.ENERGY,
        Kind.COUNTER,
        step=30.0,
        interval_ns=trace.interval_ns,
    )
    assert not moves_whatever_the_wait(coarse)
