"""Events as batches of columns: what a program noted since the last time, in one row of the table `events`.

Writing needs no numpy and costs about a microsecond an event; it runs in the measured program.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import sub
from struct import Struct
from typing import TYPE_CHECKING, Any

from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.recording import encodable_text, file, schema
from powermeter.result.notes import Note

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from powermeter.recording.event_columns import EventColumns
    from powermeter.recording.rows import Rows

COLUMNS = ("thread", "uid", "parent", "name", "start_ns", "end_ns", "count", "attributes", "peak_memory")
"""The columns that `insert` takes where none are named."""

TEXTS = frozenset(("name", "attributes", "task", "measures", "items"))
"""Columns of texts: each cell is the place of its text in the batch's list.  `items` is a count that is not a whole number."""

EVENTS_EACH_BYTE, LEAST_BELIEVED = 10, 100_000
"""Events that a byte of file may stand for (ours: at most three), and what is believed of any file."""

_AS_JSON = frozenset(("attributes", "measures"))
_RISING = frozenset(("uid", "start_ns", "end_ns"))
_MISSING = -(2**63)  # of powermeter.channel, which would be one import more in the measured program
_MOST = 1 << 16
_HEADER, _LENGTH = Struct("<BBqqq"), Struct("<I")
_CONSTANT, _OFFSET, _DELTA, _WIDTH = 0, 1, 2, 8


def insert(
    connection: sqlite3.Connection,
    process: int,
    rows: Iterable[Sequence[Any]],
    columns: Sequence[str] = COLUMNS,
) -> int:
    """Add events of one process inside the transaction in progress; returns how many.

    Args:
        connection: From `file.open_to_append` or a writer; schema version 2.
        process: Whose they are.
        rows: One sequence for each event, in the order of `columns`; None is a value that is not there.
            Integers fit 64 bits; `attributes` and `measures` are JSON texts.
        columns: What a row holds, from `COLUMNS` and `TEXTS`.
    """
    ready = list(rows)
    batches = [ready[first : first + _MOST] for first in range(0, len(ready), _MOST)]
    start, end = columns.index("start_ns"), columns.index("end_ns")
    file.insert(
        connection,
        schema.TABLES[schema.NEWEST]["events"],
        (
            (
                process,
                len(batch),
                min(row[start] for row in batch),
                max(row[start] if row[end] is None else row[end] for row in batch),
                encode(batch, columns),
            )
            for batch in batches
        ),
    )
    return len(ready)


def encode(rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS) -> bytes:
    """Return the bytes of a batch of 1 to 65 536 events."""
    texts: dict[str, int] = {}
    parts = []
    for name, column in zip(columns, zip(*rows, strict=True), strict=True):
        cells: Sequence[int]
        if name in TEXTS:
            cells = [_MISSING if text is None else texts.setdefault(text, len(texts)) for text in column]
        else:
            cells = [_MISSING if cell is None else cell for cell in column] if None in column else column
        parts.append(_column(cells, name in _RISING))
    head = zlib.compress(json.dumps({"columns": list(columns), "texts": list(texts)}).encode(), 1)
    return b"".join(_LENGTH.pack(len(part)) + part for part in (head, *parts))


def _column(cells: Sequence[int], is_rising: bool) -> bytes:
    """Return a column as `column_bytes.decode` reads it, always eight bytes wide."""
    first = cells[0]
    if cells.count(first) == len(cells):
        return _HEADER.pack(_CONSTANT, 0, first, 0, 1)
    header, residuals = _HEADER.pack(_OFFSET, _WIDTH, 0, 0, 1), None
    if is_rising:
        try:
            residuals = array("q", map(sub, cells[1:], cells))
            header = _HEADER.pack(_DELTA, _WIDTH, first, 0, 1)
        except OverflowError:  # a missing one among them
            residuals = None
    if residuals is None:
        residuals = array("q", cells)
    if sys.byteorder == "big":
        residuals.byteswap()
    raw = residuals.tobytes()
    return header + zlib.compress(b"".join(raw[byte::_WIDTH] for byte in range(_WIDTH)), 1)


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """Events as columns of equal length, in the order of their start.

    Attributes:
        numbers: Column → int64, shape (n,); `channel.MISSING` where an event has none.  Holds `process`, `thread`,
            `uid`, `parent`, `start_ns`, `end_ns`, `count`, `peak_memory`.
        places: Column of texts → int64, shape (n,): the place in `texts`, or `channel.MISSING`.
        texts: The different texts.
    """

    numbers: Mapping[str, NDArray[np.int64]]
    places: Mapping[str, NDArray[np.int64]]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.numbers["start_ns"])

    def pieces(self, most: int) -> Iterator[EventTable]:
        """Yield it in pieces of at most so many events."""
        for first in range(0, len(self), most):
            numbers, places = (
                {name: column[first : first + most] for name, column in columns.items()}
                for columns in (self.numbers, self.places)
            )
            yield EventTable(numbers, places, self.texts)

    def rows(self, columns: Sequence[str] = COLUMNS) -> Iterator[tuple[Any, ...]]:
        """Yield one tuple for each event, as `insert` takes them."""
        listed = []
        for name in columns:
            cells = (self.places if name in TEXTS else self.numbers)[name].tolist()
            if name in TEXTS:
                listed.append([None if cell == _MISSING else self.texts[cell] for cell in cells])
            else:
                listed.append([None if cell == _MISSING else cell for cell in cells])
        return zip(*listed, strict=True)


