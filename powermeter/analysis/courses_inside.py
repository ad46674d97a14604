"""Courses that power may take inside events whose readings average over longer, as columns for least squares.

Cut into parts by length, an event draws power that does not depend on how long it is.  Where it does (a hot start of equal length, a burst
at the end, the same energy in fewer seconds at a higher clock), every event has an energy besides that does not grow with its length, and
so has what follows it: only a course with such an energy inside distinguishes the two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.least_squares import seconds_inside

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_STEPS = 5
"""Steps of a course by the time from an event's start or before its end, each twice as long as the one before; the last takes the rest."""


@dataclass(frozen=True, slots=True)
class ByShare:
    """So many parts of equal share of the length; `alike` adds an energy to each that is the same in events of any length."""

    parts: int
    alike: bool = False

    def columns(
        self, t: Times, start_ns: Times, end_ns: Times, width: float
    ) -> tuple[list[Floats], list[float]]:
        """Return what each window holds of each part, and how much of it the mean event is."""
        edges = [start_ns + (end_ns - start_ns) * k // self.parts for k in range(self.parts + 1)]
        held, mean = _of(t, edges)
        if self.alike:
            length = np.maximum(end_ns - start_ns, 1) * 1e-9
            for a, b in itertools.pairwise(edges):
                held.append(_weighted_seconds_inside(t, a, b, 1 / length))
                mean.append(1 / self.parts)
        return held, mean


@dataclass(frozen=True, slots=True)
class ByTime:
    """Steps by the time since the event's start, or `backwards` by the time before its end."""

    backwards: bool = False

    def columns(
        self, t: Times, start_ns: Times, end_ns: Times, width: float
    ) -> tuple[list[Floats], list[float]]:
        """Return what each window holds of each step, and how much of it the mean event is; the first is `width` ns long."""
        longest = float(np.max(end_ns - start_ns))
        far, edges = 0.0, [start_ns]
        while len(edges) < _STEPS and far + width < longest:
            far, width = far + width, 2 * width
            edges.append(np.minimum(start_ns + np.int64(far), end_ns))
        edges.append(end_ns)
        if self.backwards:
            edges = [start_ns + (end_ns - edge) for edge in reversed(edges)]
        return _of(t, edges)


Course = ByShare | ByTime


def all_courses(parts: int) -> tuple[Course, ...]:
    """Return the courses that are tried where windows distinguish so many parts."""
    return ByShare(parts), ByTime(), ByTime(backwards=True), ByShare(parts, alike=True)


def _of(t: Times, edges: list[Times]) -> tuple[list[Floats], list[float]]:
    pairs = list(itertools.pairwise(edges))
    return [seconds_inside(t, a, b) for a, b in pairs], [float(np.mean(b - a)) * 1e-9 for a, b in pairs]


def _weighted_seconds_inside(t: Times, start: Times, end: Times, weight: Floats) -> Floats:
    """Return for each window the seconds that lie in stretches, each times its weight."""
    first = int(t[0])

    def ramp(edges: Times) -> Floats:
        order = np.argsort(edges, kind="stable")
        relative = (edges[order] - first) * 1e-9
        weights = np.concatenate([[0.0], np.cumsum(weight[order])])
        sums = np.concatenate([[0.0], np.cumsum(weight[order] * relative)])
        stamps = (t - first) * 1e-9
        k = np.searchsorted(relative, stamps, side="right")
        total: Floats = weights[k] * stamps - sums[k]
        return total

    active = ramp(start) - ramp(end)
    found: Floats = np.diff(active, prepend=active[0])
    return found
