"""Readings that stand until the instrument's next refresh: which rows are new, and what the others mean.

A row that repeats the one before it is not silence: the reading stands.  Where the instrument refreshes at even times, a refresh that found
the same value is as much a reading as one that found another.  So a trace of held readings becomes one reading per refresh,
stamped in the middle of the rows' interval in which it first appeared.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace, median_interval_ns

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_LEAST_ROWS = 30
_LEAST_REFRESHES = 5
_LEVELS_LOOKED = 5
_FEW_LEVELS = 3
_EQUAL = 0.4
_ON_GRID = 0.8
_LOOKED = 200_000
_FEWEST_TWICE = 10  # rows that repeat the one before, of readings that come once or twice
_TWICE = 0.04  # of the rows, that they are at least
_OFTEN = 0.5  # of them, that show one value
_BEATS_LOOKED = 1000
_WAVES = 40
_CHANCE = 6.9  # of an exponential law, beyond what so many frequencies reach: one in 1000
_SHORT, _BY_CHANCE = 0.03, 0.2  # of the rows: so many fewer, or more, repeat than the beat has it


def refresh_found(trace: Trace) -> int:
    """Return the refresh interval (ns) that a trace of repeated readings shows, or 0 where its rows are readings of their own.

    Rows are repeats where most equal the row before, and where they change, they do so in steps of one number of rows.
    Where they only ever show two or three values, they are the plateaus of a load without noise, and no refresh.
    """
    n = min(len(trace), _LOOKED)
    if n < _LEAST_ROWS or not trace.interval_ns:
        return 0
    change = np.flatnonzero(np.diff(trace.values[:n]) != 0) + 1
    if change.size < _LEAST_REFRESHES:
        return 0
    if 1 - change.size / n < _EQUAL:
        return _just_slower(trace, n)
    # A refresh finds the load's noise and its own; a few levels that recur exactly are what the load did, in plateaus.
    if change.size >= _LEVELS_LOOKED and np.unique(trace.values[change]).size <= _FEW_LEVELS:
        return 0
    runs = np.diff(trace.times_ns[change]) / trace.interval_ns
    usual = float(np.median(runs))
    whole = max(1.0, usual / max(1, round(usual / max(float(np.percentile(runs, 10)), 1.0))))
    if whole < 1.5:
        return 0
    turns = np.maximum(np.round(runs / whole), 1)
    # Rows are steps of 1: a change may be seen one row late.
    near = np.abs(runs - turns * whole) <= np.minimum(1.01, 0.25 * whole + 0.51)
    single = np.abs(runs - whole) <= 1.01
    if float(near.mean()) < _ON_GRID or float(single.mean()) < 0.5:
        return 0
    refined = float(np.sum(runs[near]) / np.sum(turns[near]))
    return round(refined * trace.interval_ns)


def _just_slower(trace: Trace, n: int) -> int:
    """Return the refresh interval, ns, of readings of which some are shown twice as a beat has it; 0 where none are.

    Rows each τ of an instrument that refreshes each R, τ < R < 2τ, repeat the one before where no refresh lies between: a share
    1 − τ/R of the rows, all at one place of R.  Noise that is equal by chance, or a logger that got no answer, repeats at any place.
    """
    if trace.kind is not Kind.INSTANT:  # what means repeat is a level of the load
        return 0
    n = min(n, _BEATS_LOOKED)
    twice = np.append(False, np.diff(trace.values[:n]) == 0)
    share = float(twice.mean())
    if int(twice.sum()) < _FEWEST_TWICE or share < _TWICE:
        return 0
    # A level without noise is shown again, too, once in each turn of a loop.
    recurs = int(np.unique(trace.values[:n][twice], return_counts=True)[1].max())
    if recurs > max(_OFTEN * int(twice.sum()), _FEWEST_TWICE / 2):
        return 0
    rows = (trace.times_ns[:n] - trace.times_ns[0]) / trace.interval_ns
    per_row = np.arange(1 - _EQUAL, 1 - _TWICE / 2, 0.25 / float(rows[-1]))
    power = _periodogram(rows, twice - share, per_row) / (n * share * (1 - share))
    beat = 1 - float(per_row[int(power.argmax())])
    if power.max() < math.log(per_row.size / 4) + _CHANCE or not -_SHORT < share - beat < _BY_CHANCE:
        return 0
    return round(trace.interval_ns / (1 - beat))


def _periodogram(times: Floats, values: Floats, frequencies: Floats) -> Floats:
    """Return the squared size of a sum of waves at frequencies one step apart: each is one of few coarse waves times one of few fine."""
    turns = 2j * math.pi * times
    fine = np.exp(np.outer(turns, frequencies[:_WAVES] - frequencies[0]))
    sums = [(np.exp(coarse * turns) * values) @ fine for coarse in frequencies[::_WAVES].tolist()]
    power: Floats = np.abs(np.concatenate(sums))[: frequencies.size] ** 2
    return power


def fresh_readings(trace: Trace, refresh_ns: int, fresh: Bools | None = None) -> Trace:
    """Return one reading for each refresh.

    Args:
        refresh_ns: The instrument's own interval.
        fresh: Which rows the instrument reports are new; None takes those that differ from the row before.
    """
    t, f = trace.times_ns, trace.values
    n = t.size
    if n < 2:
        return trace
    new = np.concatenate([[True], np.diff(f) != 0]) if fresh is None else fresh.copy()
    new[0] = True
    marks = np.flatnonzero(new)
    # Between two new rows further apart than a refresh, the reading was found the same again at each refresh.
    filled: list[NDArray[np.int64]] = [marks]
    for a, b in zip(marks.tolist(), [*marks[1:].tolist(), n], strict=True):
        last = int(t[b]) if b < n else int(t[-1]) + refresh_ns // 2
        missing = round((last - int(t[a])) / refresh_ns) - 1
        if missing > 0:
            wanted = int(t[a]) + refresh_ns * np.arange(1, missing + 1)
            at = np.searchsorted(t, wanted)
            filled.append(at[at < b])
    keep: NDArray[np.int64] = np.unique(np.concatenate(filled))
    rows = trace.interval_ns
    stamps = t[keep].copy()
    late = min(rows, refresh_ns) // 2 if rows < refresh_ns else 0
    stamps[1:] -= late
    # A refresh that was seen lies within one interval of rows.  What it averages over, if it does, is at most all of it: the middle
    # of that lies up to half a refresh earlier.
    clock = math.hypot(late / math.sqrt(3), refresh_ns / math.sqrt(12)) if late else trace.clock_ns
    times = np.maximum.accumulate(stamps)
    values = f[keep]
    interval = median_interval_ns(times)
    if int(t[-1]) > int(times[-1]):  # the reading stood until the last row, which bounds the trace
        times, values = np.append(times, t[-1]), np.append(values, f[-1])
    return replace(
        trace,
        times_ns=times,
        values=values,
        interval_ns=interval,
        clock_ns=clock,
        refresh_ns=clock,
        repeats=n - keep.size,
    )
