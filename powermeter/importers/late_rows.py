"""Rows of a table whose time lies before an earlier row's: what they read does not decide what a column is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.importers.blocks import BLOCK
from powermeter.importers.column_kinds import TOTALS
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.column_store import Store
from powermeter.importers.copied_rows import copied_rows
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.time_axis import out_of_order
from powermeter.recording.schema import TIME_LIMIT
from powermeter.result.notes import Note

_NO_ROWS = np.empty(0, np.intp)


def look_in_order(
    plan: TablePlan, store: Store, seen: list[Statistics], notes: list[Note]
) -> NDArray[np.intp]:
    """Look at totals once more without the rows out of order and those that stand twice, in place; return those that hold no reading or stand twice."""
    if not plan.time.indexes or "key" in store:
        return _NO_ROWS
    stamps = store.whole("stamp")
    known = np.flatnonzero((stamps != MISSING) & (np.abs(stamps) < TIME_LIMIT))
    if not (np.diff(stamps[known]) < 0).any():
        return _NO_ROWS
    filled = _rows_with_readings(store, [f"c{i}" for i, c in enumerate(plan.columns) if c.rail is not None])
    copies = copied_rows(plan, store, stamps, known, notes)
    known = known[~np.isin(known, copies)]
    behind = stamps[known] < np.maximum.accumulate(stamps[known])
    blank = known[behind & ~filled[known]]
    kept = known[~behind | filled[known]]
    late = np.zeros(len(stamps), bool)
    late[kept] = out_of_order(stamps[kept])
    late[copies] = True
    for i, column in enumerate(plan.columns):
        if late.any() and column.quantity in TOTALS:
            seen[i] = _seen_without(store, f"c{i}", late)
    return np.concatenate((blank, copies))


def without_note_of(blank: NDArray[np.intp], stamps: NDArray[np.int64], notes: list[Note]) -> list[Note]:
    """Return an axis' notes without the one on rows that have no time, where only the time of rows that were taken out is missing.

    Args:
        blank: The rows that were taken out.
        stamps: Of all rows, without theirs.
    """
    usable = (stamps > -TIME_LIMIT) & (stamps < TIME_LIMIT)
    own = len(usable) - int(usable.sum()) == np.unique(blank).size > 0
    return [note for note in notes if not (own and note.code == "rows-without-time")]


def _rows_with_readings(store: Store, columns: list[str]) -> NDArray[np.bool_]:
    found = np.zeros(store.rows, bool)
    for start in range(0, store.rows, BLOCK):
        stop = min(start + BLOCK, store.rows)
        for name in columns:
            found[start:stop] |= np.isfinite(store.part(name, start, stop))
    return found


def _seen_without(store: Store, name: str, late: NDArray[np.bool_]) -> Statistics:
    seen = Statistics()
    for start in range(0, store.rows, BLOCK):
        stop = min(start + BLOCK, store.rows)
        seen.add(np.where(late[start:stop], np.nan, store.part(name, start, stop)))
    return seen
