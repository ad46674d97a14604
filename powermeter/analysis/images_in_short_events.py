"""Events of a few readings that lie wholly on one of two levels, the lower one idle power or little above it: perhaps the slow image of a faster wave.

PWM of 50.02 Hz read ten times a second shows as 0.02 Hz: events of half a second are met on, or off, for as long as the image takes.  Readings of
one event are then one draw, and how well they agree shows nothing of the mean.  Events that are idle at random (a cache that answers) do the
same; what distinguishes an image is that power changes inside of some events, wherever, or that events near in time are alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import quantile

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MOST = 20_000
_BLOCK = 1 << 16  # readings looked at a time
_LEAST_EVENTS = 6
_READ, _TRIMMED = (
    2,
    4,
)  # readings of an event at least; and where its first and last are left to what a program does at its edges
_NEAR, _MOSTLY = 0.15, 0.9  # of the span between two levels; of the readings
_SOME = 2  # events that show no more than idle power, and as many that show the upper level only
_INSIDE = 2  # changes inside events
_DEEP = 0.5  # of what the upper level is above idle: throttling keeps more
_ELSEWHERE = 0.05
_FEW_RUNS = -2.0  # standard deviations below the number of runs that chance makes
_CLEAR, _LARGE = 10.0, 0.2  # times the noise, and of the upper level: a span that is none of the instrument's


def image_in_short_events(
    values: Floats, first: Indices, count: Indices, noise: float, quiet: float
) -> tuple[float, float] | None:
    """Return the lowest and the highest reading inside events that look like the slow image of a wave, W; None where they do not.

    Args:
        first, count: Of each event's readings, in order.
        noise: Of a reading, W.
        quiet: Idle power beside the events, W.
    """
    some = np.flatnonzero(count >= _READ)[:_MOST]
    if some.size < _LEAST_EVENTS:
        return None
    cut = np.where(count[some] >= _TRIMMED, 1, 0)
    size, begin = count[some] - 2 * cut, first[some] + cut
    ahead = np.cumsum(size) - size
    inside = values[np.repeat(begin - ahead, size) + np.arange(int(size.sum()))]
    low, high = (quantile(inside, share) for share in (0.05, 0.95))
    span = high - low
    idle = abs(low - quiet) <= _NEAR * span
    if span <= max(_CLEAR * noise, _LARGE * abs(high)) or not (idle or low - quiet <= _DEEP * (high - quiet)):
        return None
    upper = inside > (low + high) / 2
    near = np.minimum(np.abs(inside - low), np.abs(inside - high)) <= _NEAR * span
    # What goes on beside the events as well has nothing to do with them.
    if (
        float(near.mean()) < _MOSTLY
        or share_above_beside(values, first, count, (low + high) / 2) > _ELSEWHERE
    ):
        return None
    return (float(inside.min()), float(inside.max())) if _like_an_image(upper, ahead, size, idle) else None


def share_above_beside(values: Floats, first: Indices, count: Indices, middle: float) -> float:
    """Return which share of the readings in no event is above a level, 0 where there is none; a block of readings at a time.

    Args:
        first, count: Of each event's readings, in any order.
    """
    begins, ends = np.sort(first), np.sort(first + count)
    inside = above = beside = 0
    for a in range(0, values.size, _BLOCK):
        block = values[a : a + _BLOCK]
        running = _steps(begins, a, block.size) - _steps(ends, a, block.size)
        running[0] += inside
        np.cumsum(running, out=running)
        inside = int(running[-1])
        free = block[running <= 0]
        beside += free.size
        above += int(np.count_nonzero(free > middle))
    return above / beside if beside else 0.0


def _steps(places: Indices, first: int, size: int) -> Indices:
    """Return how many of some sorted places lie at each position of a block."""
    low, high = np.searchsorted(places, [first, first + size])
    return np.bincount(places[low:high] - first, minlength=size)


def _like_an_image(upper: Bools, ahead: Indices, size: Indices, idle_below: bool) -> bool:
    """Return whether events lie wholly on either level, and power changes inside others or events near in time are alike.

    Where the lower level is not idle power, inputs that differ look so as well: then one such change is asked for, and the likeness.
    """
    share = np.add.reduceat(upper, ahead) / size
    idle, busy = share == 0, share == 1
    if min(int(idle.sum()), int(busy.sum())) < _SOME:
        return False
    on = share > 0.5
    turns = int(np.count_nonzero(on[1:] != on[:-1]))
    if turns < 2:
        return False  # once and for all: a warm-up
    changes, alike = int(np.count_nonzero(~idle & ~busy)), _runs(on, turns) < _FEW_RUNS
    return changes >= _INSIDE or alike if idle_below else bool(changes) and alike


def _runs(on: Bools, turns: int) -> float:
    """Return how many standard deviations more runs there are than of events in random order (Wald and Wolfowitz, Ann. Math. Stat. 11, 1940)."""
    n, k = on.size, int(on.sum())
    expected = 1 + 2 * k * (n - k) / n
    variance = (expected - 1) * (expected - 2) / max(n - 1, 1)
    return (turns + 1 - expected) / math.sqrt(variance) if variance > 0 else 0.0
