"""Finds rows that stand twice in a table, as where two exports of one log were put together: times set back, and every value the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import plural
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import TablePlan
from powermeter.result.notes import Note

_FEWEST = 8
_DISTINCT = 4
"""Readings that differ, of a block: one that hardly changes may be measured twice and be the same."""

_MOST_BLOCKS = 100
_ROWS = 1 << 22


def copied_rows(
    plan: TablePlan, store: Store, stamps: NDArray[np.int64], known: NDArray[np.intp], notes: list[Note]
) -> NDArray[np.intp]:
    """Return the rows that repeat others above them in time and in every value, with a note on them.

    Args:
        stamps: Of all rows.
        known: The rows whose stamp is known.
        notes: What is reported of the table; a note is added in place.
    """
    back = np.flatnonzero(np.diff(stamps[known]) < 0) + 1
    if store.rows > _ROWS or back.size > _MOST_BLOCKS:
        return _NONE
    columns = [i for i, column in enumerate(plan.columns) if column.rail is not None]
    values = [np.asarray(store.whole(f"c{i}"), np.float64)[known] for i in columns]
    times = stamps[known]
    found: list[NDArray[np.intp]] = []
    for first in back.tolist():
        above = np.flatnonzero(times[:first] == times[first])
        if above.size:
            count = _alike(times, values, int(above[0]), first)
            if count >= _FEWEST and any(
                np.unique(own[first : first + count]).size >= _DISTINCT for own in values
            ):
                found.append(known[first : first + count])
    if not found:
        return _NONE
    rows = np.concatenate(found)
    lines = store.whole("line")[rows]
    text = (
        f"{plural(rows.size, 'row')} (lines {int(lines[0])}–{int(lines[-1])}) repeat others above them, their times and every value: a part of the log stands twice "
        "in the file; counted once"
    )
    notes.append(Note.warning("rows-repeated", text))
    return rows


_NONE = np.empty(0, np.intp)


def _alike(times: NDArray[np.int64], values: list[NDArray[np.float64]], above: int, first: int) -> int:
    """Return how many rows from one on are the same as those from another on."""
    count = min(first - above, times.size - first)
    same = times[above : above + count] == times[first : first + count]
    for own in values:
        one, other = own[above : above + count], own[first : first + count]
        same &= (one == other) | (np.isnan(one) & np.isnan(other))
    return count if same.all() else int(np.argmin(same))
