"""An oscillation in the readings that may be a faster one folded down: PWM, a loop or a fan a little off the meter's rate.

A load of 10.1 Hz read at 10 Hz shows as 0.1 Hz, and nothing in the readings distinguishes the two.  If it is the fast one, its sum over
a stretch is next to nothing, while the readings put down A/(2πν) for each end of the stretch that cuts a slow period (A the
amplitude, ν the frequency that is seen).  That is what such a line costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.few_places import (
    FEW,
    WEAKLY_KNOWN_TO,
    comes_again,
    fast_swing,
    line_in_step,
    unmet_by,
    unmet_of,
    unmet_within,
)
from powermeter.analysis.quantiles import median, quantile

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_MOST = 1 << 16
_LEAST_READINGS = 64
_LEAST_EVENTS = 3
_RESOLVED = 4  # readings in an event that can show a course
_SHARED = 4  # events that show one reading's place, whose mean is the program's own course
_RARE = 6.9  # −ln 0.001
_SHARE = 0.25
_NEARLY_ALL = 0.95
_CYCLES = 8
_PERIODS_INSIDE = 6
_SLOWEST = 0.02  # of the readings' rate: by chance one image in 25 lies below, but most of what loads do
_CYCLES_OF_QUARTER = 6
_BESIDE = 24


@dataclass(frozen=True, slots=True)
class Ripple:
    """A line in the spectrum of readings.

    Attributes:
        frequency: As the readings show it, Hz.
        amplitude: W.
        unseen: W by which the mean may be off besides, where so few places of its period were read that its harmonics fold to nothing.
        unseen_in_each: The same of each event by itself, where events begin at other places of its period.
    """

    frequency: float
    amplitude: float
    unseen: float = 0.0
    unseen_in_each: float = 0.0

    def unseen_in(self, seconds: Floats) -> Floats:
        """Return the standard uncertainty of stretches of some length by the places of its period that none of their readings met, J."""
        found: Floats = max(self.unseen, self.unseen_in_each) * seconds
        return found

    def unseen_in_all(self, seconds: Floats) -> float:
        """Return the variance of the sum of stretches by the places that none of their readings met, J²."""
        return (self.unseen * float(seconds.sum())) ** 2 + self.unseen_in_each**2 * float(seconds @ seconds)

    def left_over(self, seconds: Floats) -> Floats:
        """Return the standard uncertainty that it leaves in stretches of some length, J: two ends, each anywhere in a period."""
        most = self.amplitude / (2 * math.pi * self.frequency)
        found: Floats = np.minimum(most, self.amplitude * seconds / math.sqrt(2.0))
        return found


def ripple_in_events(
    times_ns: Times, values: Floats, interval_ns: int, first: Indices, count: Indices, level: float
) -> Ripple | None:
    """Return the line that stands out of the readings inside events, or None.

    What all events do alike after their start is the program's own and is taken off, and so is each event's mean.

    Args:
        first, count: Of each event's readings, in order.
        level: Mean of all of them.
    """
    if count.sum() < _LEAST_READINGS:  # the rule where labels are many
        return None
    some = np.flatnonzero(count > 0)
    if some.size < _LEAST_EVENTS or interval_ns <= 0 or median(count[some]) < _RESOLVED:
        return None
    span = (
        times_ns[np.minimum(first[some] + count[some], times_ns.size) - 1] - times_ns[first[some[0]]]
    ) // interval_ns
    some = some[span < _MOST]
    if some.size < _LEAST_EVENTS:
        return None
    size = count[some]
    ahead = np.cumsum(size) - size
    place = np.arange(int(size.sum())) - np.repeat(ahead, size)
    index = np.repeat(first[some], size) + place
    n = index.size
    if n < _LEAST_READINGS:
        return None
    met = np.bincount(place)
    course = np.where(met >= _SHARED, np.bincount(place, values[index]) / np.maximum(met, 1), level)
    x = values[index] - course[place]
    whole = float(x @ x)
    # Levels that differ from event to event are the program's own as well.
    x = x - np.repeat(np.add.reduceat(x, ahead) / size, size)
    square = float(x @ x)
    if square <= 0:
        return None
    at = np.rint((times_ns[index] - times_ns[index[0]]) / interval_ns).astype(np.int64)
    grid = np.zeros(1 << int(2 * at[-1] + 1).bit_length())
    grid[at] = x
    power = np.abs(np.fft.rfft(grid)) ** 2
    lowest = max(1, round(2 * grid.size / (int(at[-1]) + 1)))
    if lowest >= power.size - 1:
        return None
    peak = lowest + int(np.argmax(power[lowest:]))
    share = min(2 * float(power[peak]) / (n * square), 1.0)
    # Runs of one sign: a value near the middle goes with the one before it.
    clear = np.sign(x[np.abs(x) > 0.5 * math.sqrt(square / n)])
    turns = int(np.count_nonzero(np.diff(clear) != 0)) + 1
    chance = (math.log(turns) + _RARE) / turns
    if share < max(_SHARE, min(chance, _NEARLY_ALL)) or (chance > _NEARLY_ALL and some.size < _CYCLES):
        return _in_step(x, ahead, size, interval_ns)
    cycles = peak_between(power, peak) / grid.size
    if cycles * n < _PERIODS_INSIDE or cycles < _SLOWEST:
        return None
    span = quantile(x, 0.95) - quantile(x, 0.05)
    # Of a slow line a part lies in the events' means.
    amplitude = math.sqrt(2 * share * min(whole, 2 * square) / n)
    unseen = span * unmet_by(cycles, int(at[-1]) + 1)
    each = 0.0 if unseen else span * unmet_within(x, ahead, size, cycles)[0]
    return Ripple(cycles / (interval_ns * 1e-9), amplitude, unseen, each)


def peak_between(power: Floats, peak: int) -> float:
    """Return where between three ordinates a line has its top (a parabola through their logarithms)."""
    if not 0 < peak < power.size - 1:
        return float(peak)
    low, top, high = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    bend = low - 2 * top + high
    return peak + (float((low - high) / (2 * bend)) if bend < 0 else 0.0)


def _in_step(values: Floats, ahead: Indices, size: Indices, interval_ns: int) -> Ripple | None:
    """Return a weak line inside events that their readings meet at few places, as of frames whose work is of uneven length."""
    found = line_in_step(values, ahead, size)
    if found is None:
        return None
    cycles, amplitude, unmet = found
    return Ripple(cycles / (interval_ns * 1e-9), amplitude, unseen_in_each=unmet * fast_swing(values))


def ripple_in_run(values: Floats, interval_ns: int) -> Ripple | None:
    """Return the costliest line in the spectrum of a whole run's readings, or None where chance leaves as much.

    A line is held against the ordinates beside it, over the whole and over quarters (Welch, IEEE Trans. Audio 15, 1967), since a pause
    breaks it.  Of those with fewer than eight periods, or six in a quarter, none is distinguished from what a load does once in a while.
    """
    values = values[:_MOST]
    if interval_ns <= 0:
        return None
    found = [
        line for part, low in ((1, _CYCLES), (4, _CYCLES_OF_QUARTER)) for line in _lines(values, part, low)
    ]
    if not found:
        return _again(values, interval_ns)
    cycles, amplitude = max(found, key=lambda line: line[1] / line[0])
    if amplitude**2 / 2 > _SHARE * float(np.var(values)):
        span = quantile(values, 0.95) - quantile(values, 0.05)
        unseen = span * unmet_by(cycles, values.size)
    else:  # work of uneven length, in step
        unmet = unmet_by(cycles, values.size, WEAKLY_KNOWN_TO)
        unseen = fast_swing(values) * unmet if unmet >= unmet_of(FEW) else 0.0
    return Ripple(cycles / (interval_ns * 1e-9), amplitude, unseen)


def _again(values: Floats, interval_ns: int) -> Ripple | None:
    """Return a wave that recurs every few readings, where they are too few for a spectrum or the load rests too long for a line in it."""
    after = comes_again(values)
    if after is None:
        return None
    span = quantile(values, 0.95) - quantile(values, 0.05)
    amplitude = math.sqrt(2 * float(np.var(values)))
    return Ripple(1 / (after * interval_ns * 1e-9), amplitude, span * unmet_of(after))


def _lines(values: Floats, parts: int, low: int) -> list[tuple[float, float]]:
    """Return (periods in an interval of readings, amplitude in W) of the lines that stand out, over so many parts of a run."""
    n = values.size // parts
    if n < _LEAST_READINGS or n // 2 - low < 4 * _BESIDE:
        return []
    # Hann's window keeps what a load does once in a while from spilling over: a line then takes three ordinates.
    window = np.hanning(n)
    pieces = [values[k : k + n] for k in range(0, values.size - n + 1, max(n // 2, 1))]
    power = np.mean([np.abs(np.fft.rfft((x - x.mean()) * window)) ** 2 for x in pieces], axis=0)
    last = power.size - 1
    # Behind the last ordinate the one before it comes again: every other reading differs.
    after = np.append(power[low + 1 : last + 1], power[last - 1])
    triples = power[low - 1 : last] + power[low : last + 1] + after
    strong = _strongest(triples, low)
    around = np.array([median(power[max(k - _BESIDE, 3) : k + _BESIDE + 1]) for k in strong])
    tall = triples[strong - low]
    lines = tall > 3 * (_RARE + math.log(values.size)) * around / math.log(2.0)
    amplitude = np.sqrt(16 * tall / 1.5) / n
    return [
        (_below_half(peak_between(power, k) / n, n), a)
        for k, a in zip(strong[lines].tolist(), amplitude[lines].tolist(), strict=True)
    ]


def _below_half(cycles: float, readings: int) -> float:
    """Return a frequency of readings, half of their rate where nothing distinguishes it from that."""
    return 0.5 if cycles > 0.5 - 1 / readings else cycles


def _strongest(sums: Floats, low: int) -> Indices:
    """Return where the largest few sums of ordinates are."""
    most = min(32, sums.size)
    found: Indices = np.sort(np.argpartition(sums, -most)[-most:]) + low
    return found
