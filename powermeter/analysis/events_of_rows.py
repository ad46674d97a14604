"""The known events of all rows at once, row after row in order of their start: thousands of labels ask the same of a few events each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.windows import Windows
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class EventsOfRows:
    """The known events of each row; arrays of shape (n,), but where stated.

    Attributes:
        index: Their positions in the windows' arrays.
        row: Which row each belongs to; never falling.
        first, size: Of each row, where its events begin and how many they are; shape (rows,).
        counts: How many items each stands for; NaN where that is not known.
    """

    index: Indices
    row: Indices
    first: Indices
    size: Indices
    counts: Floats

    @classmethod
    def of(cls, events: Sequence[Event], windows: Windows, members: Sequence[Indices]) -> EventsOfRows:
        """Return them.

        Args:
            members: The events of each row, as positions in `events` and in the windows' arrays.
        """
        index = np.concatenate([*members, np.empty(0, np.int64)])
        row = np.repeat(np.arange(len(members)), [mine.size for mine in members])
        known = windows.known[index]
        return cls._sorted(EventColumns.of(events), windows, index[known], row[known], len(members))

    @classmethod
    def _sorted(
        cls, events: EventColumns, windows: Windows, index: Indices, row: Indices, rows: int
    ) -> EventsOfRows:
        order = np.lexsort((windows.start_ns[index], row))
        index, row = index[order], row[order]
        size = np.bincount(row, minlength=rows)
        return cls(index, row, np.cumsum(size) - size, size, events.counts_at(index))

    def behind(self, skipped: Indices) -> EventsOfRows:
        """Return the same without the first so many events of each row."""
        place = np.arange(self.index.size) - self.first[self.row]
        keep = place >= skipped[self.row]
        size = np.bincount(self.row[keep], minlength=self.size.size)
        return EventsOfRows(self.index[keep], self.row[keep], np.cumsum(size) - size, size, self.counts[keep])

    def medians(self, values: Floats, some: NDArray[np.bool_]) -> Floats:
        """Return the median of each row's values, of those marked; NaN where none is."""
        row, values = self.row[some], values[some]
        ordered = values[np.lexsort((values, row))]
        size = np.bincount(row, minlength=self.size.size)
        has = size > 0
        first = (np.cumsum(size) - size)[has]
        found = np.full(size.size, np.nan)
        found[has] = (ordered[first + (size[has] - 1) // 2] + ordered[first + size[has] // 2]) / 2
        return found
