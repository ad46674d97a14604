"""Means whose rows come more slowly for a while: whether they average over the longer interval, or rows of the shorter one are missing, is not in the log.

Bridges between rows that average over the longer interval run through the edges of events, and put the same part of each elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind
from powermeter.recording.stretches_of_rate import stretches_of_rate

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_SLOWER = 1.5  # times the usual interval
_APART = 0.2  # of a window, that lies in events over one interval and not over the other
_FEWEST = 6  # rows
_BETTER = 0.5  # of the sum of squares
_OF_A_STEP = 0.5  # of a row's interval times the step, in an event: half of that at either edge


def open_of_another_rate(integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate) -> None:
    """Let events in slower stretches of means reach as far either way as rows over the longer interval cut off at both edges, in place."""
    if found.level is None or found.quiet is None or not start_ns.size:
        return
    lost = np.zeros(start_ns.size)
    for a, b, seconds in _slower(integral):
        if _over_the_usual(integral, (a, b, seconds), (start_ns, end_ns), (found.quiet, found.level)):
            continue
        lost = np.maximum(lost, np.where((end_ns > a) & (start_ns < b), seconds, 0.0))
    open_j = np.minimum(_OF_A_STEP * lost, (end_ns - start_ns) * 1e-9) * abs(found.level - found.quiet)
    if not open_j.any():
        return
    found.below, found.above = np.maximum(found.below, open_j), np.maximum(found.above, open_j)
    found.below_all = max(found.below_all, float(open_j.sum()))
    found.above_all = max(found.above_all, float(open_j.sum()))


def _over_the_usual(
    integral: Integral, slow: tuple[int, int, float], events: tuple[Times, Times], levels: tuple[float, float]
) -> bool:
    """Return whether rows beside edges of events show that they average over the usual interval: what an event takes of that fits them far better."""
    trace = integral.trace
    first, last = np.searchsorted(trace.times_ns, slow[:2]).tolist()
    # What stands at the end of a hole is its bridge.
    rows = np.setdiff1d(np.arange(first + 1, last + 1), integral.hole + 1)
    times, values = trace.times_ns[rows], trace.values[rows]
    quiet, level = levels
    shares = [_share(times, round(seconds * 1e9), *events) for seconds in (slow[2], trace.interval_ns * 1e-9)]
    apart = np.abs(shares[0] - shares[1]) > _APART
    if np.count_nonzero(apart) < _FEWEST:
        return False
    over_all, over_usual = (
        float(np.sum((values[apart] - quiet - share[apart] * (level - quiet)) ** 2)) for share in shares
    )
    return over_usual < _BETTER * over_all


def _share(times_ns: Times, window_ns: int, start_ns: Times, end_ns: Times) -> Floats:
    """Return what share of the window before each moment lies in events, one after the other."""
    lasts = np.concatenate([[0], np.cumsum(end_ns - start_ns)])

    def upto(at: Times) -> Times:
        begun = np.searchsorted(start_ns, at, side="right")
        inside = np.maximum(begun - 1, 0)
        return np.where(begun > 0, lasts[inside] + np.minimum(at, end_ns[inside]) - start_ns[inside], 0)

    found: Floats = (upto(times_ns) - upto(times_ns - window_ns)) / max(window_ns, 1)
    return found


def _slower(integral: Integral) -> list[tuple[int, int, float]]:
    """Return where means come more slowly than usual: from, to, and their interval in s."""
    trace, hole = integral.trace, integral.hole
    if trace.kind is not Kind.MEAN or trace.kept is not None or not hole.size:
        return []
    looked_for = trace.looked_for
    if "slower_means" not in looked_for:
        times = np.delete(trace.times_ns, np.concatenate([[0], hole + 1]))  # of rows alone
        looked_for["slower_means"] = [
            (int(times[one.first]), int(times[min(one.last, times.size - 1)]), one.usual_ns * 1e-9)
            for one in stretches_of_rate(times)
            if one.usual_ns > _SLOWER * trace.interval_ns
        ]
    found = looked_for["slower_means"]
    return found if isinstance(found, list) else []
