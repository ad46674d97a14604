"""Which way a rail's current flows: a sensor that was put in the wrong way round shows everything negative."""

from __future__ import annotations

import numpy as np

from powermeter.channel import Boundary, Quantity
from powermeter.result.notes import Note
from powermeter.signals.line import Line

CODE = "current-negative-throughout"

SHARE = 0.95
"""A rail counts as reversed where at least this share of its readings is below zero by more than their offset."""


def direction_note(line: Line) -> Note | None:
    """Return the question that a rail with a negative current or power asks; None for any other rail."""
    found = (line.direct(quantity) for quantity in (Quantity.CURRENT, Quantity.POWER))
    trace = next((one for one in found if one is not None and len(one)), None)
    if trace is None:
        return None
    finite = np.isfinite(trace.values)
    known = np.count_nonzero(finite)
    offset = max((abs(error.absolute) for error in trace.errors), default=0.0)
    if not known or np.count_nonzero(finite & (trace.values < -offset)) < SHARE * known:
        return None
    if line.rail.boundary is Boundary.BATTERY:
        why = "the battery is being charged; what the machine draws is not in it: unplug the charger"
    else:
        why = "are IN+ and IN− swapped, or does it charge a battery? Swap the two wires, or measure the other side"
    return Note.warning(CODE, f"{line.key}: the current is negative throughout: {why}")
