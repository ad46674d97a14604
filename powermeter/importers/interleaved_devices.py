"""Columns by whose values the readings of a table fall into those of several devices, whatever the column is called and however the rows are stamped.

Two signs are looked for.  The readings jump from row to row and go on within each value, or the times of each value are regular while those
of all rows together are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Quantity
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import Reader, TimePlan
from powermeter.importers.table_plan import Planned

_MOST = 32
_FEWEST = 3  # rows of each device, and steps that are looked at
_JUMP = 0.5  # of the steps between two devices, that steps within one are at most
_OFTEN = 0.5  # of the rows, at which devices change
_REGULAR = 0.25  # of the usual step, by which most steps of one device differ from it


def are_devices(
    found: Layout,
    index: int,
    time: TimePlan,
    planned: Sequence[Planned],
    rows: Sequence[Sequence[str]],
    *,
    by_times: bool = False,
) -> bool:
    """Return whether the readings and times of rows show that a column's values are devices that take turns.

    A state (`idle`, `run`) changes seldom, or its rows are as regular as the whole table.

    Args:
        by_times: Whether readings that jump are not enough, as for numbers that may follow the power: a temperature, a load.
    """
    keys = np.array([row[index].strip() if len(row) > index else "" for row in rows])
    names, groups = np.unique(keys, return_inverse=True)
    counts = np.bincount(groups)
    if not 1 < len(names) <= _MOST or "" in names or int(np.sort(counts)[-2]) < _FEWEST:
        return False
    often = float(np.mean(groups[1:] != groups[:-1])) > _OFTEN
    if not often and not _others_are_alone(groups):
        return False
    stamps = _stamps(found, time, rows)
    if stamps is not None and _times_are_of_devices(stamps, groups):
        return True
    return (
        not by_times
        and often
        and any(_jumps(_values(column.index, rows, found), groups) for column in _of_powers(planned))
    )


def _of_powers(planned: Sequence[Planned]) -> list[Planned]:
    return [c for c in planned if c.rail is not None and c.quantity in (Quantity.POWER, Quantity.CURRENT)]


def _values(index: int, rows: Sequence[Sequence[str]], found: Layout) -> NDArray[np.float64]:
    texts = [row[index].strip() if len(row) > index else "" for row in rows]
    texts = [text.replace(",", ".") for text in texts] if found.decimal_comma else texts
    return np.array([float_or_nan(text.split(" ")[0]) for text in texts])


def _stamps(found: Layout, time: TimePlan, rows: Sequence[Sequence[str]]) -> NDArray[np.int64] | None:
    if not time.indexes:
        return None
    texts = [" ".join(row[i].strip() if len(row) > i else "" for i in time.indexes) for row in rows]
    stamps = Reader(time, found.decimal_comma).read(texts)[0]
    return None if (stamps == MISSING).any() else stamps


def _others_are_alone(groups: NDArray[np.intp]) -> bool:
    """Return whether all but the most frequent value stand in rows by themselves, as of devices that are read less often."""
    most = int(np.bincount(groups).argmax())
    runs = np.split(groups, np.flatnonzero(np.diff(groups)) + 1)
    others = [len(run) for run in runs if run[0] != most]
    return len(others) >= _FEWEST and sum(length == 1 for length in others) > _OFTEN * len(others)


def _times_are_of_devices(stamps: NDArray[np.int64], groups: NDArray[np.intp]) -> bool:
    """Return whether the steps of each value are regular, and those of the whole table are not."""
    whole = np.diff(stamps)
    if (whole < 0).any() or _are_regular(whole[whole > 0]):
        return False
    own = [np.diff(stamps[groups == number]) for number in np.unique(groups)]
    own = [steps for steps in own if len(steps) >= _FEWEST]
    return len(own) > 1 and all(_are_regular(steps) for steps in own)


def _are_regular(steps: NDArray[np.int64]) -> bool:
    if len(steps) < _FEWEST:
        return False
    low, usual, high = np.percentile(steps, (10, 50, 90))
    return bool(usual > 0 and high - low <= 2 * _REGULAR * usual)


def _jumps(values: NDArray[np.float64], groups: NDArray[np.intp]) -> bool:
    """Return whether readings differ far more from one device to the next than within one."""
    between = [
        abs(b - a) for (a, b), (x, y) in zip(pairwise(values), pairwise(groups), strict=True) if x != y
    ]
    within = np.concatenate([np.abs(np.diff(values[groups == number])) for number in np.unique(groups)])
    across = np.array(between)[np.isfinite(between)]
    within = within[np.isfinite(within)]
    if len(across) < _FEWEST or len(within) < _FEWEST:
        return False
    usual = float(np.median(across))
    return usual > 0 and float(np.median(within)) <= _JUMP * usual
