"""The events of other labels that run beside a label's own, for a meter whose windows hold both.

A label whose events run at the same time as this one's (a container, another thread) is none of them: what it draws is in the
events already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.least_squares import seconds_inside

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_MANY_EVENTS = 100_000
_LABELS = 12
_AT_ONCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """What runs beside a label.

    Attributes:
        spans: (starts, ends) of each other label's events, each sorted.
    """

    spans: tuple[tuple[Times, Times], ...]

    @classmethod
    def of(cls, start_ns: Times, end_ns: Times, group: Indices, own: int) -> Others | None:
        """Return the other labels' events, or None where there are none, or more than can be looked at."""
        lasting = end_ns > start_ns
        mine = (group == own) & lasting
        if not mine.any() or start_ns.size > _MANY_EVENTS:
            return None
        other = np.flatnonzero(lasting & (group != own))
        if not other.size:
            return None
        a, b, its = start_ns[other], end_ns[other], group[other]
        inside = _seconds_shared(start_ns[mine], end_ns[mine], a, b)
        at_once = np.bincount(its, inside, int(its.max()) + 1)
        limit = _AT_ONCE * float(np.sum(end_ns[mine] - start_ns[mine])) * 1e-9
        beside = (at_once <= limit)[its]
        labels = np.unique(its[beside]).tolist()
        parts = [its == g for g in labels] if len(labels) <= _LABELS else [beside]
        spans = [(np.sort(a[part]), np.sort(b[part])) for part in parts]
        return cls(tuple(spans)) if spans else None

    def columns(self, t: Times) -> list[Floats]:
        """Return the seconds of each window (it ends at `t`) that lie in each other label's events."""
        return [seconds_inside(t, *span) for span in self.spans]

    def next_start(self, times_ns: Times, otherwise: Times) -> Times:
        """Return when the next event of another label begins, at or after each time."""
        starts = np.sort(np.concatenate([s for s, _ in self.spans]))
        at = np.searchsorted(starts, times_ns, side="left")
        found: Times = np.where(at < starts.size, starts[np.minimum(at, starts.size - 1)], otherwise)
        return found

    def last_end(self, times_ns: Times, otherwise: Times) -> Times:
        """Return when the last event of another label has ended, at or before each time."""
        ends = np.sort(np.concatenate([e for _, e in self.spans]))
        at = np.searchsorted(ends, times_ns, side="right") - 1
        found: Times = np.where(at >= 0, ends[np.maximum(at, 0)], otherwise)
        return found


def _seconds_shared(own_start: Times, own_end: Times, start: Times, end: Times) -> Floats:
    """Return how long each of some stretches runs at the same time as any of one's own."""
    order = np.argsort(own_start, kind="stable")
    a, b = own_start[order], np.maximum.accumulate(own_end[order])
    apart = a[1:] > b[:-1]
    begins, ends = a[np.concatenate([[True], apart])], b[np.concatenate([apart, [True]])]
    before = np.concatenate([[0], np.cumsum(ends - begins)])

    def until(times: Times) -> Times:
        k = np.searchsorted(begins, times, side="right")
        rest = np.maximum(ends[np.maximum(k - 1, 0)] - times, 0)
        found: Times = before[k] - np.where(k > 0, rest, 0)
        return found

    seconds: Floats = (until(end) - until(start)) * 1e-9
    return seconds
