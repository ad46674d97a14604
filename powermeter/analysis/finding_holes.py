"""Which intervals between two readings are holes: far longer than the usual one, or in a gap that the recording notes.

What a hole then costs is in `holes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.signals.trace import Trace

# How much longer than the usual interval one must be to be a hole: where somebody declared a gap there, and where nobody did.
_DECLARED = 1.5
MISSING_MEAN = 1.5
MISSING_INSTANT = 3.5
_FEW = 8
_REGULAR = 0.6  # so many intervals near the usual one make any that are far longer holes, however many
_SCATTER = 2.5 * 1.4826  # median deviations: two and a half standard deviations of stamps that scatter

Indices = NDArray[np.int64]


def longest_ordinary(trace: Trace, times_usual: float) -> float:
    """Return the longest interval (ns) that is still ordinary sampling; infinite where too few show what is usual."""
    if len(trace) < _FEW or not trace.interval_ns:
        return float("inf")
    times = trace.times_ns
    if trace.kept is not None:
        steps = np.concatenate([np.diff(times[a:b]) for a, b in trace.kept.fair])
    elif times.size <= 65_536:
        steps = np.diff(times)
    else:
        starts = np.linspace(0, times.size - 1025, 64).astype(np.int64)
        steps = np.concatenate([np.diff(times[s : s + 1025]) for s in starts])
    usual = trace.interval_ns
    apart = np.abs(steps - usual)
    if float(np.mean(apart <= 0.2 * usual)) >= _REGULAR:
        return max(times_usual * usual, usual + _SCATTER * float(np.median(apart)))
    return max(times_usual * usual, 1.5 * float(np.percentile(steps, 90)))


def wider(trace: Trace, limit: float) -> Indices:
    """Return the intervals longer than `limit` in which no reading was left out."""
    wide = np.diff(trace.times_ns) > limit
    if trace.kept is not None:
        wide &= ~trace.kept.skips
    return np.flatnonzero(wide)


def declared_holes(trace: Trace, restarts: bool = False) -> Indices:
    """Return the intervals in which the recording notes a gap, so far as it left a hole between two samples."""
    if not trace.gaps:
        return np.empty(0, np.int64)
    times = trace.times_ns
    gaps = [g for g in trace.gaps if not restarts or g.reason == "lost setup"]
    middle = np.array([(g.start_ns + g.end_ns) // 2 for g in gaps], np.int64)
    after = np.searchsorted(times, middle, side="right")
    after = np.unique(after[(after > 0) & (after < times.size)])
    wide = times[after] - times[after - 1] > (0 if restarts else _DECLARED * trace.interval_ns)
    if trace.kept is not None:
        wide &= ~trace.kept.skips[after - 1]
    found: Indices = after[wide] - 1
    return found
