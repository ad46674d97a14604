"""Means and counters that show few events late, or early: what lies beside them may be theirs.

Six events and more show by what they lack from event to event whether what follows them comes late (`late_means.py`).  Fewer than ten that a tail seems to
follow are asked one by one: with P the power of the windows further inside, above what is beside, an instrument that is late by d lacks P d behind their
start and shows as much behind their end.  A load with a tail lacks nothing; one that begins slowly as well looks the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LAG, LEAD, SOME, TAIL, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import opened
from powermeter.analysis.quantiles import quantile

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_FURTHEST = 8  # windows behind an end
_BESIDE = 64  # windows before the first event and behind the last that are looked at
_STANDS_OUT = 4.0  # standard errors
_ENDED = 3.0
_WORTH = 0.005  # of what an event adds in a window
_MISSING = 0.2  # of what follows
_ALL_OF_IT = 0.5
_SURE = 2.0
_BLOCKS = 100  # of as many windows as an event begins with, that a long one holds
_SHAPE = 0.05
_QUARTILE = 0.3186  # standard deviations that a quarter of normal deviations lie within


@dataclass(frozen=True, slots=True)
class _Edge:
    """One event: what it lacks behind its start and shows behind its end, J.

    Attributes:
        lacks, error: Infinite error where no window inside shows it.
        whole: All that its windows and those behind them hold above what is beside.
        usual: Standard deviation of as many windows as it lacks something of, wherever they lie in a long event, J; 0 of a shorter one.
    """

    lacks: float
    error: float
    follows: float
    whole: float
    usual: float = 0.0


def few_shown_late(
    integral: Integral, events: tuple[Times, Times, Times, Times], found: GroupEstimate
) -> GroupEstimate:
    """Return an estimate of few events whose interval reaches up to what lies beside them, where it may be theirs.

    Args:
        events: Their starts and ends, when the last event (of any label) before each has ended, and when the next one begins.
    """
    start_ns, end_ns, before_ns, after_ns = events
    if found.why not in ("", TAIL, SOME) or found.quiet is None:
        return found
    seconds = (end_ns - start_ns) * 1e-9
    power = float(np.sum(found.value - found.quiet * seconds)) / float(seconds.sum())
    if not power > 0:
        return found
    every = integral.trace.times_ns
    near = slice(
        max(int(np.searchsorted(every, int(start_ns.min()))) - _BESIDE, 0),
        int(np.searchsorted(every, int(end_ns.max()))) + _BESIDE,
    )
    t, running = every[near], integral.running[near]
    hole = integral.hole - near.start
    hole = hole[(hole >= 0) & (hole < t.size - 1)]
    forwards = _Windows(t, running, hole + 1, *events)
    backwards = _Windows(
        -t[::-1],
        running[-1] - running[::-1],
        t.size - 1 - hole,
        -end_ns[::-1],
        -start_ns[::-1],
        -after_ns[::-1],
        -before_ns[::-1],
    )
    for way, windows, order in ((LAG, forwards, slice(None)), (LEAD, backwards, slice(None, None, -1))):
        edges = windows.edges(found.quiet, power)
        if not _may_be_theirs(edges):
            continue
        used = (found.value - found.quiet * seconds)[order]
        more = np.array([np.nan if edge is None else edge.whole for edge in edges]) - used
        more = np.maximum(np.where(np.isfinite(more), more, np.nanmax(more)), 0.0)[order]
        tau = float(np.median(np.diff(t))) * 1e-9
        error = _SURE * windows.noise * tau * math.sqrt(windows.behind)
        most = float(more.mean()) * (1 + _SHAPE) + error / math.sqrt(more.size)
        return opened(found, way, most, more * (1 + _SHAPE) + error)
    return found


def _may_be_theirs(edges: list[_Edge | None]) -> bool:
    """Return whether so much is missing behind starts that what follows ends may be the events' own."""
    seen = [edge for edge in edges if edge is not None]
    if not seen:
        return False
    follows = sum(edge.follows for edge in seen)
    lacks = [edge for edge in seen if math.isfinite(edge.error)]
    if not lacks:
        return False
    missing = sum(edge.lacks for edge in lacks) * len(seen) / len(lacks)
    error = math.sqrt(sum(edge.error**2 for edge in lacks)) * len(seen) / len(lacks)
    if all(edge.usual for edge in lacks):
        by_chance = math.sqrt(sum(edge.usual**2 for edge in lacks)) * len(seen) / len(lacks)
        if missing < _SURE * by_chance:
            return False  # a load with bursts lacks as much at many places
    return missing > _MISSING * follows and missing + _SURE * error > _ALL_OF_IT * follows


