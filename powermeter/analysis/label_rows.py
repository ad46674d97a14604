"""The rows of all labels: of many labels each is made when it is asked for, of one of which no energy is known in a shorter way than by `labels.row`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import eq
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.above_baseline import Baseline
from powermeter.analysis.events_of_rows import EventsOfRows
from powermeter.analysis.extreme_powers import remember_extreme_powers
from powermeter.analysis.label_charges import LabelCharges
from powermeter.analysis.label_row import LabelRow, RowName, row
from powermeter.analysis.latencies import latencies
from powermeter.analysis.next_item import MANY_LABELS
from powermeter.analysis.resolution import is_one_by_one, verdict
from powermeter.analysis.shares_of_overlapping import Shares
from powermeter.analysis.warmup import WarmUp
from powermeter.analysis.warmups_of_labels import warm_ups
from powermeter.analysis.windows import Windows
from powermeter.channel import MISSING
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns

Indices = NDArray[np.int64]

_AT_ONCE = 32
"""Rows whose charges are measured together the first time; then as many as there are."""


class InShort(NamedTuple):
    """What is known of a label before its row is made.

    Attributes:
        label, title: As in `LabelRow`.
        events, items: As in `LabelRow`.
        energy_j: Of `LabelRow.energy`, J; None where it is not known.
        power_w: Of `LabelRow.power`, W, if that is known.
        lasts: Whether its events take time, or it has none.
    """

    label: str
    title: str
    events: int
    items: float | None
    energy_j: float | None
    power_w: float | None
    lasts: bool

    @classmethod
    def of(cls, made: LabelRow) -> InShort:
        """Return that of a row."""
        energy, power = made.energy, made.power
        return cls(
            made.label,
            made.title,
            made.events,
            made.items,
            None if energy is None else energy.value,
            None if power is None else power.value,
            not made.events or made.latency_mean is not None,
        )


class LabelRows(Sequence[LabelRow]):
    """The rows of many labels, in their order, each made when it is asked for and kept.

    Attributes:
        named: What each is called.
        members: The events of each, as positions in `events` and in the windows' arrays.
        warm: The warm-up of each.
    """

    def __init__(
        self,
        named: Sequence[RowName],
        members: Sequence[Indices],
        warm: Sequence[WarmUp],
        events: EventColumns,
        energies: Windows,
        charges: LabelCharges | None,
        baseline: Baseline | None,
        shares: Shares | None,
    ) -> None:
        self.named, self.members, self.warm = named, members, warm
        self.events, self.energies, self.shares = events, energies, shares
        self._charges, self._baseline = charges, baseline
        self._made: dict[int, LabelRow] = {}

    def __repr__(self) -> str:
        return f"<LabelRows: {plural(len(self), 'label')}>"

    def __eq__(self, other: object) -> bool:
        """Whether other rows, or a tuple of them, are the same one by one, as tuples compare."""
        if not isinstance(other, LabelRows | tuple):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.named)

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelRow, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelRow | tuple[LabelRow, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        i = range(len(self))[index]
        if i not in self._made:
            self._make(i)
        return self._made[i]

    @cached_property
    def in_short(self) -> list[InShort]:
        """What is known of each before it is made."""
        energy, counts = self.energies, self.events.counts
        plain = energy.known & energy.covered & (energy.seconds > 0) & ~np.isnan(counts)
        columns = counts.tolist(), energy.value.tolist(), energy.seconds.tolist(), plain.tolist()
        found = []
        for i, (named, mine) in enumerate(zip(self.named, self.members, strict=True)):
            if mine.size != 1 or not columns[-1][at := mine.item()]:
                found.append(self._in_short(i, counts))
                continue
            items, joules, span = (column[at] for column in columns[:-1])
            found.append(InShort(named.label, named.title, 1, items, joules, joules * (1 / span), lasts=True))
        return found

    def without_charge(self, i: int) -> LabelRow:
        """Return a row whose charge nobody asks for, which is not kept."""
        return self._made.get(i) or self._row(i, None)

    def _in_short(self, i: int, counts: NDArray[np.float64]) -> InShort:
        energy, index = self.energies, self.members[i]
        known, covered = index[energy.known[index]], index[energy.covered[index]]
        mine = counts[known if known.size else index]
        items = None if np.isnan(mine).any() else float(mine.sum()) if known.size else 0.0
        span = float(energy.seconds[known].sum())
        joules = float(np.ones(known.size) @ energy.value[known]) if span > 0 else None
        return InShort(
            self.named[i].label,
            self.named[i].title,
            int(covered.size),
            items,
            joules,
            None if joules is None else joules * (1 / span),
            not covered.size or bool(energy.seconds[covered].any()),
        )

    def _make(self, first: int) -> None:
        """Make a row; where charges are measured for it, those that used most, or follow them, as many as there are."""
        charges = self._charges
        if charges is None or charges.is_whole:
            self._made[first] = self._row(first, None if charges is None else charges.whole)
            return
        left = [i for i in self._heaviest_first if i != first and i not in self._made]
        some = [first, *left[: max(_AT_ONCE, len(self._made)) - 1]]
        measured = charges.of(some)
        for i in some:
            self._made[i] = self._row(i, measured)

    @cached_property
    def _heaviest_first(self) -> list[int]:
        used = np.array([one.energy_j or 0.0 for one in self.in_short])
        found: list[int] = np.argsort(-used, kind="stable").tolist()
        return found

    def _row(self, i: int, charges: Windows | None) -> LabelRow:
        return _row(
            self.named[i],
            self.members[i],
            self.warm[i],
            self.events,
            self.energies,
            charges,
            self._baseline,
            self.shares,
        )


def rows_of(
    named: Sequence[RowName],
    members: Sequence[Indices],
    events: Sequence[Event],
    energies: Windows,
    charges: LabelCharges | None,
    baseline: Baseline | None,
    shares: Shares | None,
) -> Sequence[LabelRow]:
    """Return the row of each label.

    Args:
        named: What each is called.
        members: The events of each, as positions in `events` and in the windows' arrays.
        shares: What part of the energy during each event is its; None where nothing overlaps.
    """
    columns = EventColumns.of(events)
    every = EventsOfRows.of(columns, energies, members) if len(members) > MANY_LABELS else None
    warm = warm_ups([one.label for one in named], members, columns, energies, every)
    if every is not None:
        remember_extreme_powers(energies, every.behind(np.array([one.count for one in warm], np.int64)))
        return LabelRows(named, members, warm, columns, energies, charges, baseline, shares)
    drawn = None if charges is None else charges.whole
    return tuple(
        _row(name, index, first, columns, energies, drawn, baseline, shares)
        for name, index, first in zip(named, members, warm, strict=True)
    )


def in_short(rows: Sequence[LabelRow]) -> list[InShort]:
    """Return what is known of each of some rows, none of which is made for it."""
    return rows.in_short if isinstance(rows, LabelRows) else [InShort.of(made) for made in rows]


def labels_of(rows: Sequence[LabelRow]) -> list[str]:
    """Return the label of each of some rows, none of which is made for it."""
    return [one.label for one in (rows.named if isinstance(rows, LabelRows) else rows)]


def rows_called(rows: Sequence[LabelRow], label: str) -> list[LabelRow]:
    """Return the rows of a label or title, no other of which is made for it."""
    return rows_where(rows, lambda one: label in (one.label, one.title))


def rows_where(rows: Sequence[LabelRow], is_meant: Callable[[RowName], bool]) -> list[LabelRow]:
    """Return the rows with such a name, no other of which is made for it."""
    if isinstance(rows, LabelRows):
        return [rows[i] for i, one in enumerate(rows.named) if is_meant(one)]
    return [made for made in rows if is_meant(RowName(made.label, made.group))]


def stated_singly(rows: Sequence[LabelRow], energies: Windows) -> NDArray[np.bool_]:
    """Return of which events an energy of its own is stated: it is known, and the sampling resolves events of its label.  No row is made for it."""
    found: NDArray[np.bool_] = energies.known.copy()
    for index in rows.members if isinstance(rows, LabelRows) else [made.index for made in rows]:
        if not is_one_by_one(energies, index[found[index]]):
            found[index] = False
    return found


def _row(
    named: RowName,
    index: Indices,
    warmup: WarmUp,
    events: EventColumns,
    energies: Windows,
    charges: Windows | None,
    baseline: Baseline | None,
    shares: Shares | None,
) -> LabelRow:
    if energies.known[index].any():
        return row(named, index, events, energies, charges, baseline, shares, warmup)
    return _of_unknown(named, index, events, energies, warmup)


def _of_unknown(
    named: RowName, index: Indices, columns: EventColumns, energy: Windows, warmup: WarmUp
) -> LabelRow:
    """Return the row of events of none of which an energy is known."""
    covered = index[energy.covered[index]]
    memory = int(columns.numbers["peak_memory"][index].max(initial=MISSING))
    latency = latencies(energy.seconds[covered])
    return LabelRow(
        label=named.label,
        group=dict(named.group),
        events=int(covered.size),
        outside=int(index.size - covered.size),
        unseen=int(covered.size),
        items=None if np.isnan(columns.counts_at(index)).any() else 0,
        seconds=0.0,
        energy=None,
        energy_per_item=None,
        energy_median=None,
        energy_p95=None,
        spread_j=None,
        expected_per_item=None,
        next_event_per_item=None,
        charge=None,
        charge_per_item=None,
        power=None,
        above=None,
        above_per_item=None,
        above_power=None,
        expected_above_per_item=None,
        latency_mean=latency.mean,
        latency_p50=latency.p50,
        latency_p95=latency.p95,
        latency_p99=latency.p99,
        peak_memory=None if memory == MISSING else memory,
        sample_power=None,
        sample_energy=None,
        plain_energy=None,
        gap_s=0.0,
        method="integral",
        overlapping=False,
        shared=None,
        share=None,
        warmup=warmup,
        verdict=verdict(energy, covered[:0], None, covered),
        tail=None,
        index=index,
    )
