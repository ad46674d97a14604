"""Which first events of each row are a warm-up: one decision for a label, whatever attributes it is split by.

Of many rows looked at, one begins apart by chance alone, most often where it holds few events.  A row that is one of several of its
label keeps a warm-up where the label's own first event lies in it, where most rows of the label begin alike (each loads its own
model), or where it begins farther apart than other rows' events ever stray.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.events_of_rows import EventsOfRows
from powermeter.analysis.warmup import LEAST, WarmUp, WarmUpReason, cuts, warm_up
from powermeter.analysis.windows import Windows
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_BEYOND = 2.5
"""A row begins apart by this times what any event of the label's other rows strays from its row's level."""


@dataclass(frozen=True, slots=True)
class EventsInOrder:
    """The events of one row in order of their start.

    Attributes:
        start_ns: When each began.
        energies, durations: Of each per item, J and s; NaN where not known.
        open_j: What the meter leaves open of each energy, J.
    """

    start_ns: Indices
    energies: Floats
    durations: Floats
    open_j: Floats

    @classmethod
    def of(cls, events: Sequence[Event], windows: Windows, index: Indices) -> EventsInOrder:
        """Return the known events at `index`."""
        known = index[windows.known[index]]
        known = known[np.argsort(windows.start_ns[known], kind="stable")]
        counts = EventColumns.of(events).counts_at(known)
        if np.isnan(counts).any():
            known, counts = known[:0], counts[:0]  # not known how many: nothing is per item
        counts[counts == 0] = np.nan
        left_open = windows.noise[known] ** 2 + windows.gaps[known] ** 2
        left_open += windows.below[known] ** 2 + windows.above[known] ** 2
        return cls(
            windows.start_ns[known],
            windows.value[known] / counts,
            windows.seconds[known] / counts,
            np.sqrt(left_open) / counts,
        )

    @property
    def can_show_one(self) -> bool:
        """Whether enough of the energies per item are known; events of no items have none."""
        return int(np.isfinite(self.energies).sum()) >= LEAST

    def warm_up(self, looks: int = 1) -> WarmUp:
        """Return how many leading events are a warm-up, as one of so many rows looked at."""
        if not self.energies.size:
            return WarmUp(0, WarmUpReason.FEW)
        return warm_up(self.energies, self.durations, open_ends=self.open_j, looks=looks)


def warm_ups(
    labels: Sequence[str],
    members: Sequence[Indices],
    events: Sequence[Event],
    windows: Windows,
    every: EventsOfRows | None = None,
) -> list[WarmUp]:
    """Return the warm-up of each row.

    Args:
        labels: The label of each row.
        members: The events of each, as positions in `events` and in the windows' arrays.
        every: The known ones of all, where rows are many.
    """
    steady = set() if every is None else _steady(every, windows)
    of_label: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        of_label.setdefault(label, []).append(i)
    found: dict[int, WarmUp] = {}
    for mine in of_label.values():
        if all(members[i].size < LEAST for i in mine):
            found.update(dict.fromkeys(mine, WarmUp(0, WarmUpReason.FEW)))
        elif len(mine) == 1 and mine[0] in steady:
            found[mine[0]] = WarmUp(0, WarmUpReason.STEADY)
        else:
            rows = [EventsInOrder.of(events, windows, members[i]) for i in mine]
            found.update(zip(mine, _of_label(rows), strict=True))
    return [found[i] for i in range(len(members))]


def _steady(every: EventsOfRows, windows: Windows) -> set[int]:
    """Return the rows of which no first event makes the others steadier, neither by energy nor by duration."""
    found: set[int] = set()
    counts = np.where(every.counts > 0, every.counts, np.nan)
    series = windows.value[every.index] / counts, windows.seconds[every.index] / counts
    for size in np.unique(every.size[every.size >= LEAST]).tolist():
        rows = np.flatnonzero(every.size == size)
        place = every.first[rows][:, None] + np.arange(size)
        still = np.ones(rows.size, bool)
        for one in (values[place] for values in series):
            whole = np.isfinite(one).all(axis=1)
            still &= whole
            still[whole] &= cuts(one[whole]) == 0
        found.update(rows[still].tolist())
    return found


def _of_label(rows: Sequence[EventsInOrder]) -> list[WarmUp]:
    asked = [i for i, row in enumerate(rows) if row.can_show_one]
    found = [row.warm_up(len(asked)) for row in rows]
    warm = [i for i in asked if found[i].count]
    if len(asked) < 2 or 2 * len(warm) > len(asked):
        return found
    first = min((int(row.start_ns[0]) for row in rows if row.start_ns.size), default=0)
    for i in warm:
        others = [(rows[k], found[k].count) for k in asked if k != i]
        if rows[i].start_ns[0] != first and not _farther(rows[i], found[i].count, others):
            found[i] = WarmUp(0, WarmUpReason.STEADY)
    return found


def _farther(row: EventsInOrder, count: int, others: Sequence[tuple[EventsInOrder, int]]) -> bool:
    """Return whether a row's first events stand farther apart than any event of the others strays from its row's level."""
    for mine, theirs in (
        (row.energies, [(other.energies, skipped) for other, skipped in others]),
        (row.durations, [(other.durations, skipped) for other, skipped in others]),
    ):
        stray = max(float(np.nanmax(_apart(values, skipped)[skipped:])) for values, skipped in theirs)
        if float(np.nanmin(_apart(mine, count)[:count])) > _BEYOND * stray:
            return True
    return False


def _apart(values: Floats, count: int) -> Floats:
    """Return by what share of the level of the events behind the first `count` each one lies apart."""
    level = float(np.nanmedian(values[count:]))
    apart: Floats = np.abs(values / level - 1) if level else np.zeros(values.size)
    return apart
