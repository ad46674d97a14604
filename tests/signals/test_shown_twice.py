"""Rows a little faster than the refresh: which of them repeat shows when the refreshes were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.meter_refresh import fresh_readings, refresh_found
from powermeter.signals.shown_twice import beat_of, moments, one_each
from powermeter.signals.trace import Trace, median_interval_ns

Floats = NDArray[np.floating[Any]]


def trace_of(t: Floats, watts: Floats, kind: Kind = Kind.INSTANT) -> Trace:
    times = np.rint((t + 1) * 1e9).astype(np.int64)
    return Trace(
        times, watts.astype(np.float64), Quantity.POWER, kind=kind, interval_ns=median_interval_ns(times)
    )


def shown(refresh_s: float, rows_s: float, rows: int, kind: Kind = Kind.INSTANT) -> tuple[Trace, Floats]:
    """Return rows of readings of 1 to 5 W with noise of four steps, and what was read at each refresh: a third of a refresh after 0."""
    rng = np.random.default_rng(5)
    t = rows_s * (1 + np.arange(rows)) + rng.uniform(-0.01, 0.01, rows) * rows_s
    read = np.round(
        rng.choice([1.0, 3.0, 5.0], 2 + int(t[-1] / refresh_s))
        + rng.normal(0, 0.004, 2 + int(t[-1] / refresh_s)),
        3,
    )
    return trace_of(t, read[np.floor(t / refresh_s - 1 / 3).astype(int)], kind), read


@pytest.mark.parametrize(
    ("refresh_s", "rows_s", "rows"), [(1.0, 0.9, 290), (0.7, 0.5, 350), (2.0, 1.7, 4300)]
)
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_every_reading_is_stamped_at_its_refresh(
    refresh_s: float, rows_s: float, rows: int, kind: Kind
) -> None:
    trace, read = shown(refresh_s, rows_s, rows, kind)
    fresh = fresh_readings(trace, refresh_found(trace))
    when = fresh.times_ns[:-1] * 1e-9 - 1
    turn = np.rint(when / refresh_s - 1 / 3).astype(int)
    assert np.abs(when - (turn + 1 / 3) * refresh_s).max() < 0.06 * refresh_s
    assert (np.diff(turn) == 1).all() and fresh.values[:-1] == pytest.approx(read[turn])


def test_a_row_beside_a_refresh_loses_no_reading() -> None:
    """Nine in ten of a second: rows are at ten places of it, one of them beside the refresh, and now and then behind it."""
    rng = np.random.default_rng(6)
    t = 0.9 * np.arange(1, 301) + rng.uniform(-0.006, 0.006, 300)
    read = np.round(rng.uniform(1, 9, 280), 3)
    trace = trace_of(t, read[np.floor(t - 0.0045).astype(int)])
    fresh = fresh_readings(trace, refresh_found(trace))
    assert np.isin(np.unique(trace.values), fresh.values).all()
    assert fresh.values[:-1] == pytest.approx(read[: fresh.values.size - 1])


def test_a_beat_that_ends_has_no_moments() -> None:
    trace, _ = shown(1.0, 0.8, 2000)
    beat = beat_of(trace)
    assert beat is not None and moments(trace, beat) is not None
    steady = trace_of(0.8 * np.arange(2000), np.append(trace.values[:1000], np.linspace(1, 9, 1000)))
    assert moments(steady, beat) is None


def test_a_ramp_in_steps_and_a_walk_have_no_refresh() -> None:
    rng = np.random.default_rng(7)
    k = np.arange(400)
    assert beat_of(trace_of(k * 1.0, np.round(1 + 0.0007 * k, 3))) is None
    assert beat_of(trace_of(k * 1.0, np.round(5 + np.cumsum(rng.normal(0, 0.002, 400)), 3))) is None
    assert beat_of(trace_of(k * 1.0, np.round(rng.normal(5, 0.002, 400), 3), Kind.MEAN)) is None
    assert beat_of(trace_of(k * 1.0, np.ones(400))) is None


def test_readings_of_three_levels_are_shown_twice_as_well() -> None:
    """A third of all that is shown again is of each level: less than the half that a loop of two would have."""
    rng = np.random.default_rng(8)
    t = 0.9 * np.arange(1, 401) + rng.uniform(-0.009, 0.009, 400)
    levels = rng.permutation(np.tile([1.0, 3.0, 7.0], 140))
    levels = levels[np.append(True, np.diff(levels) != 0)]
    found = beat_of(trace_of(t, levels[np.floor(t).astype(int) % levels.size]))
    assert found is not None and found.refresh_ns == pytest.approx(1e9, rel=1e-3)


def test_the_refresh_is_as_open_as_where_it_is_least_known() -> None:
    """A thousand rows at ten places of the refresh, six hundred at all of them."""
    rng = np.random.default_rng(9)
    t = np.concatenate([0.9 * np.arange(1, 1001), 900 + 0.8617 * np.arange(1, 601)])
    trace = trace_of(t, rng.uniform(1, 9, 1500)[np.floor(t - 0.05).astype(int)])
    beat = beat_of(trace)
    assert beat is not None
    found = moments(trace, beat)
    assert found is not None and found[1] >= beat.room_ns > 0.05e9


@pytest.mark.parametrize(
    ("at", "twice", "each"),
    [
        ([0, 20, 20, 30], [0, 0, 0, 0], [0, 10, 20, 30]),  # the first of two is of the one before
        ([0, 10, 10, 30], [0, 0, 0, 0], [0, 10, 20, 30]),  # the second is of the next
        ([0, 10, 10, 20], [0, 1, 0, 0], [0, 0, 10, 20]),  # what repeats is of the refresh that it repeats
    ],
)
def test_rows_that_differ_have_a_refresh_each(at: list[int], twice: list[int], each: list[int]) -> None:
    assert one_each(np.array(at), np.array(twice, bool), 10).tolist() == each
