"""Runs most of which nobody read, again and again: what decides when rows come may be the load, so that pauses are no sample of it.

Bridges take a hole for a place like any other and its error for one of many.  A logger that a load's bursts wake, or that draws power
itself while it reads, meets one state of the load each time and sleeps through the other: all its bridges err together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powermeter.analysis.event_estimate import PAUSES, GroupEstimate
from powermeter.analysis.integral import Floats, Integral, Times
from powermeter.channel import Kind

_FEWEST = 8
_MOST_OF = 0.5
_MUCH = 0.25
_AS_MANY = 0.5


@dataclass(frozen=True, slots=True)
class Unread:
    """Between which powers a load was while nobody read it, W (A).

    Attributes:
        low: Nothing, where no reading is negative; else the lowest reading.
        high: The highest reading.
    """

    low: float
    high: float

    def reach(self, joules: float, seconds: float) -> tuple[float, float]:
        """Return by how much `seconds` of holes may hold less, and more, than the `joules` that are put into them."""
        return max(joules - self.low * seconds, 0.0), max(self.high * seconds - joules, 0.0)

    def widen(self, found: GroupEstimate, seconds: Floats, lost: Floats) -> None:
        """Let events reach as far as what was put into holes of theirs may be off, in place.

        Args:
            seconds: Their lengths.
            lost: Seconds of each that lie in holes.
        """
        if not lost.any() or found.level is None:
            return
        joules = np.divide(found.value * lost, seconds, out=np.zeros(lost.size), where=seconds > 0)
        found.below = np.maximum(found.below, np.maximum(joules - self.low * lost, 0.0))
        found.above = np.maximum(found.above, np.maximum(self.high * lost - joules, 0.0))
        found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
        if float(lost.sum()) > _MUCH * float(seconds.sum()):
            found.why = PAUSES


def unread_of(integral: Integral, start_ns: Times, end_ns: Times, lost: Floats) -> Floats:
    """Return the seconds of events that lie in holes; none of those read all through: the first and last reading inside stand for an interval more.

    Args:
        lost: Seconds of each in holes, to its very edges.
    """
    hole_start, hole_end, usual = integral.gap_start, integral.gap_end, integral.trace.interval_ns
    over_start = np.searchsorted(hole_end, start_ns, side="right")
    over_end = np.searchsorted(hole_start, end_ns, side="left") - 1
    last = hole_end.size - 1
    ahead = np.clip(hole_end[np.minimum(over_start, last)] - start_ns, 0, None)
    behind = np.clip(end_ns - hole_start[np.maximum(over_end, 0)], 0, None)
    ahead[(over_start > last) | (hole_start[np.minimum(over_start, last)] > start_ns)] = 0
    behind[(over_end < 0) | (hole_end[np.maximum(over_end, 0)] < end_ns)] = 0
    beside = np.where((ahead <= usual) & (behind <= usual), ahead + behind, 0) * 1e-9
    return np.where(lost > beside * (1 + 1e-9), lost, 0.0)


def mostly_unread(integral: Integral) -> Unread | None:
    """Return what bounds power in a trace's holes where those are no sample of it; None where they are few, or little of it.

    Eight holes and more that take half of it; a quarter, where about as many readings lie between each two: rows that are lost by
    chance leave stretches of any length.  Where most are followed by the next at once, rows come at a slower rate there.
    """
    looked_for = integral.trace.looked_for
    if "mostly_unread" not in looked_for:
        looked_for["mostly_unread"] = _found(integral)
    found = looked_for["mostly_unread"]
    return found if isinstance(found, Unread) else None


def _found(integral: Integral) -> Unread | None:
    hole, trace = integral.hole, integral.trace
    if hole.size < _FEWEST or trace.kind is Kind.COUNTER:
        return None
    if float(np.mean(np.diff(hole) > (1 if trace.kind is Kind.INSTANT else 2))) <= _MOST_OF:
        return None  # a slower rate
    share = float(np.sum(integral.gap_end - integral.gap_start)) / max(integral.end_ns - integral.start_ns, 1)
    if share <= _MUCH or (share <= _MOST_OF and not _in_blocks(hole)):
        return None
    return Unread(min(float(trace.values.min()), 0.0), float(trace.values.max()))


def _in_blocks(hole: Times) -> bool:
    """Return whether about as many readings lie between each two holes."""
    rows = np.diff(hole)
    return float(rows.std()) <= _AS_MANY * float(rows.mean()) and float(rows.mean()) > 1
