"""Whether means see short events wherever in an interval they fall: of a mean over a part of it, those that fall into the rest are missing.

The windows that an event touches hold its energy above idle power, whatever its shape.  Over whole intervals that does not depend on where the
event lies in them; of a mean over a part it follows how much of the event that part held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_EVENTS = 2000  # looked at, at most
_FEWEST = 12
_QUIET = 4  # windows without an event
_SHORT = 1.5  # intervals
_SURE = 10.0  # of twice the log-likelihood of a normal rest
_CLEARLY = 0.25  # of what whole intervals leave
_PARTS = np.linspace(0.4, 0.95, 12)
_PLACES = np.linspace(0.0, 1.0, 5)  # of the part in its interval: at the end of it, to its beginning


@dataclass(frozen=True, slots=True)
class PartSeen:
    """What short events show of means.

    Attributes:
        share: Of the interval that each mean is of.
        noise: Standard deviation in W of one mean that leaves as much of an event open as the rest of the interval does.
    """

    share: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class _Alone:
    """Short events whose windows hold no other: J above idle power, and what each of three windows holds of them, in s."""

    joules: Floats
    start_s: Floats
    end_s: Floats
    began_s: Floats
    ended_s: Floats

    def seen(self, part: float, place: float) -> Floats:
        """Return the seconds of each event that means of a part of their interval make of it."""
        length = self.ended_s - self.began_s
        last = self.ended_s - place * (1 - part) * length
        held = np.minimum(self.end_s, last) - np.maximum(self.start_s, last - part * length)
        found: Floats = np.clip(held, 0.0, None).sum(axis=0) / part
        return found

    def rest(self, seconds: Floats) -> float:
        """Return the mean squared rest, J², of one power over so many seconds of each event."""
        power = float(self.joules @ seconds) / max(float(seconds @ seconds), 1e-30)
        return float(np.mean((self.joules - power * seconds) ** 2))


def part_seen(trace: Trace, start_ns: Times, end_ns: Times) -> PartSeen | None:
    """Return of which part of its interval each mean is, where short events show that it is not the whole; otherwise None."""
    alone = _alone(trace, start_ns, end_ns)
    if alone is None:
        return None
    whole = alone.rest(alone.seen(1.0, 0.0))
    rest, share = min(
        (alone.rest(alone.seen(part, place)), part) for part in _PARTS.tolist() for place in _PLACES.tolist()
    )
    count = alone.joules.size
    gain = count * math.log(max(whole, 1e-300) / max(rest, 1e-300))
    if gain < _SURE or rest > _CLEARLY * whole:
        return None
    touched = float((alone.ended_s > alone.began_s).sum()) / count
    return PartSeen(share, math.sqrt(whole / touched) / (trace.interval_ns * 1e-9))


def _alone(trace: Trace, start_ns: Times, end_ns: Times) -> _Alone | None:
    """Return short events whose windows hold no other event; None where they or quiet windows are few."""
    t, f, tau = trace.times_ns, trace.values, trace.interval_ns
    order = np.argsort(start_ns, kind="stable")
    start, end = start_ns[order], end_ns[order]
    first, last = np.searchsorted(t, start, side="right"), np.searchsorted(t, end, side="left")
    inside = (first > 0) & (last < t.size) & (end - start < _SHORT * tau) & (last - first <= 2)
    before = np.concatenate([t[:1], np.maximum.accumulate(end)[:-1]])
    behind = np.concatenate([start[1:], t[-1:]])
    use = np.flatnonzero(inside)
    use = use[(t[first[use] - 1] >= before[use]) & (t[last[use]] <= behind[use])]
    began = np.searchsorted(start, t[1:], side="left")
    over = np.searchsorted(np.sort(end), t[:-1], side="right")
    quiet = f[1:][began == over]
    if use.size < _FEWEST or quiet.size < _QUIET:
        return None
    use = use[np.linspace(0, use.size - 1, min(use.size, _EVENTS)).astype(np.int64)]
    windows = np.minimum(first[use] + np.arange(3)[:, None], last[use])
    own = np.arange(3)[:, None] <= (last - first)[use]
    ended, began_at = t[windows], np.where(own, t[windows - 1], t[windows])
    if ((ended - began_at) > _SHORT * tau).any():
        return None
    origin, idle = t[0], float(np.median(quiet))
    joules = np.sum((f[windows] - idle) * (ended - began_at) * 1e-9, axis=0)
    edges = (start[use] - origin, end[use] - origin, began_at - origin, ended - origin)
    return _Alone(joules, *(edge * 1e-9 for edge in edges))