def decode(data: bytes, count: int, process: int) -> EventTable:
    """Return one batch as it was written.

    Raises:
        DataError: The bytes are no such batch.
    """
    import numpy as np

    from powermeter.recording import column_bytes
    from powermeter.recording.rows import MAX_TEXT, parse_json

    if not 0 < count <= column_bytes.MAX_COUNT:
        raise DataError(f"a batch of {count} is not plausible")
    parts = column_bytes.split(data, most=64)
    if not parts:
        raise DataError("a batch of events is empty")
    inflater = zlib.decompressobj()
    try:
        head = inflater.decompress(parts[0], MAX_TEXT * 4)
        found = parse_json(head.decode())
    except (zlib.error, ValueError) as error:
        raise DataError(f"a batch of events has no head: {error}") from None
    names, texts = (found.get("columns"), found.get("texts")) if isinstance(found, dict) else (None, None)
    if (
        not isinstance(names, list)
        or not isinstance(texts, list)
        or len(names) != len(parts) - 1
        or not all(isinstance(text, str) for text in (*names, *texts))
    ):
        raise DataError("a batch of events has a head that is not understood")
    numbers = {"process": np.full(count, process, np.int64)}
    places = {}
    for name, part in zip(names, parts[1:], strict=True):
        column = column_bytes.decode(part, count)
        if name in TEXTS:
            present = column[column != _MISSING]
            if present.size and (present.min() < 0 or present.max() >= len(texts)):
                raise DataError("an event's text is not in its batch")
            places[name] = column
        else:
            numbers[name] = column
    for name in COLUMNS:
        if name not in (places if name in TEXTS else numbers):
            raise DataError(f"a batch of events has no column {name!r}")
    if (places["name"] == _MISSING).any() or (numbers["uid"] == _MISSING).any():
        raise DataError("an event has no name or number")
    limit = schema.TIME_LIMIT
    start, end = numbers["start_ns"], numbers["end_ns"]
    if (np.abs(start) >= limit).any() or ((np.abs(end) >= limit) & (end != _MISSING)).any():
        raise DataError("an event's time is not plausible")
    return EventTable(numbers, places, texts)


def batches(rows: Rows) -> Iterator[EventTable]:
    """Yield the events of a recording batch by batch, as they were written; one that is damaged is left out."""
    if rows.version == 1:
        yield from _old(rows)
        return
    believed = max(LEAST_BELIEVED, EVENTS_EACH_BYTE * rows.size)
    for _, process, count, _, _, data in rows.sound("events"):
        believed -= max(count, 0)
        if believed < 0:
            rows.warn(
                Note.warning(
                    "events-left-out",
                    f"it claims more events than its {rows.size:,} bytes can hold; the rest is left out",
                )
            )
            return
        try:
            yield decode(data, count, process)
        except DataError as error:
            rows.warn(
                Note.warning(
                    "events-left-out", f"{plural(count, 'event is', 'events are')} left out: {error}"
                )
            )


def _old(rows: Rows) -> Iterator[EventTable]:
    """Yield the events of schema 1, where each has a row."""
    waiting: dict[int, list[tuple[Any, ...]]] = {}
    for _, process, thread, uid, parent, name, start_ns, end_ns, *rest in rows.sound("event"):
        if max(abs(start_ns), abs(end_ns or 0)) >= schema.TIME_LIMIT:
            rows.warn(
                Note.warning(
                    "events-left-out",
                    f"the time of an event {encodable_text.encodable(name)[:40]!r} is not plausible; it is left out",
                )
            )
            continue
        batch = waiting.setdefault(process, [])
        batch.append((thread, uid, parent, name, start_ns, end_ns, *rest))
        if len(batch) == _MOST:
            yield decode(encode(batch), len(batch), process)
            batch.clear()
    for process, batch in waiting.items():
        if batch:
            yield decode(encode(batch), len(batch), process)


