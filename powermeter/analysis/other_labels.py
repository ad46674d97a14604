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
        mine = (group == own) & (end_ns > start_ns)
        if not mine.any() or start_ns.size > _MANY_EVENTS:
            return None
        a, b = start_ns[mine], end_ns[mine]
        seconds = float(np.sum(b - a)) * 1e-9
        edges = np.unique(np.concatenate([a, b]))
        inside = (
            np.searchsorted(np.sort(a), edges[1:], side="left")
            - np.searchsorted(np.sort(b), edges[1:], side="left")
        ) > 0
        spans: list[tuple[Times, Times]] = []
        for g in np.unique(group[group != own]).tolist():
            its = (group == g) & (end_ns > start_ns)
            starts, ends = np.sort(start_ns[its]), np.sort(end_ns[its])
            if not starts.size:
                continue
            at_once = float(np.sum(seconds_inside(edges, starts, ends)[1:][inside]))
            if at_once <= _AT_ONCE * seconds:
                spans.append((starts, ends))
        if len(spans) > _LABELS:
            spans = [
                (
                    np.sort(np.concatenate([s for s, _ in spans])),
                    np.sort(np.concatenate([e for _, e in spans])),
                )
            ]
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
