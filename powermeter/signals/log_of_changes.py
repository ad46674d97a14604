"""A log of changes: each value stood until the next, so that its sum over time is a running total; and which logs are no such log."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import CommonError, Trace, median_interval_ns

_LEAST_CHANGES = 8
_REGULAR = 0.6
_NEAR = 0.2
_REPEATS = 0.4  # of rows
_MOST_PIECES = 1 << 16
_LEAST_OF_A_RAMP = 3
_UNLOGGED = 0.05
"""A log that leaves out changes of a larger share of its mean is not a log of changes."""
_TOTALS = {Quantity.POWER: Quantity.ENERGY, Quantity.CURRENT: Quantity.CHARGE}


def standing(trace: Trace) -> Trace:
    """Return a trace of readings that stand until the next as what may be integrated.

    Stamps at even times are an instrument's own readings, shown until its next: what the load did between two of them is
    as unknown as for any other meter, and they stay what they are.  Stamps at uneven times are a log of changes: the value
    stood, and its sum over time is a running total, in J or C.  A log of changes hardly repeats a value; rows at even times that do are
    a display's, asked more often than it refreshes.
    """
    trace = _asked(trace)
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


def _asked(trace: Trace) -> Trace:
    """Return the rows at which a display was asked, of which each is written twice: where it begins to stand, and where it ends."""
    last = np.append(np.diff(trace.times_ns) > 0, True)
    times, values = trace.times_ns[last], trace.values[last]
    steps = np.diff(times)
    if times.size <= _LEAST_CHANGES or times.size == len(trace) or trace.kept is not None:
        return trace
    usual = float(np.median(steps))
    even = float(np.mean(np.abs(steps - usual) <= _NEAR * usual)) >= _REGULAR
    if not even or float(np.mean(np.diff(values) == 0)) < _REPEATS:
        return trace
    return replace(trace, times_ns=times, values=values, interval_ns=median_interval_ns(times))


def _ramps(values: NDArray[np.floating[Any]], seconds: NDArray[np.floating[Any]]) -> float:
    """Return the standard uncertainty (J) that stands for ramps logged in steps.

    Where a value stood for T and then changed by D, a ramp between the two held D T/2 more.  Three or more changes in one
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
