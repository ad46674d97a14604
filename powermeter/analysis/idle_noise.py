"""The noise of a mean that nobody stated, as plain to see in the rows between events, where the load is at rest."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LEAST = 8  # differences of rows between events
_LOOKED = 1 << 16  # rows
_QUARTER = 0.3186  # that a quarter of |N(0, 1)| lies below
_HALF = 0.6745  # that half of it lies below


def with_idle_noise(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return a trace of means with the noise of a row that those between events show, where nobody stated any; else as it is.

    The noise σ is taken from second differences of rows that keep an interval away from events, which leave out a drift: their variance is
    6 σ².  Where these are too few, those up to the events count, at last first differences, of variance 2 σ².  Of the quarter and the half
    that are smallest the one that leaves less counts, so that bursts between events are not taken for noise.
    """
    if trace.kind is not Kind.MEAN or not start_ns.size or trace.window_noise:
        return trace
    tau = trace.interval_ns
    if len(trace) < _LEAST + 2 or not tau:
        return trace
    for order, away in ((2, 1), (2, 0), (1, 0)):
        steps = _steps_alone(trace, np.sort(start_ns) - away * tau, np.sort(end_ns) + away * tau, order)
        if steps.size >= _LEAST:
            break
    else:
        return trace
    low, half = np.quantile(steps, [0.25, 0.5]).tolist()
    seen = min(low / _QUARTER, half / _HALF) * (1 + 1 / math.sqrt(steps.size))
    counted = max(trace.noise, unstated_noise(trace.values, of_few=True))
    return replace(trace, noise=seen, noise_seen=seen <= counted) if seen > trace.noise else trace


def _steps_alone(trace: Trace, first: Times, last: Times, order: int) -> Floats:
    """Return what rows differ by of which none, nor any between, lies in an event, without holes, as multiples of one row's noise."""
    t, f = trace.times_ns[:_LOOKED], trace.values[:_LOOKED]
    begun = np.searchsorted(first, t[order:], side="left")
    over = np.searchsorted(last, t[:-order] - trace.interval_ns, side="right")
    alone = (begun == over) & (t[order:] - t[:-order] < (order + 0.5) * trace.interval_ns)
    found: Floats = np.abs(np.diff(f, order))[alone] / math.sqrt(math.comb(2 * order, order))
    return found
