"""Events as columns, each an object only while somebody looks at it: a million of them take 50 MB as columns and 300 as objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from itertools import repeat
from math import isnan
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import plural
from powermeter.events import Event

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

FREE = ("attributes", "measures")
"""Fields that hold values of the user's."""

_BLOCK = 4096
"""Events that are made at once: 1 to 2 MB of objects."""
_OFTEN = 256
"""So many of a block asked for one by one, and the whole of it is made and kept."""
_TEXTS = ("name", "task")
_NUMBERS = ("process", "thread", "uid", "parent", "start_ns", "end_ns", "count", "peak_memory")
_FIELDS = tuple(one.name for one in fields_of(Event))
_MOST_WHOLE = 1 << 62
"""Whole numbers from here on are no numbers of items; an int64 holds all below."""


@dataclass(frozen=True, slots=True, eq=False)
class EventColumns(Sequence[Event]):
    """Events as columns of equal length; `events[i]` and iterating make the objects.

    Attributes:
        numbers: Field → int64, shape (n,); `channel.MISSING` where an event has none.
        places: Field → int64, shape (n,): the place in `texts` (name, task) or in `free` (attributes, measures), or `channel.MISSING`.
        texts: The different texts.
        free: The different mappings.
        items: Shape (n,): a count that is not one of `numbers`; NaN where it is, None where all are.
    """

    numbers: Mapping[str, NDArray[np.int64]]
    places: Mapping[str, NDArray[np.int64]]
    texts: Sequence[str]
    free: Sequence[Mapping[str, Any]] = ()
    items: Floats | None = None
    _recent: dict[int, list[Event]] = field(init=False, repr=False, default_factory=dict)
    _asked: dict[int, int] = field(init=False, repr=False, default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> EventColumns:
        """Return events as columns; those that are columns already as they are."""
        if isinstance(events, EventColumns):
            return events
        listed = list(events)
        cells = {name: [getattr(event, name) for event in listed] for name in _NUMBERS}
        items = np.array([_item(count) for count in cells["count"]], np.float64)
        cells["count"] = [
            count if np.isnan(item) else None for count, item in zip(cells["count"], items, strict=True)
        ]
        texts: dict[str, int] = {}
        free: dict[int, int] = {}
        mappings: list[Mapping[str, Any]] = []
        places: dict[str, list[int]] = {name: [] for name in (*_TEXTS, *FREE)}
        for event in listed:
            for name in _TEXTS:
                text = getattr(event, name)
                places[name].append(MISSING if text is None else texts.setdefault(text, len(texts)))
            for name in FREE:
                mapping = getattr(event, name)
                if mapping and id(mapping) not in free:
                    free[id(mapping)] = len(mappings)
                    mappings.append(mapping)
                places[name].append(free[id(mapping)] if mapping else MISSING)
        return cls(
            {name: _column(column) for name, column in cells.items()},
            {name: np.array(column, np.int64) for name, column in places.items()},
            list(texts),
            mappings,
            None if np.isnan(items).all() else items,
        )

    def __len__(self) -> int:
        return len(self.numbers["start_ns"])

    def __repr__(self) -> str:
        return f"<{plural(len(self), 'event')}>"

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        if isinstance(index, slice):
            return self.at(np.arange(*index.indices(len(self))))
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError("there is no such event")
        block, place = divmod(number, _BLOCK)
        if (kept := self._recent.get(block)) is not None:
            return kept[place]
        asked = self._asked.pop(block, 0) + 1
        self._asked.clear()
        if asked < _OFTEN and len(self) > _BLOCK:  # of many labels each has few in a block
            self._asked[block] = asked
            return self._made(slice(number, number + 1))[0]
        kept = self._made(slice(block * _BLOCK, (block + 1) * _BLOCK))
        self._recent.clear()
        self._recent[block] = kept
        return kept[place]

    def __iter__(self) -> Iterator[Event]:
        for first in range(0, len(self), _BLOCK):
            yield from self._recent.get(first // _BLOCK) or self._made(slice(first, first + _BLOCK))

    @property
    def start_ns(self) -> Times:
        """When each began."""
        return self.numbers["start_ns"]

    @property
    def end_ns(self) -> Times:
        """When each ended; `channel.MISSING` where it did not."""
        return self.numbers["end_ns"]

    @property
    def counts(self) -> Floats:
        """How many items each stands for; NaN where that is not known."""
        return self.counts_at(slice(None))

    def counts_at(self, index: Indices | slice) -> Floats:
        """Return `counts` of the events at some positions."""
        whole = self.numbers["count"][index]
        known = np.where(whole == MISSING, np.nan, whole.astype(np.float64))
        return (
            known if self.items is None else np.where(np.isnan(self.items[index]), known, self.items[index])
        )

    @property
    def labels(self) -> tuple[list[str], Indices]:
        """The different names in the order of their first event, and which of them each has."""
        known, first, which = np.unique(self.places["name"], return_index=True, return_inverse=True)
        order = np.argsort(first)
        number = np.empty(known.size, np.int64)
        number[order] = np.arange(known.size)
        return [self.texts[place] for place in known[order].tolist()], number[which]

    def finished(self) -> EventColumns:
        """Return the events that have an end, which is not before their start."""
        ended = (self.end_ns != MISSING) & (self.end_ns >= self.start_ns)
        return self if ended.all() else self.at(ended)

    def having(self, name: Literal["attributes", "measures"]) -> Indices:
        """Return the positions of the events that have some value of the user's."""
        return np.flatnonzero(self.places[name] != MISSING)

    def with_attribute(self, key: str) -> Indices:
        """Return the positions of the events that have an attribute of a name; each mapping is asked once, however many share it."""
        some = self.having("attributes")
        has = np.array([key in mapping for mapping in self.free], bool)
        found: Indices = some[has[self.places["attributes"][some]]]
        return found

    @property
    def kinds(self) -> tuple[list[Mapping[str, Any]], Indices]:
        """The different attributes in the order of their first event, and which of them each has."""
        known, first, which = np.unique(self.places["attributes"], return_index=True, return_inverse=True)
        order = np.argsort(first)
        number = np.empty(known.size, np.int64)
        number[order] = np.arange(known.size)
        return [{} if at == MISSING else self.free[at] for at in known[order].tolist()], number[which]

    def at(self, index: Indices | NDArray[np.bool_]) -> EventColumns:
        """Return the events at some positions, or where a mask is true."""
        return replace(
            self,
            numbers={name: _picked(column, index) for name, column in self.numbers.items()},
            places={name: _picked(column, index) for name, column in self.places.items()},
            items=None if self.items is None else self.items[index],
        )

    def with_counts(self, index: Indices, counts: Floats) -> EventColumns:
        """Return the same events, those at `index` with other counts; NaN is one that is not known."""
        whole = np.array(self.numbers["count"])
        whole[index] = MISSING
        items = np.full(len(self), np.nan) if self.items is None else self.items.copy()
        items[index] = counts
        return replace(self, numbers={**self.numbers, "count": whole}, items=items)

    def _made(self, part: slice) -> list[Event]:
        """Return some events as objects, slot by slot: half the time of as many calls of `Event`."""
        made = list(map(Event.__new__, repeat(Event, self.start_ns[part].size)))
        for name in _FIELDS:
            deque(map(getattr(Event, name).__set__, made, self._cells(name, part)), maxlen=0)
        return made

    def _cells(self, name: str, part: slice) -> list[Any]:
        """Return what some events hold in one field."""
        if name in FREE:
            return [{} if at == MISSING else self.free[at] for at in self.places[name][part].tolist()]
        if name in _TEXTS:
            return [None if at == MISSING else self.texts[at] for at in self.places[name][part].tolist()]
        column = self.numbers[name][part]
        cells: list[Any] = column.tolist() if column.strides != (0,) else column[:1].tolist() * column.size
        if MISSING in cells:
            cells = [None if cell == MISSING else cell for cell in cells]
        if name == "count" and self.items is not None:
            own = self.items[part].tolist()
            cells = [cell if isnan(item) else item for cell, item in zip(cells, own, strict=True)]
        return cells


def _picked(column: NDArray[np.int64], index: Indices | NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return some cells; of a column that is one number all along, that number."""
    if column.size and column.strides == (0,):
        count = int(np.count_nonzero(index)) if index.dtype == np.bool_ else index.size
        return np.broadcast_to(column[0], count)
    return column[index]


def _column(cells: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([MISSING if cell is None else cell for cell in cells], np.int64)


def _item(count: Any) -> float:
    """Return a count that a column of whole numbers does not hold; NaN for one that it does, infinity for what is no number."""
    if count is None or (isinstance(count, int) and abs(count) < _MOST_WHOLE):
        return np.nan
    try:
        number = np.inf if isinstance(count, str | bytes) else float(count)
    except (TypeError, ValueError, OverflowError):
        return np.inf
    return np.inf if isnan(number) else number
