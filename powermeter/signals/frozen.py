"""Stretches in which an instrument answers, but repeats one reading for longer than its load and its noise can account for.

A load without noise also reads the same again and again; so a stretch counts only where the same level was seen to move before or
after: readings there differed by two codes or more, or the instrument reported them as new though they were equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, Channel, Gap, Kind, Quantity
from powermeter.errors import Reason, plural
from powermeter.recording.protocol import Samples
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace

LEAST_NS = 1_000_000_000
"""Shorter stretches cost little and are left alone."""

LEAST_MOVES = 30
"""So often must readings of a level have moved, and so often should they have moved in the stretch."""

LONGER = 5
"""A stretch is so many times as long, in readings, as any other stand of its level."""

_NEAR = 0.05
"""Readings within this share of a level, or one code, are of that level."""

_MOVES = 2
"""Codes: one is what a reading between two codes toggles by, and then need not for long."""


def without_frozen(
    samples: Samples, channels: Sequence[Channel], gaps: Sequence[Gap]
) -> tuple[Samples, list[Gap]]:
    """Return samples without the stretches in which the instrument stood still, and the gaps with them.

    Args:
        samples: Of one source, all of them.
        channels: Those of a rail.
        gaps: Known already.
    """
    return without(samples, frozen(samples, channels), gaps)


def without(
    samples: Samples, found: Sequence[tuple[int, int, Gap]], gaps: Sequence[Gap]
) -> tuple[Samples, list[Gap]]:
    """Return samples without the rows that repeat the first of each stretch, and the gaps with those of the stretches."""
    if not found:
        return samples, list(gaps)
    keep = np.ones(len(samples), bool)
    for first, end, _ in found:
        keep[first + 1 : end] = False
    codes = {name: column[keep] for name, column in samples.codes.items()}
    left = replace(samples, times_ns=samples.times_ns[keep], codes=codes, flags=samples.flags[keep])
    return left, sorted([*gaps, *(gap for _, _, gap in found)], key=lambda gap: gap.start_ns)


def noted(trace: Trace, instrument: str) -> Trace:
    """Return a trace with a warning where it has stretches in which its instrument stood still."""
    stood = [gap for gap in trace.gaps if gap.reason == Reason.FROZEN.value]
    if not stood:
        return trace
    seconds = sum(gap.end_ns - gap.start_ns for gap in stood) * 1e-9
    stretch = f"{seconds:.3g} s" if seconds < 999 else f"{seconds / 60:,.0f} min"
    text = (
        f"{instrument}: the same reading for {stretch} ({plural(len(stood), 'stretch', 'stretches')}): "
        "the meter froze or paused, and what it showed meanwhile is left out; look at the meter and its cable, and record again"
    )
    return replace(trace, notes=(*trace.notes, Note.warning("stood-still", text)))


def frozen(samples: Samples, channels: Sequence[Channel]) -> list[tuple[int, int, Gap]]:
    """Return the stretches in which an instrument stood still: the reading that stood, the row after the last, and the gap."""
    names, levels = [channel.name for channel in channels], names_of_levels(channels)
    times = samples.times_ns
    if times.size <= 2 * LEAST_MOVES or not levels or int(times[-1] - times[0]) <= LEAST_NS:
        return []
    equal = repeats(samples, names)
    starts, ends = runs(equal)
    long = (ends - starts > LEAST_MOVES) & (times[ends] - times[starts] > LEAST_NS)
    if not long.any():
        return []
    moved = moves(samples, levels, equal if samples.flags.any() else None)
    found = []
    for first, last in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        # Rows that the instrument itself reports as new end a stand though they are equal.
        first = (
            max(first, first + int(np.flatnonzero(moved[first:last])[-1]) + 1)
            if moved[first:last].any()
            else first
        )
        if last - first <= LEAST_MOVES or times[last] - times[first] <= LEAST_NS:
            continue
        if _should_have_moved(samples, levels, moved, first, last):
            end = int(times[min(last + 1, times.size - 1)])
            found.append((first, last + 1, stood_still(int(times[first]), end, last - first)))
    return found


def stood_still(start_ns: int, end_ns: int, rows: int) -> Gap:
    """Return the gap that a stand of so many repeated rows leaves."""
    detail = f"it repeated one reading {rows} times, where readings of that level had moved"
    return Gap(start_ns, end_ns, Reason.FROZEN.value, detail)


def names_of_levels(channels: Sequence[Channel]) -> list[str]:
    """Return the names of the channels that show a level: neither counters nor markers."""
    return [c.name for c in channels if c.kind is not Kind.COUNTER and c.quantity is not Quantity.MARKER]


def repeats(samples: Samples, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return, for each row but the first, whether it equals the one before in these channels."""
    equal = np.ones(len(samples) - 1, bool)
    for name in names:
        column = samples.codes[name]
        equal &= column[1:] == column[:-1]
    return equal


def moves(samples: Samples, levels: Sequence[str], equal: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return, for each row but the first, whether it moved from the one before.

    Args:
        levels: The channels that show a level.
        equal: Which rows equal the one before, of an instrument that flags those it repeats: others are new; None where none is flagged.
    """
    moved = np.zeros(len(samples) - 1, bool)
    for name in levels:
        moved |= np.abs(np.diff(samples.codes[name])) >= _MOVES
    if equal is not None:
        moved |= equal & ((samples.flags[1:] & REPEAT) == 0)
    return moved


def is_near(codes: NDArray[np.int64], level: int) -> NDArray[np.bool_]:
    """Return which readings of a channel are of a level, in codes."""
    near: NDArray[np.bool_] = np.abs(codes - level) <= max(1.0, _NEAR * abs(level))
    return near


def runs(equal: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last row of each run of equal rows."""
    edges = np.diff(np.concatenate([[False], equal, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _should_have_moved(
    samples: Samples, levels: Sequence[str], moved: NDArray[np.bool_], first: int, last: int
) -> bool:
    """Return whether readings at the level of a stand moved so often elsewhere that it cannot be the load's."""
    near = np.ones(len(samples), bool)
    for name in levels:
        column = samples.codes[name]
        level = int(column[first])
        if level == MISSING:
            continue
        near &= (column != MISSING) & is_near(column, level)
    pairs = near[1:] & near[:-1]
    pairs[first:last] = False
    elsewhere = int(np.count_nonzero(moved & pairs))
    if elsewhere < LEAST_MOVES or elsewhere * (last - first) < LEAST_MOVES * int(np.count_nonzero(pairs)):
        return False
    starts, ends = runs(pairs & ~moved)
    return bool(last - first > LONGER * int((ends - starts).max(initial=1)))
