"""Rows that repeat a reading taken before them, where the instrument refreshes at no even times: a display on automatic speed, one with a dead band.

Readings whose values hardly ever come twice do not equal the row before by chance.  Rows that do are not readings of their own, so that a sum has
as many as there are new ones, and each stands for as long as it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 100  # rows
_FRESH = 20  # new readings
_LOOKED = 1 << 16
_TWICE = 0.1  # of pairs of new readings are equal at most: as of ten values that are alike often
_AS_CHANCE = 3.0  # times as many repeats as such pairs
_RECURS, _OF_STRETCHES = (
    3,
    0.1,
)  # times, and of the readings that stand: what comes back more often is a level
_FURTHER, _SOME = 5, 2  # codes; changes
_CLOSE = 2.0  # times the smallest change
_OFTEN, _LEAST_CLOSE = 0.2, 8  # of the changes, and changes, that close to it: the edge of a band


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """New readings among rows.

    Attributes:
        rows: Which hold one.
        band: The least that a new one differs from the last by, W, where that is far more than a code and many do hardly more: what a
            reading stands within; else 0.
    """

    rows: Indices
    band: float


def rows_that_stand(trace: Trace) -> Standing | None:
    """Return which rows hold a new reading, where the others repeat it far more often than chance would; otherwise None."""
    return None if trace.refresh_ns or trace.kind is not Kind.INSTANT else readings_that_stand(trace)


def readings_that_stand(trace: Trace) -> Standing | None:
    """Return the same, also of means and of rows that are an even refresh apart already: which of these the instrument did not show."""
    if trace.kind is Kind.COUNTER or trace.kept is not None:
        return None
    if "rows_stand" not in trace.looked_for:
        trace.looked_for["rows_stand"] = _standing(trace.values)
    found = trace.looked_for["rows_stand"]
    return found if isinstance(found, Standing) else None


def _standing(values: Floats) -> Standing | None:
    some = values[:_LOOKED]
    steps = np.abs(np.diff(some))
    beside, stood, apart = _beside_levels(some)
    if some.size < _LEAST or beside.size < _FRESH:
        return None
    # What is beside a level may be jobs that draw a power each: those of a steady length last as many rows, or one more, each between readings of the level.
    jobs = apart and np.ptp(stood) <= 1 and _equal_by_chance(some[1:][steps != 0], steps.size)
    if jobs or _equal_by_chance(beside, int(stood.sum())):
        return None
    changes = steps[steps != 0]
    codes = np.rint(changes / float(np.diff(np.unique(some)).min()))
    # A coarse instrument under a quiet load goes to and fro between neighbouring codes, and hardly ever further.
    if np.count_nonzero(codes == 1) > np.count_nonzero((codes > 1) & (codes <= _FURTHER)) + _SOME:
        return None
    rows = np.flatnonzero(np.concatenate([[True], np.diff(values) != 0]))
    return Standing(rows, _band(changes) if codes.min() > _FURTHER else 0.0)


def _equal_by_chance(new: Floats, rows: int) -> bool:
    """Return whether new readings are equal so often that rows may repeat one without an instrument that stands."""
    share = np.unique(new, return_counts=True)[1] / new.size
    twice = float(share @ share)
    return twice >= _TWICE or 1 - new.size / rows <= _AS_CHANCE * twice + _TWICE / 2


def _beside_levels(values: Floats) -> tuple[Floats, Indices, bool]:
    """Return the new readings and for how many rows each stood, but for those of levels; and whether no two of them follow each other."""
    new, stood, other = _of_levels(values)
    return new[other], stood[other], not bool(np.any(other[1:] & other[:-1]))


def _of_levels(values: Floats) -> tuple[Floats, Indices, Bools]:
    """Return the new readings, for how many rows each stood, and which are not of a level that a load without noise comes back to again and again: it equals itself."""
    first = np.flatnonzero(np.concatenate([[True], np.diff(values) != 0]))
    stood = np.diff(np.append(first, values.size))
    new = values[first]
    repeated, times = np.unique(new[stood > 1], return_counts=True)
    levels = repeated[times > max(_RECURS, _OF_STRETCHES * int(times.sum()))]
    return new, stood, ~np.isin(new, levels)


def off_levels(values: Floats) -> Floats:
    """Return the rows without those of such levels."""
    _, stood, other = _of_levels(values)
    found: Floats = values[np.repeat(other, stood)]
    return found


def _band(changes: Floats) -> float:
    """Return the smallest change, W, where many are hardly larger; 0 where it is small by chance, as of readings that are not rounded."""
    least = float(changes.min())
    close = np.count_nonzero(changes <= _CLOSE * least)
    return least if close >= max(_OFTEN * changes.size, _LEAST_CLOSE) else 0.0
