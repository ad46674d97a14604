"""A sine under everything, in events and beside them: a fan, a regulator or mains a little off a multiple of the meter's rate.

`ripple.py` finds lines of many periods.  A fan of 24.9 Hz on a meter of 25 Hz shows as 0.1 Hz: a few periods in a whole run, and hardly a
piece of one in an event.  What distinguishes it from what loads do is that next to nothing else is left of the readings once one sine and the level
of each stretch are taken off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.regular_or_random import read_at_random
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_LOOKED = 1 << 14
_LEAST = 40
_LONG = 30  # readings in an event whose own level leaves enough of a sine
_MOST_LEVELS = 12
_PERIODS = 1.5
_EXPLAINS = 0.75
_UNBROKEN = 0.5  # of a period: what is not looked at between two readings
_FINE = 8  # ordinates to one period over the whole stretch
_MOST_PLACES = 1 << 24  # 1000 for each reading
_DOUBT = 0.5  # of a period's amplitude, over the number of periods
_HALF, _TURNS = 0.5, 0.75  # periods: what turns only once, and what turns twice
_CLEARLY = 0.8
_CLEAR = 0.5  # root mean squares beside the mean
_LEAST_TURNS = 3  # of a square image of one and a half periods; a change of level and back has two
_WHITE = 1.4  # squared difference of next readings over the variance: 2 of white noise, hardly any of what goes on changing
_TRACE = 0.01
_CONDITION = 1e-12
_NO_EVENTS = np.empty(0, np.int64), np.empty(0, np.int64)
_REACH = 1.5  # as of other deviations that are found: the interval reaches 1.3 of it


@dataclass(frozen=True, slots=True)
class Wave:
    """A sine in the readings.

    Attributes:
        frequency: As the readings show it, Hz.
        cosine, sine: W, of the phase from `origin_ns` on.
        origin_ns: Where its phase is counted from.
        unlike: Share of what readings do that is none of it, and of it that so few periods leave in doubt.
    """

    frequency: float
    cosine: float
    sine: float
    origin_ns: int
    unlike: float

    def over(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return its integral over windows, J: what readings put down for a faster wave, whose integral is next to nothing."""
        turn = 2 * math.pi * self.frequency
        first, last = (turn * 1e-9 * (edge - self.origin_ns) for edge in (start_ns, end_ns))
        found: Floats = self.cosine * (np.sin(last) - np.sin(first)) - self.sine * (
            np.cos(last) - np.cos(first)
        )
        return found / turn

    def left_over(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return the standard uncertainty of the energy of each window, J."""
        swing = math.hypot(self.cosine, self.sine) * math.sqrt(self.unlike)
        rest = np.minimum(swing / (2 * math.pi * self.frequency), swing * (end_ns - start_ns) * 1e-9)
        found: Floats = np.hypot(self.over(start_ns, end_ns) / _REACH, rest)
        return found

    def left_in_all(self, start_ns: Times, end_ns: Times) -> float:
        """Return the variance of the sum over windows, J²."""
        own = self.left_over(start_ns, end_ns)
        each = self.over(start_ns, end_ns)
        return float((np.sum(each) / _REACH) ** 2 + max(np.sum(own**2 - (each / _REACH) ** 2), 0.0))


def steady_wave(integral: Integral, start_ns: Times, end_ns: Times) -> Wave | None:
    """Return the sine that nearly all of what readings at regular moments do beside events consists of, or None.

    Long events are looked at as well, each about its own level.

    Args:
        start_ns, end_ns: All events, whatever their labels, in any order.
    """
    trace = integral.trace
    tau = trace.interval_ns
    if trace.kind is not Kind.INSTANT or tau <= 0 or read_at_random(trace):
        return None
    until = trace.times_ns.size
    if trace.kept is not None:
        first, until = max(trace.kept.fair, key=lambda ab: ab[1] - ab[0])
    else:
        first = 0
    part = slice(first, min(until, first + _LOOKED))
    t, f = trace.times_ns[part], trace.values[part]
    state = _levels(t, start_ns, end_ns)
    looked = (state == 0, state >= 0)[: 2 if state.any() else 1]
    found = [_sine(t[some], f[some], state[some], tau) for some in looked]
    best = min((wave for wave in found if wave is not None), key=lambda wave: wave.unlike, default=None)
    if best is None and start_ns.size:
        beside = state == 0
        best = _slow_sine(t[beside], f[beside], tau)
    return best


def wave_of_run(integral: Integral) -> Wave | None:
    """Return the sine that nearly all readings of a recording without events consist of, or None."""
    return steady_wave(integral, *_NO_EVENTS)


def _slow_sine(t: Times, f: Floats, tau: int) -> Wave | None:
    """Return the piece of a sine, of half to one and a half periods, that readings beside events consist of but for noise; None where not.

    Less than half a period is a drift, which half a period describes as well: what it changes by is then taken for all that such a wave does.
    """
    n = t.size
    if n < _LEAST or float(np.ptp(f)) <= 0:
        return None
    at = (t - t[0]) / max(float(t[-1] - t[0]), 1.0)
    best: tuple[float, float, NDArray[np.float64], Floats] | None = None
    whole = f - f.mean()
    for periods in (_HALF, *np.linspace(_TURNS, _PERIODS, 13)):
        angle = 2 * math.pi * periods * at
        columns = np.column_stack([np.cos(angle), np.sin(angle), np.ones(n)])
        found, *_ = np.linalg.lstsq(columns, f, rcond=None)
        left = f - columns @ found
        square = float(left @ left)
        if best is None or square < _CLEARLY * best[0]:
            best = square, periods, found, left
    assert best is not None
    square, periods, found, left = best
    if square > (1 - _EXPLAINS) * float(whole @ whole):
        return None
    if not _is_noise(t, left, tau) and square > _TRACE * float(whole @ whole):
        return None
    hertz = periods / (float(t[-1] - t[0]) * 1e-9)
    unlike = square / float(whole @ whole) + min((_DOUBT / periods) ** 2, _DOUBT**2)
    return Wave(hertz, float(found[0]), float(found[1]), int(t[0]), unlike)


def _is_noise(t: Times, left: Floats, tau: int) -> bool:
    """Return whether next readings know nothing of each other's rest."""
    follow = np.diff(t) < 2 * tau
    alike = float(np.mean(np.diff(left)[follow] ** 2)) if follow.any() else 0.0
    return alike >= _WHITE * float(left @ left) / left.size


def _levels(t: Times, start_ns: Times, end_ns: Times) -> NDArray[np.int64]:
    """Return for each reading 0 beside events, 1, 2 … in long events that overlap no other, −1 in any other event."""
    order = np.argsort(start_ns, kind="stable")
    starts, ends = start_ns[order], end_ns[order]
    active = np.searchsorted(starts, t, side="right") - np.searchsorted(np.sort(ends), t, side="left")
    state = np.where(active > 0, -1, 0).astype(np.int64)
    first, last = np.searchsorted(t, starts, side="right"), np.searchsorted(t, ends, side="left")
    long = np.flatnonzero(last - first >= _LONG)[:_MOST_LEVELS]
    for level, k in enumerate(long.tolist(), 1):
        inside = slice(int(first[k]) + 1, int(last[k]) - 1)
        if (active[inside] == 1).all():
            state[inside] = level
    return state


def _sine(t: Times, f: Floats, state: NDArray[np.int64], tau: int) -> Wave | None:
    n = t.size
    if n < _LEAST:
        return None
    _, own = np.unique(state, return_inverse=True)
    count = np.bincount(own)
    rest = f - (np.bincount(own, f) / count)[own]
    whole = float(rest @ rest)
    if whole <= 1e-18 * float(f @ f):
        return None
    at = np.rint((t - t[0]) / tau)
    length = float(at[-1]) + 1
    if _FINE * length > _MOST_PLACES:
        return None  # readings so sparse have gaps longer than any period of theirs
    grid = np.zeros(1 << math.ceil(math.log2(_FINE * length)))
    grid[at.astype(np.int64)] = rest
    power = np.abs(np.fft.rfft(grid)) ** 2
    low = max(1, round(_PERIODS * grid.size / length))
    if low >= power.size - 1:
        return None
    peak = low + int(np.argmax(power[low:]))
    if float(np.max(np.diff(at))) > _UNBROKEN * grid.size / peak:
        return None
    if 4 * float(power[peak]) < 0.5 * n * whole:
        return None
    best, wave, rests = whole, None, rest
    for place in peak + np.linspace(-2, 2, 9):
        if place < low:
            continue
        angle = 2 * math.pi * place / grid.size * at
        # Least squares of a sine and each stretch's level: with the levels' means taken off, two unknowns are left.
        columns = np.stack([np.cos(angle), np.sin(angle)])
        for column in columns:
            column -= (np.bincount(own, column) / count)[own]
        found, *_ = np.linalg.lstsq(columns @ columns.T, columns @ rest, rcond=_CONDITION)
        left = rest - found @ columns
        square = float(left @ left)
        if square < best:
            hertz = place / grid.size / (tau * 1e-9)
            unlike = square / whole + (_DOUBT / (place * length / grid.size)) ** 2
            best, rests = square, left
            wave = Wave(hertz, float(found[0]), float(found[1]), int(t[0]), unlike)
    if best > (1 - _EXPLAINS) * whole or wave is None:
        return None
    beside = state == 0
    seen = rest[beside] if beside.any() else rest
    turned = _turns(seen) < _LEAST_TURNS and best > _TRACE * whole and not _is_noise(t, rests, tau)
    return None if turned else wave


def _turns(rest: Floats) -> int:
    """Return how often readings go from clearly above their mean to clearly below, or back."""
    clear = rest[np.abs(rest) > _CLEAR * math.sqrt(float(rest @ rest) / rest.size)]
    return int(np.count_nonzero(np.diff(np.sign(clear))))
