"""Events under a log of changes whose values may be means of a refresh: then each speaks for the refresh before it rather than for what follows.

Between two rows a value stood, which is right of a device that looks at its load each second, and a refresh late of one that pushes the mean of its last
ten.  Rows come at its refreshes at the soonest: what events hold that much later is the other end of the interval.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import HELD, LAG, SOME, TAIL, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.quantiles import quantile
from powermeter.analysis.uncertainty import SNAPSHOT_OR_MEAN
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]

_MODEL = "model:log of changes"
_SOONEST = 0.1  # of the distances between changes
_FEWEST = 8  # distances
_NEAR = 0.1  # of a refresh
_OFTEN = 0.9  # of the distances
_LIMIT = 1.7
_WORTH = 0.02
_OTHERS = ("", TAIL, SOME, LAG)
_CHANGE = 1e-6  # of the largest slope


def soonest_ns(trace: Trace) -> int:
    """Return how soon one change of such a log follows another, ns; 0 of any other trace."""
    if trace.kind is not Kind.COUNTER or not any(e.key.startswith(_MODEL) for e in trace.errors):
        return 0
    if "soonest_ns" not in trace.remembered:
        slopes = np.diff(trace.values) / np.maximum(np.diff(trace.times_ns), 1)
        changed = np.flatnonzero(np.abs(np.diff(slopes)) > _CHANGE * float(np.abs(slopes).max(initial=0.0)))
        apart = np.diff(trace.times_ns[changed + 1]).astype(np.float64)
        trace.remembered["soonest_ns"] = max(_common(apart), float(trace.interval_ns))
    return round(trace.remembered["soonest_ns"])


def _common(apart: Floats) -> float:
    """Return of what distances are whole multiples, as those of pushes at refreshes are; 0 where they are of nothing."""
    if apart.size < _FEWEST:
        return 0.0
    least = quantile(apart, _SOONEST)
    turns = np.rint(apart / least)
    near = np.abs(apart - turns * least) <= _NEAR * least
    return least if np.count_nonzero(near) >= _OFTEN * apart.size and np.unique(turns).size > 1 else 0.0


def of_the_refresh_before(integral: Integral) -> Integral | None:
    """Return such a log as it is if each value is the mean of the refresh before it; None of any other trace."""
    trace = integral.trace
    late = soonest_ns(trace)
    if not late:
        return None
    gaps = tuple(replace(g, start_ns=g.start_ns - late, end_ns=g.end_ns - late) for g in trace.gaps)
    errors = tuple(e for e in trace.errors if not e.key.startswith(_MODEL))
    clipped = None if trace.saturated_ns is None else trace.saturated_ns - late
    moved = replace(trace, times_ns=trace.times_ns - late, gaps=gaps, saturated_ns=clipped, errors=errors)
    return replace(integral, trace=moved)


def perhaps_means(found: GroupEstimate, later: Floats) -> None:
    """Open an estimate to what its events used if each value is the mean of the refresh before it.

    Args:
        later: What they used in that case, J; NaN where the log does not cover it.
    """
    if found.why not in _OTHERS or not np.isfinite(found.value).all():
        return
    apart = np.where(np.isfinite(later), later - found.value, 0.0) / 2
    found.value = found.value + apart
    found.shared[SNAPSHOT_OR_MEAN] = apart / _LIMIT
    if abs(float(apart.sum())) > _WORTH * abs(float(found.value.sum())):
        found.why = HELD
