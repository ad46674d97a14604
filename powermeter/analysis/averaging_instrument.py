"""An instrument that averages exponentially over many of its readings (a fuel gauge, a display's filter), recognised at the edges of few events.

Behind each end its readings fall from where they were, without a drop, by the same share from reading to reading: y = low + A exp(−t/T).  Behind
each start they rise with the same T, so that y + T dy/dt is at the events' level at once.  A load that warms up drops at its end, and one that
runs down jumps at its start; one that does both as slowly looks the same, so that nothing is moved and the interval holds both cases.

What the instrument holds back is T (y₂ − y₁) between two moments: it belongs before the second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LAG, Activity, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others
from powermeter.analysis.quantiles import median
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]
Times = NDArray[np.int64]

_EDGES = 20  # that are looked at
_ROWS = 8  # inside an event and behind it, at least
_MOST_ROWS = 200  # behind an end
_AHEAD = 5  # rows behind an end, of whose fall the first takes no more than
_FIRST = 0.6
_FASTEST = 2.5  # rows
_CONSTANTS = 60
_ROUGH = 0.05  # of what falls, that a reading may lie beside the course
_AS_WELL = 1.5  # times the least squares
_LEAST_AT_ONCE, _MOST_AT_ONCE = 0.6, 1.5  # of the level later
_MARGIN = 1.05
_WORTH = 0.0005  # of a run's energy
_LEAST_NEW = 0.02  # of a reading, that is new in it


@dataclass(frozen=True, slots=True)
class Average:
    """The time over which readings average.

    Attributes:
        longest_s: The longest time constant that agrees with the readings, s.
        low: What they fall to behind events, W (A).
    """

    longest_s: float
    low: float


@dataclass(frozen=True, slots=True, eq=False)
class _QuietEnds:
    """The first row inside, the first behind and the last one that is quiet, of each event that has enough of them."""

    first: Indices
    behind: Indices
    last: Indices


def averaging(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, others: Others | None
) -> GroupEstimate:
    """Return an estimate whose interval reaches to what such an instrument holds back of the events; else as it is.

    Args:
        start_ns, end_ns: Shape (n,), sorted by start.
        others: The events of other labels, where there are any.
    """
    average = averages(integral, start_ns, end_ns, others, int(found.seen.max(initial=0)))
    if average is None or found.level is None:
        return found
    t, f = integral.trace.times_ns, integral.trace.values
    before, after = (f[np.maximum(np.searchsorted(t, e, side="right") - 1, 0)] for e in (start_ns, end_ns))
    late_s = integral.trace.interval_ns * 1e-9  # readings at edges are as old as that
    room = late_s * np.maximum(np.maximum(before, after) - average.low, 0.0)
    held = _MARGIN * average.longest_s * (after - before)
    found.why = LAG
    found.averages_s = average.longest_s
    found.above = np.maximum(found.above, np.maximum(held, 0.0) + room)
    found.below = np.maximum(found.below, np.maximum(-held, 0.0) + room)
    found.above_all = max(found.above_all, max(float(held.sum()), 0.0) + float(room.sum()))
    found.below_all = max(found.below_all, max(-float(held.sum()), 0.0) + float(room.sum()))
    return found


def held_back(trace: Trace, activity: Sequence[Activity], start: int, end: int) -> tuple[float, float]:
    """Return by how much a run's energy may be lower, and higher, since such an instrument still holds back what it saw, J (C)."""
    constant_s = max((one.found.averages_s for one in activity), default=0.0)
    first, last = np.searchsorted(trace.times_ns, [start, end + 1]).tolist()
    if not constant_s or last - first < 2:
        return 0.0, 0.0
    f = trace.values[first:last]
    held = _MARGIN * constant_s * float(f[-1] - f[0])
    if abs(held) < _WORTH * abs(float(f.mean())) * (end - start) * 1e-9:
        return 0.0, 0.0
    return max(-held, 0.0), max(held, 0.0)


def as_fed(integral: Integral, activity: Sequence[Activity]) -> Integral:
    """Return a run's readings as such an instrument was fed with them, which scatter as they do; as they are where none was found.

    A moving average of moments y_k = a x_k + (1 − a) y_(k−1) hides that x_k saw nothing of what lies between two of them.
    """
    trace = integral.trace
    constant_s = max((one.found.averages_s for one in activity), default=0.0)
    if not constant_s or trace.kind is not Kind.INSTANT or trace.kept is not None or len(trace) < 2:
        return integral
    stays = np.exp(-np.diff(trace.times_ns) * 1e-9 / constant_s)
    fed = (trace.values[1:] - stays * trace.values[:-1]) / np.maximum(1 - stays, _LEAST_NEW)
    return Integral.of(replace(trace, values=np.append(trace.values[:1], fed)))


def averages(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    others: Others | None = None,
    most: int | None = None,
) -> Average | None:
    """Return over what readings average, or None where edges do not show that they do.

    Args:
        most: Readings in the one of the events that has most, where that is known.
    """
    edges = _edges_of(integral, start_ns, end_ns, others, most)
    if not edges.first.size or not _falls_slowly(integral.trace.values, edges):
        return None
    constants, squares, rough, low = _tails(integral.trace, edges)
    best = int(np.argmin(squares))
    if not 0 < best < constants.size - 1 or not rough[best] <= _ROUGH:
        return None
    if not _at_once(integral.trace, edges, float(constants[best]), float(low[best])):
        return None
    as_well = constants[squares <= _AS_WELL * squares[best]]
    return Average(float(as_well.max()), float(low[best]))


