"""An instrument that lags does so for all labels: what it holds back between two moments belongs before the second one.

A label whose events touch those of another one has no pause behind it in which its lag is seen; but the instrument is one.  So the lag is looked for at
the edges of busy stretches, the events of all labels together, and is the energy that follows their ends over the step there.  Of a filter θ the energy held
back is θ (y₂ − y₁) between readings y at two moments, of a delay or a sliding mean as much to first order, whatever the load does: of an event that begins
at idle and ends at another's start it lacks, of that other one it is too much.  Where as much is missing behind starts as follows ends, and nothing jumps, all of it is moved and the interval reaches back to none;
where only one of both is seen, a load with a tail or a slow start is as likely, half is moved and the interval holds both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clear_edges import without_containers
from powermeter.analysis.event_estimate import IN_STEP, LAG, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lagging_instrument import LEAST_EVENTS, SETTLING, WORTH, edges_of, stands_out
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_ALIKE = 2.0  # times what is missing at starts, and its inverse
_SETTLED = 4.0  # lags, after which readings have settled: of a filter, to 2 %
_LOOKED = 300  # stretches
_CLOCK = 3.0  # standard uncertainties of the clock
_KNOWN = 0.1  # of the lag, its standard uncertainty at least
_OPEN = 0.4  # of what is held back, a standard uncertainty: beside other parts, 1.96 of them hold it all and none of it


@dataclass(frozen=True, slots=True)
class Lag:
    """By how much readings lag.

    Attributes:
        seconds: In the mean.
        doubt: Its standard uncertainty, s.
        sure: Whether starts and ends both show it.
    """

    seconds: float
    doubt: float
    sure: bool


def lag_of_all_labels(integral: Integral, marks: Labels) -> Lag | None:
    """Return by how much readings lag, as they show behind stretches in which any event runs; None where they do not."""
    trace = integral.trace
    if trace.kind is not Kind.INSTANT or trace.kept is not None or not marks.start_ns.size:
        return None
    begun, until = without_containers(marks.start_ns, marks.end_ns)
    order = np.argsort(begun, kind="stable")
    begun, latest = begun[order], np.maximum.accumulate(until[order])
    apart = begun[1:] > latest[:-1] + trace.interval_ns
    starts = begun[np.concatenate([[True], apart])]
    ends = latest[np.concatenate([apart, [True]])]
    edges = edges_of(trace, starts[:-1], ends[:-1], starts[1:], integral)
    if edges is None or not edges.goes_on:
        return None
    found, error = _ratio(edges.behind, edges.fall[0])
    at_starts, _ = _ratio(*_at_starts(trace, marks, starts, found))
    both = 1 / _ALIKE < at_starts / found < _ALIKE if found > 0 else False
    if not (edges.continuous or both) or found <= _CLOCK * trace.clock_ns * 1e-9:
        return None
    return Lag(found, math.hypot(error, _KNOWN * found), both)


def _ratio(energy: Floats, step: Floats) -> tuple[float, float]:
    """Return for how long steps stand for energies, s, and its standard error; 0 where energies do not stand out."""
    size = float(step.sum())
    if energy.size < LEAST_EVENTS or size <= 0 or not stands_out(energy):
        return 0.0, 0.0
    seconds = float(energy.sum()) / size
    off = energy - seconds * step
    return seconds, float(off.std(ddof=1)) * math.sqrt(off.size) / size


def _at_starts(trace: Trace, marks: Labels, starts: Times, lag_s: float) -> tuple[Floats, Floats]:
    """Return what readings lack behind each start of the level that they settle at before the next mark, J, and how far they had to rise to it, W."""
    t, f = trace.times_ns, trace.values
    every = np.unique(np.concatenate([marks.sorted_starts, marks.sorted_ends]))
    until = every[np.minimum(np.searchsorted(every, starts, side="right"), every.size - 1)]
    a, b = (np.searchsorted(t, e, side="right") for e in (starts, until))
    use = np.flatnonzero((a >= 1) & (b - a >= SETTLING))[:_LOOKED]
    lacks, rises = np.zeros(use.size), np.zeros(use.size)
    rows = max(math.ceil(_SETTLED * lag_s * 1e9 / trace.interval_ns), 2)
    for k, (i, j) in enumerate(zip(a[use].tolist(), b[use].tolist(), strict=True)):
        settled = i + min(rows, 2 * (j - i) // 3)
        level = float(f[settled : min(j, settled + 2 * rows)].mean())
        lacks[k] = float((level - f[i:settled]).sum()) * trace.interval_ns * 1e-9
        rises[k] = level - float(f[i - 1])
    return lacks, rises


def hold_back(integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, lag: Lag) -> None:
    """Move what readings that lag hold back into events (or out of them), and open their interval to none of it."""
    # How late readings were taken behind their edges shows in them where the instrument lags, with no load in step.
    if found.why not in ("", LAG, IN_STEP) or found.averages_s or not np.isfinite(found.value).all():
        return
    trace = integral.trace
    # Next to an edge readings turn, so that between two of them is no reading: the last one before it stands for it.
    at_start, at_end = (
        trace.values[np.maximum(np.searchsorted(trace.times_ns, e, side="right") - 1, 0)]
        for e in (start_ns, end_ns)
    )
    held: Floats = lag.seconds * (at_end - at_start)
    total = float(held.sum())
    small = found.why != LAG and abs(total) <= WORTH * abs(float(found.value.sum()))
    doubt = lag.doubt / lag.seconds if lag.sure else _OPEN
    edges = found.shared.get(BY_EDGES, np.zeros(held.size))
    found.shared[BY_EDGES] = np.hypot(edges, doubt * held) * np.where(held < 0, -1.0, 1.0)
    found.value = found.value + (held if lag.sure else held / 2)
    if small:
        return
    if found.why == LAG:
        found.above, found.above_all = np.zeros(held.size), 0.0
    found.why = LAG
    if lag.sure:
        found.below, found.above = found.below + np.maximum(held, 0), found.above + np.maximum(-held, 0)
        found.below_all, found.above_all = (
            found.below_all + max(total, 0.0),
            found.above_all + max(-total, 0.0),
        )
