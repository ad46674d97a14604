"""Rows of which every second one is stamped late: two threads or two loggers that write one log.

Long and short steps take turns then.  Whether the rows were measured at such times is in their values: a load changes more often over
a long step than over a short one, by as much as it is longer; measured evenly, it changes as often over either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

_FEWEST_ROWS = 40
_MOST_ROWS = 1 << 20
_LEAST = 0.1  # of the mean step, by which rows are late
_TURNS = 0.9  # of the steps, that are long behind a short one or short behind a long one
_NEAR = 0.35  # of the difference of long and short steps: that near to the usual one of their kind lie nine in ten
_SURE = 3.0  # standard errors beyond which one of the two is excluded
_AS_OFTEN = 1.5  # standard errors within which the other holds
_FOLLOWED = 0.3  # of the squared change that rows without any order have, at most: the rows follow the load


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Rows whose steps are long and short by turns.

    Attributes:
        long: Of each step, whether it is a long one.
        long_ns, short_ns: What they usually are.
    """

    long: Bools
    long_ns: float
    short_ns: float

    @property
    def late_ns(self) -> float:
        """By how much the row behind each long step is late, if rows were measured evenly."""
        return (self.long_ns - self.short_ns) / 2


def turns_of(times_ns: Times) -> Turns | None:
    """Return the turns that long and short steps take; None where they take none."""
    if not _FEWEST_ROWS <= times_ns.size <= _MOST_ROWS:
        return None
    steps = np.diff(times_ns).astype(np.float64)
    middle = float(np.median(steps[: steps.size // 2 * 2].reshape(-1, 2).sum(axis=1))) / 2
    long = steps > middle
    if not 0 < np.count_nonzero(long) < long.size:
        return None
    if float(np.mean(long[1:] != long[:-1])) < _TURNS:
        return None
    kinds = np.where(long, np.median(steps[long]), np.median(steps[~long]))
    found = Turns(long, float(kinds[long][0]), float(kinds[~long][0]))
    apart = float(np.percentile(np.abs(steps - kinds), 90))
    if found.late_ns < _LEAST * middle or apart > _NEAR * 2 * found.late_ns:
        return None
    return found


def measured_evenly(turns: Turns, values: Floats, *, counted: bool = False) -> bool | None:
    """Return whether the load changes over short steps as often as over long ones; None where the values do not show it.

    Args:
        values: Of one column; NaN where there is none.
        counted: Whether it is a running total, of which the steps count.
    """
    changes = np.diff(values)
    known = np.isfinite(changes)
    read = changes if counted else values[np.isfinite(values)]
    if read.size < _FEWEST_ROWS or not _follow_the_load(read):
        return None
    squares, long = (np.abs(changes) if counted else changes**2)[known], turns.long[known]
    whole = float(squares.sum())
    if not whole > 0:  # values with one missing between any two that differ
        return None
    share, doubt = float(squares[long].sum()) / whole, math.sqrt(float(squares @ squares)) / (2 * whole)
    even, as_stamped = float(long.mean()), turns.long_ns / (turns.long_ns + turns.short_ns)
    if share < as_stamped - _SURE * doubt and abs(share - even) <= _AS_OFTEN * doubt:
        return True
    return False if share > even + _SURE * doubt and share > as_stamped - _AS_OFTEN * doubt else None


def _follow_the_load(read: Floats) -> bool:
    """Return whether neighbours differ less than any two rows (von Neumann's ratio)."""
    spread = float(np.var(read))
    return spread > 0 and float(np.mean(np.diff(read) ** 2)) <= _FOLLOWED * 2 * spread


def evened(times_ns: Times, turns: Turns) -> Times:
    """Return rows at even times as the logger states them that is not late: those behind long steps are put earlier."""
    behind_long = np.concatenate([[not turns.long[0]], turns.long])
    moved: Times = times_ns - np.where(behind_long, round(turns.late_ns), 0)
    return moved
