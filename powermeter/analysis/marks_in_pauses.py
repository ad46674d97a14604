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

from powermeter.analysis.event_estimate import GroupEstimate
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
_SHIFTS = 200  # of all events along the run
_MARKS = 200  # events that are shifted
_STRUCK = 5  # events
_THROUGH = 0.1  # of the pauses, behind which a single reading lies


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
    if pauses_follow(integral, start_ns, end_ns):
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


def pauses_follow(integral: Integral, start_ns: Times, end_ns: Times) -> bool:
    """Return whether more of events, or less, lies in pauses than of the same events anywhere else in the run, or edges beside pauses' ends.

    A logger that heavy phases of the work starve reads its light ones: pauses lie where events do, and begin and end with them.
    """
    if not integral.hole.size or not start_ns.size:
        return False
    if not _BY_CHANCE / 2 <= _rank_of_lost(integral, start_ns, end_ns) <= 1 - _BY_CHANCE / 2:
        return True
    return not all(_beside_by_chance(integral, edges) for edges in (start_ns, end_ns))


def pauses_come_with(integral: Integral, start_ns: Times, end_ns: Times) -> bool:
    """Return whether pauses lie in five events and more, and more of these in pauses than wherever else in the run they are put.

    Not where readings come through, one between two pauses again and again: they show what pauses hold.
    """
    lost = np.count_nonzero(integral.gap_seconds(start_ns, end_ns) > 0)
    if lost < _STRUCK or np.count_nonzero(np.diff(integral.hole) == 1) > _THROUGH * integral.hole.size:
        return False
    return _rank_of_lost(integral, start_ns, end_ns) >= 1


def _rank_of_lost(integral: Integral, start_ns: Times, end_ns: Times) -> float:
    """Return at what share of places along the run, round its end, less of the events lies in pauses than where they are."""
    starts, ends = _union(start_ns, end_ns)
    some = np.linspace(0, starts.size - 1, min(starts.size, _MARKS)).astype(np.int64)
    starts, lasts = starts[some], (ends - starts)[some]
    first, span = integral.start_ns, integral.end_ns - integral.start_ns
    shift = (span * (np.arange(_SHIFTS) + 0.5) / _SHIFTS).astype(np.int64)
    moved = (starts - first + shift[:, None]) % span
    over = np.maximum(moved + lasts - span, 0)
    lost = integral.gap_seconds(first + moved, first + np.minimum(moved + lasts, span))
    lost += integral.gap_seconds(np.full(over.shape, first), first + over)
    return float(np.mean(lost.sum(axis=1) < integral.gap_seconds(starts, starts + lasts).sum()))


def less_sure_in_pauses(found: GroupEstimate) -> None:
    """Widen what pauses leave open inside of events, in place: most of an event may lie in them, and its neighbours' shape with it."""
    found.gaps = found.gaps * _LESS_SURE
    if found.in_holes is not None:
        found.in_holes = replace(found.in_holes, variance=found.in_holes.variance * _LESS_SURE**2)


def _by_chance(integral: Integral, edges: Times) -> bool:
    """Return whether moments lie in pauses as often as by chance, and beside the ends of pauses no more often."""
    from scipy.special import bdtr, bdtrc

    deep, _, rim = _where(integral, edges)
    n = edges.size
    if not _IN_PAUSES <= deep <= n - _IN_PAUSES:
        return False
    share = float(np.sum(integral.gap_end - integral.gap_start - 2 * rim)) / float(
        integral.end_ns - integral.start_ns
    )
    both = min(float(bdtr(deep, n, share)), float(bdtrc(deep - 1, n, share)))
    return both >= _BY_CHANCE / 2 and _beside_by_chance(integral, edges)


def _beside_by_chance(integral: Integral, edges: Times) -> bool:
    """Return whether moments lie beside the ends of pauses no more often than by chance."""
    from scipy.special import bdtrc

    _, near, rim = _where(integral, edges)
    beside = min(float(4 * np.sum(rim)) / float(integral.end_ns - integral.start_ns), 1.0)
    return float(bdtrc(near - 1, edges.size, beside)) >= _BY_CHANCE / 2


def _where(integral: Integral, edges: Times) -> tuple[int, int, Times]:
    """Return how many moments lie deep in pauses, and beside the ends of pauses, and how far each pause's rim reaches, ns."""
    a, b = integral.gap_start, integral.gap_end
    rim = np.minimum(np.maximum((b - a) * _BESIDE, integral.trace.interval_ns), (b - a) / 2).astype(np.int64)
    k = np.maximum(np.searchsorted(a, edges, side="right") - 1, 0)
    deep = int(np.count_nonzero((edges >= a[k] + rim[k]) & (edges <= b[k] - rim[k])))
    near = int(np.count_nonzero((edges >= a[k] - rim[k]) & (edges <= b[k] + rim[k]))) - deep
    return deep, near, rim


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
