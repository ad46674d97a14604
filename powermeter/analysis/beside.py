"""What lies beside events: for a meter that averages which windows, their power and how it varies; for readings how it jumps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LOOKED = 1 << 18
_STRETCH = 4096
_UNUSUAL = 6.0
_SEEN_WELL = 16
_WANDERS = 8
_AS_LARGE = 3.0
_STRETCHED = 1 << 15
_FEW_PAIRS = 8


def neighbours(
    t: Times, start_ns: Times, end_ns: Times, cut: Indices, part: Floats
) -> tuple[Indices, Indices]:
    """Return for each cut window what the windows right and left of it are: 2 inside an event, 1 beside, 0 cut as well."""
    ends = np.sort(end_ns)
    top = t.size - 1

    def active(times: Times) -> Indices:
        found: Indices = np.searchsorted(start_ns, times, side="right") - np.searchsorted(
            ends, times, side="right"
        )
        return found

    right = np.where(active(t[cut]) > 0, 2, 1)
    follows = np.concatenate([np.diff(cut) == 1, [False]]) if cut.size else np.empty(0, bool)
    right = np.where(follows | (cut >= top), 0, right)
    left = np.where(active(t[cut - 1]) > 0, 2, 1)
    preceded = np.concatenate([[False], np.diff(cut) == 1]) if cut.size else np.empty(0, bool)
    left = np.where(preceded | (cut <= 1), 0, left)
    return right, left


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """The power beside events at each cut window: W, its standard uncertainty, and which windows share their readings."""

    level: Floats
    error: float
    region: Indices


def power_beside(rates: Floats, index: Indices, state: Indices, cut: Indices, noise: float) -> Beside:
    """Return the power beside events at each cut window, from as many windows around it as predict best.

    Few follow idle power that wanders, many average noise out: of 2, 8, 32 or all windows around, that number is taken whose mean comes
    nearest to windows that it leaves out.
    """
    out = index[state == 1]
    n = out.size
    if not n:
        return Beside(np.full(cut.size, np.nan), 0.0, np.zeros(cut.size, np.int64))
    values = rates[out]
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.searchsorted(out, cut)
    close = np.diff(out) == 1
    own = float(np.mean(np.diff(values)[close] ** 2)) / 2 if int(close.sum()) >= _SEEN_WELL else noise
    best: tuple[float, int] | None = None
    for around in (2, 8, 32, n):
        if around > n:
            continue
        low = np.clip(np.arange(n) - around // 2, 0, max(n - around - 1, 0))
        high = np.minimum(low + around + 1, n)
        left = (sums[high] - sums[low] - values) / np.maximum(high - low - 1, 1)
        square = float(np.mean((values - left) ** 2)) if n > 2 else own
        if best is None or square < 0.98 * best[0]:
            best = square, around
    square, around = best if best is not None else (own, n)
    low = np.clip(at - around // 2, 0, max(n - around, 0))
    high = np.minimum(low + around, n)
    level = (sums[high] - sums[low]) / np.maximum(high - low, 1)
    error = math.sqrt(max(square - own, 0.0) + min(own, square) / max(around, 1))
    return Beside(level, error, at // max(around // 2, _WANDERS))


def states(
    t: Times, start_ns: Times, end_ns: Times, cut: Indices, blind: NDArray[np.bool_]
) -> tuple[Indices, Indices]:
    """Return windows that no edge cuts, in stretches, and whether each is inside (2) or beside (1) events, or neither (0)."""
    top = t.size - 1
    if top <= _LOOKED:
        index = np.arange(1, top + 1)
    else:
        begins = np.linspace(1, top - _STRETCH, _LOOKED // _STRETCH).astype(np.int64)
        index = np.unique((begins[:, None] + np.arange(_STRETCH)).ravel())
    ends = np.sort(end_ns)
    active = np.searchsorted(start_ns, t[index], side="right") - np.searchsorted(ends, t[index], side="right")
    state = np.where(active > 0, 2, 1)
    state[np.isin(index, cut) | blind[index]] = 0
    return index, state


def wander(rates: Floats, index: Indices, state: Indices, wanted: int) -> tuple[float, float | None]:
    """Return the variance of one whole window against its neighbour of the same state, and the windows' median."""
    some = index[state == wanted]
    if not some.size:
        return 0.0, None
    pair = (state[1:] == wanted) & (state[:-1] == wanted) & (np.diff(index) == 1)
    if pair.any():
        jumps = rates[index[1:][pair]] - rates[index[:-1][pair]]
        variance = float(np.mean(jumps**2)) / 2
    else:
        variance = float(np.var(rates[some], ddof=1)) if some.size > 2 else 0.0
    return variance, float(np.median(rates[some]))


