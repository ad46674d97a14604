"""What stamps in coarse steps leave open: whether a reading that is stamped as an edge is lies before or behind it.

A meter that keeps its time has all its stamps rounded alike.  Where marks are rounded to the same step, a reading on an edge is on
the same side each time, and no number of short events averages that out.  Rounded to the nearest step, one in two of them is on the wrong side at
either edge, so that events lose of both ends what a step of time holds: all readings on either edge, less what is beside, hold it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.regular_or_random import step_in_common
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FINE = 4  # steps of the stamps in an interval: coarser ones are edges that were set by the readings
_MANY = 8  # readings on edges that show what they hold
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
    if not (on_start.any() or on_end.any()):
        return found
    step = step_in_common(integral.trace, edges)
    if not 0 < step * _FINE <= integral.trace.interval_ns:
        return found
    f, tau = integral.trace.values, integral.trace.interval_ns * 1e-9
    gained, lost = f[upto[0][on_start] - 1], f[upto[1][on_end] - 1]
    energy, weight = sums
    weighs = weight + tau * (gained.size - lost.size)
    if weighs <= tau / 2:
        return found
    level = energy / weight
    others = [((energy + tau * float(gained.sum() - lost.sum())) / weighs - level) * covered]
    if found.quiet is not None:
        both = (energy + tau * float(gained.sum())) / (weight + tau * gained.size)
        others.append((both - level) * covered + (both - found.quiet) * step * 1e-9 * (covered > 0))
        if gained.size + lost.size >= _MANY:
            found.value = found.value + others[1]
            others = [others[0] - others[1], -others[1]]
    return _reaching(found, np.stack(others))


def _reaching(found: GroupEstimate, others: Floats) -> GroupEstimate:
    """Return an estimate that reaches as far as others do, which differ from it by so much for each event, shape (others, events), J."""
    totals = others.sum(axis=1)
    highest, lowest = int(totals.argmax()), int(totals.argmin())
    up, down = max(float(totals[highest]), 0.0), max(-float(totals[lowest]), 0.0)
    furthest = max(up, down)
    variance = found.factor * float(found.own @ found.own)
    little = furthest <= _LITTLE * abs(float(np.nansum(found.value)))
    if variance and (little or furthest**2 <= COVERAGE_95**2 * variance):
        found.factor *= 1 + furthest**2 / 3 / variance
    else:
        found.above = found.above + np.maximum(others[highest], 0.0) * (up > 0)
        found.below = found.below + np.maximum(-others[lowest], 0.0) * (down > 0)
        found.above_all += up
        found.below_all += down
    return found


def _on(integral: Integral, at: Times, upto: Indices) -> Mask:
    """Return which edges have a reading that counts at their very moment."""
    last = np.maximum(upto - 1, 0)
    on: Mask = (upto > 0) & (integral.trace.times_ns[last] == at)
    return on & (integral.counted(last, last + 1) > 0) if on.any() else on
