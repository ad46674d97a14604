"""A run whose readings come at one rate and then at another: each stretch by itself, as a meter of its own.

Steps, noise, holes and the places of readings in events are those of a rate.  An event that lasts from one stretch into the next is looked at with the
slower of the two, whose readings go on into the other one at its own distance: of a faster meter's readings, some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import Activity, InHoles
from powermeter.analysis.finding_holes import rates_of
from powermeter.analysis.integral import Integral

Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_BESIDE = 4  # intervals beyond the last event that it goes on


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A stretch of one rate.

    Attributes:
        integral: Of its readings, and of some beyond them where its events reach there.
        start_ns, end_ns: From its first to its last reading.
        holes: Which hole of the whole run each of its own is.
    """

    integral: Integral
    start_ns: int
    end_ns: int
    holes: Indices

    def numbered(self, found: InHoles | None) -> InHoles | None:
        """Return what lies in holes, these by their number in the whole run."""
        return None if found is None else replace(found, hole=self.holes[found.hole])


def parts_of_one_rate(integral: Integral, start_ns: Times, end_ns: Times) -> tuple[list[Part], Indices]:
    """Return the parts of a run, and which of them each event is looked at with; no parts where there is but one rate.

    Args:
        start_ns, end_ns: The events, in any order.
    """
    stretches = rates_of(integral.trace)
    if not stretches:
        return [], np.zeros(start_ns.size, np.int64)
    t = integral.trace.times_ns
    edges = t[[s.first for s in stretches[1:]]]
    first, last = np.searchsorted(edges, start_ns, side="right"), np.searchsorted(edges, end_ns, side="left")
    last = np.maximum(first, last)
    usual = np.array([s.usual_ns for s in stretches])
    owner = np.array(
        [a + int(usual[a : b + 1].argmax()) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    )
    owner = owner.astype(np.int64)
    parts = []
    for k, stretch in enumerate(stretches):
        mine = owner == k
        reach = int(start_ns[mine].min(initial=t[-1])), int(end_ns[mine].max(initial=t[0]))
        rows = _thinned(t[: stretch.first], -stretch.usual_ns, reach[0], int(t[stretch.first]))
        after = _thinned(t[stretch.last + 1 :], stretch.usual_ns, reach[1], int(t[stretch.last]))
        own = np.arange(stretch.first, stretch.last + 1)
        keep = np.concatenate([rows, own, stretch.last + 1 + after])
        parts.append(_part(integral, keep, stretch.usual_ns, (int(t[stretch.first]), int(t[stretch.last]))))
    return parts, owner


def _thinned(times_ns: Times, usual: int, until: int, since: int) -> Indices:
    """Return the rows of others' that lie one usual interval apart from `since` on as far as some beyond `until`, back where it is negative."""
    beyond = (since - until) if usual < 0 else (until - since)
    if beyond <= 0 or not times_ns.size:
        return np.empty(0, np.int64)
    wanted = since + usual * np.arange(1, beyond // abs(usual) + 1 + _BESIDE)
    near = np.searchsorted(times_ns, wanted)
    near = near[(near > 0) & (near < times_ns.size)]
    # Not the row next to the stretch: that would be an interval of the other rate.
    found: Indices = np.unique(near[np.abs(times_ns[near] - since) >= abs(usual) // 2])
    return found


def _part(integral: Integral, keep: Indices, usual: int, span: tuple[int, int]) -> Part:
    """Return the part that holds some of the run's stamps, which follow each other in its stretch."""
    trace, running = integral.trace, integral.running[keep]
    own = replace(trace, times_ns=trace.times_ns[keep], values=trace.values[keep], interval_ns=usual)
    at = np.searchsorted(keep, integral.hole, side="right") - 1
    inside = (at >= 0) & (at < keep.size - 1)
    holes = np.flatnonzero(inside)
    hole, first = np.unique(at[holes], return_index=True)
    found = Integral(own, running, hole, integral.declared[holes[first]])
    return Part(found, *span, holes[first])


def with_their_events(integral: Integral, activity: Sequence[Activity]) -> list[tuple[Part, list[Activity]]]:
    """Return each part with the labels that were looked at with it; the whole run as one part where there is but one rate."""
    lasting = [x for x in activity if x.start_ns.size]
    starts = np.array([x.start_ns[0] for x in lasting], np.int64)
    every = [
        np.concatenate(c) if lasting else starts
        for c in ([x.start_ns for x in lasting], [x.end_ns for x in lasting])
    ]
    parts, owner = parts_of_one_rate(integral, *every)
    if not parts:
        whole = Part(integral, integral.start_ns, integral.end_ns, np.arange(integral.hole.size))
        return [(whole, list(activity))]
    ahead = np.cumsum([0, *[x.start_ns.size for x in lasting]])[:-1]
    of = owner[ahead] if lasting else owner[:0]
    return [
        (part, [x for x, k in zip(lasting, of.tolist(), strict=True) if k == number])
        for number, part in enumerate(parts)
    ]
