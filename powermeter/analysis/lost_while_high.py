"""Rows that a logger lost while the load was high, as where the load itself starves it: what holes may hold beyond their bridges.

Bridges assume that holes are places like any other and that their errors are independent.  Where holes lie beside high readings more
often than places of their length do by chance, a high load is why they are there, and all bridges are too low together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.finding_holes import MISSING_MEAN, longest_ordinary, wider
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind

_FEWEST = 5
_CHANCE = 0.01
_LOOKED_AT = 20_000
_SPREAD = 2.0

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]


def lost_while_high(integral: Integral, start_ns: Times, end_ns: Times) -> Floats:
    """Return by how much each stretch may have used more than its bridged holes hold, J or C; 0 where chance explains where they lie.

    Args:
        start_ns, end_ns: Shape (n,).
    """
    none = np.zeros(start_ns.size)
    busy = _busy_level(integral)
    if busy is None:
        return none
    hole, trace = integral.hole, integral.trace
    if trace.kind is Kind.INSTANT:  # a row or two are lost for the same reason
        hole = np.union1d(hole, wider(trace, longest_ordinary(trace, MISSING_MEAN)))
    starts, ends = trace.times_ns[hole], trace.times_ns[hole + 1]
    seconds = (ends - starts) * 1e-9
    more = np.maximum(busy * seconds - (integral.running[hole + 1] - integral.running[hole]), 0.0)
    upto = np.concatenate([[0.0], np.cumsum(more)])
    at = np.column_stack([starts, ends]).ravel() - integral.start_ns
    height = np.column_stack([upto[:-1], upto[1:]]).ravel()
    found: Floats = np.interp(end_ns - integral.start_ns, at, height) - np.interp(
        start_ns - integral.start_ns, at, height
    )
    return np.maximum(found, 0.0)


def _busy_level(integral: Integral) -> float | None:
    """Return what readings above the middle of all levels reach, W (A); None where holes do not lie beside them more often than by chance."""
    hole, trace = integral.hole, integral.trace
    if hole.size < _FEWEST or trace.kind is Kind.COUNTER:
        return None
    means = trace.kind is not Kind.INSTANT
    read = np.setdiff1d(np.maximum(integral.fair_index(_LOOKED_AT), 1), hole + 1 if means else hole[:0])
    rates = integral.rates(read)
    low, high = (float(x) for x in np.percentile(rates, [1, 99]))
    middle = (low + high) / 2
    busy = rates[rates > middle]
    after = np.minimum(hole + (2 if means else 1), len(trace) - 1)
    beside = (integral.rates(hole) > middle) | (integral.rates(after) > middle)
    # A hole's ends lie apart: so do those of the places that it is compared with.
    apart = int(np.median(integral.gap_end - integral.gap_start)) + (trace.interval_ns if means else 0)
    times = trace.times_ns[read]
    later = read[np.minimum(np.searchsorted(times, times + apart - trace.interval_ns // 4), read.size - 1)]
    share = float(np.mean((rates > middle) | (integral.rates(later) > middle)))
    from scipy.special import bdtrc

    if not busy.size or bdtrc(int(beside.sum()) - 1, hole.size, share) >= _CHANCE:
        return None
    return min(float(busy.mean() + _SPREAD * busy.std()), float(busy.max()))
