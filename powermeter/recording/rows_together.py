"""Rows that were written together: a meter that hands over ten readings at once each second, stamped milliseconds apart as they are written.

Stamps show when rows were written.  Whether they were measured over all the time since the block before, or within those
milliseconds (a logger that sleeps between bursts), is in their values: measured at even times, two rows over a pause differ no more than
two rows of a block do; measured in bursts, all that the load does is done in the pauses.  Where the rows show nothing but what comes again in
each block (a logger that a load's bursts set off) or differs from row to row (noise, or a load faster than they), they show neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_APART = 8.0
"""Times the intervals inside a block that the pause between blocks is at least."""
_MOST_ROWS = 1 << 20
_LONG = 97  # percentile of the steps: of as many as thirty rows in a block, a pause
_LONG_OF_MANY = 99.9  # the same of as many as a thousand
_BLOCKS = 8
_ALIKE = 0.9  # of the blocks, that have as many rows, and that begin a usual time behind the one before
_NEAR = 0.25  # of what is usual: that near to it
_SURE = 3.0  # standard errors beyond which changes lie in the pauses
_AS_OFTEN = 1.5  # standard errors within which they lie there as often as elsewhere: else nothing is decided
_FEWEST = 4.0  # changes that carry the squares of all: of fewer, nothing shows where they lie
_FOLLOWED = 0.3  # of the squared change that rows without any order have, at most: the rows follow the load


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Rows in blocks.

    Attributes:
        first: The first row of each block.
        rows: How many rows a block has.
        period_ns: From one block to the next.
    """

    first: NDArray[np.intp]
    rows: int
    period_ns: int


def blocks_of(times_ns: Times) -> Blocks | None:
    """Return the blocks of rows that stand close together, as many at even distances; None where rows do not come so."""
    if not 2 * _BLOCKS <= times_ns.size <= _MOST_ROWS:
        return None
    steps = np.diff(times_ns)
    few, many = (float(long) / 2 for long in np.percentile(steps, [_LONG, _LONG_OF_MANY]))
    return _parted(times_ns, steps, few) or _parted(times_ns, steps, many)


def _parted(times_ns: Times, steps: Times, long: float) -> Blocks | None:
    """Return the blocks between which steps are longer than `long`."""
    between = steps > long
    pause, inside = steps[between], steps[~between]
    if not inside.any() or float(np.percentile(inside, 95)) * _APART > float(np.median(pause)):
        return None
    first = np.concatenate([[0], np.flatnonzero(between) + 1])
    sizes, apart = np.diff(first), np.diff(times_ns[first])
    if sizes.size < _BLOCKS:
        return None
    rows, period = int(np.median(sizes)), float(np.median(apart))
    as_many = float(np.mean(np.abs(sizes - rows) <= _NEAR * rows))
    evenly = float(np.mean(np.abs(apart - period) <= _NEAR * period))
    if rows < 2 or min(as_many, evenly) < _ALIKE:
        return None
    return Blocks(first, rows, round(period))


def evenly_measured(blocks: Blocks, values: Floats, *, counted: bool = False) -> bool | None:
    """Return whether changes lie in the pauses between blocks as often as between two rows of one; None where they do not show it.

    Args:
        values: Of one column; NaN where there is none.
        counted: Whether it is a running total, of which the steps count.
    """
    changes = np.diff(values)
    squares = np.abs(changes) if counted else changes**2
    between = np.zeros(squares.size, bool)
    between[blocks.first[1:] - 1] = True
    known = np.isfinite(squares)
    squares, between = squares[known], between[known]
    whole, fourths = float(squares.sum()), float(squares @ squares)
    if whole <= 0 or not between.any() or whole * whole < _FEWEST * fourths:
        return None
    due, seen = float(between.mean()), float(squares[between].sum()) / whole
    doubt = math.sqrt(due * (1 - due) * fourths) / whole
    if seen - due > _SURE * doubt:
        return False
    alike = _likeness(blocks, np.append(np.nan, changes) if counted else values)
    if alike > _FOLLOWED or due - seen > _AS_OFTEN * doubt:
        return None
    if seen - due <= _AS_OFTEN * doubt:
        return True
    in_bursts = 1 / (1 + (blocks.rows - 1) * alike)
    return (
        True if seen + _SURE * math.sqrt(in_bursts * (1 - in_bursts) * fourths) / whole < in_bursts else None
    )


def _likeness(blocks: Blocks, values: Floats) -> float:
    """Return by how much neighbours in a block differ of what rows of different blocks do, what comes again in each block apart.

    The mean squared change over twice the variance is 1 for rows in no order (von Neumann, Ann. Math. Stat. 12, 1941).
    """
    whole = blocks.first[:-1][np.diff(blocks.first) == blocks.rows]
    whole = whole[whole + blocks.rows <= values.size]
    read = values[whole[:, np.newaxis] + np.arange(blocks.rows)]
    read = read[np.isfinite(read).all(axis=1)]
    if len(read) < _BLOCKS:
        return math.inf
    rest = read - read.mean(axis=0)
    variance = float(np.mean(rest**2))
    return float(np.mean(np.diff(rest, axis=1) ** 2)) / (2 * variance) if variance > 0 else math.inf
