"""Stamps that are late at random: a busy logger writes the time some time after it has read.

Then some readings behind an event's end still show it, and some behind its start do not show it yet, without a delay that parts the
ones from the others.  A load that begins and ends late at random looks the same; so what follows the events opens their interval upward.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LATE, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import opened
from powermeter.analysis.other_labels import Others

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_LEAST_EVENTS = 6
_STRAYS, _SHARE = 4, 0.05  # readings on the wrong side of ends, and of starts
_APART = 2  # readings at least that no single delay puts right
_ABOVE, _BELOW = 0.3, 0.7  # of the step: a reading that is neither at the one level nor at the other
_CLEAR = 0.1  # of the readings, that are between at most
_LOOKED = 1000
_SURE = 2.0  # standard errors


def late_at_random(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, others: Others | None
) -> GroupEstimate:
    """Return an estimate whose interval reaches up to what readings with late stamps may have put behind the events."""
    trace = integral.trace
    if found.why or start_ns.size < _LEAST_EVENTS or found.level is None:
        return found
    step = found.level - (found.quiet or 0.0)
    if step <= 0 or (start_ns[1:] < end_ns[:-1]).any():
        return found
    after = np.append(start_ns[1:], trace.times_ns[-1])
    if others is not None:
        after = np.minimum(after, others.next_start(end_ns, after))
    follows = _behind(integral, (start_ns, end_ns, after), (found.quiet or 0.0, step))
    if follows is None:
        return found
    most = float(follows.mean()) + _SURE * float(follows.std(ddof=1)) / math.sqrt(follows.size)
    return opened(found, LATE, most, np.full(start_ns.size, most))


def _behind(
    integral: Integral, edges: tuple[Times, Times, Times], levels: tuple[float, float]
) -> Floats | None:
    """Return what readings behind each event still show of it, J, or None where they are not late at random.

    Args:
        edges: Starts, ends, and when something else starts.
        levels: The power beside the events, and what they add.
    """
    trace = integral.trace
    t, tau = trace.times_ns, trace.interval_ns
    start, end, after = edges
    some = np.unique(np.linspace(0, start.size - 1, min(start.size, _LOOKED)).astype(np.int64))
    a, b, c = (np.searchsorted(t, e[some], side="right") for e in (start, end, after))
    whole = (a > 0) & (b - a >= 2) & (c - b >= 2) & (c < t.size)
    top = t.size - 1

    def y(at: Indices) -> Floats:
        share: Floats = (trace.values[at] - levels[0]) / levels[1]
        return share

    # Power is seen to rise at the start and to fall at the end: what differs from event to event instead is no stamp's doing.
    sides = (y(np.maximum(a - 1, 0)), y(np.minimum(b + 1, top))), (y(np.minimum(a + 1, top)), y(b - 1))
    whole &= (np.maximum(*sides[0]) < 0.5) & (np.minimum(*sides[1]) > 0.5)
    a, b = a[whole], b[whole]
    if a.size < _LEAST_EVENTS or not tau:
        return None
    first, next_one = y(a), y(b)
    both = np.concatenate([first, next_one])
    between = (both > _ABOVE) & (both < _BELOW)
    # A load that events do not change lies on both sides of the power beside them.
    if np.count_nonzero(between | (both < -_ABOVE)) > _CLEAR * both.size:
        return None
    at_start = _no_single_delay(t[a] - start[some][whole], first < 0.5)
    if not (at_start and _no_single_delay(t[b] - end[some][whole], next_one > 0.5)):
        return None
    late: Floats = sum((np.where(y(b + k) > 0.5, y(b + k), 0.0) for k in (0, 1)), np.zeros(b.size))
    return late * levels[1] * tau * 1e-9


def _no_single_delay(since: Times, stray: Bools) -> bool:
    """Return whether some readings are on the wrong side of their edge, and no delay parts them from those that are on the right one."""
    if np.count_nonzero(stray) < max(_STRAYS, _SHARE * stray.size):
        return False
    ordered = stray[np.argsort(since, kind="stable")]
    # Of a delay after the first k readings, those before that are not stray and those behind that are.
    wrong: NDArray[np.int64] = np.cumsum(~ordered) + np.count_nonzero(ordered) - np.cumsum(ordered)
    return int(wrong.min()) >= _APART
