"""Stamps in ticks of a clock: Windows counts in 1/64 s, other systems in 10 or 4 ms, and whoever asks it in between is stamped at the last tick.

Where readings come neither every tick nor every whole number of them, their distances are of two or three neighbouring whole numbers of ticks: that is seen.
Rows that are missing make distances of whole numbers too, but in an order of their own: behind a missing row all that follow are late by it, whereas readings at a
steady pace stay within a tick of an even axis.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.kept_readings import consecutive
from powermeter.signals.stamps_shared import at_moments_of_their_own
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise

Times = NDArray[np.int64]

TICKS = "stamps-in-ticks"
"""The code of the note on stamps that are counted in ticks of a clock."""
_TICKS_NS = (15_625_000, 15_600_100, 10_000_000, 1e9 / 128, 4_000_000, 1e9 / 256, 1e9 / 300)
"""Of clocks that are counted: Windows (1/64 s, and 15.6001 ms of older ones), Linux at 100, 250 and 300 Hz, and parts of these."""
_LOOKED = 1 << 14
_LEAST = 32  # distances
_SHARE = 0.05  # of the distances, that are of another number of ticks than most
_SMALL = 0.02  # of an interval: a tick that is less moves nothing that matters
_STRAY = 0.12  # of a tick, by which distances are off whole numbers of it at most: digits in milliseconds
_MISSING = 2.5  # of the usual distance, behind which rows are missing
_PIECE = 128  # readings, over which an even axis is looked for
_ABOUT = 1.25  # ticks either side of it


def as_clocked(trace: Trace) -> Trace:
    """Return a trace whose rows have moments of their own, as far as its stamps show, and which knows the tick in which they are counted."""
    return with_tick(at_moments_of_their_own(trace))


def with_tick(trace: Trace) -> Trace:
    """Return a trace that knows the tick of its stamps, and how far apart its readings are on average: their median is a whole number of ticks."""
    times = trace.times_ns[consecutive(trace.kept, len(trace), _LOOKED)]
    tick = tick_of(times) if trace.interval_ns and not trace.at_its_steps else 0
    if not tick:
        return trace
    apart = np.diff(times)
    interval = round(float(apart[apart < _MISSING * trace.interval_ns].mean()))
    text = (
        f"its stamps are counted in ticks of {tick * 1e-6:.3g} ms, and each is known to one only: "
        "a finer clock narrows what short events and single windows are known to"
    )
    return replace(trace, tick_ns=tick, interval_ns=interval, notes=(*trace.notes, Note.info(TICKS, text)))


def open_in_ticks(trace: Trace, *, placed: bool) -> Trace:
    """Return means, or a counter, whose windows are known to a tick: each jump is put down wrong by what a tick of it holds, and all stamps may be early by half of one.

    Args:
        placed: Whether edges have shown by how much stamps are early or late.
    """
    if not trace.tick_ns or trace.kind is Kind.INSTANT:
        return trace
    clock = trace.clock_ns if placed else math.hypot(trace.clock_ns, trace.tick_ns / math.sqrt(12))
    if trace.kind is Kind.COUNTER:
        return replace(trace, clock_ns=clock)
    jumps = float(np.mean(np.diff(trace.values[consecutive(trace.kept, len(trace), _LOOKED)]) ** 2))
    noise = trace.noise or unstated_noise(trace.values)
    each = jumps * (trace.tick_ns / trace.interval_ns) ** 2 / 12
    return replace(trace, noise=math.sqrt(noise**2 + each), clock_ns=clock)


def tick_of(times_ns: Times) -> int:
    """Return the tick in which stamps are counted, ns; 0 where they show none."""
    apart = np.diff(times_ns).astype(np.float64)
    apart = apart[apart > 0]
    if apart.size < _LEAST:
        return 0
    usual = float(np.median(apart))
    near = apart[apart < _MISSING * usual]
    for tick in _TICKS_NS:
        numbers = np.rint(near / tick)
        if not _SMALL * usual < tick or float(np.quantile(np.abs(near / tick - numbers), 0.99)) > _STRAY:
            continue
        whole, counts = np.unique(numbers, return_counts=True)
        if whole[0] < 1 or counts.max() > (1 - _SHARE) * near.size or not (np.diff(whole) == 1).any():
            return 0
        # From a tick on, rows that are missing look alike; two neighbouring numbers beyond that do not.
        return round(tick) if whole[0] > 1 or _paced(times_ns, tick) else 0
    return 0


def _paced(times_ns: Times, tick: float) -> bool:
    """Return whether most pieces lie within a tick of an even axis."""
    pieces = times_ns.size // _PIECE
    within = [
        _about_axis(times_ns[k * _PIECE : (k + 1) * _PIECE]) <= _ABOUT * tick for k in range(max(pieces, 1))
    ]
    return sum(within) > len(within) / 2


def _about_axis(times_ns: Times) -> float:
    """Return how far stamps lie from a line, at most."""
    k = np.arange(times_ns.size) - (times_ns.size - 1) / 2
    since = (times_ns - times_ns[0]).astype(np.float64)
    rest = since - since.mean() - k * float(k @ since) / float(k @ k)
    return float(np.abs(rest).max())
