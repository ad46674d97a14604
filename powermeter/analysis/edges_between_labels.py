"""Edges at which one event ends and the next begins, with no pause between: what readings are, where none beside idle power shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clear_edges import LEAST, Edges
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_ROWS = 1  # of either event, the one next to the edge left out
_MOST = 500
_STANDS_OUT = 3.0  # times what readings inside differ by


def edges_between_labels(trace: Trace, start_ns: Times, end_ns: Times) -> Edges | None:
    """Return what readings beside such edges show, or None where there are too few that are clear.

    The levels are those of the rows of either event, the ones next to edges left out; a step must stand out of what they differ by.
    """
    order = np.argsort(start_ns, kind="stable")[: _MOST + 1]
    start_ns, end_ns = start_ns[order], end_ns[order]
    if start_ns.size <= LEAST or (start_ns[1:] < end_ns[:-1]).any():
        return None
    t, f = trace.times_ns, trace.values
    since, seen, ahead = [], [], []
    for k in np.flatnonzero(start_ns[1:] == end_ns[:-1]).tolist():
        a, b, c = np.searchsorted(t, [start_ns[k], end_ns[k], end_ns[k + 1]], side="right").tolist()
        if a < 1 or min(b - 1 - (a + 1), c - (b + 1)) < _ROWS:
            continue
        early, late = f[a + 1 : b - 1], f[b + 1 : c]
        step = float(late.mean() - early.mean())
        if not abs(step) > _STANDS_OUT * float(np.hypot(early.std(), late.std())):
            continue
        since.append(float(t[b] - start_ns[k + 1]) / float(t[b] - t[b - 1]))
        seen.append(float(f[b] - early.mean()) / step)
        ahead.append(float(f[b - 1] - early.mean()) / step)
    if len(since) < LEAST:
        return None
    return Edges(np.array(since), np.array(seen), np.array(ahead), np.zeros(len(since), bool))
