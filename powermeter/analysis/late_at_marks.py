"""Levels that begin and end late at the marks of events: a plug that shows each reading for seconds, of a load whose phases are flat.

Equal rows may be true of such a load, so that nothing else in a log shows that its instrument refreshes more slowly than rows are written.  Rows
behind a mark do: where they are readings of their own, the first one shows the new level; where they repeat, it comes late, each time by another age.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.result import Grade, worst
from powermeter.result.notes import Note
from powermeter.signals.rows_that_stand import rows_that_stand
from powermeter.signals.trace import Trace, median_interval_ns
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_STANDS = 0.75  # of rows
_LEAST = 30  # rows
_FEWEST = 2  # changes
_ROW = 1.1  # rows, within which what each row shows changes behind a mark
_CLOCK = 3.0  # standard uncertainties of the clock
_LATE = 0.5  # of the marks
_LOOKED = 100  # events
_PART = 4  # of an event, that changes are late by at most
_TWICE = 2.0  # times its mean age a reading stands


def at_late_changes(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return one reading for each of the refreshes by which levels are late at marks, where they are; else the trace as it is."""
    if (
        trace.kind is not Kind.INSTANT
        or trace.quantity is not Quantity.POWER
        or trace.kept is not None
        or trace.window_ns
        or trace.refresh_ns
        or not start_ns.size
        or not trace.interval_ns
        or len(trace) < _LEAST
    ):
        return trace
    change = np.flatnonzero(np.diff(trace.values) != 0) + 1
    if not _FEWEST <= change.size <= (1 - _STANDS) * len(trace) or (np.diff(change) == 1).any():
        return trace
    if rows_that_stand(trace) is not None:
        return trace
    late = _late(trace, change, start_ns, end_ns)
    if not late.any() or np.count_nonzero(late) < _LATE * late.size:
        return trace
    # Of few marks the usual age is not known better than to 1/√n of it.
    age = min(float(late.max()), float(late.mean()) * (1 + 1 / math.sqrt(late.size)))
    found = _readings(trace, change, round(_TWICE * age))
    note = Note.info(
        "late-at-marks",
        f"power changes up to {format_duration(float(late.max()) * 1e-9)} behind the events' marks, each time by another time, and stands in between: as of an "
        f"instrument that refreshes every {format_duration(_TWICE * age * 1e-9)} or so. The interval takes each reading for one of that long; a load that is late itself is known better",
    )
    return replace(found, grade=worst((trace.grade, Grade.ESTIMATED)), notes=(*trace.notes, note))


def _readings(trace: Trace, change: Times, refresh_ns: int) -> Trace:
    """Return the rows that are new, and between them as many as refreshes found the same again: the last one a refresh ahead of the next change."""
    t = trace.times_ns
    first = np.concatenate([[0], change])
    until = np.append(t[change], t[-1] + refresh_ns // 2)
    stamps = [
        np.append(np.arange(end - refresh_ns, start + refresh_ns // 2, -refresh_ns)[::-1], start)
        for start, end in zip(t[first].tolist(), until.tolist(), strict=True)
    ]
    times = np.sort(np.concatenate([*stamps, t[-1:]]).astype(np.int64))
    times = np.unique(times[times <= t[-1]])
    values = trace.values[np.searchsorted(t, times, side="right") - 1]
    # A row is as late as half of the step between rows, in the mean; refreshes at uneven times keep step with nothing.
    clock = math.hypot(trace.clock_ns, trace.interval_ns / math.sqrt(12))
    return replace(
        trace, times_ns=times, values=values, interval_ns=median_interval_ns(times), clock_ns=clock
    )


def _late(trace: Trace, change: Indices, start_ns: Times, end_ns: Times) -> Floats:
    """Return how far behind each mark at which power changes it does so, ns; 0 where the first row behind the mark shows it.

    Power changes at a start where the level before it does not come back inside the event, and at an end where the level behind it was not inside:
    what a load does on its own under a window that somebody marked is none of this.
    """
    t, f = trace.times_ns, trace.values
    changes = np.append(change, t.size)
    starts, ends = (np.searchsorted(t, e[:_LOOKED], side="left") for e in (start_ns, end_ns))
    after = [changes[np.searchsorted(change, e, side="left")] for e in (starts, ends)]
    soon = [
        np.searchsorted(t, e[:_LOOKED] + (end_ns - start_ns)[:_LOOKED] // _PART) for e in (start_ns, end_ns)
    ]
    since = _ROW * trace.interval_ns + _CLOCK * trace.clock_ns
    late: list[float] = []
    for k, (begin, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        up, down = int(after[0][k]), int(after[1][k])
        begins = begin > 0 and up < min(int(soon[0][k]), end) and f[up - 1] not in f[up:end]
        ended = end > 0 and down < int(soon[1][k]) and f[down] not in f[up if begins else begin : end]
        for found, mark, first, at in ((begins, start_ns[k], begin, up), (ended, end_ns[k], end, down)):
            if found:
                behind = float(t[at] - mark)
                late.append(behind if at > first and behind > since else 0.0)
    return np.array(late)
