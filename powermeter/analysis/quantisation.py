"""What rounding to codes leaves open in a window: the bias of a step, and how often readings lie on one step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import step_bias
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

ONE_LEVEL = 0.9
LOOKED = 4096
EVENTS = 200


def quantised(integral: Integral) -> tuple[float, bool]:
    """Return what the step leaves in a mean of readings on one step, W; and whether the trace stays on one.

    Where the noise does not dither the step, the mean of a steady value is off by a share of it.
    """
    trace = integral.trace
    values = trace.values[integral.fair_index(LOOKED)]
    jumps = np.abs(np.diff(values))
    quiet = float(np.median(jumps)) / 0.954 if jumps.size else 0.0
    dither = max(trace.noise, math.sqrt(max(quiet**2 - trace.step**2 / 12, 0.0)))
    return step_bias(trace.step, dither), _same_step(trace.values, trace.step) >= ONE_LEVEL


def _same_step(values: Floats, step: float) -> float:
    """Return how likely two readings lie on one step: values on different ones are off independently."""
    codes = np.rint(values[:: max(1, values.size // LOOKED)] / step)
    if (codes == codes[0]).all():
        return 1.0
    shares = np.unique(codes, return_counts=True)[1] / codes.size
    return float(np.sum(shares**2))


def steps_alike(trace: Trace, start_ns: Times, end_ns: Times) -> tuple[float, float]:
    """Return the roots of how likely two readings of one event, and of all events of a group, lie on one step."""
    t = trace.times_ns
    if start_ns.size > EVENTS:
        some = np.linspace(0, start_ns.size - 1, EVENTS).astype(np.int64)
        start_ns, end_ns = start_ns[some], end_ns[some]
    first, last = t.searchsorted(start_ns, side="left"), t.searchsorted(end_ns, side="right")
    pieces = [trace.values[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True) if b > a]
    if not pieces:
        return 1.0, 1.0
    alike = [_same_step(piece[:LOOKED], trace.step) for piece in pieces]
    if len(pieces) == 1 and pieces[0].size <= LOOKED:
        return math.sqrt(alike[0]), math.sqrt(alike[0])
    within = float(np.mean(alike))
    return math.sqrt(within), math.sqrt(_same_step(np.concatenate(pieces), trace.step))
