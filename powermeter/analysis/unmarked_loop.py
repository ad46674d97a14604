"""A loop that no event marks, and that wanders past readings at regular moments: it goes on inside events as it does beside them, or there are none.

Its image stays on one of two levels for many readings.  What distinguishes that from a load of two levels is that events leave no mark in it; without
events, that it crosses from one level to the other many times at once, as a phase that walks at random does, and then stays away for long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import Activity
from powermeter.analysis.nearly_in_step import by_fits
from powermeter.analysis.quantiles import median, quantile
from powermeter.analysis.refresh_beat import leave_a_mark
from powermeter.analysis.regular_or_random import read_at_random
from powermeter.analysis.two_levels import begins_at_random, comes_back_alike, stretches, wanders
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_LEAST = 64  # readings
_FEWEST_EDGES = 10  # of events, below which none of them shows a mark (`leave_a_mark`)
_READ = 2  # readings of an event at least: of shorter ones, the levels are that readings met them or not
_FEW = 6  # stretches, of which the share of time on either level is not known
_APART = 0.4  # of the time: what inside and beside events differ by where power has nothing to do with them
_CHANGES = 4  # from one level to the other, at least: programs make fewer once in a while
_WANDERS = 1.3  # variance of all lengths over the mean's square, of a loop whose rate wanders (`nearly_in_step.by_fits`)
_MEDIAN_STEP = 1.0484  # noise over the median step of white readings: 1 / (0.6745 √2)
_LIVELY = 3.0  # times the stated noise


@dataclass(frozen=True, slots=True)
class Loop:
    """What a stretch of readings on two levels leaves in their mean.

    Attributes:
        deviation: Of a reading, W.
        stretch: How many readings in a row count as one.
        low, high: The lowest and the highest reading, W.
    """

    deviation: float
    stretch: float
    low: float
    high: float

    def mean_known(self, readings: int) -> float | None:
        """Return the standard uncertainty of the mean of so many readings, W; None where they are too few stretches to show it."""
        worth = readings / self.stretch
        return self.deviation / math.sqrt(worth) if worth >= _FEW else None


def loop_beside(trace: Trace, first: Indices, count: Indices) -> Loop | None:
    """Return the two levels of a run in which a label's events leave no mark, or None.

    Args:
        first, count: Of each event's readings, in order.
    """
    if not _regular(trace) or 2 * int(np.count_nonzero(count >= _READ)) < _FEWEST_EDGES:
        return None
    loop = _levels(trace)
    if loop is None or not _like_an_image(trace) or _follows(trace, first, count):
        return None
    return None if leave_a_mark(trace, first, count) else loop


def _follows(trace: Trace, first: Indices, count: Indices) -> bool:
    """Return whether readings lie on the upper level inside events far more often, or more rarely, than beside: as late ones of theirs do."""
    edges = np.bincount(first, minlength=trace.values.size + 1) - np.bincount(
        first + count, minlength=trace.values.size + 1
    )
    inside = np.cumsum(edges)[:-1] > 0
    upper = _is_upper(trace.values)
    return bool(inside.all() or abs(float(upper[inside].mean()) - float(upper[~inside].mean())) > _APART)


def _like_an_image(trace: Trace) -> bool:
    """Return whether stretches come back alike as those of a steady loop do, or are many short ones beside few long ones, as of one whose rate wanders.

    Lengths of stretches of a load that switches at random scatter by about their mean, on either level.
    """
    upper = _is_upper(trace.values)
    lasts = stretches(upper)
    if lasts.size <= _CHANGES:
        return False
    if float(np.var(lasts)) >= _WANDERS * float(np.mean(lasts)) ** 2:
        return not begins_at_random(upper)
    return comes_back_alike(upper) and not _is_lively(trace)


def _is_lively(trace: Trace) -> bool:
    """Return whether neighbours on a level differ far more than the instrument's stated noise lets them.

    Readings pass a loop that repeats to a hundredth of the interval slowly: neighbours met nearly one place of it.  What varies from each reading
    to the next goes on inside the level, which then is a phase of the program and no image.
    """
    f, upper = trace.values, _is_upper(trace.values)
    steps, same = np.abs(np.diff(f)), upper[1:] == upper[:-1]
    own = max(trace.noise, trace.step)
    levels = [steps[same & (upper[1:] == side)] for side in (False, True)]
    return own > 0 and any(x.size and _MEDIAN_STEP * median(x) > _LIVELY * own for x in levels)


def loop_of_run(trace: Trace, activity: Sequence[Activity]) -> Loop | None:
    """Return what a whole run's two levels leave where none of its events leaves a mark; without events, where readings cross them many times at once."""
    if not _regular(trace):
        return None
    if not activity:
        return _levels(trace) if wanders(_is_upper(trace.values)) else None
    t = trace.times_ns
    for label in activity:
        first = np.searchsorted(t, label.start_ns, side="right")
        if loop_beside(trace, first, np.searchsorted(t, label.end_ns, side="right") - first) is None:
            return None
    return _levels(trace)


def _regular(trace: Trace) -> bool:
    return trace.kept is None and trace.values.size >= _LEAST and not read_at_random(trace)


def _levels(trace: Trace) -> Loop | None:
    if "two_levels" not in trace.looked_for:
        f = trace.values
        found = by_fits(f, max(trace.noise, trace.step), quantile(f, 0.05))
        trace.looked_for["two_levels"] = found and Loop(
            found[0], f.size / found[1], float(f.min()), float(f.max())
        )
    loop = trace.looked_for["two_levels"]
    return loop if isinstance(loop, Loop) else None


def _is_upper(values: Floats) -> NDArray[np.bool_]:
    low, high = np.percentile(values, [5, 95])
    upper: NDArray[np.bool_] = values > (low + high) / 2
    return upper
