"""Rows that share a stamp, two or more each time: a logger that writes what it has read since the last time, all with one moment.

Their median distance is nothing, and nothing is no interval to estimate with.  They are put evenly between the stamp before and their own; whether a block
was read up to its stamp or from it on, events' edges show, else nothing does.

Rows that are stamped as they arrive, a buffer at a time, are a little apart.  What distinguishes them from readings taken in bursts is the load: it moves from
one level to the other within blocks, and stays between the last row of one and the first of the next.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace, median_interval_ns

Times = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

SHARED = "stamps-shared"
"""The code of the note on rows that share their stamps."""
_SHARE = 0.4  # of the distances, that are nothing
_LONGEST = 2.5  # usual distances between stamps: more is a pause
_FEWEST = 8  # stamps
_AT_ONCE = 0.1  # of the time between two blocks, that a block takes to arrive at most
_BLOCKS = 20
_AS_MANY = 0.9  # of the blocks hold as many rows as most
_WITHIN = 10  # blocks, at least, that begin at one level and end at the other
_UNEVEN = 0.15  # of what lies between two rises: its standard deviation, at least
_BETWEEN = 0.25  # of their number, so many moves from a block to the next at most


def at_moments_of_their_own(trace: Trace) -> Trace:
    """Return rows that share stamps evenly spread from each stamp to the next one, whose place within that is in doubt; others as they are.

    A counter's last row of a stamp is its value then, and the ones before tell nothing more.
    """
    if trace.kept is not None or len(trace) < 2 * _FEWEST:
        return trace
    if np.count_nonzero(np.diff(trace.times_ns) == 0) < _SHARE * len(trace):
        arrived = _arrivals(trace)
        if arrived is None:
            return trace
        trace = replace(trace, times_ns=arrived)
    stamps, first, counts = np.unique(trace.times_ns, return_index=True, return_counts=True)
    if stamps.size < _FEWEST:
        return trace
    usual = float(np.median(np.diff(stamps)))
    rows = max(float(np.median(counts)), len(trace) / stamps.size)
    doubt = (1 - 1 / rows) * usual / math.sqrt(3)
    note = Note.warning(
        SHARED,
        f"rows share their stamps, {rows:.2g} each time: they are taken to have been read evenly in the {usual * 1e-6:.4g} ms up to it. "
        "The intervals allow for as much either way where no event shows when; stamp each reading when it is taken",
    )
    whole = replace(trace, clock_ns=math.hypot(trace.clock_ns, doubt), notes=(*trace.notes, note))
    if trace.kind is Kind.COUNTER:
        last = first + counts - 1
        return replace(whole, times_ns=stamps, values=trace.values[last], interval_ns=round(usual))
    spans = np.minimum(np.diff(stamps, prepend=stamps[0] - round(usual)), _LONGEST * usual)
    place = np.arange(len(trace)) - np.repeat(first, counts)
    back = np.repeat(spans / counts, counts) * (np.repeat(counts, counts) - 1 - place)
    times = trace.times_ns - np.rint(back).astype(np.int64)
    return replace(whole, times_ns=times, interval_ns=median_interval_ns(times))


def _arrivals(trace: Trace) -> Times | None:
    """Return when the last row of each row's block arrived; None where rows come one by one, or the load does not show that blocks were buffered."""
    times, values = trace.times_ns, trace.values
    mean = (int(times[-1]) - int(times[0])) / (len(trace) - 1)
    if trace.kind is not Kind.INSTANT or trace.interval_ns >= _AT_ONCE * mean:
        return None
    last = np.append(np.flatnonzero(np.diff(times) > mean), len(trace) - 1)
    first = np.append(0, last[:-1] + 1)
    rows = last - first + 1
    if last.size < _BLOCKS or float(np.mean(rows == np.median(rows))) < _AS_MANY:
        return None
    if float(np.median(times[last] - times[first])) > _AT_ONCE * float(np.median(np.diff(times[last]))):
        return None
    high = values > (float(values.min()) + float(values.max())) / 2
    within = np.count_nonzero(high[first] != high[last])
    between = np.count_nonzero(high[last[:-1]] != high[first[1:]])
    if within < _WITHIN or between > _BETWEEN * within:
        return None
    rises = np.diff(np.flatnonzero(high[1:] & ~high[:-1]))
    if rises.size < _WITHIN // 2 or 2 * rises.size > last.size or rises.std() <= _UNEVEN * rises.mean():
        return None  # a loop whose period the pause nearly is a multiple of
    found: Times = np.repeat(times[last], rows)
    return found
