"""A counter that is asked more often than it counts: its first and its last reading are older than their stamps."""

from __future__ import annotations

import math

import numpy as np

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

_LEAST = 5  # times it counted
_LOOKED = 1 << 16


def late_ends(trace: Trace, start_ns: int, end_ns: int) -> float:
    """Return the standard uncertainty that the age of the first and the last reading of a stretch leaves in its energy, J (C).

    A reading that stands holds what was counted up to the last refresh.  What was used since then is missing at the end, and was used before
    the start: mean power times the difference of both ages, and how far power over a refresh is from it at either end.  0 where no
    refresh is known, or every reading is a new one.
    """
    if trace.kind is not Kind.COUNTER or trace.kept is not None or not (trace.refresh_ns and trace.repeats):
        return 0.0
    first, last = (int(k) for k in np.searchsorted(trace.times_ns, [start_ns, end_ns + 1]))
    t, total = trace.times_ns[first:last] * 1e-9, trace.values[first:last]
    # Readings that stand are left out but for the first and the last one.
    by, apart = np.diff(total[:_LOOKED]), np.diff(t[:_LOOKED])
    if by.size < _LEAST:
        return 0.0
    refresh = float(np.median(apart))
    began = max(refresh - float(apart[0]), 0.0)
    ended = min(float(t[-1] - t[-2]), refresh) if total[-1] == total[-2] else 0.0
    new = slice(1, None if by[-1] else -1)
    powers = by[new] / np.maximum(apart[new], refresh)
    power, spread = float(powers.mean()), float(powers.std(ddof=1))
    return math.sqrt((power * (ended - began)) ** 2 + spread**2 * (began**2 + ended**2))
