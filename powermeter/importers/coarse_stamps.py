"""Spreads rows whose stamps are much coarser than they come: several rows a second, stamped in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.units import NS

_UNITS = (60 * NS, 10 * NS, NS, NS // 10, NS // 100, NS // 1000, NS // 10_000)
_CUT = 0.95  # of the stamps are multiples of such a unit where they were cut to it
_COARSE = 0.2  # of the usual step between stamps: the least unit that they may have been cut to
_ROUNDING = 1000  # ns

_PIECE = 1 << 20
_WHOLE = 8
_FEW_LEFT_OUT = 3  # stamps, which show that a clock was cut
_FEW_SHARED = 2  # stamps of two rows, which do; of whole seconds one
_FEWEST_ROWS = 16
_UNEVEN = 0.2  # of the rows from one such place to the next
_BLOCK = 1.2  # of a block, that its moments are open by: truth is at either end of it
_HOLE = 2.5
"""Resolutions between two stamps that follow each other from which rows are missing."""


@dataclass(frozen=True, slots=True)
class SpreadTimes:
    """Times that were spread.

    Attributes:
        times_ns: int64, one per row.
        resolution_ns: What the stamps were cut to.
        how: Between what the rows were spread, for people.
        late_ns: By how much rows lie later than that in the middle of what stamps allow; None where nothing shows it.
        open_ns: What stays open of their moments, where that is another span than `resolution_ns`.
        rows: How many were printed together at a time, some milliseconds apart; 0 where they share stamps.
    """

    times_ns: NDArray[np.int64]
    resolution_ns: int
    how: str
    late_ns: int | None = None
    open_ns: int | None = None
    rows: int = 0


def spread_stamps(times_ns: NDArray[np.int64]) -> SpreadTimes:
    """Return rows spread evenly between the first and the last stamp, or, where that contradicts one, between their changes.

    Stamps that are no multiples of a unit of about their steps were not cut: their rows came in blocks (`in_blocks`).
    """
    if not _were_cut(times_ns):
        return in_blocks(times_ns)
    start, last = int(times_ns[0]), len(times_ns) - 1
    change, steps = _changes(times_ns)
    resolution = int(np.median(steps))
    length = int(times_ns[-1]) - start
    spread = np.empty(last + 1, np.int64)
    low, high = 0.0, 0.0  # how far stamps lie from their rows
    for place in range(0, last + 1, _PIECE):
        index = np.arange(place, min(place + _PIECE, last + 1))
        own = length * (index / last)
        apart = times_ns[place : place + _PIECE] - start - own
        if (np.abs(apart) > resolution).any():
            break
        low, high = min(low, float(apart.min())), max(high, float(apart.max()))
        spread[place : place + _PIECE] = start + np.rint(own).astype(np.int64)
    else:
        late = _late(low, high, resolution)
        return SpreadTimes(spread, resolution, "evenly between the first and the last stamp", late)
    knots = np.concatenate(([0.0], change - 0.5, [float(last)]))
    values = np.concatenate(([0], times_ns[change] - start, [length])).astype(np.float64)
    holes = np.flatnonzero(steps > _HOLE * resolution)
    if len(holes):  # the rows before a hole end one resolution after their stamp
        ends = times_ns[change[holes]] - start - steps[holes] + resolution
        knots = np.insert(knots, holes + 1, change[holes] - 0.75)
        values = np.insert(values, holes + 1, ends.astype(np.float64))
    for place in range(0, last + 1, _PIECE):
        index = np.arange(place, min(place + _PIECE, last + 1))
        own = np.interp(index, knots, values)
        spread[place : place + _PIECE] = start + np.rint(own).astype(np.int64)
    return SpreadTimes(spread, resolution, "between the moments at which the stamp changes")


def _were_cut(times_ns: NDArray[np.int64]) -> bool:
    """Return whether stamps are multiples of a second, a tenth of one or the like, as a clock writes that drops the rest."""
    some = times_ns[np.unique(np.linspace(0, times_ns.size - 1, min(times_ns.size, _PIECE)).astype(np.int64))]
    usual = float(np.median(_changes(some)[1]))
    units = [unit for unit in _UNITS if unit >= _COARSE * usual]
    return any(np.mean((some + _ROUNDING) % unit <= 2 * _ROUNDING) >= _CUT for unit in units) or not units


def in_blocks(times_ns: NDArray[np.int64], hole: float = _HOLE) -> SpreadTimes:
    """Return rows that were stamped together: a block ends at its stamp, where they arrived then, or begins there, half of it later or earlier.

    A block behind a hole, and the first one, go back by one usual step.

    Args:
        hole: From how many usual steps on a step is one.
    """
    change, steps = _changes(times_ns)
    usual, last = float(np.median(steps)), times_ns.size - 1
    first = np.concatenate(([0], change))
    ends = np.concatenate((change - 1, [last]))
    since = (times_ns[ends] - times_ns[0]).astype(np.float64)
    begun = np.concatenate(([True], steps > hole * usual)) & (ends > first)
    rows = (ends - first + 1)[begun]
    knots = np.concatenate((ends, first[begun]))
    values = np.concatenate((since, since[begun] - usual * (rows - 1) / rows))
    order = np.argsort(knots, kind="stable")
    spread = np.empty(last + 1, np.int64)
    for place in range(0, last + 1, _PIECE):
        index = np.arange(place, min(place + _PIECE, last + 1))
        own = np.interp(index, knots[order], values[order])
        spread[place : place + _PIECE] = times_ns[0] + np.rint(own).astype(np.int64)
    late = round(usual * float(np.median(1 - 1 / (ends - first + 1))) / 2)
    return SpreadTimes(
        spread,
        max(round(usual), 1),
        "between the stamps that they have in common, of a block's begin or end",
        late,
        round(_BLOCK * usual),
    )


def nearly_one_a_stamp(times_ns: NDArray[np.int64]) -> SpreadTimes | None:
    """Return rows of a steady clock that was cut to about its own interval, on the line through their stamps; None where none was.

    1.03 rows a second in whole seconds share a stamp each 33 rows, 0.97 leave one out: at even distances, and no row is
    further than one resolution from the line, neither of which repeated or missing rows are.
    """
    if not _FEWEST_ROWS <= times_ns.size <= _PIECE:
        return None
    steps = np.diff(times_ns)
    unit = int(np.gcd.reduce(steps))
    if unit <= 0 or float(np.median(steps)) != unit:
        return None
    shared, left_out = np.flatnonzero(steps == 0), np.flatnonzero(steps == 2 * unit)
    odd = shared if shared.size else left_out
    least = _FEW_LEFT_OUT if not shared.size else 1 if unit % NS == 0 else _FEW_SHARED
    if odd.size < least or (shared.size and left_out.size) or int(steps.max()) > 2 * unit:
        return None
    rows = np.diff(odd) if odd.size > 1 else np.array([steps.size])
    most = float(np.median(rows)) * (1 + _UNEVEN) + 1
    ends = max(int(odd[0]), steps.size - 1 - int(odd[-1]))
    if float(rows.min()) < float(np.median(rows)) * (1 - _UNEVEN) - 1 or max(int(rows.max()), ends) > most:
        return None
    index = np.arange(times_ns.size) - (times_ns.size - 1) / 2
    since = (times_ns - times_ns[0]).astype(np.float64)
    line = since.mean() + index * (float(index @ since) / float(index @ index))
    apart = since - line
    if float(np.ptp(apart)) > unit * (1 + _UNEVEN):
        return None
    late = _late(float(apart.min()), float(apart.max()), unit)
    times = times_ns[0] + np.rint(line).astype(np.int64)
    return SpreadTimes(times, unit, "on the line through their stamps", late)


def skipped_stamps(times_ns: NDArray[np.int64]) -> int:
    """Return how many single seconds bear no row, where rows a little slower than a second, stamped in whole ones, leave out as few; else 0.

    Of more than two `nearly_one_a_stamp` knows the distances.
    """
    if not _FEWEST_ROWS <= times_ns.size <= _PIECE or not whole_seconds(times_ns):
        return 0
    steps = np.diff(times_ns)
    skips = np.flatnonzero(steps == 2 * NS)
    if not 0 < skips.size < _FEW_LEFT_OUT or np.count_nonzero(steps == NS) != steps.size - skips.size:
        return 0
    ends = max(int(skips[0]), steps.size - 1 - int(skips[-1]))
    return 0 if skips.size > 1 and ends > int(skips[1] - skips[0]) + 1 else int(skips.size)


def _late(low: float, high: float, resolution: int) -> int:
    """Return how much later than on their line rows are in the middle of what stamps allow, in ns.

    Args:
        low, high: How far stamps lie from their rows on the line at most, one way and the other.

    Of stamps that were cut no row lies before its own: the line is `high` later.  Of rounded stamps it is (low + high)/2 later.
    With places of all kinds the two are half a resolution apart.
    """
    return round((low + high) / 2 + resolution / 4)


def _changes(times: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the rows at which a stamp is another than the row's before, and by how much, in ns."""
    rows, steps = [], []
    for start in range(0, len(times), _PIECE):
        step = np.diff(times[start : start + _PIECE + 1])
        changed = np.flatnonzero(step)
        rows.append(changed + start + 1)
        steps.append(step[changed])
    return np.concatenate(rows), np.concatenate(steps)


def whole_seconds(times_ns: NDArray[np.int64]) -> int:
    """Return a second in ns where all of at least eight stamps are whole seconds, else 0."""
    pieces = range(0, times_ns.size, _PIECE)
    whole = not any((times_ns[start : start + _PIECE] % NS).any() for start in pieces)
    return NS if times_ns.size >= _WHOLE and whole else 0
