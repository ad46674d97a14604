"""The readings inside each of many events: how many, their sums, and what holes take of them, found for all labels at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadingsInside:
    """The instantaneous readings inside events; arrays of shape (n,).

    Attributes:
        before, upto: How many readings lie at or before each start, and each end.
        energy: Σ τ f of those inside, each with half of the intervals on both its sides, holes left out, J (C).
        weight: Σ τ of the same, s.
        gap_s: Seconds of each event that lie in holes.
    """

    before: Indices
    upto: Indices
    energy: Floats
    weight: Floats
    gap_s: Floats

    @classmethod
    def of(cls, integral: Integral, start_ns: Times, end_ns: Times) -> ReadingsInside:
        """Return what lies inside events in any order."""
        before, upto = integral.upto(start_ns), integral.upto(end_ns)
        energy, weight = _sums(integral, before, upto)
        return cls(before, upto, energy, weight, integral.gap_seconds(start_ns, end_ns))

    def at(self, index: Indices) -> ReadingsInside:
        """Return the same of some of the events."""
        return ReadingsInside(
            self.before[index], self.upto[index], self.energy[index], self.weight[index], self.gap_s[index]
        )


def _sums(integral: Integral, before: Indices, upto: Indices) -> tuple[Floats, Floats]:
    """Return Σ τ f and Σ τ of the readings inside, each with half of the intervals on both its sides; holes are left out."""
    t, f, running = integral.trace.times_ns, integral.trace.values, integral.running
    top = t.size - 1
    some = upto > before
    first, last = np.clip(before, 0, top), np.clip(upto - 1, 0, top)
    ahead = np.where(before > 0, t[first] - t[np.maximum(first - 1, 0)], 0)
    after = np.where(upto <= top, t[np.minimum(last + 1, top)] - t[last], 0)
    energy = running[last] - running[first]
    weight = (t[last] - t[first]) * 1e-9
    if integral.hole.size:
        hole = integral.hole
        ahead = np.where(np.isin(before - 1, hole), 0, ahead)
        after = np.where(np.isin(upto - 1, hole), 0, after)
        bridged = np.concatenate([[0.0], np.cumsum(running[hole + 1] - running[hole])])
        length = np.concatenate([[0.0], np.cumsum((t[hole + 1] - t[hole]) * 1e-9)])
        a, b = np.searchsorted(hole, first), np.searchsorted(hole, last)
        energy -= bridged[np.maximum(b, a)] - bridged[a]
        weight -= length[np.maximum(b, a)] - length[a]
    energy = energy + 0.5e-9 * (f[first] * ahead + f[last] * after)
    weight = weight + 0.5e-9 * (ahead + after)
    return np.where(some, energy, 0.0), np.where(some, weight, 0.0)
