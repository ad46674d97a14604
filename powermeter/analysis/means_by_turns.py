"""Rows whose steps are long and short by turns: every second stamp may be late, and a mean's share of the run with it.

Means add up to Σ P Δt as they are stamped, and to Σ P τ where they were measured at even times.  Nothing in them shows which: a jump inside a long
step shows in both of the readings beside it.  So a run's interval reaches from the one to the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LOOKED = 1 << 16
_TURNS = -0.8  # correlation of neighbouring steps that take turns; of stamps that jitter −0.5
_UNEVEN = 0.05  # of the mean step, that they differ from it then
_LONG = 3  # intervals: a hole lies in it
_LIMIT = 1.7  # of a bound that both ends of the interval hold, over its standard uncertainty


def by_turns(times_ns: Times) -> bool:
    """Return whether long and short steps take turns: every second stamp may be late, which looks as averaging over a part does."""
    steps = np.diff(times_ns[:_LOOKED]).astype(np.float64)
    if steps.size < 2:
        return False
    apart = steps - steps.mean()
    spread = float(apart @ apart)
    uneven = spread > steps.size * (_UNEVEN * float(steps.mean())) ** 2
    return uneven and float(apart[1:] @ apart[:-1]) < _TURNS * spread


def long_step(trace: Trace) -> float:
    """Return what either reading beside an event's edge stands for, in intervals: half a long step where turns are taken; 1 elsewhere."""
    if "long_step" not in trace.remembered:
        share = 1.0
        if trace.interval_ns and by_turns(trace.times_ns):
            share = float(np.quantile(np.diff(trace.times_ns[:_LOOKED]), 0.9)) / 2 / trace.interval_ns
        trace.remembered["long_step"] = share
    return trace.remembered["long_step"]


def late_share(trace: Trace) -> float:
    """Return by how much of an interval every second stamp may be late; 0 where no turns are taken."""
    if trace.kept is not None or trace.sampling or not trace.interval_ns or not by_turns(trace.times_ns):
        return 0.0
    return float(np.median(np.abs(np.diff(trace.times_ns[:_LOOKED], 2)))) / 2 / trace.interval_ns


def open_by_turns(trace: Trace, start_ns: int, end_ns: int) -> float:
    """Return what a stretch of means leaves open if every second stamp is late: a standard uncertainty in J."""
    if trace.kind is not Kind.MEAN or not late_share(trace):
        return 0.0
    inside = slice(*np.searchsorted(trace.times_ns, [start_ns, end_ns + 1]).tolist())
    late = _unevenness(trace.times_ns[inside], trace.interval_ns)
    return abs(float(trace.values[inside][1:] @ np.diff(late))) * 1e-9 / _LIMIT


def _unevenness(times_ns: Times, interval_ns: int) -> Floats:
    """Return by how much each stamp is later than one half-way between what its neighbours and itself state, ns; 0 beside holes."""
    found = np.zeros(times_ns.size)
    steps = np.diff(times_ns).astype(np.float64)
    whole = np.maximum(steps[1:], steps[:-1]) < _LONG * interval_ns
    found[1:-1] = np.where(whole, (steps[:-1] - steps[1:]) / 4, 0.0)
    return found
