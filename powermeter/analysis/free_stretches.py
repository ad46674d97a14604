"""What a load does without events over spans as long as a hole: how far the power there may lie from what is read elsewhere.

A few readings beside a hole show what was drawn next to it, not what was drawn throughout: how well they, or all readings, stand for a
span of that length is tried where the truth was recorded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import Activity
from powermeter.analysis.integral import Integral
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

NOT_LONG = 16  # intervals: twice the eight readings on either side that a shorter hole is judged by
_REACH = 100  # lengths of a hole on either side of it that are looked at
_CELLS_EACH = 16  # so many cells make a length of the hole
_FEWEST_CELLS, _MOST_CELLS = 16, 4096
_BLOCKS = 8  # spans of a hole's length that must have been read, or shorter ones stand for them
_LIKE = 0.15  # of the range: ends of a span that differ as a hole's do
_PLACES = 3  # so many such spans apart from each other show what lies between such ends


def free_level(
    integral: Integral, activity: Sequence[Activity], span: tuple[int, int], rest: float
) -> tuple[float, float] | None:
    """Return the power outside of events over `rest` seconds of a hole, W, and the variance of the energy at that, J²; None where too little shows it.

    Candidates are the mean of what is read next to the hole, over a cell or over its length, and that of all that is read: the
    one that is off least over recorded spans.  Where fewer than eight of the hole's length were recorded, an eighth of what was stands for
    them, and what grows from half of that to it is taken to go on growing.

    Args:
        activity: All labels; events of those that hold the whole hole are what it lies in, and count as free.
        span: Where the hole begins and ends.
    """
    read = _read(integral, activity, span, rest)
    if read is None:
        return None
    joules, place, cell = read
    cells = joules.size - 1
    power = np.diff(joules) / cell
    low, high = float(power.min()), float(power.max())
    wanted = rest / cell
    width = max(1, min(round(wanted), cells // _BLOCKS))
    t95 = float(student_95(max(cells / width - 1.0, 1.0))) / COVERAGE_95
    both = 0 < place < cells
    apart = float(power[place] - power[place - 1]) if both else 0.0
    best: tuple[float, float] | None = None
    for beside in sorted({0, 1, width}):
        tried = _errors(joules, width, beside, both)
        if tried is None:
            continue
        level = _level(joules, place, beside) / cell
        error, difference = tried[0] / cell, tried[1] / cell
        variance = _variance(error, difference, apart if both else 0.0, high - low)
        half = width // 2
        shorter = _errors(joules, half, min(beside, half), both) if wanted > width and half else None
        if shorter is not None:
            growth = float(np.mean(error**2)) / max(float(np.mean((shorter[0] / cell) ** 2)), 1e-300)
            variance *= max(growth, 1.0) ** (math.log(wanted / width) / math.log(width / half))
        most = max(level - low, high - level) / math.sqrt(3.0)
        spread = min(t95 * math.sqrt(variance), most)
        if best is None or spread < best[1]:
            best = level, spread
    return None if best is None else (best[0], (best[1] * rest) ** 2)


def _read(
    integral: Integral, activity: Sequence[Activity], span: tuple[int, int], rest: float
) -> tuple[Floats, int, float] | None:
    """Return the running energy over cells of what was read without events around a hole, the cell it lies before, and a cell's length, J and s."""
    trace, (a, b) = integral.trace, span
    low = max(trace.start_ns, a - _REACH * (b - a))
    high = min(trace.end_ns, b + _REACH * (b - a))
    starts, ends = [integral.gap_start], [integral.gap_end]
    for label in activity:
        if bool(((label.start_ns <= a) & (label.end_ns >= b)).any()):
            continue
        near = (label.end_ns > low) & (label.start_ns < high)
        # What lies within an interval of an event is read in part inside of it.
        starts.append(label.start_ns[near] - trace.interval_ns)
        ends.append(label.end_ns[near] + trace.interval_ns)
    begin, end = _free(np.concatenate(starts), np.concatenate(ends), low, high)
    if not begin.size:
        return None
    lasts = (end - begin) * 1e-9
    seconds = np.concatenate([[0.0], np.cumsum(lasts)])
    whole = float(seconds[-1])
    cell = max(trace.interval_ns * 1e-9, min(rest, whole / _BLOCKS) / _CELLS_EACH, whole / _MOST_CELLS)
    cells = int(whole / cell * (1 + 1e-9))
    if cells < _FEWEST_CELLS:
        return None
    cell = whole / cells
    before = np.concatenate([[0.0], np.cumsum(integral.between(begin, end))])
    at = np.arange(cells + 1) * cell
    k = np.clip(np.searchsorted(seconds, at, side="right") - 1, 0, begin.size - 1)
    moment = np.minimum(begin[k] + np.rint((at - seconds[k]) * 1e9).astype(np.int64), end[k])
    joules = before[k] + integral.between(begin[k], moment)
    first = int(np.searchsorted(begin, a, side="right"))
    return joules, round(float(seconds[first]) / cell), cell


def _free(starts: Times, ends: Times, low: int, high: int) -> tuple[Times, Times]:
    """Return the stretches of low … high that no span covers."""
    order = np.argsort(starts, kind="stable")
    latest = np.maximum.accumulate(np.concatenate([[low], ends[order]]))
    next_ = np.minimum(np.concatenate([starts[order], [high]]), high)
    some = next_ > latest
    return latest[some], next_[some]


def _level(joules: Floats, place: int, beside: int) -> float:
    """Return what one cell holds, as that many cells on either side of a place show it; as all do for 0, J."""
    cells = joules.size - 1
    if not beside:
        return float(joules[-1]) / cells
    low, high = max(place - beside, 0), min(place + beside, cells)
    sides = [float(joules[k] - joules[i]) / (k - i) for i, k in ((low, place), (place, high)) if k > i]
    return sum(sides) / len(sides)


def _errors(joules: Floats, width: int, beside: int, both: bool) -> tuple[Floats, Floats] | None:
    """Return by how much spans of so many cells hold more a cell than their surroundings, J, and what those differ by at the span's ends."""
    cells = joules.size - 1
    margin = max(beside, 1)
    begin = np.arange(margin, cells - width - margin + 1)
    if begin.size < 4:
        return None
    end = begin + width
    inside = (joules[end] - joules[begin]) / width
    difference = joules[end + 1] - joules[end] - joules[begin] + joules[begin - 1]
    if not beside:
        n = cells / width
        # A span is in the mean that it is held against, and what it is held against is off as well.
        return (inside - joules[-1] / cells) * math.sqrt((n + 1) / max(n - 1, 1.0)), difference
    left = (joules[begin] - joules[begin - beside]) / beside
    right = (joules[end + beside] - joules[end]) / beside
    return inside - ((left + right) / 2 if both else left), difference


def _variance(error: Floats, difference: Floats, apart: float, span: float) -> float:
    """Return the mean square of errors over spans whose ends differ as a hole's do; where hardly any do, of all and of a change at any moment."""
    like = np.abs(difference - apart) <= _LIKE * span
    places = int(np.count_nonzero(np.diff(like.astype(np.int8)) > 0)) + int(like[0])
    if places >= _PLACES or like.all():
        return float(np.mean(error[like] ** 2))
    return float(np.mean(error**2)) + apart**2 / 12
