"""What lay in holes: how wrong a bridge may be, and what events that fall into one say of it.

Bridges of the same length are tried where the truth was recorded.  Where an event begins or ends inside a hole, its label's
level stands for its part of the hole instead, in the label and in the run alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral

_TRIALS = 256
_REACH = 100
_GAPS = 200


def bridging_errors(integral: Integral) -> NDArray[np.floating[Any]]:
    """Return the standard uncertainty, in J or C, of what was bridged over each gap.

    Bridges of the gap's length are laid over up to 256 recorded stretches within a hundred gap
    lengths of it; their root-mean-square error, weighted towards stretches whose ends differ as the
    gap's do, is the uncertainty.  It is bounded by what the channel's range there allows:
    (highest − lowest)/2 × length/√3.  Past 200 gaps, a gap takes the result of one of like length.
    """
    lengths = integral.gap_end - integral.gap_start
    order = np.argsort(lengths, kind="stable")
    tried = order if order.size <= _GAPS else order[np.linspace(0, order.size - 1, _GAPS).astype(int)]
    spread = np.zeros(lengths.size)
    for k in tried.tolist():
        spread[k] = _one(integral, int(integral.gap_start[k]), int(integral.gap_end[k]))
    if tried.size < order.size:
        rank = np.empty(order.size, int)
        rank[order] = np.arange(order.size)
        near = np.searchsorted(rank[tried], rank, side="left").clip(0, tried.size - 1)
        like = tried[near]
        spread = spread[like] * lengths / np.maximum(lengths[like], 1)
    return spread


def _one(integral: Integral, start: int, end: int) -> float:
    length = end - start
    reach = max(_REACH * length, 64 * integral.trace.interval_ns)
    low = max(integral.trace.start_ns, start - reach)
    high = min(integral.trace.end_ns, end + reach) - length
    if high <= low:
        return _bound(integral, low, high + length, length)
    places = np.linspace(low, high, _TRIALS).astype(np.int64)
    hit = integral.gap_seconds(places, places + length) > 0
    places = places[~hit]
    bound = _bound(integral, low, high + length, length)
    if places.size < 8:
        return bound
    first, last = _rate(integral, places), _rate(integral, places + length)
    seconds = length * 1e-9
    errors = integral.between(places, places + length) - (first + last) / 2 * seconds
    here = _rate(integral, np.array([start, end]))
    width = 0.15 * max(float(np.ptp(first)), 1e-12)
    away = ((last - first) - (here[1] - here[0])) / width
    level = ((last + first) - (here[1] + here[0])) / 2 / width
    weights = np.exp(-0.5 * (away**2 + level**2))
    if weights.sum() < 8:
        weights = np.ones(places.size)
    return min(bound, math.sqrt(float(np.average(errors**2, weights=weights))))


def _rate(integral: Integral, times: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
    """Return the rate at the last sample before each time: what a bridge would start from."""
    return integral.rates(integral.locate(times + 1))


def _bound(integral: Integral, low: int, high: int, length: int) -> float:
    first, last = np.searchsorted(integral.trace.times_ns, [low, high])
    first, last = max(int(first) - 1, 0), min(int(last) + 2, len(integral.trace))
    seen = (
        integral.rates(np.arange(max(first, 1), last))
        if last > first + 1
        else integral.rates(np.array([first]))
    )
    return float(np.ptp(seen)) / 2 * length * 1e-9 / math.sqrt(3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Bridges:
    """The holes of a trace as they were bridged.

    Attributes:
        start_ns, end_ns: Shape (h,), in order.
        joules: What the bridge puts into each, J (C).
        error: Its standard uncertainty.
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    joules: NDArray[np.floating[Any]]
    error: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, integral: Integral) -> Bridges | None:
        """Return the bridges of a trace, or None where it has no hole."""
        hole = integral.hole
        if not hole.size:
            return None
        joules = integral.running[hole + 1] - integral.running[hole]
        return cls(integral.gap_start, integral.gap_end, joules, bridging_errors(integral))

    def inside(
        self, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
        """Return what lies in holes that each window holds whole: J, its variance in J², and s."""
        first = np.searchsorted(self.start_ns, start_ns, side="left")
        last = np.maximum(np.searchsorted(self.end_ns, end_ns, side="right"), first)
        found = []
        for column in (self.joules, self.error**2, (self.end_ns - self.start_ns) * 1e-9):
            sums = np.concatenate([[0.0], np.cumsum(column)])
            found.append(sums[last] - sums[first])
        return found[0], found[1], found[2]
