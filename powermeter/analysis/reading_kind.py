"""Whether readings that are called instantaneous are: at events' edges they would be at one level or the other.

A meter that averages over its interval and does not say so shows levels between: in proportion to how much of the interval
lay inside the event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

AVERAGES = (
    "its readings average over their interval, as events' edges show, although it calls them instantaneous"
)

_EVENTS = 2000
_LEAST = 8
_CLEARLY = 0.4
_CLOSE = 0.02


def as_events_show(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return a trace of instantaneous readings as means where events' edges show that it averages; else as it is.

    Where the edges show either, a stated refresh no longer leaves the stamps in doubt.
    """
    if trace.kind is not Kind.INSTANT or len(trace) < 16 or trace.window_ns:
        return trace
    found = _rests(trace, start_ns, end_ns)
    if found is None:
        return trace
    instant, mean, count = found
    if mean < _CLEARLY * instant and mean < 4 * _CLOSE:
        clock = trace.interval_ns * (mean / count) ** 0.5
        return replace(
            trace, kind=Kind.MEAN, clock_ns=min(trace.clock_ns, clock), notes=(*trace.notes, AVERAGES)
        )
    if instant < _CLEARLY * mean and instant < _CLOSE:
        return replace(trace, clock_ns=min(trace.clock_ns, trace.interval_ns * (instant / count) ** 0.5))
    return trace


def _rests(trace: Trace, start_ns: Times, end_ns: Times) -> tuple[float, float, int] | None:
    """Return the mean squared rest at edges, in steps, if readings are instants and if they are means, and how many edges."""
    t, f = trace.times_ns, trace.values
    if start_ns.size > _EVENTS:
        pick = np.linspace(0, start_ns.size - 1, _EVENTS).astype(int)
        start_ns, end_ns = start_ns[pick], end_ns[pick]
    before = np.searchsorted(t, start_ns, side="right")
    upto = np.searchsorted(t, end_ns, side="right")
    good = (upto - before >= 3) & (before >= 2) & (upto + 1 < t.size)
    before, upto, start_ns, end_ns = before[good], upto[good], start_ns[good], end_ns[good]
    if before.size * 2 < _LEAST:
        return None
    out = np.concatenate([f[before - 1], f[upto + 1]])
    inside = np.concatenate([f[before + 1], f[upto - 1]])
    seen = np.concatenate([f[before], f[upto]])
    tau = np.concatenate([t[before] - t[before - 1], t[upto] - t[upto - 1]])
    share = np.concatenate([(t[before] - start_ns), (end_ns - t[upto - 1])]) / np.maximum(tau, 1)
    level = np.concatenate([np.ones(before.size), np.zeros(before.size)])
    step = inside - out
    noise = max(trace.noise, trace.step, float(np.median(np.abs(f[before - 1] - f[before - 2]))))
    clear = np.abs(step) > max(8 * noise, 0.05 * float(np.median(np.abs(inside))))
    if int(clear.sum()) < _LEAST:
        return None
    seen_share = ((seen - out) / np.where(clear, step, 1.0))[clear]
    instant = float(np.mean((seen_share - level[clear]) ** 2))
    mean = float(np.mean((seen_share - share[clear]) ** 2))
    return instant, mean, int(clear.sum())
