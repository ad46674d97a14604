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

from powermeter.analysis.quantiles import median

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
_MOST_PLACES = 64
_KNOWN_TO = 0.02  # of a period over the whole run


@dataclass(frozen=True, slots=True)
class Ripple:
    """A line in the spectrum of readings.

    Attributes:
        frequency: As the readings show it, Hz.
        amplitude: W.
        unseen: W by which the mean may be off besides, where so few places of its period were read that its harmonics fold to nothing.
    """

    frequency: float
    amplitude: float
    unseen: float = 0.0

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
        return None
    cycles = peak_between(power, peak) / grid.size
    if cycles * n < _PERIODS_INSIDE or cycles < _SLOWEST:
        return None
    span = float(np.percentile(x, 95) - np.percentile(x, 5))
    # Of a slow line a part lies in the events' means.
    amplitude = math.sqrt(2 * share * min(whole, 2 * square) / n)
    return Ripple(cycles / (interval_ns * 1e-9), amplitude, _unseen(span, cycles, int(at[-1]) + 1))


def peak_between(power: Floats, peak: int) -> float:
    """Return where between three ordinates a line has its top (a parabola through their logarithms)."""
    if not 0 < peak < power.size - 1:
        return float(peak)
    low, top, high = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    bend = low - 2 * top + high
    return peak + (float((low - high) / (2 * bend)) if bend < 0 else 0.0)


def _unseen(span: float, cycles: float, readings: int) -> float:
    """Return what a wave with jumps of some height leaves in its mean where readings meet the same few places of it again and again.

    Places a q-th of the period apart leave each of its two jumps uniform within 1/q of it: span √(2/12) / q.  q is the number of readings
    after which they are back at the same place, as far as the length of the run and the line's frequency can show.
    """
    for q in range(2, _MOST_PLACES):
        away = abs(cycles * q - round(cycles * q))
        if away * readings < 0.5 + _KNOWN_TO * q:
            return span * math.sqrt(2 / 12) / q
    return 0.0


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
        return None
    cycles, amplitude = max(found, key=lambda line: line[1] / line[0])
    mostly = amplitude**2 / 2 > _SHARE * float(np.var(values))
    span = float(np.percentile(values, 95) - np.percentile(values, 5)) if mostly else 0.0
    return Ripple(cycles / (interval_ns * 1e-9), amplitude, _unseen(span, cycles, values.size))


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
    around = np.array([np.median(power[max(k - _BESIDE, 3) : k + _BESIDE + 1]) for k in strong])
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
