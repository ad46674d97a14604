"""What stamps in coarse steps leave open: whether a reading that is stamped as an edge is lies before or behind it.

A meter that keeps its time has all its stamps rounded alike.  Where marks are rounded to the same step, a reading on an edge is on
the same side each time, and no number of short events averages that out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

_MOST = 20_000
_FINE = 8  # steps of the stamps in an interval: coarser ones are edges that were set by the readings
_LITTLE = 0.02  # of what events used: less joins the variance, however small that is


def either_side(
    integral: Integral,
    found: GroupEstimate,
    edges: tuple[Times, Times],
    upto: tuple[Indices, Indices],
    sums: tuple[float, float],
    covered: Floats,
) -> GroupEstimate:
    """Return an estimate that reaches as far as readings on the other side of all edges that they lie on, else as it is.

    Args:
        edges: Starts and ends.
        upto: How many readings lie at or before each of them: one on a start is taken for one before, one on an end for one inside.
        sums: Σ τ f and Σ τ of the readings inside, J and s.
        covered: Seconds of each event outside of holes.
    """
    on_start, on_end = (_on(integral, at, k) for at, k in zip(edges, upto, strict=True))
    if not (on_start.any() or on_end.any()) or not _fine(integral, edges):
        return found
    f, tau = integral.trace.values, integral.trace.interval_ns * 1e-9
    gained, lost = f[upto[0][on_start] - 1], f[upto[1][on_end] - 1]
    energy, weight = sums
    weighs = weight + tau * (gained.size - lost.size)
    if weighs <= tau / 2:
        return found
    moved = ((energy + tau * float(gained.sum() - lost.sum())) / weighs - energy / weight) * covered
    total = float(moved.sum())
    variance = found.factor * float(found.own @ found.own)
    little = abs(total) <= _LITTLE * abs(float(np.nansum(found.value)))
    if variance and (little or total * total <= COVERAGE_95**2 * variance):
        found.factor *= 1 + total * total / 3 / variance
    else:
        found.above, found.below = found.above + np.maximum(moved, 0.0), found.below + np.maximum(-moved, 0.0)
        found.above_all += max(total, 0.0)
        found.below_all += max(-total, 0.0)
    return found


def _on(integral: Integral, at: Times, upto: Indices) -> Mask:
    """Return which edges have a reading that counts at their very moment."""
    last = np.maximum(upto - 1, 0)
    on: Mask = (upto > 0) & (integral.trace.times_ns[last] == at) & (integral.counted(last, last + 1) > 0)
    return on


def _fine(integral: Integral, edges: tuple[Times, Times]) -> bool:
    """Return whether edges and readings share a step that an interval has many of."""
    trace = integral.trace
    if "step" not in trace.remembered:
        trace.remembered["step"] = int(np.gcd.reduce(np.diff(trace.times_ns[:_MOST])))
    apart = np.concatenate([edges[0][:_MOST], edges[1][:_MOST]]) - trace.times_ns[0]
    step = int(np.gcd.reduce(np.append(apart, trace.remembered["step"])))
    return 0 < step * _FINE <= trace.interval_ns
