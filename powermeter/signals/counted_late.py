"""Counters that count on in steps of time of their own, about as long as the rows: what stands in one is older than its stamp, by up to a step.

A counter that counts all the time has moved by the more between two rows, the further these are apart: by how much stamps scatter.  One that counts on
at times of its own has not: rows that came a little late or early show the same.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.shown_twice import moves_by_more_than_steps
from powermeter.signals.trace import Trace
from powermeter.signals.uneven_counter import slope_through_zero

COUNTED_LATE = "counted-late"
"""The code of the note on a counter that is read about as often as it counts on."""
_LEAST_PAIRS = 30
_LOOKED = 200_000
_ALIKE = 0.5  # of the logarithm: what two neighbouring moves, or the powers that they are of, differ by while a load stays as it is
_SLOPE = 0.75
_SURE = 4.0  # standard errors


def as_late_as_it_counts(trace: Trace, stated_ns: int = 0) -> Trace:
    """Return a counter's readings half a step of its own earlier, where that is stated or its moves show one; else the trace as it is.

    Where nothing shows how long a step is, it is an interval between rows at most: a longer one lets rows stand.
    """
    if trace.kind is not Kind.COUNTER or trace.kept is not None:
        return trace
    if not stated_ns and (trace.refresh_ns or not moves_whatever_the_wait(trace)):
        return trace
    step_ns = stated_ns or trace.interval_ns
    notes = trace.notes
    if not stated_ns:
        note = Note.info(
            COUNTED_LATE,
            "the counter moves by as much whether a row comes early or late: it counts on at times of its own, and what it shows is up to "
            f"{step_ns * 1e-9:.3g} s old. Readings count half of that earlier, and intervals hold the rest; "
            "rows that come a few times as often would show its steps",
        )
        notes = (*notes, note)
    other_ns = math.sqrt(max(trace.clock_ns**2 - trace.refresh_ns**2, 0.0))
    return replace(
        trace,
        times_ns=trace.times_ns - step_ns // 2,
        clock_ns=math.hypot(other_ns, step_ns / math.sqrt(12)),
        refresh_ns=step_ns / math.sqrt(12),
        notes=notes,
    )


def moves_whatever_the_wait(trace: Trace) -> bool:
    """Return whether a counter's moves do not follow how far rows are apart."""
    n = min(len(trace), _LOOKED)
    if n < _LEAST_PAIRS or not moves_by_more_than_steps(trace):
        return False
    moved, wait = np.diff(trace.values[:n]), np.diff(trace.times_ns[:n]) * 1e-9
    some = (moved > 0) & (wait > 0)
    more, longer = np.diff(np.log(np.where(some, moved, 1.0))), np.diff(np.log(np.where(some, wait, 1.0)))
    # One power: neither moves nor powers are preferred.
    same = (np.abs(more) < _ALIKE) | (np.abs(more - longer) < _ALIKE)
    same &= some[1:] & some[:-1]
    more, longer = more[same], longer[same]
    if more.size < _LEAST_PAIRS or not longer.any():
        return False
    slope, error = slope_through_zero(longer, more)
    return slope < _SLOPE and 1 - slope > _SURE * error