def _edges_of(
    integral: Integral, start_ns: Times, end_ns: Times, others: Others | None, most: int | None = None
) -> _QuietEnds:
    trace = integral.trace
    none = np.empty(0, np.int64)
    if trace.kept is not None or not trace.interval_ns or (start_ns[1:] < end_ns[:-1]).any():
        return _QuietEnds(none, none, none)
    if most is not None and most < _ROWS:
        return _QuietEnds(none, none, none)
    following = np.append(start_ns[1:], trace.times_ns[-1] + 1)
    if others is not None:
        following = np.minimum(following, others.next_start(end_ns, following))
    a, b, c = (np.searchsorted(trace.times_ns, e, side="right") for e in (start_ns, end_ns, following))
    c = np.minimum(c - 1, b + _MOST_ROWS)  # the row at the next start may be of that event
    pick = (a >= 1) & (b - a >= _ROWS) & (c - b >= _ROWS)
    if integral.hole.size:
        pick &= np.searchsorted(integral.hole, a - 1) == np.searchsorted(integral.hole, c)
    chosen = np.flatnonzero(pick)
    if chosen.size > _EDGES:
        chosen = chosen[np.linspace(0, chosen.size - 1, _EDGES).astype(int)]
    return _QuietEnds(a[chosen], b[chosen], c[chosen])


def may_average(trace: Trace, start_ns: Times, end_ns: Times, following: Times) -> Bools:
    """Return for which of some events, each a label's only one, `averages` may find something: nothing of the others falls slowly.

    Args:
        following: When the next event of any label begins.
    """
    a, b, c = (np.searchsorted(trace.times_ns, e, side="right") for e in (start_ns, end_ns, following))
    c = np.minimum(c - 1, b + _MOST_ROWS)
    found: Bools = (a >= 1) & (b - a >= _ROWS) & (c - b >= _ROWS)
    some = np.flatnonzero(found)
    inside = trace.values[b[some] - 1]
    fall = inside - trace.values[b[some] + _AHEAD]
    found[some] = (fall > 0) & (inside - trace.values[b[some]] < _FIRST * fall)
    return found


def _falls_slowly(values: Floats, edges: _QuietEnds) -> bool:
    """Return whether the first reading behind ends has not gone most of the way."""
    inside = values[edges.behind - 1]
    fall = float((inside - values[edges.behind + _AHEAD]).mean())
    return fall > 0 and float((inside - values[edges.behind]).mean()) < _FIRST * fall


def _tails(trace: Trace, edges: _QuietEnds) -> tuple[Floats, Floats, Floats, Floats]:
    """Return time constants (s), and for each the squares that are left behind all ends, their root beside what falls, and the level fallen to."""
    tau = trace.interval_ns * 1e-9
    longest = 2 * float((edges.last - edges.behind).max())
    constants = tau * np.geomspace(_FASTEST / 2, max(longest, 2 * _FASTEST), _CONSTANTS)
    squares, falls, lows = np.zeros(_CONSTANTS), np.zeros(_CONSTANTS), []
    for b, c in zip(edges.behind.tolist(), edges.last.tolist(), strict=True):
        y = trace.values[b:c]
        since = (trace.times_ns[b:c] - trace.times_ns[b]) * 1e-9
        course = np.exp(-since / constants[:, None])
        away = course - course.mean(axis=1, keepdims=True)
        size = (away @ y) / np.maximum((away * away).sum(axis=1), 1e-300)
        low = y.mean() - size * course.mean(axis=1)
        rest = y - low[:, None] - size[:, None] * course
        squares += (rest * rest).sum(axis=1)
        falls += size
        lows.append(low)
    rows = int((edges.last - edges.behind).sum())
    fall = np.maximum(falls / edges.first.size, 1e-300)
    return constants, squares, np.sqrt(squares / rows) / fall, np.median(lows, axis=0)


def _at_once(trace: Trace, edges: _QuietEnds, constant_s: float, low: float) -> bool:
    """Return whether what stands behind such an average is at the events' level at once, at their starts."""
    tau = trace.interval_ns * 1e-9
    rows = max(round(constant_s / tau), 3)
    shares = []
    for a, b in zip(edges.first.tolist(), edges.behind.tolist(), strict=True):
        k = a + min(rows, (b - a) // 2)
        first, later = (_behind(trace, i, j, constant_s) - low for i, j in ((a - 1, k), (k, b - 1)))
        if later > 0:
            shares.append(first / later)
    return (
        bool(shares)
        and constant_s >= _FASTEST * tau
        and _LEAST_AT_ONCE <= median(np.array(shares)) <= _MOST_AT_ONCE
    )


def _behind(trace: Trace, first: int, last: int, constant_s: float) -> float:
    """Return the mean of y + T dy/dt between two rows."""
    seconds = np.diff(trace.times_ns[first : last + 1]) * 1e-9
    y = trace.values[first : last + 1]
    area = float(seconds @ (y[1:] + y[:-1])) / 2
    return (area + constant_s * float(y[-1] - y[0])) / float(seconds.sum())
