"""A slow load that goes on across the edges of its events: what lies beside them shows the course inside.

Readings inside an event times their interval are right whatever the load does at its edges, but for a load that changes slowly, and was marked anywhere, they leave
out what the two readings beside it show: where it was at the edge.  The trapezoid, interpolated at the edges, holds it.  It is wrong where power jumps at the edges:
a jump J there, spread over its interval, takes J τ/6 from the event on average.  How much power jumps at edges the readings show, as a mean with its sign: at marks
anywhere it rises as often as it falls.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.event_levels import ranges
from powermeter.analysis.integral import Integral
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.quantiles import quantile
from powermeter.analysis.rows_on_change import rows_on_change
from powermeter.analysis.sampling_error import PAD, split
from powermeter.analysis.uncertainty import BY_EDGES

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]
Times = NDArray[np.int64]

_LEAST = 8  # readings inside events
_USUALLY = 2  # readings in an event
_MOST = 100_000  # readings in and beside events
_CLEARLY = 0.6  # of the uncertainty of the sum of readings inside
_AT_EDGE = (
    1 / 6
)  # of a jump and an interval, that interpolation takes from an event which begins or ends with it
_FEW_JUMPS = 14
_MUCH = 1.001  # times that, beyond which rounding is of no account


def slow_across_edges(
    integral: Integral,
    found: GroupEstimate,
    edges: tuple[Times, Times],
    inside: tuple[Indices, Indices],
    elsewhere: float,
) -> GroupEstimate:
    """Return what events used by the trapezoid, interpolated at their edges, where readings show that this is known clearly better.

    Args:
        found: By the readings inside.
        edges: Starts and ends, sorted by start.
        inside: How many readings lie at or before each.
        elsewhere: Variance of the sum that jumps of the load leave which were seen beside events only, for an interval of 1.
    """
    trace = integral.trace
    f, tau = trace.values, trace.interval_ns * 1e-9
    before, upto = inside
    count = upto - before
    if (
        trace.kept is not None
        or trace.window_ns
        or rows_on_change(trace) is not None  # what moved over an interval chose its length
        or load_sets_pace(trace) is not None
        or _open(found)
        or not before.size
        or count.min() < 1
        or quantile(count, 0.5) < _USUALLY
        or not _LEAST <= int(count.sum()) <= _MOST
        or before.min() < 1
        or upto.max() >= f.size
        or (edges[0][1:] < edges[1][:-1]).any()
        or _in_holes(integral, before, upto)
    ):
        return found
    size = count + 2
    variance, steps = _between(f, before - 1, size, trace.noise, int(count.sum()))
    rise, fall = f[before] - f[before - 1], f[upto - 1] - f[upto]
    common = tau * _AT_EDGE * (_mean_at_most(rise) + _mean_at_most(fall)) / math.sqrt(3)
    whole = tau * tau * (variance + elsewhere)
    n = before.size
    known = math.sqrt(max(found.factor, 0.0)) * float(np.linalg.norm(found.own))
    if math.hypot(math.sqrt(whole), n * common) > _CLEARLY * known:
        return found
    seconds = (edges[1] - edges[0]) * 1e-9
    share = seconds / float(seconds.sum())
    if steps.any():  # half by time, half by how power moves in and about each
        share = (share + steps / float(steps.sum())) / 2
    found.value = integral.between(*edges)
    found.own = np.sqrt(whole * share)
    found.factor, found.freedom, found.lean_all = 1.0, float(count.sum()) - 1, 0.0
    found.lean = np.zeros(n)
    found.shared[BY_EDGES] = np.full(n, common)
    return found


def may_go_on(integral: Integral, before: Indices, upto: Indices, known: Floats) -> Bools:
    """Return for which of some events, each a label's only one, `slow_across_edges` may find something: of the others power jumps too far at the edges.

    Args:
        known: The standard uncertainty of each, J.
    """
    f, tau = integral.trace.values, integral.trace.interval_ns * 1e-9
    found: Bools = (upto - before >= _LEAST) & (before >= 1) & (upto < f.size)
    first, last = before[found], upto[found]
    rise, fall = np.abs(f[first] - f[first - 1]), np.abs(f[last - 1] - f[last])
    common = tau * _AT_EDGE * 2 * (rise + fall) / math.sqrt(3)
    found[found] = ~(common > _MUCH * _CLEARLY * known[found])
    return found


def _open(found: GroupEstimate) -> bool:
    """Return whether anything but chance was found of these events."""
    return bool(
        found.why
        or found.beat
        or found.ripple
        or found.wave is not None
        or found.in_holes is not None
        or found.averages_s
        or found.shared
        or found.below.any()
        or found.above.any()
        or found.below_all
        or found.above_all
        or found.gaps.any()
        or not np.isfinite(found.value).all()
    )


def _in_holes(integral: Integral, before: Indices, upto: Indices) -> bool:
    """Return whether a hole lies in an event or next to it."""
    hole = integral.hole
    return bool((np.searchsorted(hole, upto - 1, "right") > np.searchsorted(hole, before - 1)).any())


def _mean_at_most(jumps: Floats) -> float:
    """Return the size of the mean jump, and its standard error more."""
    return abs(float(jumps.mean())) + math.sqrt(float(jumps @ jumps)) / jumps.size


def _between(f: Floats, first: Indices, size: Indices, noise: float, inside: int) -> tuple[float, Floats]:
    """Return the variance of the trapezoid over stretches for an interval of 1, and Σ (Δf)² of each; they go on at what they begin and end with."""
    long = size + 2 * PAD
    at = np.maximum(ranges(first - PAD, long), first.repeat(long))
    x = f[np.minimum(at, (first + size - 1).repeat(long))]
    ends = long.cumsum()
    one = np.diff(x)
    one[ends[:-1] - 1] = 0.0
    four = np.diff(x, 4)
    across = (ends[:-1, None] - np.arange(1, PAD + 1)).ravel()
    four[across] = 0.0
    white, jumps = split(float(one @ one) / 2, float(four @ four) / 70)
    doubt = min(1.0, (_FEW_JUMPS / inside) ** 2)
    steps: Floats = np.add.reduceat(np.append(one * one, 0.0), ends - long)
    return max(white, float(size.sum()) * noise**2) + jumps * (1 + 5 * doubt) / 12, steps
