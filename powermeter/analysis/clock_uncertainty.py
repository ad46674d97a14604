"""What clocks leave open in a window: all stamps of a source may be shifted by as much as its clock is uncertain, or late."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

SQRT3 = math.sqrt(3.0)
EDGES_LATE = "edges-late"
"""The code of the note on readings that are late, or a load that is behind its marks."""
DELAY_STEP = 0.051
"""Of an interval: delays at events' edges are looked for in steps of a twentieth."""
_SMOOTHED = 1.3  # lines between readings beside an edge show so much less of a shift


def misplaced(integral: Integral, start_ns: Times, end_ns: Times, plain: Floats, clock_ns: float) -> Floats:
    """Return what an unknown common shift of all stamps does to each window.

    Shifts of ±√3 standard deviations; the larger effect over √3 counts, since the stamps may be shifted already, so that
    one of the two only undoes it.
    """
    shift = np.int64(round(SQRT3 * clock_ns))
    later = integral.between(start_ns + shift, end_ns + shift) - plain
    earlier = integral.between(start_ns - shift, end_ns - shift) - plain
    result: Floats = np.maximum(np.abs(later), np.abs(earlier)) / SQRT3
    return result


def perhaps_late(trace: Trace, late_ns: float, *, by_chance: bool) -> Trace:
    """Return a trace whose readings are late behind edges of events: so are its stamps, or the load behind its marks.

    Nothing is moved; a shift by as much as they are late on average is left open.

    Args:
        by_chance: Whether they are behind some edges and not behind others.
    """
    some = ", behind some edges more than behind others" if by_chance else ""
    note = Note.warning(
        EDGES_LATE,
        f"readings show events about {format_duration(late_ns * 1e-9)} late{some}: the stamps may be late, or the load behind its "
        "marks. The intervals hold both; stamp each reading when it is taken, and mark where the load begins and ends",
    )
    return replace(
        trace,
        clock_ns=math.hypot(trace.clock_ns, _SMOOTHED * late_ns / SQRT3),
        notes=(*trace.notes, note),
    )


def edges_late(trace: Trace) -> bool:
    """Return whether events' edges show readings late, and no refresh states that those may be, not the load."""
    return not trace.refresh_ns and any(note.code == EDGES_LATE for note in trace.notes)


def as_stated(trace: Trace, oldest_ns: float) -> bool:
    """Return whether a refresh is stated, within which readings are as old as that when they are stamped."""
    return oldest_ns <= trace.refresh_ns * math.sqrt(12) + DELAY_STEP * trace.interval_ns


def late_kind(trace: Trace) -> str:
    """Return what makes most of a trace's doubt about its moments: its refresh, its skew, or the clocks."""
    if trace.refresh_ns > 0.7 * trace.clock_ns:
        return "refresh"
    return "skew" if trace.skew_ns > 0.7 * trace.clock_ns else "clock"
