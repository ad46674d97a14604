"""Events that each stand at one level, levels that lie far apart: what a loop in step with readings at regular moments looks like.

Inside an event such a loop is met at one place of its period, again and again, so that readings agree within the instrument's noise; the next event
begins elsewhere in it.  Jobs that differ by their work look the same where their own power does not move at all.  Few events do not distinguish the
two; of many, the place at which each was met explains its level where it is a loop.  Where stamps are a little off their even moments, single readings cross an
edge of the loop: those that came late lie on the one level, those that came early on the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.bounds import ripple
from powermeter.analysis.event_estimate import IN_STEP, GroupEstimate
from powermeter.analysis.event_levels import ranges
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.lock_step import by_place
from powermeter.analysis.regular_or_random import own_moments, read_at_random
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 3  # events
_READ = 4  # readings of an event, of which those between the first and the last count
_LOOKED = 500  # events
_MOST = 1_024  # readings of each
_FLAT = 8.0  # times the noise, that readings of one level span
_MOSTLY = 0.5  # of the events
_FAR = 10.0  # times the noise
_APART = 0.2  # of the highest level: programs' inputs differ by less
_TURNS = 5  # events of two kinds that come by turns, of fewer by chance
_FEW = 6  # events, of which each may have been met on any level
_SHOW_PLACE = 16  # events that show by their places whether those explain levels
_NEAR = 0.15
_ON_LEVELS = 0.9
_TURNS_SEEN = 15  # from one level to the other within an event
_RARE = 14.0  # by which one squared normal deviate exceeds 1 once in 10 000 times
_JITTER = 0.1  # of an interval, at most
_STAMPS = 1e-4  # of an interval, at least
_READ_OFTEN = 32  # readings of an event, of which few lie on another level
_STRAYS = 0.25  # of them, at most
_CHANCE = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Levels at which events stand.

    Attributes:
        low, high: The lowest and the highest reading, W.
        known_to: Standard uncertainty of the label's mean power, W, of which a 95 % interval is 1.96; None where only the levels are known.
    """

    low: float
    high: float
    known_to: float | None = None

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest reading, W."""
        return self.low, self.high

    def widened(self, found: GroupEstimate, seconds: Floats) -> GroupEstimate:
        """Return an estimate whose events reach from level to level, and whose sum is as well known as levels that were met by chance make it."""
        if self.known_to is None:
            ripple(found, self.span, seconds)
            found.why = IN_STEP
            return found
        power = found.value / seconds
        far = np.maximum(np.maximum(self.high - power, power - self.low), 0.0) * seconds / COVERAGE_95
        all_own = found.factor * float(found.own @ found.own)
        variance = (self.known_to * float(seconds.sum())) ** 2
        found.why = IN_STEP
        own = np.maximum(found.own, far)
        # What readings of one event leave leans as before; what a loop leaves does not.
        found.lean = found.lean * np.divide(found.own, own, out=np.zeros(own.size), where=own > 0) ** 3
        if variance > all_own:
            found.lean_all *= (all_own / variance) ** 1.5
        found.own = own
        found.factor = max(all_own, variance) / float(own @ own)
        found.below_all = found.above_all = COVERAGE_95 * math.sqrt(max(found.beat, variance))
        found.beat = 0.0  # what places explain is part of it
        return found


def levels_apart(trace: Trace, start_ns: Times, first: Indices, count: Indices) -> Apart | None:
    """Return the levels at which a label's events stand where a loop in step with the readings would look the same, or None.

    Args:
        first, count: Of each event's readings, in order.
    """
    if trace.interval_ns <= 0 or trace.kept is not None or read_at_random(trace) or own_moments(trace):
        return None
    some = np.flatnonzero(count >= _READ)[:_LOOKED]
    if not some.size or 2 * some.size < count.size:
        return None
    size = np.minimum(count[some] - 2, _MOST)
    index = ranges(first[some] + 1, size)
    values = trace.values[index]
    ahead = np.cumsum(size) - size
    noise = max(trace.noise, trace.step, trace.code)
    low, high = float(values.min()), float(values.max())
    if noise <= 0 or high - low <= max(_FAR * noise, _APART * abs(high)):
        return None
    if some.size >= _LEAST and (
        found := _flat_levels(trace, start_ns[some], first[some], (values, ahead, size), noise)
    ):
        return found
    return Apart(low, high) if _by_lateness(trace, (index, ahead, size), values, noise) else None


def may_be_apart(trace: Trace, inside: Floats) -> Bools:
    """Return for which of some events, each a label's only one, `levels_apart` may find something.

    Args:
        inside: The readings inside, as many of each, shape (events, readings).
    """
    noise = max(trace.noise, trace.step, trace.code)
    if inside.shape[1] < _READ or noise <= 0:
        return np.zeros(inside.shape[0], bool)
    middle = inside[:, 1:-1]
    high = middle.max(axis=1)
    found: Bools = high - middle.min(axis=1) > np.maximum(_FAR * noise, _APART * np.abs(high))
    return found


def _flat_levels(
    trace: Trace, start_ns: Times, first: Indices, read: tuple[Floats, Indices, Indices], noise: float
) -> Apart | None:
    values, ahead, size = read
    span = np.maximum.reduceat(values, ahead) - np.minimum.reduceat(values, ahead)
    if float(np.mean(span <= _FLAT * noise)) < _MOSTLY:
        return None
    means = np.add.reduceat(values, ahead) / size
    low, high = float(means.min()), float(means.max())
    if high - low <= max(_FAR * noise, _APART * abs(high)):
        return None
    n = means.size
    if _take_turns(means) or _go_on(means):
        return None
    if n >= _SHOW_PLACE:
        places = np.mod((trace.times_ns[first] - start_ns) / trace.interval_ns, 1.0)
        if by_place(places, means) <= 0:
            return None
    if n <= _FEW:
        return Apart(float(values.min()), float(values.max()))
    known_to = float(np.std(means, ddof=1)) / math.sqrt(n) * float(student_95(n - 1.0)) / COVERAGE_95
    return Apart(float(values.min()), float(values.max()), known_to)


def _take_turns(means: Floats) -> bool:
    """Return whether every other event lies on the other level, as of a program that does two kinds of work by turns."""
    upper = means > (means.min() + means.max()) / 2
    return means.size > _TURNS and bool((upper[1:] != upper[:-1]).all())


def _go_on(means: Floats) -> bool:
    """Return whether an event is as the one before: power drifts, or events warm up, and what they are met at is a matter of when."""
    rest, steps = means - means.mean(), np.diff(means)
    ratio = float(steps @ steps) / 2 / float(rest @ rest)  # von Neumann's: 1 ± 1/√n by chance
    return means.size > _TURNS and ratio < 1 - 2 / math.sqrt(means.size)


def _by_lateness(trace: Trace, read: tuple[Indices, Indices, Indices], values: Floats, noise: float) -> bool:
    """Return whether readings on two levels lie on the one where their stamps are late: what they met has an edge there, and they passed it by no more."""
    if load_sets_pace(trace) is not None:
        return False
    index, ahead, size = read
    low, high = np.percentile(values, [5, 95])
    if high - low <= _NEAR * float(np.ptp(values)):
        low, high = values.min(), values.max()  # hardly any reading lies on the other level
    upper = values > (low + high) / 2
    if upper.all() or not upper.any():
        return False
    levels = np.where(upper, np.median(values[upper]), np.median(values[~upper]))
    apart = float(levels.max() - levels.min())
    if apart <= max(_FAR * noise, _APART * abs(high)):
        return False
    if float(np.mean(np.abs(values - levels) <= _NEAR * apart)) < _ON_LEVELS:
        return False
    if strays_are_outermost(trace.times_ns[index], (ahead, size), upper, trace.interval_ns):
        return True
    square, tried = 0.0, 0
    for a, n in zip(ahead.tolist(), size.tolist(), strict=True):
        turns = np.flatnonzero(upper[a + 1 : a + n] != upper[a : a + n - 1]) + a
        if turns.size < _TURNS_SEEN:
            continue
        off = np.diff(trace.times_ns[index[a : a + n]]) - trace.interval_ns
        if float(np.abs(off).max()) > _JITTER * trace.interval_ns:
            continue
        later = np.sign(off[turns - a]) * np.where(upper[turns + 1], 1.0, -1.0)
        # As often the one way as the other by chance; up and down take turns, so that stamps which drift are of no account.
        square += float(later.sum()) ** 2 / turns.size
        tried += 1
    return tried > 0 and square > tried + _RARE * math.sqrt(tried)


def strays_are_outermost(
    stamps: Times, read: tuple[Indices, Indices], upper: NDArray[np.bool_], tau: float
) -> bool:
    """Return whether the few readings of events on their rarer level are those of the latest stamps, or of the earliest.

    That k of n are all within the outermost share s of the stamps' places has the chance sᵏ, on either side.
    """
    surprise, tried = 0.0, 0
    for a, n in zip(*(part.tolist() for part in read), strict=True):
        up = upper[a : a + n]
        few = up if 2 * np.count_nonzero(up) < n else ~up
        k = int(np.count_nonzero(few))
        if not k or n < _READ_OFTEN or k > _STRAYS * n:
            continue
        place = np.arange(n)
        since = (stamps[a : a + n] - stamps[a]).astype(np.float64)
        off = since - np.polynomial.Polynomial.fit(place, since, 1)(place)
        if not _STAMPS * tau < float(np.std(off)) < _JITTER * tau:
            continue
        ordered = np.sort(off)
        rank = (np.searchsorted(ordered, off[few]) + np.searchsorted(ordered, off[few], side="right")) / (
            2 * n
        )
        outermost = float(min(rank.max(), 1 - rank.min()))
        surprise -= min(k * math.log(outermost) + math.log(2), 0.0)
        tried += 1
    # Of events that show nothing, each adds an exponential deviate: the sum of n exceeds x by e⁻ˣ Σ xʲ/j!, j < n (Erlang).
    term, chance = math.exp(-surprise), 0.0
    for j in range(1, tried + 1):
        chance += term
        term *= surprise / j  # powers and factorials alone exceed what a float holds
    return tried > 0 and chance < _CHANCE
