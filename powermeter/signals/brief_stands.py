"""Stretches of a few equal readings in a channel whose noise hardly ever shows the same value twice: an instrument that pauses, to set its zero anew for instance.

Levels without noise, coarse steps and slow loads repeat readings too.  So the level of such stretches must be seen to move elsewhere, and right
beside many of them; of long ones the former alone makes chance impossible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, Channel, Gap, Kind
from powermeter.recording.protocol import Samples
from powermeter.signals.frozen import names_of_levels, repeats, runs, stood_still, without

Codes = NDArray[np.int64]
Bools = NDArray[np.bool_]

_ROWS = 3  # that repeat the one before
_PAIRS = 30  # of readings of the same levels elsewhere
_EQUAL = 0.1  # of those pairs
_CHANCE = 0.01  # stretches as long by chance
_CHANCE_OF_ONE = 0.001  # where there is no other
_PEAK = 1.41  # times as often as on average, a reading at the peak of noise repeats
_LONG = 10  # rows of a stand that need no reading of its level right beside it, where others are elsewhere
_CHANCE_OF_LONG = 0.001
_MOST = 0.4  # of all rows
_RECURS = 0.4  # of the stretches, at one value: a level without noise
_BESIDE = 0.3  # of the stretches have a reading of their level right beside them
_ONE_STEP = 0.3  # of the stretches end by one step: a load that changes slowly
_STEP = 2.0  # percentile of changes: the smallest, one step of the display
_QUIET = 25.0  # percentile of changes, which the noise makes
_WIDTHS = 10.0  # of it: how far a level's readings lie
_LEVEL = 0.05  # of its value, at most


def without_brief_stands(
    samples: Samples, channels: Sequence[Channel], gaps: Sequence[Gap]
) -> tuple[Samples, list[Gap]]:
    """Return samples without the rows that repeat a reading in such stretches, and the gaps with them."""
    return without(samples, brief_stands(samples, channels), gaps)


def brief_stands(samples: Samples, channels: Sequence[Channel]) -> list[tuple[int, int, Gap]]:
    """Return the stretches that an instrument paused for: the reading that stood, the row after the last, and the gap."""
    levels = names_of_levels(channels)
    instants = all(c.kind is Kind.INSTANT for c in channels if c.name in levels)
    if not levels or not instants or len(samples) < _PAIRS or (samples.flags & REPEAT).any():
        return []
    equal = repeats(samples, levels)
    starts, ends = runs(equal)
    long = ends - starts >= _ROWS
    stood = np.zeros(equal.size, bool)
    stood[equal] = np.repeat(long, ends - starts)
    starts, ends = starts[long], ends[long]
    columns = [samples.codes[name] for name in levels]
    if any((column == MISSING).any() for column in columns):
        return []
    if not 0 < int(stood.sum()) <= _MOST * stood.size or not _are_pauses(columns, starts, ends, stood, equal):
        return []
    share = _equal_elsewhere(columns, starts, stood, equal)
    if share is None:
        return []
    by_chance = len(samples) * np.minimum(_PEAK * share, 1.0) ** (ends - starts)
    sure = by_chance < (_CHANCE if starts.size > 1 else _CHANCE_OF_ONE)
    times = samples.times_ns
    return [
        (i, j + 1, stood_still(int(times[i]), int(times[min(j + 1, times.size - 1)]), j - i))
        for i, j in zip(starts[sure].tolist(), ends[sure].tolist(), strict=True)
    ]


def _are_pauses(columns: Sequence[Codes], starts: Codes, ends: Codes, stood: Bools, equal: Bools) -> bool:
    """Return whether such stretches are neither levels that recur, nor steps of a slow load, nor apart from all readings of their level."""
    values = np.column_stack([column[starts] for column in columns])
    most = int(np.unique(values, axis=0, return_counts=True)[1].max())
    if most > max(1.0, _RECURS * starts.size):
        return False
    beside, one_step = np.ones(starts.size, bool), np.ones(starts.size, bool)
    for column in columns:
        changes = np.abs(np.diff(column))
        moved = changes[~stood & (changes > 0)]
        if not moved.size:
            continue
        into = changes[np.maximum(starts - 1, 0)]
        out = changes[np.minimum(ends, changes.size - 1)]
        beside &= np.minimum(into, out) <= _width(moved, column[starts])
        one_step &= out <= 1.5 * max(1.0, float(np.percentile(moved, _STEP)))
    for k in np.flatnonzero(~beside & (ends - starts >= _LONG)).tolist():
        share = _equal_elsewhere(columns, starts[k : k + 1], stood, equal)
        beside[k] = share is not None and stood.size * share ** float(ends[k] - starts[k]) < _CHANCE_OF_LONG
    return float(beside.mean()) >= _BESIDE and float(one_step.mean()) <= _ONE_STEP


def _equal_elsewhere(columns: Sequence[Codes], starts: Codes, stood: Bools, equal: Bools) -> float | None:
    """Return which share of pairs of readings at the levels of the stretches are equal outside them; None where too few are, or too many are equal."""
    pairs = ~stood
    for column in columns:
        changes = np.abs(np.diff(column))
        moved = changes[~stood & (changes > 0)]
        if moved.size:
            near = _is_near(column, np.unique(column[starts]), moved)
            pairs &= near[1:] & near[:-1]
    count = int(pairs.sum())
    if count < _PAIRS:
        return None
    share = float(equal[pairs].mean())
    return max(share, 1 / count) if share <= _EQUAL else None


def _width(moved: Codes, levels: Codes) -> NDArray[np.float64]:
    """Return how far from a level its readings lie, shape of `levels`, in codes."""
    return np.minimum(_WIDTHS * float(np.percentile(moved, _QUIET)), _LEVEL * np.abs(levels))


def _is_near(column: Codes, levels: Codes, moved: Codes) -> Bools:
    """Return which readings are of one of these levels, which are sorted."""
    above = np.clip(np.searchsorted(levels, column), 0, levels.size - 1)
    below = np.maximum(above - 1, 0)
    off = np.minimum(np.abs(column - levels[above]), np.abs(column - levels[below]))
    near: Bools = off <= _width(moved, column)
    return near
