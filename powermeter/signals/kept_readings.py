"""The readings of a long recording that are held in memory, with what those between them add up to; which: `decimation.py`.

Readings beside events, in stretches spread evenly over the run, beside holes, and the extremes of what lies between are held as they are.
What is left out between two of them is known by its exact sum: a *skip*.  No energy changes by that, and no peak is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.integer[Any]]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a trace holds of a long recording.

    Attributes:
        place: Shape (n,): the position of each held reading among all readings; strictly rising.
        sums: Shape (n,): the running integral over all readings up to each, in the trace's unit × s; None for counters, of
            which readings that are left out lose nothing.
        fair: (first, last) positions in the held readings of stretches without skips that are spread evenly over the run; what is
            a statistic of readings is taken from them.
    """

    place: Indices
    sums: Floats | None = None
    fair: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return int(self.place.size)

    @property
    def skips(self) -> NDArray[np.bool_]:
        """Return, for each of the n − 1 intervals between held readings, whether readings are left out inside."""
        return np.asarray(np.diff(self.place) > 1)

    def counted(self, first: NDArray[np.int64], until: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many readings the ranges [first, until) of held ones stand for."""
        top = self.place.size - 1
        a, b = self.place[np.clip(first, 0, top)], self.place[np.clip(until - 1, 0, top)]
        return np.where(until > first, b.astype(np.int64) - a.astype(np.int64) + 1, 0)

    def fair_index(self, most: int) -> NDArray[np.int64]:
        """Return the positions of about `most` of the held readings that are spread evenly over the run."""
        total = sum(last - first for first, last in self.fair)
        step = max(1, total // max(most, 1))
        return np.concatenate([np.arange(a, b, step) for a, b in self.fair] or [np.empty(0, np.int64)])

    def scaled(self, factor: float) -> Kept:
        """Return what is held of the trace times a number."""
        return replace(self, sums=None if self.sums is None else self.sums * factor)

    def with_sums(self, sums: Floats | None) -> Kept:
        """Return the same readings of another quantity."""
        return replace(self, sums=sums)

    def with_edges(self, at: Indices) -> Kept:
        """Return the same with further stamps put in before the positions `at`: edges of means, which stand for no reading."""
        place = np.insert(self.place.astype(np.int64), at, self.place[at].astype(np.int64))
        ahead = [np.searchsorted(at, [a, b - 1], side="right").tolist() for a, b in self.fair]
        fair = tuple((a + i, b + j) for (a, b), (i, j) in zip(self.fair, ahead, strict=True))
        return Kept(place, None, fair)

    def part(self, first: int, last: int) -> Kept:
        """Return what is held of the held readings [first, last)."""
        fair = [(max(a, first) - first, min(b, last) - first) for a, b in self.fair]
        sums = None if self.sums is None else self.sums[first:last]
        return Kept(self.place[first:last], sums, tuple((a, b) for a, b in fair if b > a))

    def means(self, times_ns: Times, values: Floats) -> Floats:
        """Return values that, each times the interval before it, add up to the sums: a skip's mean ends it."""
        if self.sums is None:
            return values
        end = np.flatnonzero(self.skips) + 1
        found: Floats = values.copy()
        found[end] = (self.sums[end] - self.sums[end - 1]) / ((times_ns[end] - times_ns[end - 1]) * 1e-9)
        return found


def consecutive(kept: Kept | None, readings: int, most: int) -> NDArray[np.int64]:
    """Return the positions of the first of so many readings, `most` at most; where a part is held, of stretches without skips."""
    return np.arange(min(readings, most)) if kept is None else kept.fair_index(readings)[:most]


def added(parts: Sequence[Kept]) -> Kept:
    """Return what is held of a sum of traces of the same readings."""
    known = [part.sums for part in parts if part.sums is not None]
    return parts[0].with_sums(np.sum(known, axis=0) if known else None)