def chance_of_a_jump_beside(
    rates: Floats, index: Indices, state: Indices, rest: Floats, part: Floats, noise: float
) -> Floats:
    """Return for each cut window how likely what is unusual in it happened beside the event.

    By how often windows beside events jump (a tenth of a jump more than was seen: none in n windows does not mean never),
    against how often cut windows show something unusual.
    """
    pair = (state[1:] == 1) & (state[:-1] == 1) & (np.diff(index) == 1)
    if not pair.any() or not rest.size:
        return np.full(rest.size, 0.5)
    jumps = np.abs(rates[index[1:][pair]] - rates[index[:-1][pair]])
    usual = max(_UNUSUAL * float(np.median(jumps)) / 0.954, _UNUSUAL * math.sqrt(2 * noise), 1e-12)
    # Only what is nearly as large can be what stands out.
    large = np.maximum(usual, np.abs(rest) / _AS_LARGE)
    count = jumps.size - np.searchsorted(np.sort(jumps), large, side="right")
    rate = (count / 2 + 0.1) / (jumps.size + 1)
    edges = max(float(np.mean(np.abs(rest) > usual)), 1 / rest.size)
    found: Floats = np.minimum(rate * 2 * (1 - part) / edges, 0.5)
    return found


def jumps_beside(integral: Integral, start_ns: Times, end_ns: Times, others: Others | None) -> float:
    """Return the mean squared jump between neighbouring readings beside events, noise taken off.

    A load that jumps now and then beside the events does so inside as well, even where few readings there have not seen it.
    """
    if others is None:
        return _Jumps(integral, start_ns, np.sort(end_ns)).mean
    every = others.labels
    jumps: _Jumps | None = every.remembered.get("jumps")
    if jumps is None:
        jumps = every.remembered["jumps"] = _Jumps(integral, np.sort(every.start_ns), np.sort(every.end_ns))
    left_out = others.not_meant
    return jumps.without(every.start_ns[left_out], every.end_ns[left_out]) if left_out.size else jumps.mean


class _Jumps:
    """The jumps between neighbouring readings that lie in none of some events."""

    def __init__(self, integral: Integral, starts: Times, ends: Times) -> None:
        """Find them; starts and ends are sorted."""
        trace = integral.trace
        t, n = trace.times_ns, trace.times_ns.size
        if n <= _STRETCHED or trace.kept is not None:
            index = integral.fair_index(n)
        else:
            begins = np.linspace(0, n - 1024, _STRETCHED // 1024).astype(np.int64)
            index = np.unique((begins[:, None] + np.arange(1024)).ravel())
        self._least = max(trace.noise, trace.step)
        self._t = t[index]
        self._begun = np.searchsorted(starts, self._t, side="right")
        self._over = np.searchsorted(ends, self._t, side="left")
        self._next_to = np.diff(index) == 1
        free = self._begun == self._over
        # No event began between the two readings.
        self._pair = free[1:] & free[:-1] & self._next_to & (np.diff(self._begun) == 0)
        self._jumps = np.abs(np.diff(trace.values[index]))
        self._sorted = np.sort(self._jumps[self._pair])
        self._above = np.concatenate([[0.0], np.cumsum(self._sorted[::-1] ** 2)])[::-1]
        self.mean = self._mean(self._jumps[self._pair])

    def without(self, starts: Times, ends: Times) -> float:
        """Return the mean squared jump where some of the events are none."""
        first = np.maximum(np.searchsorted(self._t, starts, side="left") - 2, 0)
        last = np.minimum(np.searchsorted(self._t, ends, side="right") + 2, self._pair.size)
        size = np.maximum(last - first, 0)
        if int(size.sum()) > self._pair.size:
            near = np.arange(self._pair.size)
        else:
            ahead = np.cumsum(size) - size
            near = np.unique(np.repeat(first - ahead, size) + np.arange(int(size.sum())))
        near = near[~self._pair[near] & self._next_to[near]]
        starts, ends = np.sort(starts), np.sort(ends)
        begun, over = [], []
        for at in (near, near + 1):
            begun.append(self._begun[at] - np.searchsorted(starts, self._t[at], side="right"))
            over.append(self._over[at] - np.searchsorted(ends, self._t[at], side="left"))
        more = (begun[0] == over[0]) & (begun[1] == over[1]) & (begun[0] == begun[1])
        return self._mean_with(self._jumps[near[more]])

    def _mean(self, jumps: Floats) -> float:
        """Return the mean square of the rare ones of some jumps."""
        if jumps.size < _FEW_PAIRS:
            return 0.0
        rare = jumps > self._rare(float(np.median(jumps)))
        return float(np.sum(jumps[rare] ** 2)) / float(jumps.size)

    def _rare(self, median: float) -> float:
        """Return from what on a jump is no noise."""
        return 8 * max(median / 0.954, self._least)

    def _mean_with(self, more: Floats) -> float:
        """Return the mean where there are further jumps."""
        n = self._sorted.size + more.size
        if n < _FEW_PAIRS:
            return 0.0
        low, high = (n - 1) // 2, n // 2
        ahead = max(low - more.size, 0)
        middle = np.sort(np.concatenate([self._sorted[ahead : high + 1], more]))
        limit = self._rare(float(middle[low - ahead] + middle[high - ahead]) / 2)
        rare = self._above[np.searchsorted(self._sorted, limit, side="right")]
        return float(rare + np.sum(more[more > limit] ** 2)) / n
