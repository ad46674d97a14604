"""An instrument that lags: its readings rise and fall behind the events' edges.

What a filter, an average over several readings or a late display misses of an event follows its end, whatever the load did inside: as much
as readings behind the event lie above the level to which they settle.  A load that has a tail may look the same, so that what
follows the events is not taken for theirs: it opens their interval upward.

What lags is continuous: no reading jumps.  Behind an end it falls from the last reading inside to the first behind by no larger a share than
from there to the next, since it can only have been fed inside; and behind a start the first reading has hardly moved where it lies close to the
edge.  A load with a tail of its own, read at once, drops at the end of its work and jumps at its start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LAG, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others
from powermeter.analysis.quantiles import median
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_EVENTS = 300
_LOOKED = 1000
LEAST_EVENTS = 5
_INSIDE = 3  # readings in an event
SETTLING = 6  # readings in an event of which the last third shows where it settles
_BEHIND = 5
_SURE = 4.0  # standard errors
_LIKELY = 2.5  # of the second reading behind ends
WORTH = 0.005  # of what the event adds: of less, half is added and the rest paid for
_CLOCK = 3.0  # standard uncertainties of the clock
_ALIKE = 2.0  # times what is missing at the start, and its inverse
_MOST = 2000  # readings behind an event that are looked at
_FALLS = 0.8  # of what the next interval leaves, by chance of few events
_STARTS = 0.5  # of what first readings have gone, at the edge itself


@dataclass(frozen=True, slots=True, eq=False)
class _BehindEdges:
    """What readings do behind the edges of events with quiet behind them; all of shape (n,), W or J.

    Attributes:
        fall: Shape (3, n): the last reading inside, the first and the second behind, above the level that they settle to.
        rise: Shape (3, n): the first three readings inside, above the level before the start.
        since: How far behind the start the first reading lies, in intervals.
        behind, missing: Energy above the settled level behind each end; what readings of the first two thirds lack of the last one.
        short: The same without the reading next to the edge.
        low: The settled level.
    """

    fall: Floats
    rise: Floats
    since: Floats
    behind: Floats
    missing: Floats
    short: Floats
    low: float

    @property
    def goes_on(self) -> bool:
        """Whether what follows the ends lasts longer than the reading next to them."""
        return stands_out(self.fall[2], _LIKELY)

    @property
    def continuous(self) -> bool:
        """Whether readings are as those of something that lags: no drop at ends, no jump at starts."""
        inside, first, second = (float(x.mean()) for x in self.fall)
        if min(inside, first, second) <= 0 or first / inside < _FALLS * second / first:
            return False
        moved = float(self.rise[0].mean())
        if moved <= 0:
            return True
        at_edge, error = at_zero(self.since, self.rise[0])
        return at_edge - 2 * error < _STARTS * moved

    @property
    def alike(self) -> bool:
        """Whether as much is missing behind starts as follows ends."""
        head, tail = float(self.missing.mean()), float(self.behind.mean())
        return stands_out(self.short) and tail > 0 and 1 / _ALIKE < head / tail < _ALIKE


def lags(trace: Trace, start_ns: Times, end_ns: Times) -> bool:
    """Return whether readings behind events' edges are as those of an instrument that lags by more than the reading next to them."""
    if not start_ns.size:
        return False
    order = np.argsort(start_ns, kind="stable")
    start_ns, latest = start_ns[order], np.maximum.accumulate(end_ns[order])
    end_ns = end_ns[order]
    alone = (end_ns[:-1] == latest[:-1]) & (start_ns[1:] >= latest[:-1])
    alone[1:] &= start_ns[1:-1] >= latest[:-2]
    edges = edges_of(trace, start_ns[:-1][alone], end_ns[:-1][alone], start_ns[1:][alone])
    return edges is not None and edges.goes_on and edges.continuous


