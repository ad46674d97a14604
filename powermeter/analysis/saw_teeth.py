"""Saw teeth in the readings inside events that may be faster ones folded down: ramps that repeat with about the readings' interval.

A ramp of 103 ms that starts again and again, read at 10 Hz, shows as one of 3.4 s: each reading differs from the one before by the same small step,
and by the whole height once in a while.  Its mean is that of the teeth, while readings put down what they met of one.  What a program does
at the same place of all its events is its own, and so is what rises without ever starting again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import quantile
from powermeter.analysis.regular_or_random import read_at_random
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 24  # readings
_EVENTS = 2000  # that are looked at
_LONGEST = 4096  # readings of one
_PLACES = 3  # of a tooth, at most, that readings meet by turns, where it is so many halves or thirds of intervals long
_WORTH = 0.05  # of the highest reading: what is lower is not a tooth
_DROP = 0.5  # of the height, from one reading to the next
_STRAIGHT = 0.06  # of the height: how far readings are off ramps that are all as steep
_RAMP = 4  # readings
_FLAT = 0.04  # of the height: how far readings of a flat part are off its end
_LEAST_FLAT = 0.1  # of the readings that lie on flat parts, at least
_MOST_FLAT = 0.6  # and at most
_MOSTLY = 0.7  # of the readings that lie on ramps
_SEEN = 0.3  # turns that ramps climb at least: levels that hardly rise are a program's own
_BINS = 10  # of the height
_MET = 7  # of them, since teeth are met all over their height
_OFF = 1.5  # turns by which drops and what ramps climb may differ: few events cut them anywhere
_SHARE_OFF = 0.3  # of the turns, besides
_CUT = 0.5  # standard deviation of what each event cuts, turns
_SHARED = 4  # events that show one reading's place, whose mean is the program's own course
_COURSE = 16  # parts of an event
_OWN = 0.5  # of the variance that a course all events share explains


@dataclass(frozen=True, slots=True)
class Teeth:
    """What readings show of saw teeth.

    Attributes:
        height: Of one as the readings' mean has it, W.
        seconds: That it lasts, as the readings show it.
    """

    height: float
    seconds: float

    def left_over(self, lengths: Floats) -> Floats:
        """Return the standard uncertainty that they leave in stretches of some lengths in s, J.

        Of teeth about their mean, what a stretch of a share u of one holds varies by height · seconds · u (1 − u)/√12: of longer stretches the most
        that is, u = ½, since nothing shows how many teeth and a half they are.
        """
        share = np.minimum(lengths / self.seconds, 0.5)
        found: Floats = self.height * self.seconds * share * (1 - share) / math.sqrt(12)
        return found

    def left_in_all(self, lengths: Floats, over: float) -> float:
        """Return the variance of the sum over stretches within so many seconds, J²: those closer than half a tooth meet the same part of one."""
        own = self.left_over(lengths)
        n = lengths.size
        apart = max(1.0, 2 * over / self.seconds)
        return float(np.mean(own**2)) * max(n, n * n / apart)


def saw_teeth(trace: Trace, first: Indices, count: Indices) -> Teeth | None:
    """Return the teeth that readings at regular moments show inside a label's events, or None.

    Args:
        first, count: Of each event's readings, in order.
    """
    if trace.kind is not Kind.INSTANT or trace.kept is not None or read_at_random(trace):
        return None
    if count.sum() < _LEAST:
        return None
    some = np.flatnonzero(count >= _RAMP + 2)[:_EVENTS]
    # What a program does at its start and end for less than an interval is its own: the readings between count.
    parts = [
        trace.values[a + 1 : a + n - 1]
        for a, n in zip(first[some].tolist(), np.minimum(count[some], _LONGEST).tolist(), strict=True)
    ]
    if sum(x.size for x in parts) < _LEAST:
        return None
    noise = max(trace.noise, trace.step)
    for places in range(1, _PLACES + 1):
        found = _by_turns(parts, places, noise, trace.interval_ns * 1e-9)
        if found is not None:
            return found if len(parts) < _SHARED or not _same_course(parts) else None
    return None


def _by_turns(parts: Sequence[Floats], places: int, noise: float, interval: float) -> Teeth | None:
    """Return the teeth of which every so many-th reading meets the same place, or None."""
    pieces = [x[k::places] for x in parts for k in range(places)]
    values = np.concatenate(pieces)
    starts = np.cumsum([0, *(x.size for x in pieces[:-1])])
    low, high = (quantile(values, share) for share in (0.01, 0.99))
    height = high - low
    if height <= max(10 * noise, _WORTH * abs(high)):
        return None
    steps = np.diff(values)
    within = np.ones(steps.size, bool)
    within[starts[(starts > 0) & (starts < values.size)] - 1] = False
    far = np.abs(steps) > _DROP * height
    rests = np.zeros(values.size, bool)
    climb = _common_slope(values, ~(within & ~far), height, rests)
    if climb is None:
        rests = _rests(values, (low, high), noise)
        parted = ~(within & ~far) | (rests[1:] != rests[:-1])
        climb = _common_slope(values, parted, height, rests) if rests.any() else None
    if climb is None:
        return None
    rising = 1 - float(rests.mean())
    drops = -math.copysign(1.0, climb) * float(np.sign(steps[within & far]).sum())
    turns = abs(climb) * int(np.count_nonzero(within)) * rising / height
    doubt = _OFF + _SHARE_OFF * turns + _CUT * math.sqrt(len(pieces))
    met = int(np.count_nonzero(np.histogram(values, _BINS, (low, high))[0]))
    if drops < places or turns < _SEEN * places or abs(drops - turns) > doubt or met < _MET:
        return None
    of_ramps = height if rising == 1 else float(np.std(values)) * math.sqrt(12)
    return Teeth(of_ramps / places, height / abs(climb) / rising * interval)


def _rests(values: Floats, span: tuple[float, float], noise: float) -> Bools:
    """Return which readings lie on the flat part of teeth that rest at the bottom or at the top; none where it is no part, or most of them."""
    low, high = span
    within = _FLAT * (high - low) + 3 * noise
    found = np.zeros(values.size, bool)
    for near in (values <= low + within, values >= high - within):
        edges = np.concatenate([[0], np.flatnonzero(np.diff(near)) + 1, [values.size]])
        lasts = np.repeat(np.diff(edges), np.diff(edges))
        rests = near & (lasts >= _RAMP)
        if _LEAST_FLAT <= float(rests.mean()) <= _MOST_FLAT and rests.sum() > found.sum():
            found = rests
    return found


def _common_slope(values: Floats, ends: Bools, height: float, rests: Bools) -> float | None:
    """Return by how much power climbs from reading to reading on ramps that are all as steep, W; None where most readings lie on no such ramp.

    Args:
        ends: Of each reading but the last, whether a ramp or a rest ends behind it.
        rests: Which readings lie on no ramp since teeth rest there.
    """
    edges = np.concatenate([[0], np.flatnonzero(ends) + 1, [values.size]])
    size = np.diff(edges)
    long = (size >= _RAMP) & ~rests[edges[:-1]]
    ramps = np.repeat(long, size)
    if float(ramps.sum()) < _MOSTLY * float(np.count_nonzero(~rests)):
        return None
    x, size = values[ramps], size[long]
    ahead = np.cumsum(size) - size
    at = (np.arange(x.size) - np.repeat(ahead, size)).astype(np.float64)
    for column in (x, at):
        column -= np.repeat(np.add.reduceat(column, ahead) / size, size)
    climb = float(at @ x) / float(at @ at)
    off = x - climb * at
    return climb if math.sqrt(float(off @ off) / x.size) <= _STRAIGHT * height else None


def _same_course(parts: Sequence[Floats]) -> bool:
    """Return whether most of what readings do inside events is the same in all of them, at one place behind the start or in one part of each."""
    values = np.concatenate(parts)
    place = np.concatenate([np.arange(x.size) for x in parts])
    part = np.concatenate([np.arange(x.size) * _COURSE // x.size for x in parts])
    return any(_course(where, values) > _OWN for where in (place, part))


def _course(where: Indices, values: Floats) -> float:
    """Return what share of the variance of readings the mean at each place explains, of places that are met often enough."""
    met = np.bincount(where)
    use = met[where] >= _SHARED
    if not use.any():
        return 0.0
    where, away = where[use], values[use] - values[use].mean()
    course = np.bincount(where, away, met.size) / np.maximum(met, 1)
    return float(np.sum(course[where] ** 2)) / float(away @ away)
