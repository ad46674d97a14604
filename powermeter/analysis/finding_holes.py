"""Which intervals between two readings are holes: far longer than the usual one, or in a gap that the recording notes.

What a hole then costs is in `holes`.  Gaps are noted before: those of a live stream by `recorder/silence.py`, those of a log by
`importers/hole_limits.py`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.recording.stretches_of_rate import RateStretch, stretches_of_rate
from powermeter.signals.trace import Trace

# How much longer than the usual interval one must be to be a hole: where somebody declared a gap there, and where nobody did.
_DECLARED = 1.5
MISSING_MEAN = 1.5
MISSING_INSTANT = 3.5
_FEW = 8
_REGULAR = 0.6  # so many intervals near the usual one make any that are far longer holes, however many
_ALIKE = 0.2  # of the usual interval: that near to it
_TICKS = 1.5  # that a distance in ticks is more than it was
_SCATTER = 2.5 * 1.4826  # median deviations: two and a half standard deviations of stamps that scatter

Indices = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]


def rates_of(trace: Trace) -> tuple[RateStretch, ...]:
    """Return the stretches of one rate each; none where the whole trace has one, or is too long to be held.

    None of means: whether they average over the longer interval, or rows of the shorter one are missing, the log does not show.  Nor of a counter
    at its own steps: how many of them pass between two readings is chance.
    """
    if trace.kept is not None or trace.kind is Kind.MEAN or trace.at_its_steps:
        return ()
    if "rates" not in trace.looked_for:
        trace.looked_for["rates"] = stretches_of_rate(trace.times_ns)
    found = trace.looked_for["rates"]
    return found if isinstance(found, tuple) else ()


def longest_ordinary(trace: Trace, times_usual: float) -> float | Floats:
    """Return the longest interval (ns) that is still ordinary sampling; infinite where too few show what is usual.

    One for each interval where their rate changes: each stretch has its own, and the interval of a change that of its slower side.
    """
    if len(trace) < _FEW or not trace.interval_ns:
        return float("inf")
    stretches = rates_of(trace)
    if not stretches:
        least = trace.interval_ns + _TICKS * trace.tick_ns
        return max(_longest(_some_steps(trace), trace.interval_ns, times_usual), least)
    steps = np.diff(trace.times_ns)
    found = np.empty(steps.size)
    for one in stretches:
        found[one.first : one.last] = _longest(steps[one.first : one.last], one.usual_ns, times_usual)
    for other in stretches[1:]:
        near = slice(other.first - 1, other.first + 1)
        found[near] = found[near].max()
    return found


def _some_steps(trace: Trace) -> Indices:
    times = trace.times_ns
    if trace.kept is not None:
        return np.concatenate([np.diff(times[a:b]) for a, b in trace.kept.fair])
    if times.size <= 65_536:
        return np.diff(times)
    starts = np.linspace(0, times.size - 1025, 64).astype(np.int64)
    return np.concatenate([np.diff(times[s : s + 1025]) for s in starts])


def _longest(steps: Indices, usual: int, times_usual: float) -> float:
    apart = np.abs(steps - usual)
    if float(np.mean(apart <= _ALIKE * usual)) >= _REGULAR:
        return max(times_usual * usual, usual + _SCATTER * float(np.median(apart)))
    return max(times_usual * usual, 1.5 * float(np.percentile(steps, 90)))


def wider(trace: Trace, limit: float | Floats) -> Indices:
    """Return the intervals longer than `limit` in which no reading was left out."""
    wide = np.diff(trace.times_ns) > limit
    if trace.kept is not None:
        wide &= ~trace.kept.skips
    return np.flatnonzero(wide)


def usual_around(trace: Trace, row: Indices, *, faster: bool = False) -> Indices:
    """Return the usual interval, ns, of the stretch that the interval up to each row lies in.

    Args:
        faster: Of an interval in which the rate changes, that of the faster side; else of the slower one.
    """
    stretches = rates_of(trace)
    found = np.full(row.size, trace.interval_ns)
    for one in stretches:
        found[(row > one.first) & (row <= one.last)] = one.usual_ns
    for one, other in pairwise(stretches):
        chosen = (min if faster else max)(one.usual_ns, other.usual_ns)
        found[(row == other.first) | (row == other.first + 1)] = chosen
    return found


def declared_holes(trace: Trace, restarts: bool = False) -> Indices:
    """Return the intervals in which the recording notes a gap, so far as it left a hole between two samples."""
    if not trace.gaps:
        return np.empty(0, np.int64)
    times = trace.times_ns
    gaps = [g for g in trace.gaps if not restarts or g.reason == "lost setup"]
    middle = np.array([(g.start_ns + g.end_ns) // 2 for g in gaps], np.int64)
    after = np.searchsorted(times, middle, side="right")
    after = np.unique(after[(after > 0) & (after < times.size)])
    wide = times[after] - times[after - 1] > (0 if restarts else _DECLARED * usual_around(trace, after))
    if trace.kept is not None:
        wide &= ~trace.kept.skips[after - 1]
    found: Indices = after[wide] - 1
    return found
