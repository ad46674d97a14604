"""Counters that stand for some rows and then show at once what was used since: a refresh at uneven times, or a row that was read too early.

Where such a counter stands nothing is missing and nothing was used: the rows at which it moves are its readings.  A counter that counts a load
of bursts stands as well, between them; but what it moves by does not depend on how long it stood.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.meter_refresh import fresh_readings
from powermeter.signals.trace import Trace

_LEAST_ROWS = 30
_LEAST_PAIRS = 12
_STANDS = 0.03  # of rows
_LOOKED = 200_000
_STEPS = 3.0  # of the counter, from which on what it moves by is no matter of steps
_MOSTLY = 0.8  # of the energy, moved by so many
_ALIKE = 0.5  # of the logarithm: what two neighbouring moves, or the powers that they are of, differ by while a load stays as it is
_SLOPE = 0.4
_SURE = 4.0  # standard errors
_REFRESHES = 0.4  # of rows that stand: a refresh slower than the rows, not some that were missed


def without_stands(trace: Trace) -> Trace:
    """Return a counter's readings at which it moves, where the others are no readings of their time; else the trace as it is."""
    if trace.kind is not Kind.COUNTER or trace.kept is not None or not stands_unevenly(trace):
        return trace
    moves = np.append(True, np.diff(trace.values) != 0)
    if 1 - float(moves.mean()) >= _REFRESHES:
        return fresh_readings(trace, 4 * (trace.end_ns - trace.start_ns))  # none between two found the same
    moves[-1] = True
    return replace(
        trace,
        times_ns=trace.times_ns[moves],
        values=trace.values[moves],
        repeats=int(np.count_nonzero(~moves)),
    )


def stands_unevenly(trace: Trace) -> bool:
    """Return whether a counter moves by the more, the longer it stood before."""
    n = min(len(trace), _LOOKED)
    if n < _LEAST_ROWS:
        return False
    values = trace.values[:n]
    at = np.flatnonzero(np.diff(values) != 0) + 1
    if at.size < _LEAST_PAIRS or 1 - at.size / n < _STANDS:
        return False
    moved, stood = np.diff(values[at]), np.diff(trace.times_ns[at]) * 1e-9
    step = max(trace.step, trace.code)
    if (
        (stood <= 0).any()
        or (moved <= 0).any()
        or float(moved[moved >= _STEPS * step].sum()) < _MOSTLY * float(moved.sum())
    ):
        return False
    more, longer = np.diff(np.log(moved)), np.diff(np.log(stood))
    # One burst like the next, or one power: neither is preferred.
    same = (np.abs(more) < _ALIKE) | (np.abs(more - longer) < _ALIKE)
    more, longer = more[same], longer[same]
    if more.size < _LEAST_PAIRS or not longer.any():
        return False
    slope, error = slope_through_zero(longer, more)
    return slope > _SLOPE and slope > _SURE * error


def slope_through_zero(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least-squares slope of a line through zero, and its standard error where the scatter may grow with x (White, 1980).

    Args:
        x: Not all of it zero.
    """
    square = float(x @ x)
    slope = float(x @ y) / square
    left = y - slope * x
    return slope, float(np.sqrt(left**2 @ x**2)) / square