class _Windows:
    """The windows about few events, or about the same turned round."""

    def __init__(
        self,
        t: Times,
        running: Floats,
        unseen: Indices,
        start: Times,
        end: Times,
        before: Times,
        after: Times,
    ) -> None:
        self._t, self._running = t, running
        self._blind = np.zeros(t.size + 1, bool)
        self._blind[unseen] = True
        top = t.size - 1
        self._first = np.clip(np.searchsorted(t, start, side="right"), 1, top)
        self._last = np.clip(np.searchsorted(t, end, side="left"), self._first, top)
        self._start = start
        self._free = np.minimum(np.searchsorted(t, after, side="right") - 1, top) - self._last
        self._ahead = self._first - np.searchsorted(t, before, side="left") - 1
        self.behind = 0
        self.noise = 0.0

    def edges(self, quiet: float, power: float) -> list[_Edge | None]:
        """Return what each event lacks and what follows it; None for one beside which nobody can look; nothing where nothing follows.

        Args:
            quiet: Power beside, W.
            power: Of the events, above that, W.
        """
        length = np.concatenate([[1.0], np.diff(self._t) * 1e-9])
        excess = np.diff(self._running, prepend=self._running[0]) - quiet * length
        self.behind, self.noise = 0, self._noise_of(excess / length)
        for j in range(1, _FURTHEST + 1):
            at = (self._last + j)[self._free >= j]
            at = at[~self._blind[at]]
            if 2 * at.size < self._last.size or not at.size:
                break
            usual = self.noise * float(length[at].mean())
            least = (_ENDED if self.behind else _STANDS_OUT) * usual / math.sqrt(at.size)
            if float(excess[at].mean()) < max(least, _WORTH * power * float(length[at].mean())):
                break
            self.behind = j
        if not self.behind:
            return []
        return [self._edge(k, excess, length) for k in range(self._last.size)]

    def _noise_of(self, excess: Floats) -> float:
        """Return the standard deviation of windows beside events, W: of the quieter half of them, as others may hold what comes late."""
        beside = ~self._blind[: excess.size]
        beside[0] = False
        for first, last in zip(self._first.tolist(), self._last.tolist(), strict=True):
            beside[first : last + 1] = False
        n = int(np.count_nonzero(beside))
        return quantile(np.abs(excess[beside]), 0.25) / _QUARTILE * (1 + 1 / math.sqrt(n)) if n else math.inf

    def _edge(self, k: int, excess: Floats, length: Floats) -> _Edge | None:
        first, last, m = int(self._first[k]), int(self._last[k]), self.behind
        if self._free[k] < m or self._ahead[k] < m or self._blind[first : last + m + 1].any():
            return None
        follows, whole = (
            float(excess[last + 1 : last + m + 1].sum()),
            float(excess[first : last + m + 1].sum()),
        )
        settled = min(first + m + 1, (first + last) // 2 + 1)
        further = slice(settled, last)
        if last - settled < 2:
            return _Edge(0.0, math.inf, follows, whole)
        rates = excess[further] / length[further]
        level = float(excess[further].sum()) / float(length[further].sum())
        since = float(self._t[settled - 1] - self._start[k]) * 1e-9
        lacks = level * since - float(excess[first:settled].sum())
        varies = math.sqrt(float(np.mean(np.diff(rates) ** 2)) / 2)
        count = settled - first
        error = varies * float(length[further].mean()) * math.sqrt(count + count**2 / rates.size)
        blocks = rates.size // count
        usual = 0.0
        if blocks >= _BLOCKS:
            sums = excess[settled : settled + blocks * count].reshape(blocks, count).sum(axis=1)
            usual = float(sums.std())
        return _Edge(lacks, error, follows, whole, usual)
