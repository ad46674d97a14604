"""Meters that show 0 below a threshold: a smart plug below a watt or two, a USB meter below ten milliamperes.

Readings of such a meter never lie between 0 and the threshold, though the load crosses it, and all that is below is exactly 0.  What is metered
runs a program and does draw something: 0 means less than the lowest reading seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LEAST = 10  # readings of 0
_STRETCHES = 3  # of readings of 0, apart
_STEPS = 10.0  # from 0 to the lowest reading above
_MOST_W = 5.0
_MOST_A = 0.05
_LONGEST = 2.0  # intervals that one reading stands for
_KEY = "zero-below"


def zero_below(trace: Trace) -> float:
    """Return below which power (current) a log's readings of 0 may lie, W (A); 0 where they are readings as others are."""
    if _KEY not in trace.remembered:
        trace.remembered[_KEY] = _found(trace)
    return trace.remembered[_KEY]


def energy_below(trace: Trace, start_ns: Times, end_ns: Times) -> Floats:
    """Return what readings of 0 may leave out of each stretch at most, J (C)."""
    threshold = zero_below(trace)
    if not threshold:
        return np.zeros(start_ns.shape)
    t = trace.times_ns
    edges = np.concatenate([[t[0]], t[:-1] + np.diff(t) // 2, [t[-1]]])
    stands = np.minimum(np.diff(edges), np.int64(_LONGEST * trace.interval_ns))
    total = np.concatenate([[0.0], np.cumsum(np.where(trace.values == 0, stands * 1e-9, 0.0))])
    # What stands beside an event is not its own.
    first = np.searchsorted(t, start_ns, side="left")
    until = np.maximum(np.searchsorted(t, end_ns, side="right"), first)
    seconds: Floats = total[until] - total[first]
    return threshold * seconds


def _found(trace: Trace) -> float:
    most = {"W": _MOST_W, "A": _MOST_A}.get(trace.unit)
    # An instrument whose noise is known, or that a driver reads, is known to go down to 0.
    if trace.kind is not Kind.INSTANT or trace.kept is not None or most is None:
        return 0.0
    if trace.noise or trace.sampling or not len(trace):
        return 0.0
    zero = trace.values == 0
    count = int(zero.sum())
    if count < _LEAST or count == len(trace) or float(trace.values.min()) < 0:
        return 0.0
    if int(np.count_nonzero(zero[1:] & ~zero[:-1])) + int(zero[0]) < _STRETCHES:
        return 0.0
    lowest = float(trace.values[~zero].min())
    step = max(trace.step, trace.code)
    return min(lowest, most) if step > 0 and lowest >= _STEPS * step else 0.0
