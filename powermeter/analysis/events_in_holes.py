"""Events that a hole swallowed: neighbours resemble each other, so that many of them are off together, not each by itself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.analysis.event_estimate import Floats, GroupEstimate, Times
from powermeter.analysis.integral import Integral
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95

_BLOCKS = 3
"""So many times as many events as a hole swallowed must be known for their means to show how far those of a hole may be off."""

_FEWEST = 8
"""Neighbours are compared where at least so many events are known."""


def off_together(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, lost: Floats
) -> None:
    """Widen what was bridged for events that holes swallowed by as much as means of so many neighbours were seen to differ.

    Where too few are known for that, the correlation of neighbours stands for it, up to a mean that lies anywhere between the lowest and
    the highest level that was seen.

    Args:
        start_ns, end_ns: In order of the starts.
        lost: Seconds of each event that lie in holes.
    """
    seconds = (end_ns - start_ns) * 1e-9
    whole = (lost <= 0) & np.isfinite(found.value) & (seconds > 0)
    levels = found.value[whole] / seconds[whole]
    if levels.size < 2:
        return
    for k, (a, b) in enumerate(zip(integral.gap_start.tolist(), integral.gap_end.tolist(), strict=True)):
        first, last = np.searchsorted(start_ns, [a, b]).tolist()
        inside = first + np.flatnonzero(end_ns[first:last] <= b)
        if inside.size < 2:
            continue
        wanted = (float(seconds[inside].sum()) * _spread(levels, int(inside.size))) ** 2
        there = float(found.gaps[inside] @ found.gaps[inside])
        if wanted <= there:
            continue
        found.gaps[inside] = (
            math.sqrt(wanted / inside.size) if there <= 0 else found.gaps[inside] * math.sqrt(wanted / there)
        )
        parts = found.in_holes
        if parts is None:
            continue
        here = (parts.hole == k) & np.isin(parts.event, inside)
        if here.any():
            variance = parts.variance.copy()
            variance[here] = np.maximum(variance[here], wanted / np.count_nonzero(here))
            found.in_holes = replace(parts, variance=variance)


def _spread(levels: Floats, count: int) -> float:
    """Return the standard uncertainty, W, of the mean level of so many consecutive events, as others of the label show it."""
    n = levels.size
    middle = float(levels.mean())
    if n >= _BLOCKS * count:
        sums = np.concatenate([[0.0], np.cumsum(levels - middle)])
        means = (sums[count:] - sums[:-count]) / count
        t95 = float(student_95(n / count - 1)) / COVERAGE_95
        return t95 * math.sqrt(float(np.mean(means**2)))
    rest = levels - middle
    bottom = float(rest @ rest)
    if bottom <= 0:
        return 0.0
    anywhere = float(np.ptp(levels)) / math.sqrt(12)
    if n < _FEWEST:
        return anywhere
    alike = min(float(rest[1:] @ rest[:-1]) / bottom + 1 / math.sqrt(n), 1 - 1 / n)
    lasting = (1 + alike) / (1 - alike)  # events that a first-order memory makes count as one
    return min(anywhere, math.sqrt(bottom / n / count * max(lasting, 1.0)))