def table(parts: Iterable[EventTable]) -> EventTable:
    """Return batches as one table: each event once, as it was written last, in the order of the start."""
    import numpy as np

    known: dict[str, int] = {}
    missing = np.int64(_MISSING)
    columns: dict[str, list[NDArray[np.int64]]] = {}
    counts: list[int] = []
    for part in parts:
        moved = np.array([known.setdefault(text, len(known)) for text in part.texts] or [0], np.int64)
        for name, column in (*part.numbers.items(), *part.places.items()):
            if name in TEXTS:
                column = np.where(column == _MISSING, _MISSING, moved[np.maximum(column, 0)])
            if name not in columns:  # a column that earlier batches lack
                columns[name] = [np.broadcast_to(missing, n) for n in counts]
            columns[name].append(_if_constant(column))
        counts.append(len(part))
        for earlier in columns.values():
            if len(earlier) < len(counts):
                earlier.append(np.broadcast_to(missing, len(part)))
    for name in ("process", *COLUMNS):
        columns.setdefault(name, [])
    whole = {name: _joined(columns.pop(name)) for name in list(columns)}
    if (order := _newest(whole)) is not None:
        for name, column in whole.items():
            whole[name] = np.broadcast_to(column[0], order.size) if column.strides == (0,) else column[order]
    return EventTable(
        {name: column for name, column in whole.items() if name not in TEXTS},
        {name: column for name, column in whole.items() if name in TEXTS},
        list(known),
    )


def _if_constant(column: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a column; one that is one number all along as that number, which takes no memory."""
    import numpy as np

    return np.broadcast_to(column[0], column.size) if (column == column[0]).all() else column


def _joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the parts of a column as one."""
    import numpy as np

    first = parts[0][0] if parts else None
    if first is not None and all(part.strides == (0,) and part[0] == first for part in parts):
        return np.broadcast_to(first, sum(part.size for part in parts))
    return np.concatenate([*parts, np.empty(0, np.int64)])


def _newest(columns: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64] | None:
    """Return the places of each event's newest row, by start; None where that is how they stand.

    A process id may come round again within a recording; a start does not.
    """
    import numpy as np

    process, uid, start = columns["process"], columns["uid"], columns["start_ns"]
    n = len(start)
    if process.strides == (0,) and (uid[1:] > uid[:-1]).all() and (start[1:] >= start[:-1]).all():
        return None
    order = np.lexsort((np.arange(n), start, uid, process))
    again = np.zeros(n, bool)
    if n > 1:
        a, b = order[:-1], order[1:]
        again[:-1] = (process[a] == process[b]) & (uid[a] == uid[b]) & (start[a] == start[b]) & (uid[a] != 0)
    kept = np.sort(order[~again])
    placed: NDArray[np.int64] = kept[np.argsort(start[kept], kind="stable")]
    return placed


def columns_of(found: EventTable, rows: Rows) -> EventColumns:
    """Return a table as columns of events; attributes that are not readable are left out, with a warning."""
    import numpy as np

    from powermeter.recording.event_columns import FREE, EventColumns

    count = len(found)
    nowhere = np.broadcast_to(np.int64(_MISSING), count)
    places = {name: found.places.get(name, nowhere) for name in ("name", "task", *FREE)}
    free: list[Mapping[str, Any]] = []
    for name in FREE:
        places[name] = _parsed(places[name], found.texts, rows, free)
    return EventColumns(found.numbers, places, found.texts, free, _items(found))


def _parsed(
    places: NDArray[np.int64], texts: Sequence[str], rows: Rows, free: list[Mapping[str, Any]]
) -> NDArray[np.int64]:
    """Return where in `free` the values of each event's text are, which are added to it."""
    import numpy as np

    if places.size and places.strides == (0,) and places[0] == _MISSING:
        return places
    known, which = np.unique(places, return_inverse=True)
    at = np.full(known.size, _MISSING, np.int64)
    for i, place in enumerate(known.tolist()):
        value = {} if place == _MISSING else rows.json(texts[place], "the attributes of an event")
        if isinstance(value, dict) and value:
            at[i] = len(free)
            free.append(value)
    return at[which]


def _items(found: EventTable) -> NDArray[np.float64] | None:
    """Return the counts that are not whole numbers, NaN for all others; None where there is none."""
    import numpy as np

    places = found.places.get("items")
    if places is None or (places == _MISSING).all():
        return None
    known, which = np.unique(places, return_inverse=True)
    cells = [None if place == _MISSING else _number(found.texts[place]) for place in known.tolist()]
    return np.array([np.nan if cell is None else cell for cell in cells], np.float64)[which]


def events(found: EventTable, rows: Rows) -> list[Event]:
    """Return a table as events; attributes that are not readable are left out, with a warning."""
    return list(columns_of(found, rows))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def event_row(event: Event, columns: Sequence[str] = COLUMNS) -> tuple[Any, ...]:
    """Return an event as `insert` takes it."""
    cells = []
    for name in columns:
        cell: Any = getattr(event, name, None)
        if name == "count" and isinstance(cell, float):
            cell = None
        elif name == "items":
            cell = repr(event.count) if isinstance(event.count, float) else None
        elif name in _AS_JSON:
            cell = json.dumps(dict(cell), default=str) if cell else None
        cells.append(cell)
    return tuple(cells)
