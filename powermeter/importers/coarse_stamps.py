"""Spreads rows whose stamps are much coarser than they come: several rows a second, stamped in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.units import NS

_PIECE = 1 << 20
_WHOLE = 8
_HOLE = 2.5
"""Resolutions between two stamps that follow each other from which rows are missing."""


@dataclass(frozen=True, slots=True)
class SpreadTimes:
    """Times that were spread.

    Attributes:
        times_ns: int64, one per row.
        resolution_ns: What the stamps were cut to.
        how: Between what the rows were spread, for people.
    """

    times_ns: NDArray[np.int64]
    resolution_ns: int
    how: str


def spread_stamps(times_ns: NDArray[np.int64]) -> SpreadTimes:
    """Return rows spread evenly between the first and the last stamp, or, where that contradicts one, between their changes."""
    start, last = int(times_ns[0]), len(times_ns) - 1
    change, steps = _changes(times_ns)
    resolution = int(np.median(steps))
    length = int(times_ns[-1]) - start
    spread = np.empty(last + 1, np.int64)
    for place in range(0, last + 1, _PIECE):
        index = np.arange(place, min(place + _PIECE, last + 1))
        own = length * (index / last)
        if (np.abs(own - (times_ns[place : place + _PIECE] - start)) > resolution).any():
            break
        spread[place : place + _PIECE] = start + np.rint(own).astype(np.int64)
    else:
        return SpreadTimes(spread, resolution, "evenly between the first and the last stamp")
    knots = np.concatenate(([0.0], change - 0.5, [float(last)]))
    values = np.concatenate(([0], times_ns[change] - start, [length])).astype(np.float64)
    holes = np.flatnonzero(steps > _HOLE * resolution)
    if len(holes):  # the rows before a hole end one resolution after their stamp
        ends = times_ns[change[holes]] - start - steps[holes] + resolution
        knots = np.insert(knots, holes + 1, change[holes] - 0.75)
        values = np.insert(values, holes + 1, ends.astype(np.float64))
    for place in range(0, last + 1, _PIECE):
        index = np.arange(place, min(place + _PIECE, last + 1))
        own = np.interp(index, knots, values)
        spread[place : place + _PIECE] = start + np.rint(own).astype(np.int64)
    return SpreadTimes(spread, resolution, "between the moments at which the stamp changes")


def _changes(times: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the rows at which a stamp is another than the row's before, and by how much, in ns."""
    rows, steps = [], []
    for start in range(0, len(times), _PIECE):
        step = np.diff(times[start : start + _PIECE + 1])
        changed = np.flatnonzero(step)
        rows.append(changed + start + 1)
        steps.append(step[changed])
    return np.concatenate(rows), np.concatenate(steps)


def whole_seconds(times_ns: NDArray[np.int64]) -> int:
    """Return a second in ns where all of at least eight stamps are whole seconds, else 0."""
    pieces = range(0, times_ns.size, _PIECE)
    whole = not any((times_ns[start : start + _PIECE] % NS).any() for start in pieces)
    return NS if times_ns.size >= _WHOLE and whole else 0
