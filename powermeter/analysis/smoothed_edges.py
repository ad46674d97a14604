"""Readings that average over a window centred on their stamp put a part of a step on the other side of its edge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

SMOOTHED = 0.2
"""Of what is put right at edges, a standard uncertainty: what a load's course near them does to it."""


def smoothed_edges(integral: Integral, before: Indices, upto: Indices, level: Floats, quiet: float) -> Floats:
    """Return what readings that average over a window put outside of each event, J.

    A window centred on its stamp spreads a step over its width: at each edge an eighth of step × width comes to lie on the other side.
    """
    trace = integral.trace
    width = trace.window_ns or 0
    if not width or not trace.interval_ns:
        return np.zeros(before.size)
    f, top = trace.values, len(trace) - 1
    clear = int(width / (2 * trace.interval_ns)) + 1  # so many readings beside an edge are not of one side
    whole = upto - before > 2 * clear
    first = np.where(whole, f[np.clip(before + clear, 0, top)], level)
    last = np.where(whole, f[np.clip(upto - 1 - clear, 0, top)], level)
    ahead, after = f[np.clip(before - 1 - clear, 0, top)], f[np.clip(upto + clear, 0, top)]
    # Where events follow each other at once, readings at their edges are of both, and so is what is put right.
    alone = np.concatenate([[True], before[1:] - upto[:-1] > clear])
    ahead, after = np.where(alone, ahead, quiet), np.where(np.append(alone[1:], True), after, quiet)
    found: Floats = (first - ahead + last - after) * width * 1e-9 / 8
    return found