def lagging(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, others: Others | None
) -> GroupEstimate:
    """Return an estimate whose interval reaches up to what follows the events, where an instrument may have put it there."""
    if start_ns.size <= LEAST_EVENTS or found.level is None or (start_ns[1:] < end_ns[:-1]).any():
        return found
    trace = integral.trace
    following = start_ns[1:]  # the last one has none behind it
    if others is not None:
        following = np.minimum(following, others.next_start(end_ns[:-1], following))
    edges = edges_of(trace, start_ns[:-1], end_ns[:-1], following, integral)
    if edges is None or not edges.goes_on or not (edges.continuous or edges.alike):
        return found
    seconds = max(float(np.mean(end_ns - start_ns)) * 1e-9, 1e-12)
    step = max(found.level - edges.low, 0.0)
    tail = float(edges.behind.mean())
    if tail <= _CLOCK * trace.clock_ns * 1e-9 * step:
        return found  # clocks that are apart do the same, and are paid for
    n = start_ns.size
    if tail < WORTH * step * seconds:
        # Nobody knows whose it is: half of it, give or take the other half.
        found.value = found.value + tail / 2
        found.shared[BY_EDGES] = np.full(n, tail / 3)
        return found
    scatter = float(edges.behind.std(ddof=1))
    most = tail + _SURE / 2 * scatter / math.sqrt(edges.behind.size)
    found.why = LAG
    found.above = np.maximum(found.above, most + 2 * scatter)
    found.above_all = max(found.above_all, n * most)
    return found


def edges_of(
    trace: Trace, start_ns: Times, end_ns: Times, following_ns: Times, integral: Integral | None = None
) -> _BehindEdges | None:
    """Return what readings do behind the edges of events, or None where fewer than five have enough of them.

    Args:
        following_ns: Of each event, when the next one starts.
        integral: Its holes, where it is known by now.
    """
    t, f = trace.times_ns, trace.values
    some = np.arange(start_ns.size)
    if some.size > _LOOKED:
        some = some[np.linspace(0, some.size - 1, _LOOKED).astype(int)]
    a, b, c = (np.searchsorted(t, e[some], side="right") for e in (start_ns, end_ns, following_ns))
    fit = (a >= 2) & (b - a >= _INSIDE) & (c - b >= _BEHIND) & (c - a < _MOST) & (c < t.size)
    if integral is not None and integral.hole.size:
        fit &= np.searchsorted(integral.hole, a - 1) == np.searchsorted(integral.hole, c)
    if trace.kept is not None:
        fit &= (
            trace.kept.place[np.minimum(c, t.size - 1)] - trace.kept.place[np.minimum(a, t.size - 1)] == c - a
        )
    pick = np.flatnonzero(fit)
    if pick.size < LEAST_EVENTS:
        return None
    pick = pick[np.unique(np.linspace(0, pick.size - 1, min(pick.size, _EVENTS)).astype(int))]
    tau = trace.interval_ns * 1e-9
    sums, low_at = np.zeros((3, pick.size)), np.zeros(pick.size)
    add = np.add.reduce  # as `sum` of few readings, in a third of the time
    for k, (i, j, n) in enumerate(zip(a[pick].tolist(), b[pick].tolist(), c[pick].tolist(), strict=True)):
        last = n - 1  # stamps may be a reading off
        rest = f[last - max((last - j) // 3, 1) : last]
        low_at[k] = low = float(add(rest)) / rest.size
        sums[0, k] = float(add(f[j:last] - low))
        if j - i >= SETTLING:
            settled = i + 2 * (j - i) // 3
            lacks = float(add(f[settled:j])) / (j - settled) - f[i:settled]
            sums[1, k], sums[2, k] = float(add(lacks)), float(add(lacks[1:]))
    a, b = a[pick], b[pick]
    return _BehindEdges(
        np.stack([f[b - 1] - low_at, f[b] - low_at, f[b + 1] - low_at]),
        np.stack([f[a] - f[a - 2], f[a + 1] - f[a - 2], f[a + 2] - f[a - 2]]),
        (t[a] - start_ns[some][pick]) / max(trace.interval_ns, 1),
        tau * sums[0],
        tau * sums[1],
        tau * sums[2],
        median(low_at),
    )


def at_zero(x: Floats, y: Floats) -> tuple[float, float]:
    """Return where the line through some points meets x = 0, and its standard error."""
    away = x - x.mean()
    spread = float(away @ away)
    if spread < 1e-3 * x.size or x.size < 3:
        return float(y.mean()), math.inf
    slope = float(away @ y) / spread
    rest = y - y.mean() - slope * away
    error = math.sqrt(float(rest @ rest) / (x.size - 2) * (1 / x.size + float(x.mean()) ** 2 / spread))
    return float(y.mean() - slope * x.mean()), error


def stands_out(sums: Floats, sure: float = _SURE) -> bool:
    """Return whether the mean is above zero beyond chance, by so many standard errors."""
    return bool(sums.mean() > sure * sums.std(ddof=1) / math.sqrt(sums.size) and sums.mean() > 0)
