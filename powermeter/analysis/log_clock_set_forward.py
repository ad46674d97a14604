"""Holes of a log in which perhaps no time passed: a clock that was set forward leaves a hole in its stamps, and nothing in its readings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.finding_holes import rates_of, usual_around
from powermeter.analysis.integral import Integral
from powermeter.analysis.regular_or_random import ChosenBy, chosen_by

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_HALF_HOUR_NS = 1_800_000_000_000
_ROWS = 3.5  # intervals: what is shorter are rows that are missing now and then
_LONG = 10  # intervals: where a jump that breaks the beat of the rows counts
_MUCH = 0.1  # of the run
_OFTEN = 8  # holes: so often no clock is set
_EVEN = 0.9  # of the intervals within a twentieth of the usual one
_NEAR = 0.05
_BEAT = 0.12  # of an interval off a whole number of them


def perhaps_no_time(integral: Integral, start_ns: Times, end_ns: Times) -> Floats:
    """Return for each hole what was bridged over it where perhaps no time passed in it, J (C); 0 where it did.

    What our own recorder stamps is on a clock that nobody sets; a reader that counted what it lost knows that time passed, and so do
    events that begin or end in a hole.  What is left is a hole in the stamps of a log.  Time is doubted where it lasts whole half hours (summer time, a zone); where more than a tenth of the run lies
    in such holes; and where an even axis goes on at another beat behind it: rows that are missing leave a whole number of intervals.

    Args:
        start_ns, end_ns: Events, in any order.
    """
    trace, hole = integral.trace, integral.hole
    lengths = integral.gap_end - integral.gap_start
    usual = usual_around(trace, hole + 1)
    joules = np.maximum(integral.running[hole + 1] - integral.running[hole], 0.0)
    if not hole.size or trace.interval_ns <= 0 or chosen_by(trace) is not ChosenBy.LOG:
        return np.zeros(hole.size)
    edges = np.sort(np.concatenate([start_ns, end_ns]))
    lively = np.searchsorted(edges, integral.gap_end) > np.searchsorted(edges, integral.gap_start, "right")
    open_to_doubt = ~lively & ~_counted(integral)
    away = np.abs(lengths - usual - np.rint((lengths - usual) / _HALF_HOUR_NS) * _HALF_HOUR_NS)
    doubted = (lengths > _HALF_HOUR_NS // 2) & (away <= usual) & (usual < _HALF_HOUR_NS // 20)
    long = open_to_doubt & (lengths > _ROWS * usual)
    if int(long.sum()) > _OFTEN:
        return np.where(doubted, joules, 0.0)
    span = max(float(integral.end_ns - integral.start_ns), 1.0)
    if float(np.sum(lengths[long])) > _MUCH * span:
        doubted |= long
    doubted |= long & (lengths > _LONG * usual) & _off_beat(integral, lengths)
    return np.where(doubted, joules, 0.0)


def _counted(integral: Integral) -> NDArray[np.bool_]:
    """Return which holes somebody noted who knew that time passed: a reader that counted its rows, or an instrument that failed."""
    known = [g for g in integral.trace.gaps if g.lost is not None or g.reason != "missed"]
    middle = np.sort(np.array([(g.start_ns + g.end_ns) // 2 for g in known], np.int64))
    first = np.searchsorted(middle, integral.gap_start)
    return np.asarray(np.searchsorted(middle, integral.gap_end, side="right") > first)


def _off_beat(integral: Integral, lengths: Times) -> NDArray[np.bool_]:
    """Return which holes of an even axis do not last a whole number of its intervals."""
    steps = np.diff(integral.trace.times_ns).astype(np.float64)
    steps[integral.hole] = np.nan
    even = steps[np.abs(steps - integral.trace.interval_ns) <= _NEAR * integral.trace.interval_ns]
    if rates_of(integral.trace):
        return np.zeros(lengths.size, bool)
    if even.size < _EVEN * max(steps.size - integral.hole.size, 1) or even.size < 2:
        return np.zeros(lengths.size, bool)
    tau = float(even.mean())
    count = lengths / tau
    doubt = count * float(even.std()) / tau / np.sqrt(even.size) + float(even.std()) / tau
    return np.asarray((np.abs(count - np.rint(count)) > _BEAT + 2 * doubt) & (2 * doubt < _BEAT))
