"""A range that nobody stated, seen in the readings: the highest value comes again and again, exactly, where lower readings scatter.

What an instrument adds to a steady load (noise, the step of its converter) does not stop at the top: readings of a steady load scatter there too.
A converter at its end has nothing left to scatter with.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.errors import plural
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

_READINGS = 20
_AT_TOP = 5  # readings, or visits where readings stand
_STANDS = 0.4  # of the readings that repeat the one before: more, and each level counts once
_QUIET = 0.25  # of the steps between neighbours: the quiet part of the run shows the instrument
_QUIET_IN_NOISE = 0.45  # standard deviations that a quarter of the steps of noise lie below
_STEPS = 4.0  # of the resolution: less noise than that, and a steady load shows one value
_NEAR = 6.0  # standard deviations below the top
_PILED = 0.5  # of the readings near the top
_EQUAL = 1e-9  # of the top
_TAIL = 3  # readings next below the top: at a ceiling, where all above piles up, each comes less often
_MANY = 4  # different readings in the upper half that show whether a display rounds more there
_PLACES = 9  # decimal places looked at
_ON_GRID = 1e-6  # of the place


def with_flat_top(trace: Trace) -> Trace:
    """Return a trace whose readings at a ceiling that was found are saturated, as they are of a stated range; else as it is."""
    of_load = trace.quantity in (Quantity.POWER, Quantity.CURRENT) and trace.kind is not Kind.COUNTER
    at = at_flat_top(trace.values) if of_load and trace.saturated_ns is None else None
    if at is None:
        return trace
    count = int(at.sum())
    note = Note.warning(
        "range-not-stated",
        f"{plural(count, 'reading is', 'readings are')} exactly {float(trace.values.max()):.5g} {trace.unit}, the highest, "
        "while lower ones scatter: the meter clips at a range that was not stated",
    )
    return replace(
        trace,
        saturated=trace.saturated + count,
        saturated_ns=trace.times_ns[at],
        notes=(*trace.notes, note),
    )


def at_flat_top(values: Floats) -> Bools | None:
    """Return which readings lie at a ceiling that no lower reading's scatter explains, shape (n,); None where there is none."""
    if values.size < _READINGS:
        return None
    top = float(values.max())
    at: Bools = values >= top - _EQUAL * abs(top)
    if top <= 0 or int(at.sum()) < _AT_TOP:
        return None
    steps = np.diff(values)
    low = ~(at[1:] | at[:-1])
    if int(low.sum()) < _READINGS // 2:
        return None
    if float(np.mean(steps[low] == 0)) > _STANDS:
        fresh = np.concatenate([[True], steps != 0])
        values, visits = values[fresh], at[fresh]
        steps = np.diff(values)
        low = ~(visits[1:] | visits[:-1])
        if int(low.sum()) < _READINGS // 2:
            return None
    else:
        visits = at
    noise = float(np.quantile(np.abs(steps[low]), _QUIET)) / _QUIET_IN_NOISE
    count = int(visits.sum())
    near = int(np.count_nonzero(values >= top - _NEAR * noise))
    if (
        count < _AT_TOP
        or count < _PILED * near
        or _is_tail(values[~visits], count)
        or noise < _STEPS * _resolution(values[~visits], top)
    ):
        return None
    return at


def _is_tail(below: Floats, count: int) -> bool:
    """Return whether a reading next below the top comes more often than it does: a tail of noise on a coarse grid, no ceiling.

    An instrument that changes ranges has less noise and finer steps at low load than where its top is.
    """
    _, times = np.unique(below, return_counts=True)
    return int(times[-_TAIL:].max()) > count


def _resolution(values: Floats, top: float) -> float:
    """Return the smallest distance of two different readings, or the decimal place that those in the upper half were rounded to, if larger."""
    apart = np.diff(np.unique(values))
    apart = apart[apart > _EQUAL * top]
    found = float(apart.min()) if apart.size else 0.0
    upper = np.unique(values[values > top / 2])
    if upper.size >= _MANY:
        for place in (10.0**k for k in range(math.floor(math.log10(top)), -_PLACES, -1)):
            if place <= found:
                break
            if bool(np.all(np.abs(upper / place - np.round(upper / place)) < _ON_GRID)):
                return place
    return found
