"""What lies beside events: for a meter that averages which windows, their power and how it varies; for readings how it jumps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Labels, Others
from powermeter.analysis.quantiles import median

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


class Calm:
    """The whole windows beside events: their power, how it varies, and how it jumps."""

    def __init__(self, rates: Floats, index: Indices, state: Indices, noise: float) -> None:
        """Select the windows beside events, and estimate their jumps.

        Args:
            rates: Of every window, W.
            index, state: Windows that are looked at, and which of them lie beside events (1).
            noise: Of a window, W².
        """
        self.out: Indices = index[state == 1]
        self.values: Floats = rates[self.out]
        self.pairs = pairs_of(index, state, 1)
        self.variance, self.median = wander(rates, index, state, 1)
        self._noise = noise
        pair = (state[1:] == 1) & (state[:-1] == 1) & (np.diff(index) == 1)
        self._jumps = np.sort(np.abs(rates[index[1:][pair]] - rates[index[:-1][pair]]))

    @cached_property
    def away(self) -> float:
        """The mean square of what they are away from their median, W²."""
        return float(np.mean((self.values - (float("nan") if self.median is None else self.median)) ** 2))

    @cached_property
    def _median_jump(self) -> float:
        return median(self._jumps)

    @cached_property
    def _sums(self) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self.values)])

    @cached_property
    def _best(self) -> tuple[float, float, int]:
        """What one varies by itself, W², how well those around one predict it, W², and how many around do so best."""
        values, sums, n = self.values, self._sums, self.out.size
        close = np.diff(self.out) == 1
        own = (
            float(np.mean(np.diff(values)[close] ** 2)) / 2 if int(close.sum()) >= _SEEN_WELL else self._noise
        )
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
        return own, square, around

    def power(self, cut: Indices) -> Beside:
        """Return the power beside events at each cut window, from as many windows around it as predict best.

        Few follow idle power that wanders, many average noise out: of 2, 8, 32 or all windows around, that number is taken whose mean
        comes nearest to windows that it leaves out.
        """
        n = self.out.size
        if not n:
            return Beside(np.full(cut.size, np.nan), 0.0, np.zeros(cut.size, np.int64))
        own, square, around = self._best
        at = np.searchsorted(self.out, cut)
        low = np.clip(at - around // 2, 0, max(n - around, 0))
        high = np.minimum(low + around, n)
        level = (self._sums[high] - self._sums[low]) / np.maximum(high - low, 1)
        error = math.sqrt(max(square - own, 0.0) + min(own, square) / max(around, 1))
        return Beside(level, error, at // max(around // 2, _WANDERS))

    def chance_of_a_jump(self, rest: Floats, part: Floats, noise: float) -> Floats:
        """Return for each cut window how likely what is unusual in it happened beside the event.

        By how often windows beside events jump (a tenth of a jump more than was seen: none in n windows does not mean never),
        against how often cut windows show something unusual.
        """
        jumps = self._jumps
        if not jumps.size or not rest.size:
            return np.full(rest.size, 0.5)
        usual = max(_UNUSUAL * self._median_jump / 0.954, _UNUSUAL * math.sqrt(2 * noise), 1e-12)
        # Only what is nearly as large can be what stands out.
        large = np.maximum(usual, np.abs(rest) / _AS_LARGE)
        count = jumps.size - np.searchsorted(jumps, large, side="right")
        rate = (count / 2 + 0.1) / (jumps.size + 1)
        edges = max(float(np.mean(np.abs(rest) > usual)), 1 / rest.size)
        found: Floats = np.minimum(rate * 2 * (1 - part) / edges, 0.5)
        return found

    def between(self, t: Times, start_ns: int, end_ns: int) -> int:
        """Return how many of them end after one moment and before another."""
        ends = t[self.out]
        return int(np.searchsorted(ends, end_ns, side="left") - np.searchsorted(ends, start_ns, side="right"))


def pairs_of(index: Indices, state: Indices, wanted: int) -> int:
    """Return how many windows of one state follow another of it."""
    return int(np.sum((state[1:] == wanted) & (state[:-1] == wanted) & (np.diff(index) == 1)))


class AllWindows:
    """What is the same for all labels of a recording: the windows, and those that lie beside all events."""

    def __init__(self, integral: Integral, labels: Labels | None) -> None:
        t, running = integral.trace.times_ns, integral.running
        self._integral, self._labels = integral, labels
        self.tau = np.maximum((t - np.concatenate([[t[0]], t[:-1]])) * 1e-9, 1e-9)
        self.rates: Floats = np.diff(running, prepend=running[0]) / self.tau
        self.blind = np.zeros(t.size + 1, bool)
        self.blind[integral.hole + 1] = True
        self.cut_blind = self.blind.copy()
        self.blind[integral.skip + 1] = True
        self.looked_at = looked_at(t.size - 1)

    @classmethod
    def of(cls, integral: Integral, others: Others | None) -> AllWindows:
        """Return it, found once where there are several labels."""
        if others is None:
            return cls(integral, None)
        return others.labels.once("windows", integral, lambda: cls(integral, others.labels))

    @cached_property
    def _touching(self) -> Indices:
        assert self._labels is not None
        return self._labels.touching(self._integral.trace.times_ns)

    @cached_property
    def _calm(self) -> Calm:
        index = self.looked_at
        state = np.where((self._touching[index] > 0) | self.blind[index], 0, 1)
        return Calm(self.rates, index, state, max(self._integral.trace.noise**2, 0.0))

    def calm_beside(self, cut: Indices, own: Indices, most_shared: float, least_pairs: int) -> Calm | None:
        """Return the windows beside the events of all labels, or None where those hardly show what goes on beside one label's.

        Args:
            cut, own: Windows that the label's edges cut, and how many of its events have something in each.
            most_shared: Share of the cut windows that may hold something of another label.
            least_pairs: So many windows in a row show how power varies.
        """
        if cut.size and float((self._touching[cut] > own).mean()) > most_shared:
            return None
        return self._calm if self._calm.pairs >= least_pairs else None

    def within(self, first: Indices, last: Indices) -> Indices:
        """Return the windows that are looked at from a first to a last, and those next to them, in order."""
        first, count = first - 1, last - first + 3
        near = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))
        near = np.unique(np.clip(near, 1, self.rates.size - 1))
        if self.looked_at.size == self.rates.size - 1:
            return near
        at = np.minimum(np.searchsorted(self.looked_at, near), self.looked_at.size - 1)
        found: Indices = near[self.looked_at[at] == near]
        return found


def looked_at(top: int) -> Indices:
    """Return which windows from 1 to `top` are looked at: all, or stretches of them in a long run."""
    if top <= _LOOKED:
        return np.arange(1, top + 1)
    begins = np.linspace(1, top - _STRETCH, _LOOKED // _STRETCH).astype(np.int64)
    return np.unique((begins[:, None] + np.arange(_STRETCH)).ravel())


def states(t: Times, start_ns: Times, end_ns: Times, cut: Indices, blind: Bools, index: Indices) -> Indices:
    """Return whether each of some windows is inside (2) or beside (1) events, or neither (0): cut by an edge, or blind."""
    ends = np.sort(end_ns)
    active = np.searchsorted(start_ns, t[index], side="right") - np.searchsorted(ends, t[index], side="right")
    state = np.where(active > 0, 2, 1)
    state[np.isin(index, cut) | blind[index]] = 0
    return state


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
    return variance, median(rates[some])


def jumps_beside(integral: Integral, start_ns: Times, end_ns: Times, others: Others | None) -> float:
    """Return the mean squared jump between neighbouring readings beside events, noise taken off.

    A load that jumps now and then beside the events does so inside as well, even where few readings there have not seen it.
    """
    if others is None:
        return _Jumps(integral, start_ns, np.sort(end_ns)).mean
    every = others.labels
    jumps, left_out = _of_all(integral, every), others.not_meant
    return jumps.without(every.start_ns[left_out], every.end_ns[left_out]) if left_out.size else jumps.mean


def jumps_beside_all(integral: Integral, labels: Labels) -> float:
    """Return `jumps_beside` of a label whose events run at the same time as no other's."""
    return _of_all(integral, labels).mean


def _of_all(integral: Integral, labels: Labels) -> _Jumps:
    return labels.once("jumps", integral, lambda: _Jumps(integral, labels.sorted_starts, labels.sorted_ends))


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
        rare = jumps > self._rare(median(jumps))
        return float(np.sum(jumps[rare] ** 2)) / float(jumps.size)

    def _rare(self, median: float) -> float:
        """Return from what on a jump is not noise."""
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
