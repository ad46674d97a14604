"""Pauses of a log that have nothing to do with what its events do: marks fall into them as often as anywhere else, and readings follow the marks.

A logger that the load sets off, or that reads only while its program works, has the events' edges in its bursts or beside them.  Where
they lie in pauses as often as their length lets chance put them there, and readings show which of them lie in events, the load inside
events went on through the pauses.  Nothing shows that of what runs between events: a node may sleep then but for its own readings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_FEWEST = 10  # events
_IN_PAUSES = 4  # starts, and ends: so many in pauses and outside
_BY_CHANCE = 0.05
_BESIDE = 0.1  # of a pause, an interval at least: what lies that near to its ends is beside it
_FOLLOW = 0.9
_LOOKED_AT = 20_000
_LESS_SURE = 1.5  # times what bridges and other windows show


@dataclass(frozen=True, slots=True)
class Between:
    """What lies in pauses between events.

    Attributes:
        seconds: Of pauses in which no event ran.
        low, high: The power that readings outside of events leave for it, W (A): nothing, where none is negative, to the highest of them.
        usual: Their mean.
    """

    seconds: float
    low: float
    high: float
    usual: float

    def reach(self) -> tuple[float, float]:
        """Return by how much less, and more, than the usual power may have been drawn there, J (C)."""
        return max(self.usual - self.low, 0.0) * self.seconds, max(self.high - self.usual, 0.0) * self.seconds


def marks_in_pauses(integral: Integral, start_ns: Times, end_ns: Times) -> Between | None:
    """Return what pauses leave open between events where marks fall into them by chance alone; None where that does not show.

    Args:
        start_ns, end_ns: Of all events.
    """
    covered = (start_ns >= integral.start_ns) & (end_ns <= integral.end_ns)
    start_ns, end_ns = start_ns[covered], end_ns[covered]
    if start_ns.size < _FEWEST or not integral.hole.size:
        return None
    if not all(_by_chance(integral, edges) for edges in (start_ns, end_ns)):
        return None
    starts, ends = _union(start_ns, end_ns)
    read = integral.fair_index(_LOOKED_AT)
    read = np.setdiff1d(read, integral.hole + 1) if integral.trace.kind is Kind.MEAN else read
    times, rates = integral.trace.times_ns[read], integral.rates(read)
    begun = times - (integral.trace.interval_ns if integral.trace.kind is Kind.MEAN else 0)
    touched = np.searchsorted(starts, times, side="right") > np.searchsorted(ends, begun, side="left")
    within = touched & (
        np.searchsorted(starts, begun, side="right") > np.searchsorted(ends, times, side="left")
    )
    free = rates[~touched]
    if not _follow(rates[within], free):
        return None
    unread = float(np.sum(integral.gap_end - integral.gap_start)) * 1e-9 - float(
        np.sum(integral.gap_seconds(starts, ends))
    )
    return Between(max(unread, 0.0), min(float(rates.min()), 0.0), float(free.max()), float(free.mean()))


def less_sure_in_pauses(found: GroupEstimate) -> None:
    """Widen what pauses leave open inside of events, in place: most of an event may lie in them, and its neighbours' shape with it."""
    found.gaps = found.gaps * _LESS_SURE
    if found.in_holes is not None:
        found.in_holes = replace(found.in_holes, variance=found.in_holes.variance * _LESS_SURE**2)


def _by_chance(integral: Integral, edges: Times) -> bool:
    """Return whether moments lie in pauses as often as chance puts them there, and no oftener beside the ends of pauses."""
    from scipy.special import bdtr, bdtrc

    a, b = integral.gap_start, integral.gap_end
    rim = np.minimum(np.maximum((b - a) * _BESIDE, integral.trace.interval_ns), (b - a) / 2).astype(np.int64)
    span = float(integral.end_ns - integral.start_ns)
    n = edges.size
    k = np.maximum(np.searchsorted(a, edges, side="right") - 1, 0)
    deep = int(np.count_nonzero((edges >= a[k] + rim[k]) & (edges <= b[k] - rim[k])))
    near = int(np.count_nonzero((edges >= a[k] - rim[k]) & (edges <= b[k] + rim[k]))) - deep
    if not _IN_PAUSES <= deep <= n - _IN_PAUSES:
        return False
    share, beside = float(np.sum(b - a - 2 * rim)) / span, min(float(4 * np.sum(rim)) / span, 1.0)
    both = min(float(bdtr(deep, n, share)), float(bdtrc(deep - 1, n, share)))
    return both >= _BY_CHANCE / 2 and float(bdtrc(near - 1, n, beside)) >= _BY_CHANCE / 2


def _follow(inside: Floats, outside: Floats) -> bool:
    """Return whether hardly a reading outside of events lies above one inside, or hardly one below."""
    if not inside.size or not outside.size:
        return False
    above = float(np.mean(np.searchsorted(np.sort(outside), inside, side="left"))) / outside.size
    return max(above, 1 - above) >= _FOLLOW


def _union(start_ns: Times, end_ns: Times) -> tuple[Times, Times]:
    """Return the stretches in which any event ran, one after the other."""
    order = np.argsort(start_ns, kind="stable")
    starts, latest = start_ns[order], np.maximum.accumulate(end_ns[order])
    first = np.concatenate([[True], starts[1:] > latest[:-1]])
    last = np.concatenate([first[1:], [True]])
    return starts[first], latest[last]
