"""Decides which readings of a long recording are held in memory; those between them are added up in `kept_readings.py`.

Those beside the edges of events (all inside short ones), in stretches that are spread evenly over the run, beside holes, and the extremes of
every block of what is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel, Gap, Kind
from powermeter.signals.alignment import instrument_times
from powermeter.signals.correction import Correction

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

STRETCHES, STRETCH = 32, 4096
"""Stretches spread evenly over the run, and readings of each."""

SPARSE = 120_000
"""Readings that are held of what lies between, about."""

INSIDE = 120_000
"""Readings inside the events of a label from which analysis takes their scatter."""

LEAST_INSIDE = 64
"""Readings at either end of such an event that are held at least, however many there are."""

WHOLE = 6000
"""Events of a label of which all readings are held; of others, those beside their edges."""

HELD = 1_000_000
"""Readings inside events that are held of all labels together, about: of many labels, of fewer events each."""

_BESIDE, _BESIDE_MANY, _MANY = 16, 6, 30_000
_BESIDE_EDGE, _INSIDE_EDGE = 3, 2
_HOLE_INSTANT, _HOLE_MEAN = 3.4, 1.4
_BESIDE_HOLES, _HOLES = 256, 400


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Events, near whose edges every reading is held.

    Attributes:
        start_ns, end_ns: Shape (n,).
        group: Shape (n,): which label each belongs to.
    """

    start_ns: Times
    end_ns: Times
    group: NDArray[np.int64]

    def on_clock_of(self, fact: Mapping[str, Any]) -> Around:
        """Return the events on the clock of an instrument, by its `alignment` fact."""
        start, end = (instrument_times(times, fact) for times in (self.start_ns, self.end_ns))
        return Around(start, end, self.group)

    def spans(self, interval_ns: int) -> tuple[Times, Times]:
        """Return disjoint stretches of time, in order, in which every reading is held."""
        n = self.start_ns.size
        if not n:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        of_label = np.bincount(self.group)[self.group]
        order = np.argsort(self.group, kind="stable")
        number = np.empty(n, np.int64)
        number[order] = np.arange(n) - np.searchsorted(self.group[order], self.group[order])
        inside = min(INSIDE, HELD // np.unique(self.group).size)
        reach = np.maximum(LEAST_INSIDE, inside // np.minimum(of_label, 4000))
        whole = self._whole(number, of_label, 2 * reach * interval_ns, interval_ns)
        beside = np.where(whole, _BESIDE if n <= _MANY else _BESIDE_MANY, _BESIDE_EDGE) * interval_ns
        reach = np.where(whole, reach, _INSIDE_EDGE) * interval_ns
        long = self.end_ns - self.start_ns > 2 * reach
        start = np.concatenate([self.start_ns - beside, (self.end_ns - reach)[long]])
        end = np.concatenate(
            [
                np.where(long, self.start_ns + reach, self.end_ns + beside),
                (self.end_ns + beside)[long],
            ]
        )
        return _disjoint(start, end)

    def _whole(
        self, number: NDArray[np.int64], of_label: NDArray[np.int64], most_ns: Times, interval_ns: int
    ) -> Bools:
        """Return of which events all readings are held, each up to `most_ns`: fewer of a label where they are too many."""
        readings = np.minimum(self.end_ns - self.start_ns, most_ns) // interval_ns
        most = WHOLE
        while True:
            whole = number % np.maximum(of_label // most, 1) == 0
            if most == 1 or readings[whole].sum() <= HELD:
                return np.asarray(whole)
            most = max(most // 2, 1)


def _disjoint(start: Times, end: Times) -> tuple[Times, Times]:
    order = np.argsort(start, kind="stable")
    start, latest = start[order], np.maximum.accumulate(end[order])
    fresh = np.concatenate([[True], start[1:] > latest[:-1]])
    begins = np.flatnonzero(fresh)
    return start[begins], latest[np.append(begins[1:], start.size) - 1]


@dataclass(slots=True, eq=False)
class ReadingPlan:
    """How a source is read.

    Attributes:
        channels: Those that are on a rail.
        corrections: Channel name → its calibration.
        pairs: Rail → voltage and current, whose product is its power.
        peaks: Columns (or counters) of which the extremes are held.
        interval_ns: Usual distance of two readings.
        rows: Number of readings.
    """

    channels: Sequence[Channel]
    corrections: Mapping[str, Correction]
    pairs: Mapping[str, tuple[Channel, Channel]]
    peaks: Sequence[str]
    interval_ns: int
    rows: int


def even_starts(rows: int) -> NDArray[np.int64]:
    """Return where the even stretches of so many readings begin."""
    return np.linspace(0, rows - STRETCH, STRETCHES).astype(np.int64)


class ReadingChoice:
    """Which readings of each piece are held."""

    def __init__(self, plan: ReadingPlan, around: Around, gaps: Sequence[Gap]) -> None:
        self._spans = around.spans(plan.interval_ns)
        self._starts = even_starts(plan.rows)
        self._each = max(16, math.ceil(plan.rows * (1 + 4 * len(plan.peaks)) / SPARSE))
        means = any(channel.kind is Kind.MEAN for channel in plan.channels)
        self._hole_s = (_HOLE_MEAN if means else _HOLE_INSTANT) * plan.interval_ns * 1e-9
        self._gaps = np.array(sorted((gap.start_ns + gap.end_ns) // 2 for gap in gaps), np.int64)
        self._holes = 0

    def fair(self, first: int, count: int) -> list[tuple[int, int]]:
        """Return where in a piece of so many readings the even stretches lie."""
        low, high = self._starts - first, self._starts + STRETCH - first
        pick = np.flatnonzero((low < count) & (high > 0))
        return [(max(int(low[i]), 0), min(int(high[i]), count)) for i in pick.tolist()]

    def of(
        self, first: int, times: Times, steps: Floats, series: Sequence[Floats], marked: Sequence[Bools]
    ) -> NDArray[np.int64]:
        """Return the positions in a piece of the readings that are held.

        Args:
            first: The position of the piece among all readings.
            times, steps: Its stamps in ns, and the seconds since the reading before each.
            series: Of which the extremes are held.
            marked: Readings of which the first of each block is held.
        """
        n = times.size
        mask = np.zeros(n, bool)
        mask[0] = mask[-1] = True
        mask[:: self._each] = True
        starts, ends = self._spans
        here = slice(np.searchsorted(ends, times[0]), np.searchsorted(starts, times[-1], side="right"))
        begins = np.searchsorted(times, starts[here]).tolist()
        stops = np.searchsorted(times, ends[here], side="right").tolist()
        for a, b in zip(begins, stops, strict=True):
            mask[a:b] = True
        for a, b in self.fair(first, n):
            mask[a:b] = True
        for values in series:
            self._extremes(values, mask)
        for one in marked:
            at = np.flatnonzero(one)
            mask[at[np.unique(at // self._each, return_index=True)[1]]] = True
        wide = np.flatnonzero(steps > self._hole_s)
        near = np.searchsorted(times, self._gaps, side="right")
        near = near[(near > 0) & (near < n)]
        for at in (wide, near):
            mask[at] = mask[np.maximum(at - 1, 0)] = True
        for at in np.concatenate([wide, near])[: max(0, _HOLES - self._holes)].tolist():
            mask[max(0, at - _BESIDE_HOLES) : at + _BESIDE_HOLES] = True
        self._holes += wide.size + near.size
        return np.flatnonzero(mask)

    def _extremes(self, values: Floats, mask: Bools) -> None:
        """Hold the lowest and the highest value of each block and the readings before them."""
        each = self._each
        whole = values.size // each * each
        heads = np.arange(0, whole, each)
        blocks = values[:whole].reshape(-1, each)
        found = [heads + blocks.argmax(axis=1), heads + blocks.argmin(axis=1)]
        if whole < values.size:
            rest = values[whole:]
            found.append(np.array([whole + int(rest.argmax()), whole + int(rest.argmin())]))
        at = np.concatenate(found)
        mask[at] = mask[np.maximum(at - 1, 0)] = True
