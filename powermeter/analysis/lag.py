"""An instrument that lags: its readings rise and fall behind the events' edges, by as much.

A filter of a few intervals (a sensor that settles, a driver that smooths) puts what it misses at the start of an event behind its end.  A load
that warms up and has a tail may look the same, so that what follows the events is not taken for theirs: it opens their interval upward.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.estimate import LAG, Estimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_EVENTS = 300
_LOOKED = 1000
_LEAST_EVENTS = 5
_INSIDE = 6  # readings in an event of which the last third shows where it settles
_BEHIND = 5
_SURE = 4.0  # standard errors
_WORTH = 0.01  # of what the event adds
_CLOCK = 3.0  # standard uncertainties of the clock
_ALIKE = 2.0  # times what is missing at the start, and its inverse
_MOST = 2000  # readings behind an event that are looked at


def lagging(
    integral: Integral, start_ns: Times, end_ns: Times, found: Estimate, others: Others | None
) -> Estimate:
    """Return an estimate whose interval reaches up to what follows the events, where as much is missing at their start.

    The reading next to an edge does not count: what is between two levels there is a matter of stamps.
    """
    if found.level is None or found.quiet is None or (start_ns[1:] < end_ns[:-1]).any():
        return found
    trace = integral.trace
    t, f = trace.times_ns, trace.values
    some = np.arange(start_ns.size - 1)  # the last one has none behind it
    if some.size > _LOOKED:
        some = some[np.linspace(0, some.size - 1, _LOOKED).astype(int)]
    if some.size < _LEAST_EVENTS:
        return found
    begin, end, following = start_ns[some], end_ns[some], start_ns[some + 1]
    if others is not None:
        following = np.minimum(following, others.next_start(end, following))
    a, b, c = (np.searchsorted(t, edge, side="right") for edge in (begin, end, following))
    fit = (b - a >= _INSIDE) & (c - b >= _BEHIND) & (c - a < _MOST) & (c < t.size)
    if integral.hole.size:
        fit &= np.searchsorted(integral.hole, a - 1) == np.searchsorted(integral.hole, c)
    if trace.kept is not None:
        fit &= integral.counted(a, c) == c - a
    pick = np.flatnonzero(fit)
    if pick.size < _LEAST_EVENTS:
        return found
    pick = pick[np.unique(np.linspace(0, pick.size - 1, min(pick.size, _EVENTS)).astype(int))]
    missing, behind, rest_missing, rest_behind = (np.zeros(pick.size) for _ in range(4))
    tau = trace.interval_ns * 1e-9
    for k, (i, j, n) in enumerate(zip(a[pick].tolist(), b[pick].tolist(), c[pick].tolist(), strict=True)):
        settled = i + 2 * (j - i) // 3
        low = float(f[n - 2])  # stamps may be a reading off
        short = float(f[settled:j].mean()) - f[i:settled]
        over = f[j : n - 2] - low
        missing[k], behind[k] = tau * float(short.sum()), tau * float(over.sum())
        rest_missing[k], rest_behind[k] = tau * float(short[1:].sum()), tau * float(over[1:].sum())
    adds = max(found.level - float(np.median(f[c[pick] - 2])), 0.0) * float(np.mean(end_ns - start_ns)) * 1e-9
    if not (_stands_out(rest_missing) and _stands_out(rest_behind)):
        return found
    tail, head = float(behind.mean()), float(missing.mean())
    if tail < _WORTH * adds or not 1 / _ALIKE < head / tail < _ALIKE:
        return found
    step = adds / max(float(np.mean(end_ns - start_ns)) * 1e-9, 1e-12)
    if tail <= _CLOCK * trace.clock_ns * 1e-9 * step:
        return found  # clocks that are apart do the same, and are paid for
    n = start_ns.size
    most = tail + _SURE / 2 * float(behind.std(ddof=1)) / math.sqrt(pick.size)
    found.why = LAG
    found.above = np.maximum(found.above, most + 2 * float(behind.std(ddof=1)))
    found.above_all = max(found.above_all, n * most)
    return found


def _stands_out(sums: Floats) -> bool:
    """Return whether the mean is above zero beyond chance."""
    return bool(sums.mean() > _SURE * sums.std(ddof=1) / math.sqrt(sums.size) and sums.mean() > 0)
