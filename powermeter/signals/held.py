"""Readings that stand until the instrument's next refresh: which rows are new, and what the others mean.

A row that repeats the one before it is not silence: the reading stands.  Where the instrument refreshes at even times, a refresh that found
the same value is as much a reading as one that found another.  So a trace of held readings becomes one reading per refresh,
stamped in the middle of the rows' interval in which it first appeared.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import CommonError, Trace, median_interval_ns

Bools = NDArray[np.bool_]

_LEAST_ROWS = 30
_LEAST_CHANGES = 8
_LEAST_REFRESHES = 5
_LEVELS_LOOKED = 5
_FEW_LEVELS = 3
_EQUAL = 0.4
_ON_GRID = 0.8
_LOOKED = 200_000
_REGULAR = 0.6
_NEAR = 0.2
_MOST_PIECES = 1 << 16
_LEAST_OF_A_RAMP = 3
_UNLOGGED = 0.05
"""A log that leaves out changes of a larger share of its mean is no log of changes."""
_TOTALS = {Quantity.POWER: Quantity.ENERGY, Quantity.CURRENT: Quantity.CHARGE}


def standing(trace: Trace) -> Trace:
    """Return a trace of readings that stand until the next as what may be integrated.

    Stamps at even times are an instrument's own readings, shown until its next: what the load did between two of them is
    as unknown as for any other meter, and they stay what they are.  Stamps at uneven times are a log of changes: the value
    stood, and its sum over time is a running total, in J or C.
    """
    steps = np.diff(trace.times_ns)
    if steps.size < 1:
        return replace(trace, kind=Kind.INSTANT)
    usual = float(np.median(steps))
    even = float(np.mean(np.abs(steps - usual) <= _NEAR * usual)) >= _REGULAR
    if even and steps.size >= _LEAST_CHANGES:
        return replace(trace, kind=Kind.INSTANT)
    if trace.quantity not in _TOTALS:
        return replace(trace, kind=Kind.INSTANT)
    if trace.gaps:  # a total would count on through them: write each value once more just before the next
        apart = np.flatnonzero(steps > 1)
        times = np.insert(trace.times_ns, apart + 1, trace.times_ns[apart + 1] - 1)
        values = np.insert(trace.values, apart + 1, trace.values[apart])
        return replace(trace, times_ns=times, values=values, kind=Kind.INSTANT)
    seconds = steps * 1e-9
    running = np.concatenate([[0.0], np.cumsum(trace.values[:-1] * seconds)])
    changes = np.abs(np.diff(trace.values))
    span_s = float(np.sum(seconds))
    mean = float(running[-1]) / span_s
    # A change smaller than the smallest that was logged may have gone unlogged, in each stretch by itself; each change
    # was stamped on the logger's own grid, up to one step of it late.
    unlogged = min(float(changes[changes > 0].min(initial=np.inf)), _UNLOGGED * abs(mean))
    unseen = unlogged / math.sqrt(12) * float(np.sqrt(np.sum(seconds**2)))
    late = int(np.gcd.reduce(steps)) * 1e-9 / math.sqrt(12) * float(np.sqrt(np.sum(changes**2)))
    ramp = _ramps(trace.values, seconds)
    error = CommonError(
        f"model:log of changes {'+'.join(trace.channels)}",
        absolute=math.hypot(unseen, late, ramp) / span_s,
        limit=False,
    )
    # Within a stretch the total rises evenly: read off at even times it is the same, and an edge of an event cuts a short piece of it.
    grid = max(int(np.gcd.reduce(steps)), -(-int(trace.times_ns[-1] - trace.times_ns[0]) // _MOST_PIECES))
    even_ns = np.append(
        np.arange(trace.times_ns[0], trace.times_ns[-1], grid, dtype=np.int64), trace.times_ns[-1]
    )
    if even_ns.size > trace.times_ns.size:
        # Of two rows of one moment the last counts: nothing was added between them.
        first = np.concatenate([[True], steps > 0])
        since = (even_ns - trace.times_ns[0]).astype(np.float64)
        running = np.interp(
            since, (trace.times_ns - trace.times_ns[0])[first].astype(np.float64), running[first]
        )
    else:
        even_ns = trace.times_ns
    return replace(
        trace,
        times_ns=even_ns,
        interval_ns=median_interval_ns(even_ns),
        values=running,
        quantity=_TOTALS[trace.quantity],
        kind=Kind.COUNTER,
        noise=0.0,
        step=0.0,
        errors=(*trace.errors, error),
    )


def _ramps(values: NDArray[np.floating[Any]], seconds: NDArray[np.floating[Any]]) -> float:
    """Return the standard uncertainty (J) that stands for ramps logged in steps.

    Where a value stood for T and then changed by D, a ramp between the two held D T/2 more.  Three changes and more in one
    direction may be one.  What all of them together would add is what the total is off by if they are, so that it reaches 1.3
    times as far; each by itself may or may not be one.
    """
    changed = np.flatnonzero(np.diff(values) != 0) + 1  # a value may be written again while it stands
    if changed.size < _LEAST_OF_A_RAMP:
        return 0.0
    stood = np.add.reduceat(seconds, np.concatenate([[0], changed[:-1]]))[: changed.size]
    stood[-1] -= float(np.sum(seconds[changed[-1] :]))
    change = np.diff(values)[changed - 1]
    begins = np.concatenate([[0], np.flatnonzero(np.diff(np.sign(change))) + 1])
    long = np.diff(np.append(begins, change.size)) >= _LEAST_OF_A_RAMP
    added = np.add.reduceat(change * stood / 2, begins)[long]
    return math.hypot(float(np.sum(added)) / 1.5, math.sqrt(float(np.sum(added**2)) / 3))


def refresh_found(trace: Trace) -> int:
    """Return the refresh interval (ns) that a trace of repeated readings shows, or 0 where its rows are readings of their own.

    Rows are repeats where most equal the row before, and where they change, they do so in steps of one number of rows.
    Where they only ever show two or three values, they are the plateaus of a load without noise, and no refresh.
    """
    n = min(len(trace), _LOOKED)
    if n < _LEAST_ROWS or not trace.interval_ns:
        return 0
    change = np.flatnonzero(np.diff(trace.values[:n]) != 0) + 1
    if change.size < _LEAST_REFRESHES or 1 - change.size / n < _EQUAL:
        return 0
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
