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
from powermeter.signals.shown_twice import beat_of, moments
from powermeter.signals.trace import Trace, median_interval_ns

Bools = NDArray[np.bool_]

_LEAST_ROWS = 30
_LEAST_REFRESHES = 5
_FEW_LEVELS = 3
_EQUAL = 0.4
_ON_GRID = 0.8
_LOOKED = 200_000
_LONGEST_BEAT = 1.7  # rows
_LEAST_RUNS = 20
_OF_RUNS = 0.9
_LENGTHS = 5  # that differ: a load of one or two lengths may keep to multiples itself
_MOST_ROWS = 10


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
        beat = beat_of(trace)
        return 0 if beat is None else round(beat.refresh_ns)
    # A refresh finds the load's noise and its own; a few levels that recur exactly are what the load did, in plateaus.
    if np.unique(trace.values[change]).size <= _FEW_LEVELS:
        return round(_multiples(np.diff(change)) * trace.interval_ns)
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


def _multiples(runs: NDArray[np.int64]) -> int:
    """Return how many rows a refresh takes where few levels stand for multiples of it, of many lengths; 0 where they do not.

    A load that is on and off for as long as it likes does so once in k times for a multiple of k rows.
    """
    if runs.size < _LEAST_RUNS:
        return 0
    for rows in range(_MOST_ROWS, 1, -1):
        of = runs[runs % rows == 0]
        if of.size >= _OF_RUNS * runs.size and np.unique(of).size >= _LENGTHS:
            return rows
    return 0


def fresh_readings(trace: Trace, refresh_ns: int, fresh: Bools | None = None) -> Trace:
    """Return one reading for each refresh.

    Args:
        refresh_ns: The instrument's own interval.
        fresh: Which rows the instrument reports are new; None takes those that differ from the row before.
    """
    slower = trace.kind is Kind.COUNTER or refresh_ns > trace.interval_ns
    if fresh is None and slower and refresh_ns < _LONGEST_BEAT * trace.interval_ns:
        at_refreshes = _at_refreshes(trace)
        if at_refreshes is not None:
            return at_refreshes
    t, f = trace.times_ns, trace.values
    n = t.size
    if n < 2:
        return trace
    new = np.concatenate([[True], np.diff(f) != 0]) if fresh is None else fresh.copy()
    new[0] = True
    marks = np.flatnonzero(new)
    # Between two new rows further apart than a refresh, the reading was found the same again at each refresh: as late in its row, on average.
    stamps_of, values_of = [t[marks]], [f[marks]]
    for a, b in zip(marks.tolist(), [*marks[1:].tolist(), n], strict=True):
        last = int(t[b]) if b < n else int(t[-1]) + refresh_ns // 2
        turns = round((last - int(t[a])) / refresh_ns)
        if turns > 1:
            step = (last - int(t[a])) / turns if b < n else refresh_ns
            again = int(t[a]) + np.rint(step * np.arange(1, turns)).astype(np.int64)
            again = again[again <= t[-1]]
            stamps_of.append(again)
            values_of.append(np.full(again.size, f[a]))
    stamps = np.concatenate(stamps_of)
    order = np.argsort(stamps, kind="stable")
    stamps, values = stamps[order], np.concatenate(values_of)[order]
    rows = trace.interval_ns
    late = min(rows, refresh_ns) // 2 if rows < refresh_ns else 0
    stamps[1:] -= late
    # A refresh that was seen lies within one interval of rows.
    clock = math.hypot(late / math.sqrt(3), _averaged(trace, refresh_ns)) if late else trace.clock_ns
    times = np.maximum.accumulate(stamps)
    interval = median_interval_ns(times)
    read = times.size
    if int(t[-1]) > int(times[-1]):  # the reading stood until the last row, which bounds the trace
        times, values = np.append(times, t[-1]), np.append(values, f[-1])
    return replace(
        trace,
        times_ns=times,
        values=values,
        interval_ns=interval,
        clock_ns=clock,
        refresh_ns=clock,
        repeats=max(n - read, 0),
    )


def _averaged(trace: Trace, refresh_ns: float) -> float:
    """Return how far ahead of a refresh the moment lies that its reading is of, ns: of a mean over at most all of it, the middle; a counter's is that of its refresh."""
    return 0.0 if trace.kind is Kind.COUNTER else refresh_ns / math.sqrt(12)


def _at_refreshes(trace: Trace) -> Trace | None:
    """Return one reading for each refresh at the moment of that refresh, as which rows repeat shows; None where they show none."""
    beat = beat_of(trace)
    when = None if beat is None else moments(trace, beat)
    if beat is None or when is None:
        return None
    at, room = when
    last = np.append(np.diff(at) > 0, True)
    times, values = at[last], trace.values[last]
    clock = math.hypot(room / math.sqrt(12), _averaged(trace, beat.refresh_ns))
    if int(trace.times_ns[-1]) > int(times[-1]):
        times, values = np.append(times, trace.times_ns[-1]), np.append(values, values[-1])
    return replace(
        trace,
        times_ns=times,
        values=values,
        interval_ns=median_interval_ns(times),
        clock_ns=clock,
        refresh_ns=clock,
        repeats=len(trace) - int(last.sum()),
    )
