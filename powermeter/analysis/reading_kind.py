"""Whether readings that are called instantaneous are: at events' edges they would be at one level or the other.

A meter that averages over its interval and does not state so shows levels between: in proportion to how much of the interval
lay inside the event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.notes import Note
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

AVERAGES = Note.info(
    "readings-average",
    "its readings average over their interval, as events' edges show, although it calls them instantaneous",
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
            trace,
            values=trace.values if trace.kept is None else trace.kept.means(trace.times_ns, trace.values),
            kind=Kind.MEAN,
            clock_ns=min(trace.clock_ns, clock),
            notes=(*trace.notes, AVERAGES),
        )
    if instant < _CLEARLY * mean and instant < _CLOSE:
        return replace(
            trace, clock_ns=min(trace.clock_ns, trace.interval_ns * max((instant / count) ** 0.5, 1 / count))
        )
    return trace


def _rests(trace: Trace, start_ns: Times, end_ns: Times) -> tuple[float, float, int] | None:
    """Return the mean squared rest at edges, in steps, if readings are instants and if they are means, and how many edges."""
    t, f = trace.times_ns, trace.values
    if start_ns.size > _EVENTS:
        pick = np.linspace(0, start_ns.size - 1, _EVENTS).astype(int)
        start_ns, end_ns = start_ns[pick], end_ns[pick]
    before = np.searchsorted(t, start_ns, side="right")
    upto = np.searchsorted(t, end_ns, side="right")
    order = np.argsort(start_ns, kind="stable")
    start_ns, end_ns, before, upto = start_ns[order], end_ns[order], before[order], upto[order]
    earlier = np.concatenate([[t[0]], np.maximum.accumulate(end_ns)[:-1]])
    later = np.concatenate([start_ns[1:], [t[-1]]])
    good = (upto - before >= 3) & (before >= 3) & (upto + 1 < t.size)
    # Two readings on either side belong to no other event.
    good &= (t[np.maximum(before - 3, 0)] >= earlier) & (t[np.minimum(upto + 1, t.size - 1)] <= later)
    before, upto, start_ns, end_ns = before[good], upto[good], start_ns[good], end_ns[good]
    if before.size * 2 < _LEAST:
        return None
    # Levels are taken one reading away from the edge: stamps that are a little off leave those alone.
    out = np.concatenate([f[before - 2], f[upto + 1]])
    inside = np.concatenate([f[before + 1], f[upto - 2]])
    step = inside - out
    noise = max(trace.noise, trace.step, float(np.median(np.abs(f[before - 1] - f[before - 2]))))
    clear = np.abs(step) > max(8 * noise, 0.05 * float(np.median(np.abs(inside))))
    if int(clear.sum()) < _LEAST:
        return None
    tau = np.concatenate([t[before] - t[before - 1], t[upto] - t[upto - 1]])
    share = np.concatenate([(t[before] - start_ns), (end_ns - t[upto - 1])]) / np.maximum(tau, 1)
    ones, none = np.ones(before.size), np.zeros(before.size)
    # The reading after each edge, and the one before it, which a clock that is off puts on the wrong side.
    after, before_it = np.concatenate([f[before], f[upto]]), np.concatenate([f[before - 1], f[upto - 1]])
    level, level_before = np.concatenate([ones, none]), np.concatenate([none, ones])
    scale = np.where(clear, step, 1.0)
    seen, seen_before = ((after - out) / scale)[clear], ((before_it - out) / scale)[clear]
    early = float(np.mean((seen_before - level_before[clear]) ** 2))
    instant = float(np.mean((seen - level[clear]) ** 2)) + early
    mean = float(np.mean((seen - share[clear]) ** 2)) + early
    return instant, mean, int(clear.sum())
