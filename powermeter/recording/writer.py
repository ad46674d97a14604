"""Writes a recording: sources, chunks of raw codes, events, clocks, gaps and facts."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import columns, file, summary
from powermeter.source import Gap

MAX_CHUNK = 1 << 17


@dataclass(slots=True)
class _Progress:
    """How far the samples of one source are written.

    `waiting` holds (start, end, count, summary) of the stretches of each level that do not yet make one
    of the next; `levels` counts the ones written.
    """

    channels: Sequence[Channel]
    pairs: Sequence[tuple[int, int]]
    sequence: int = 0
    last_ns: int | None = None
    waiting: dict[int, list[tuple[int, int, int, bytes]]] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)

    def copy(self) -> _Progress:
        """Return one that is not changed along with this."""
        waiting = {level: list(stretches) for level, stretches in self.waiting.items()}
        return replace(self, waiting=waiting, levels=dict(self.levels))


class Writer:
    """An open recording that rows are added to.

    Every method commits before it returns, except inside `with writer.transaction():`.  Close it, or
    use it as a context manager: closing notes that the recording is whole and folds the write-ahead
    log into the one file.  Left by an exception it is not noted as whole.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._sources: dict[int, _Progress] = {}
        self._says_whole = True
        self._last_ns_before: Mapping[str, int] = {}

    @classmethod
    def create(
        cls, path: str | Path, metadata: Mapping[str, Any] | None = None, *, force: bool = False
    ) -> Writer:
        """Create a recording.

        Args:
            path: The file; `.power` by custom.
            metadata: JSON values that describe host, program and run.
            force: Whether an existing file is replaced.

        Raises:
            ExistsError: The file exists and `force` is False.
            DataError: It cannot be created.
        """
        path = Path(path)
        writer = cls(path, file.create(path, force=force))
        writer.set_metadata(metadata or {})
        return writer

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def transaction(self) -> _Transaction:
        """Return a context in which several additions are committed as one, or all undone where one fails."""
        return _Transaction(self._connection, self._sources)

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        with self.transaction():
            file.insert(self._connection, table, rows)

    def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add or replace metadata entries; the newest row of a key counts."""
        self._insert("meta", ((key, json.dumps(value, default=str)) for key, value in metadata.items()))

    def add_source(
        self,
        url: str,
        name: str,
        driver: str,
        channels: Sequence[Channel],
        info: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a source and its channels; gives the id that `append` takes.

        Raises:
            ConfigurationError, DataError: Two channels have one name, or there are none.
        """
        if len({channel.name for channel in channels}) != len(channels) or not channels:
            raise DataError(f"{url}: channels must have different names, and there must be one at least")
        row = (url, name, driver, json.dumps(dict(info or {}), default=str), len(channels))
        with self.transaction():
            source = file.insert(self._connection, "source", [row])
            self._insert(
                "channel",
                (
                    (source, position, channel.name, json.dumps(channel.to_dict()))
                    for position, channel in enumerate(channels)
                ),
            )
        self._sources[source] = _Progress(tuple(channels), summary.products(channels))
        return source

    def append(
        self,
        source: int,
        times_ns: NDArray[np.int64],
        codes: NDArray[np.int64],
        flags: NDArray[np.uint8] | None = None,
        read_ns: int | None = None,
    ) -> None:
        """Add samples of one source.

        Args:
            source: From `add_source`.
            times_ns: int64, shape (n,), never decreasing, also across calls.
            codes: int64, shape (n, channels), or (n,) for one channel.
            flags: uint8, shape (n,); None for all 0.
            read_ns: Mean duration of a read, where the source is polled.

        Raises:
            DataError: Shapes do not fit or time runs backwards.
        """
        if not len(times_ns):
            return
        times_ns = np.ascontiguousarray(times_ns, np.int64)
        codes = np.asarray(codes, np.int64).reshape(len(times_ns), -1)
        progress = self._sources[source]
        width = len(progress.channels)
        if codes.shape[1] != width:
            raise DataError(f"source {source} has {width} channels, the samples have {codes.shape[1]}")
        last_ns = times_ns[0] if progress.last_ns is None else progress.last_ns
        if times_ns[0] < last_ns or (np.diff(times_ns) < 0).any():
            raise DataError(f"source {source}: sample times run backwards")
        with self.transaction():
            for start in range(0, len(times_ns), MAX_CHUNK):
                part = slice(start, start + MAX_CHUNK)
                self._append_chunk(
                    source, times_ns[part], codes[part], None if flags is None else flags[part], read_ns
                )

    def _append_chunk(
        self,
        source: int,
        times_ns: NDArray[np.int64],
        codes: NDArray[np.int64],
        flags: NDArray[np.uint8] | None,
        read_ns: int | None,
    ) -> None:
        flag_column = np.zeros(len(times_ns), np.int64) if flags is None else flags.astype(np.int64)
        data = columns.join(
            [columns.encode(times_ns), columns.encode(flag_column)]
            + [columns.encode(np.ascontiguousarray(codes[:, i])) for i in range(codes.shape[1])]
        )
        progress = self._sources[source]
        digest = summary.summarise(codes, progress.pairs)
        start_ns, end_ns = int(times_ns[0]), int(times_ns[-1])
        row = (
            source,
            progress.sequence,
            start_ns,
            end_ns,
            len(times_ns),
            read_ns,
            zlib.crc32(data),
            digest,
        )
        with self.transaction():
            identifier = file.insert(self._connection, "chunk", [row])
            self._connection.execute("INSERT INTO block VALUES (?, ?)", (identifier, data))
            self._promote(source, 1, start_ns, end_ns, len(times_ns), digest)
        progress.sequence += 1
        progress.last_ns = end_ns

    def _promote(
        self, source: int, level: int, start_ns: int, end_ns: int, count: int, digest: bytes
    ) -> None:
        progress = self._sources[source]
        waiting = progress.waiting.setdefault(level, [])
        waiting.append((start_ns, end_ns, count, digest))
        if len(waiting) < summary.FAN_OUT:
            return
        merged = summary.merge([entry[3] for entry in waiting])
        start_ns, end_ns = waiting[0][0], waiting[-1][1]
        count = sum(entry[2] for entry in waiting)
        sequence = progress.levels.get(level, 0)
        file.insert(self._connection, "level", [(source, level, sequence, start_ns, end_ns, count, merged)])
        progress.levels[level] = sequence + 1
        waiting.clear()
        self._promote(source, level + 1, start_ns, end_ns, count, merged)

    def add_event(self, event: Event) -> None:
        """Add one event."""
        self.add_events([event])

    def add_events(self, events: Iterable[Event]) -> None:
        """Add events; one commit."""
        self._insert("event", (event_row(event) for event in events))

    def add_gap(self, source: int, gap: Gap) -> None:
        """Add a stretch without trustworthy data."""
        row = (source, gap.start_ns, gap.end_ns, gap.reason, gap.detail, gap.lost)
        self._insert("gap", [row])

    def add_clock_pair(self, monotonic_ns: int, utc_ns: int) -> None:
        """Add one reading of both clocks at the same moment."""
        self._insert("clock", [(monotonic_ns, utc_ns)])

    def add_ticks(self, source: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Add (instrument tick, host arrival) pairs."""
        self._insert("tick", ((source, int(tick), int(arrival)) for tick, arrival in pairs))

    def add_fact(self, name: str, value: Mapping[str, Any]) -> None:
        """Add something found out about the recording: a calibration, an alignment, the recorder's cost."""
        self._insert("fact", [(name, json.dumps(dict(value), default=str))])

    def close(self) -> None:
        """Note that the recording is whole and fold it into one file; may be called twice."""
        try:
            counts = {
                table: self._connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
                for table in file.TABLES
                if table != "fact"
            }
        except sqlite3.ProgrammingError:
            return
        if self._says_whole:
            last_ns = {str(source): p.last_ns for source, p in self._sources.items() if p.last_ns is not None}
            self.add_fact("closed", {"rows": counts, "last_ns": {**self._last_ns_before, **last_ns}})
        fold(self._connection)
        self._connection.close()

    def abandon(self) -> None:
        """Close without the mark of a whole recording; what was committed stays."""
        self._connection.close()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()


def append_to(path: str | Path) -> Writer:
    """Return a writer that adds facts, events and metadata to an existing recording (no new samples).

    Raises:
        DataError: It is missing, foreign, newer or damaged.
    """
    from powermeter.recording.reader import Recording

    path = Path(path)
    with Recording.open(path) as recording:
        closed = recording.facts("closed")
    writer = Writer(path, file.open_to_append(path))
    writer._says_whole = bool(closed)  # what was cut short stays so
    writer._last_ns_before = closed[-1].get("last_ns", {}) if closed else {}
    return writer


def event_row(event: Event) -> tuple[object, ...]:
    """Return an event's row of the `event` table, without its checksum."""
    attributes = json.dumps(dict(event.attributes), default=str) if event.attributes else None
    return (
        event.process,
        event.thread,
        event.uid,
        event.parent,
        event.name,
        event.start_ns,
        event.end_ns,
        event.count,
        attributes,
        event.peak_memory,
    )


def fold(connection: sqlite3.Connection) -> None:
    """Move everything from the write-ahead log into the file, where no reader is in the way."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        return  # someone is reading; the log stays beside the file, which is just as good


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, once for nested uses; what fails leaves the file and the counts as they were."""

    def __init__(self, connection: sqlite3.Connection, sources: dict[int, _Progress]) -> None:
        self._connection = connection
        self._sources = sources
        self._before: dict[int, _Progress] = {}
        self._outermost = False

    def __enter__(self) -> None:
        self._outermost = not self._connection.in_transaction
        if self._outermost:
            self._before = {source: progress.copy() for source, progress in self._sources.items()}
            self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._outermost:
            return
        if kind is not None:
            self._undo()
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._undo()
            raise

    def _undo(self) -> None:
        self._sources.clear()
        self._sources.update(self._before)
        if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
            self._connection.execute("ROLLBACK")
