"""At how few places of its period a load is read that comes again after a whole number of readings.

A camera of 30 frames a second on a meter of 50 Hz is met at five places of its frame, a loop of 3 s by a meter of 1 Hz at three,
again and again: what lies between two places is seen by none, however many readings there are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import median, quantile

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_MOST_PLACES = 64
_KNOWN_TO = 0.02  # of a period over the whole run
WEAKLY_KNOWN_TO = 0.2  # the same of a line that is not most of what readings do
_TIMES = 3  # that an event comes back to a place
_MOST = 20_000
_NEARBY = 2.0  # frequencies around a line, as multiples of what an event resolves
_TRIED = 81
_BLOCK = 2048  # readings
_BESIDE = 24  # ordinates around a line, which chance alone makes
_SLOWEST = 15  # readings of a period
_MEDIAN = 0.31  # of a sum of E ordinates: its mean less this
_RARE = 6.9  # −ln 0.001
FEW = 10  # readings after which a load comes again
_LEAST = 24
_TURNS = 12  # changes between high and low
_FAST = 0.4  # of independent readings' differences: one after the other
_AGAIN = 0.25  # of them: as many readings later
_STILL = 0.5  # of them: half of all readings later, where a load that is a little off has moved on
_ALIKE = 0.02  # the same where readings are too few to show it
_BY_CHANCE = 4.5  # standard deviations


def unmet_of(places: int) -> float:
    """Return the standard uncertainty of the mean of a wave with two jumps of height 1 that is met at so many evenly spaced places.

    Each jump lies anywhere between two of them, uniform within 1/q: √(2/12) / q.
    """
    return math.sqrt(2 / 12) / places


def unmet_by(cycles: float, readings: int, known_to: float = _KNOWN_TO) -> float:
    """Return the same of a line of so many periods in an interval of readings; 0 where they meet it everywhere.

    Places are met again where the readings of a whole run move on by less than half of what lies between two, as far as the run's
    length can show.

    Args:
        known_to: How well the frequency is known, as periods over the whole run.
    """
    for places in range(2, _MOST_PLACES):
        away = abs(cycles * places - round(cycles * places))
        if away * readings < 0.5 + known_to * places:
            return unmet_of(places)
    return 0.0


def unmet_within(values: Floats, ahead: Indices, size: Indices, cycles: float) -> tuple[float, float]:
    """Return the same of each event by itself, and the line's periods in an interval as events show them.

    Events that begin anywhere in a period spread its line over what one of them resolves.

    Args:
        values: Readings of events, event after event, without their means, W.
        ahead, size: Where each event's begin, and how many there are.
        cycles: About how many periods of the line there are in an interval of readings.
    """
    some = slice(0, max(1, int(np.searchsorted(np.cumsum(size), _MOST))))
    ahead, size = ahead[some], size[some]
    usual = int(median(size))
    if usual < 2 * _TIMES:
        return 0.0, cycles
    near = cycles + np.linspace(-_NEARBY, _NEARBY, _TRIED) / usual
    near = near[(near > 0) & (near <= 0.5)]
    if not near.size:
        return 0.0, cycles
    power = np.zeros(near.size)
    for first, count in zip(ahead.tolist(), size.tolist(), strict=True):
        power += np.abs(_seen_at(near, values[first : first + count])) ** 2
    found = float(near[int(np.argmax(power))])
    share = unmet_by(found, usual)
    return (share if share >= unmet_of(max(2, usual // _TIMES)) else 0.0), found


def _seen_at(cycles: Floats, values: Floats) -> NDArray[np.complexfloating[Any]]:
    """Return the sums of readings against waves of so many periods in an interval, in blocks: an event may hold very many."""
    total = np.zeros(cycles.size, complex)
    for begin in range(0, values.size, _BLOCK):
        part = values[begin : begin + _BLOCK]
        total += np.exp(-2j * math.pi * np.outer(cycles, np.arange(begin, begin + part.size))) @ part
    return total


def line_in_step(values: Floats, ahead: Indices, size: Indices) -> tuple[float, float, float] | None:
    """Return a line that stands out of the spectra of events and that their readings meet at ten places or fewer, or None.

    The sum of E ordinates of chance exceeds E + √(2 E l) + l times their mean with a probability below e^(−l)
    (Laurent and Massart, Annals of Statistics 28, 2000, for the gamma distribution).

    Args:
        values: Readings of events, event after event, without their means, W.
        ahead, size: Where each event's begin, and how many there are.

    Returns:
        Its periods in an interval, its amplitude in W, and what `unmet_of` returns of each event.
    """
    usual = int(median(size))
    whole = np.flatnonzero(size >= usual)[: max(1, _MOST // max(usual, 1))]
    if usual < 2 * _BESIDE:
        return None
    pieces = values[ahead[whole][:, None] + np.arange(usual)]
    power = np.sum(np.abs(np.fft.rfft(pieces * np.hanning(usual), axis=1)) ** 2, axis=0)
    low, half = usual // _SLOWEST, _BESIDE // 2
    around = np.array([np.median(power[max(k - half, 0) : k + half]) for k in range(low, power.size)])
    ratio = power[low:] / np.maximum(around, 1e-300)
    best = int(np.argmax(ratio))
    rare = _RARE + math.log(ratio.size)
    events = whole.size / 2 if low + best == usual / 2 else float(whole.size)
    if ratio[best] * (events - _MEDIAN) <= events + math.sqrt(2 * events * rare) + rare:
        return None
    unmet, cycles = unmet_within(values, ahead, size, (low + best) / usual)
    amplitude = 4 * math.sqrt(float(power[low + best]) / whole.size) / usual
    return (cycles, amplitude, unmet) if unmet >= unmet_of(FEW) else None


def fast_swing(values: Floats) -> float:
    """Return what readings swing by from one to the next, W: of two levels in turns or at random their distance, of slower ones less."""
    span = quantile(values, 0.95) - quantile(values, 0.05)
    return min(span, math.sqrt(2 * _differ(values, 1)))


def comes_again(values: Floats) -> int | None:
    """Return after how many readings a load comes again that goes to and fro all the time, or None where it does not.

    Independent readings differ by a mean square of twice their variance, ± √(3/n) of it.
    """
    if values.size < _LEAST:
        return None
    square = 2 * float(np.var(values))
    if square <= 0 or _differ(values, 1) < _FAST * square:
        return None
    middle = (quantile(values, 0.05) + quantile(values, 0.95)) / 2
    if int(np.count_nonzero(np.diff(values > middle))) < _TURNS:
        return None
    for after in range(2, FEW + 1):
        chance = 1 - _BY_CHANCE * math.sqrt(3 / (values.size - after))
        if _differ(values, after) > min(_AGAIN, max(_ALIKE, chance)) * square:
            continue
        if _differ(values, after * max(1, values.size // 2 // after)) <= _STILL * square:
            return after
    return None


def _differ(values: Floats, after: int) -> float:
    """Return the mean square of what readings that follow each other so many later differ by."""
    return float(np.mean((values[after:] - values[:-after]) ** 2))
