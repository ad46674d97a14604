"""What of an event a hole took: as other events of its label were in the same part, or what the load is seen to do.

Events that were read whole show what the part of another is like that was not.  Where hardly any were, the span of what was read inside
stands for it, or a bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LOST, GroupEstimate, InHoles
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.marks_in_pauses import pauses_come_with, pauses_follow
from powermeter.analysis.student_t import student_95
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_WHOLE = 5  # events that were read whole show what the others did
_MOST_WHOLE = 200
_MOST_PARTS = 2000
_HALF = 0.45
_MUCH = 0.1  # of a label's time, that holes took
_NEARLY_ALL = 0.9
_LOOKED = 200
_PARTS = 10  # of an event
_OF_EACH = 3  # events that were read in each part: what others do there has been seen


def as_other_events(integral: Integral, bridges: Bridges, start_ns: Times, end_ns: Times) -> InHoles | None:
    """Return what events of an instantaneous channel used in holes, as those read whole did in the same part of them; None where few were.

    A hole inside an event keeps its bridge where that is known better.

    Args:
        start_ns, end_ns: Sorted by start.
    """
    trace = integral.trace
    lost = integral.gap_seconds(start_ns, end_ns)
    if not lost.any():
        return None
    a, b = bridges.start_ns, bridges.end_ns
    latest = np.maximum.accumulate(end_ns)
    hole, event = [], []
    for k in np.flatnonzero(
        np.searchsorted(start_ns, b, side="left") > np.searchsorted(latest, a, side="right")
    ).tolist():
        inside = np.flatnonzero((start_ns < b[k]) & (end_ns > a[k]))
        hole += [k] * inside.size
        event += inside.tolist()
        if len(event) > _MOST_PARTS:
            return None
    of_hole, of_event = np.array(hole, np.int64), np.array(event, np.int64)
    starts, ends = np.maximum(start_ns[of_event], a[of_hole]), np.minimum(end_ns[of_event], b[of_hole])
    seconds = (ends - starts) * 1e-9
    length = (end_ns - start_ns)[of_event].astype(np.float64)
    first, last = (starts - start_ns[of_event]) / length, (ends - start_ns[of_event]) / length
    whole = np.flatnonzero(lost <= 0)
    if whole.size > _MOST_WHOLE:
        whole = whole[np.linspace(0, whole.size - 1, _MOST_WHOLE).astype(np.int64)]
    sums = np.concatenate([[0.0], np.cumsum(trace.values)])
    joules, variance = np.empty(of_event.size), np.empty(of_event.size)
    lasts = (end_ns - start_ns)[whole]
    for i, (u, v) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        from_ = np.searchsorted(trace.times_ns, start_ns[whole] + u * lasts, side="right")
        to = np.searchsorted(trace.times_ns, start_ns[whole] + v * lasts, side="right")
        some = (to > from_) & (integral.counted(from_, to) == to - from_)
        if int(some.sum()) < _WHOLE:
            return None
        power = (sums[to] - sums[from_])[some] / (to - from_)[some]
        known = power.size
        t95 = float(student_95(known - 1.0)) / COVERAGE_95
        joules[i] = float(power.mean()) * seconds[i]
        variance[i] = (
            (seconds[i] * t95) ** 2
            * max(float(np.var(power, ddof=1)), trace.noise**2)
            * (1 + of_event.size / known)
        )
    bridged = (a[of_hole] >= start_ns[of_event]) & (b[of_hole] <= end_ns[of_event])
    better = bridged & (bridges.error[of_hole] ** 2 < variance)
    joules = np.where(better, bridges.joules[of_hole], joules)
    variance = np.where(better, bridges.error[of_hole] ** 2, variance)
    return InHoles(of_hole, of_event, seconds, joules, variance)


def few_whole(integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, lost: Floats) -> None:
    """Widen what events are taken to have used in holes where fewer than five of their label were read whole, in place.

    Then what the others are seen to do, from the lowest to the highest reading inside, is what may have been lost.  Where none was read whole
    and about half of an event or more is lost from one of its ends, it may be anything from idle power to three times the highest reading.

    Args:
        lost: Seconds of each event that lie in holes.
    """
    if not lost.any() or found.level is None:
        return
    whole = int(np.count_nonzero((lost <= 0) & (found.seen >= 2)))
    if whole >= _WHOLE:
        return
    t = integral.trace.times_ns
    means = integral.trace.kind is not Kind.INSTANT
    first = np.searchsorted(t, start_ns, side="right") + means
    last = np.maximum(np.searchsorted(t, end_ns, side="right"), first)
    index = np.concatenate(
        [np.arange(a, b) for a, b in zip(first[:_LOOKED].tolist(), last[:_LOOKED].tolist(), strict=True)]
    )
    index = np.setdiff1d(index, integral.hole + 1) if means else index
    index = index[index < t.size]
    if not index.size:
        return
    rates = integral.rates(index)
    low, high = (float(x) for x in np.percentile(rates, [1, 99]))
    span = max(high - low - 6 * integral.trace.noise, 0.0)
    known = found.gaps
    found.gaps = np.maximum(known, _NEARLY_ALL * span * lost / COVERAGE_95)
    if found.in_holes is not None:
        grown = np.divide(found.gaps, known, out=np.ones(known.size), where=known > 0)
        found.in_holes = replace(
            found.in_holes, variance=found.in_holes.variance * grown[found.in_holes.event] ** 2
        )
    # Where a hole lies inside, what is on both sides of it shows more.
    at_end = sum(integral.gap_seconds(edge - 1, edge + 1) > 0 for edge in (start_ns, end_ns)) > 0
    half = (lost >= _HALF * (end_ns - start_ns) * 1e-9) & at_end
    struck = float(lost.sum()) >= _MUCH * float(np.sum(end_ns - start_ns)) * 1e-9
    if struck and pauses_come_with(integral, start_ns, end_ns):
        half = lost > 0
    elif whole or not half.any() or _by_chance(integral, start_ns, end_ns):
        return
    level = found.value / np.maximum((end_ns - start_ns) * 1e-9, 1e-12)
    quiet = low if found.quiet is None else min(low, found.quiet)
    below = np.where(half, np.maximum(level - quiet, 0.0) * lost, 0.0)
    above = np.where(half, np.maximum(max(2 * high - quiet, 3 * high) - level, 0.0) * lost, 0.0)
    found.below, found.above = np.maximum(found.below, below), np.maximum(found.above, above)
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    found.below_lost, found.above_lost = float(below.sum()), float(above.sum())
    found.why = found.why or LOST


def _by_chance(integral: Integral, start_ns: Times, end_ns: Times) -> bool:
    """Return whether each part of events was read in some, and nothing shows that pauses follow them."""
    return _each_part_read(integral.trace.times_ns, start_ns, end_ns) and not pauses_follow(
        integral, start_ns, end_ns
    )


def _each_part_read(times_ns: Times, start_ns: Times, end_ns: Times) -> bool:
    """Return whether readings fell into each tenth of some events, though into all of none."""
    lasts = (end_ns - start_ns).astype(np.float64)
    if start_ns.size < _WHOLE or not (lasts > 0).all():
        return False
    some = np.linspace(0, start_ns.size - 1, min(start_ns.size, _LOOKED)).astype(np.int64)
    for part in range(_PARTS):
        a, b = (start_ns[some] + (part + x) / _PARTS * lasts[some] for x in (0, 1))
        read = np.searchsorted(times_ns, b, side="right") > np.searchsorted(times_ns, a, side="right")
        if int(np.count_nonzero(read)) < _OF_EACH:
            return False
    return True
