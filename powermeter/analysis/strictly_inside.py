"""The samples strictly inside each of many windows: how many there are, and their mean (the MLPerf rule)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StrictlyInside:
    """The samples strictly inside each window; arrays of shape (n,).

    Attributes:
        count: How many.
        mean: In W or A; NaN without any, for counters, and where some are left out of a run too long to be held.
    """

    count: Indices
    mean: Floats

    @classmethod
    def of(cls, integral: Integral, start_ns: Indices, end_ns: Indices) -> StrictlyInside:
        """Return them for windows in any order."""
        trace = integral.trace
        first = np.searchsorted(trace.times_ns, start_ns, side="right")
        last = np.maximum(np.searchsorted(trace.times_ns, end_ns, side="left"), first)
        count = integral.counted(first, last)
        if trace.kind is Kind.COUNTER:
            return cls(count, np.full(first.size, np.nan))
        if trace.kept is not None:
            last = np.where(count > last - first, first, last)
        sums = _range_sums(trace.values, first, last)
        return cls(count, np.divide(sums, last - first, out=np.full(first.size, np.nan), where=last > first))

    @property
    def average(self) -> float | None:
        """The mean of all of them; None where there is none."""
        seen = np.isfinite(self.mean)
        values, counts = self.mean[seen], self.count[seen]
        return float((values * counts).sum() / counts.sum()) if counts.size else None

    def at(self, index: Indices) -> StrictlyInside:
        """Return the same of some of the windows."""
        return StrictlyInside(self.count[index], self.mean[index])


def _range_sums(values: Floats, first: Indices, last: Indices) -> Floats:
    """Return Σ values[first:last] for many ranges; 0 for empty ones."""
    sums: Floats = np.zeros(first.size)
    some = np.flatnonzero(last > first)
    a, b = first[some], last[some] - 1
    longer = b > a
    pairs = np.empty(2 * int(longer.sum()), np.int64)
    pairs[::2], pairs[1::2] = a[longer], b[longer]
    sums[some] = values[b]
    if pairs.size:
        sums[some[longer]] += np.add.reduceat(values, pairs)[::2]
    return sums
