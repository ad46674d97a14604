"""Refreshes that an instrument does not show, so that the reading before stands for two intervals and more.

Readings at an even refresh whose values hardly ever come twice repeat by chance as rarely; where they do so often, the instrument skipped a refresh each time.
What the load did in that time, the readings on both sides bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from powermeter.signals.rows_that_stand import readings_that_stand
from powermeter.signals.trace import Trace


@dataclass(frozen=True, slots=True)
class Skipped:
    """What skipped refreshes leave open.

    Attributes:
        share: Of all refreshes, those that were not shown.
        joules: Standard uncertainty of the sum of readings, J.
    """

    share: float = 0.0
    joules: float = 0.0


def skipped_refreshes(trace: Trace, start_ns: int, end_ns: int) -> Skipped:
    """Return what skipped refreshes leave open of a stretch; nothing where readings show none.

    A load that went from one reading to the next new one did so anywhere in the time between: what the sum has too much or too little there is
    rectangular from nothing to their difference over that time, one by one.
    """
    standing = readings_that_stand(trace) if trace.refresh_ns and not trace.window_ns else None
    if standing is None:
        return Skipped()
    first, end = np.searchsorted(trace.times_ns, [start_ns, end_ns + 1]).tolist()
    fresh = standing.rows[(standing.rows >= first) & (standing.rows < end)]
    if fresh.size < 2:
        return Skipped()
    skipped = np.diff(fresh) - 1
    steps = np.diff(trace.values[fresh])
    open_j = steps * skipped * trace.interval_ns * 1e-9
    return Skipped(float(skipped.sum()) / max(end - first, 1), math.sqrt(float(open_j @ open_j) / 3))
