"""Readings that are ahead of the events: they rise before the starts, and fall before the ends.

A clock that is behind that of the events does that, or a stamp that is taken before the reading.  A load that wakes ahead of its mark leaves
the end of the event as it is.  Where as much comes ahead of events as is missing at their ends, either may be, and the interval reaches up to it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LEAD, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lagging_instrument import edges_of, stands_out
from powermeter.analysis.late_means import Shown, may_be_theirs, opened
from powermeter.analysis.other_labels import Others
from powermeter.signals.trace import Trace

Times = NDArray[np.int64]

_LEAST_EVENTS = 5
_CLOCK = 3.0  # standard uncertainties of the clock
_SURE = 2.0  # standard errors


def leading(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, others: Others | None
) -> GroupEstimate:
    """Return an estimate whose interval reaches up to what comes ahead of the events, where it may be theirs."""
    n, trace = start_ns.size, integral.trace
    if found.why or n <= _LEAST_EVENTS or trace.kept is not None or (start_ns[1:] < end_ns[:-1]).any():
        return found
    before = np.concatenate([[min(int(trace.times_ns[0]), int(start_ns[0]))], end_ns[:-1]])
    if others is not None:
        before = np.maximum(before, others.last_end(start_ns, before))
    edges = edges_of(turned_round(trace), -end_ns[::-1], -start_ns[::-1], -before[::-1])
    if edges is None or not stands_out(edges.behind):
        return found
    seconds = (end_ns - start_ns) * 1e-9
    joules = float(np.mean(found.value - edges.low * seconds))
    ahead = float(edges.behind.mean())
    power = joules / max(float(seconds.mean()), 1e-12)
    if joules <= 0 or ahead <= _CLOCK * trace.clock_ns * 1e-9 * power:
        return found
    after = np.append(start_ns[1:], max(int(trace.times_ns[-1]), int(end_ns[-1])))
    if others is not None:
        after = np.minimum(after, others.next_start(end_ns, after))
    shown = Shown.turned_round(integral, start_ns, end_ns, after)
    if not may_be_theirs(shown.course(edges.low, power), ahead, joules):
        return found
    chance = _SURE * float(edges.behind.std(ddof=1))
    return opened(found, LEAD, ahead + chance / math.sqrt(edges.behind.size), np.full(n, ahead + chance))


def turned_round(trace: Trace) -> Trace:
    """Return a trace that runs backwards, without its gaps."""
    return replace(
        trace,
        times_ns=-trace.times_ns[::-1],
        values=trace.values[::-1],
        kept=None,
        saturated_ns=None,
        gaps=(),
    )
