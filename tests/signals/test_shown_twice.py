"""Rows a little faster than the refresh: which of them repeat shows when the refreshes were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.held import fresh_readings, refresh_found
from powermeter.signals.shown_twice import beat_of, moments
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
