"""The event that a closer look is at, and whether all its readings are held: a run of a day is held in part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_row import LabelRow
from powermeter.signals.trace import Trace

from .wording import left_out


def typical_event(a: Analysis, row: LabelRow) -> int | None:
    """Return which event has the median energy of those that the energy per item is of; None where all of them hold gaps or are not known.

    Of a run too long for all readings to be held it is the one next to that in energy of which, with its surroundings, all are; where there
    is none, the median itself.
    """
    by_start = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
    quoted = by_start[a.energies.known[by_start]][left_out(row) :]
    whole = quoted[a.energies.gap_s[quoted] == 0]
    order = whole[np.argsort(a.energies.value[whole], kind="stable")]
    if not order.size:
        return None
    held = np.flatnonzero(all_held(a.power_trace, *surroundings(a, order)))
    middle = order.size // 2
    return int(order[held[np.argmin(np.abs(held - middle))] if held.size else middle])


def surroundings(a: Analysis, index: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the closer looks at these events begin and end, in ns."""
    start, end = a.energies.start_ns[index], a.energies.end_ns[index]
    around = np.round(0.9 * np.maximum(end - start, 4 * a.power_trace.interval_ns)).astype(np.int64)
    return np.maximum(start - around, a.start_ns), np.minimum(end + around, a.end_ns)


def all_held(trace: Trace, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether every reading between these moments, in ns, is held."""
    if trace.kept is None:
        return np.ones(first.size, bool)
    skip = np.flatnonzero(trace.kept.skips)
    next_one = np.searchsorted(trace.times_ns[skip + 1], first, side="right")
    begins = np.append(trace.times_ns[skip], np.iinfo(np.int64).max)
    return np.asarray(begins[next_one] >= last)
