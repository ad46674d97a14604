"""Writes a recording: sources, chunks of raw codes, events, clocks, gaps and facts."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel, Gap
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import event_batches, file, refused_files, schema, wal_checkpoint
from powermeter.recording.chunk_writing import SourceWriter
from powermeter.recording.commitment import Commitment
from powermeter.recording.encodable_text import encodable
from powermeter.recording.event_batches import EventTable
from powermeter.recording.output_file import check_output
from powermeter.recording.reader import Recording
from powermeter.recording.rows import dump_json
from powermeter.recording.stored_chunk import StoredChunk

CHECKPOINT_S = 20.0
"""How often the write-ahead log is folded into the file while recording, so that a lone file loses little."""
FIRST_CHECKPOINT_S = 1.0
"""When it is for the first time: until then a lone file is not a recording at all."""

CACHE_KIB = 256
"""What one connection of a recorder keeps of its file."""

CLOSING_MS = 500
"""How long closing waits for another program that holds the file."""


class Writer:
    """An open recording that rows are added to.

    Every method commits before it returns, except inside `with writer.transaction():`.  Close it, or
    use it as a context manager: closing notes that the recording is whole and folds the write-ahead
    log into the one file.  Left by an exception it is not noted as whole.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, version: int = schema.NEWEST) -> None:
        self.path = path
        self.connection = connection
        self._version = version
        self._tables = schema.TABLES[version]
        self._sources: dict[int, SourceWriter] = {}
        self._records_whole = True
        self._is_finished = False
        self._last_ns_before: Mapping[str, int] = {}
        self._checkpointed = time.monotonic() - CHECKPOINT_S + FIRST_CHECKPOINT_S

    @classmethod
    def create(
        cls, path: str | Path, metadata: Mapping[str, Any] | None = None, *, force: bool = False
    ) -> Writer:
        """Create a recording, readable by its owner alone.

        Args:
            path: The file; `.power` by custom.
            metadata: JSON values that describe host, program and run.
            force: Whether an existing file is replaced.

        Raises:
            ExistsError: The file exists and `force` is False, or it is being recorded.
            ConfigurationError: Its folder is missing, or it is not a regular file.
            DataError: It cannot be created.
        """
        path = Path(path)
        check_output(path, force=force, by_recording=True)
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
        return _Transaction(self)

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> int:
        with self.transaction():
            return file.insert(self.connection, self._tables[table], rows)

    def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add or replace metadata entries; the newest row of a key counts."""
        self._insert("meta", ((key, dump_json(value)) for key, value in metadata.items()))

    def add_source(
        self,
        url: str,
        name: str,
        driver: str,
        channels: Sequence[Channel],
        info: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a source and its channels; returns the id that `append` takes.

        Raises:
            DataError: Two channels have one name, or there are none.
        """
        if len({channel.name for channel in channels}) != len(channels) or not channels:
            raise DataError(f"{url}: channels must have different names, and there must be at least one")
        row = (url, name, driver, dump_json(dict(info or {})), len(channels))
        with self.transaction():
            source = self._insert("source", [row])
            self._insert(
                "channel",
                (
                    (source, position, channel.name, dump_json(channel.to_dict()))
                    for position, channel in enumerate(channels)
                ),
            )
        self._sources[source] = SourceWriter(source, tuple(channels), commitment=Commitment(driver, channels))
        return source

    def commitment(self, source: int) -> dict[str, Any]:
        """Return what a recorder notes of a source's samples until now; empty where others wrote some of them."""
        held = self._sources[source].commitment
        return held.note() if held is not None else {}

    def append(
        self,
        source: int,
        times_ns: NDArray[np.int64],
        codes: NDArray[np.int64],
        flags: NDArray[np.uint8] | None = None,
        read_ns: int | None = None,
    ) -> None:
        """Add samples of one source.

        They are in the file when this returns; blocks of 65 536 samples or more are written fastest.

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
        block = self._sources[source].check(times_ns, codes, flags, read_ns)
        with self.transaction():
            self._sources[source].add(self.connection, block)

    def append_stored(self, source: int, chunk: StoredChunk) -> None:
        """Add a chunk of another recording as it is stored there.

        Raises:
            DataError: It is of other channels, or time runs backwards.
        """
        with self.transaction():
            self._sources[source].add_stored(self.connection, chunk)

    def add_event(self, event: Event) -> None:
        """Add one event."""
        self.add_events([event])

    def add_events(self, events: Iterable[Event]) -> None:
        """Add events; one commit."""
        by_process: dict[int, list[tuple[Any, ...]]] = {}
        for event in events:
            by_process.setdefault(event.process, []).append(event_batches.event_row(event, _EVENT_COLUMNS))
        if self._version == 1:
            layout = event_batches.COLUMNS
            self._insert(
                "event", ((p, *row[: len(layout)]) for p, rows in by_process.items() for row in rows)
            )
            return
        with self.transaction():
            for process, rows in by_process.items():
                event_batches.insert(self.connection, process, rows, _EVENT_COLUMNS)

    def add_event_table(self, table: EventTable) -> None:
        """Add events as another recording holds them."""
        columns = [name for name in (*table.numbers, *table.places) if name != "process"]
        processes = table.numbers["process"]
        with self.transaction():
            rows = list(table.rows(columns))
            for process in np.unique(processes).tolist():
                places = np.flatnonzero(processes == process).tolist()
                event_batches.insert(self.connection, process, [rows[place] for place in places], columns)

    def add_process_counts(
        self,
        process: int,
        at_ns: int,
        counts: tuple[int, int, int],
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note how many events (begun, finished, written) a process has had so far; its newest note counts."""
        self._insert("process", [(process, at_ns, *counts, dump_json(dict(details or {})))])

    def add_gap(self, source: int, gap: Gap) -> None:
        """Add a stretch without trustworthy data."""
        row = (source, gap.start_ns, gap.end_ns, gap.reason, encodable(gap.detail), gap.lost)
        self._insert("gap", [row])

    def add_clock_pair(self, monotonic_ns: int, utc_ns: int) -> None:
        """Add one reading of both clocks at the same moment."""
        self._insert("clock", [(monotonic_ns, utc_ns)])

    def add_ticks(self, source: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Add (instrument tick, host arrival) pairs."""
        self._insert("tick", ((source, int(tick), int(arrival)) for tick, arrival in pairs))

    def add_fact(self, name: str, value: Mapping[str, Any]) -> None:
        """Add something found out about the recording: a calibration, an alignment."""
        self._insert("fact", [(name, dump_json(dict(value)))])

    def add_health(self, at_ns: int, value: Mapping[str, Any]) -> None:
        """Add what the recorder notes of itself and its sources now and then; read as the fact `recorder`."""
        if self._version == 1:
            self.add_fact("recorder", value)
        else:
            self._insert("health", [(at_ns, dump_json(dict(value)))])

    def close(self) -> None:
        """Note that the recording is whole and fold it into one file; may be called twice.

        Raises:
            sqlite3.OperationalError: The disk is full; it is still open, to be closed when there is room.
        """
        try:
            self.connection.execute(f"PRAGMA busy_timeout = {CLOSING_MS}")  # nobody waits long at the end
        except sqlite3.ProgrammingError:
            return
        self._finish()
        wal_checkpoint.fold(self.connection)
        wal_checkpoint.close(self.connection)

    def _finish(self) -> None:
        if self._records_whole and not self._is_finished:
            with self.transaction():
                for source in self._sources.values():
                    source.flush(self.connection)
                self.add_fact("closed", self._closing())
            self._is_finished = True

    def _closing(self) -> dict[str, Any]:
        """Return what the recording holds: rows and the end of the chain of each table, last sample of each source."""
        rows, chains = {}, {}
        for name, table in self._tables.items():
            chain = ", chain" if table.is_chained else ""
            query = f"SELECT id{chain} FROM {name} ORDER BY id DESC LIMIT 1"
            last = self.connection.execute(query).fetchone()
            if name != "fact":
                rows[name] = last[0] if last else 0
            if table.is_chained:
                chains[name] = last[1].hex() if last else ""
        last_ns = {str(source): s.last_ns for source, s in self._sources.items() if s.last_ns is not None}
        noted = {"rows": rows, "last_ns": {**self._last_ns_before, **last_ns}}
        return {**noted, "chains": chains} if chains else noted

    def wait_for_lock(self, milliseconds: int) -> None:
        """Set how long one addition waits for another process that holds the file."""
        self.connection.execute(f"PRAGMA busy_timeout = {int(milliseconds)}")

    def limit_cache(self) -> None:
        """Keep few pages of the file in memory: SQLite alone would come to hold 2 MB of a recording that grows."""
        self.connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def copy_to(self, path: Path) -> None:
        """Write all of the recording, noted as whole, to a new file: for one that has lost its name.

        Raises:
            OSError, sqlite3.Error: It cannot be written there; nothing is left of it.
        """
        self._finish()
        os.close(
            os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, file.MODE)
        )  # SQLite would let others read it
        try:
            self.connection.execute("VACUUM INTO ?", (str(path),))
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    def abandon(self) -> None:
        """Close without the mark of a whole recording; what was committed stays."""
        wal_checkpoint.close(self.connection)

    def __del__(self) -> None:
        connection = getattr(self, "connection", None)
        if connection is None:
            return
        try:
            wal_checkpoint.close(connection)
        except (AttributeError, TypeError):  # the interpreter ends, and modules are gone
            connection.close()

    def _checkpoint(self, *, at_once: bool = False) -> None:
        """Now and then, move what is committed from the log into the file."""
        now = time.monotonic()
        if not at_once and now - self._checkpointed < CHECKPOINT_S:
            return
        self._checkpointed = now
        wal_checkpoint.checkpoint(self.connection)


def append_to(path: str | Path) -> Writer:
    """Return a writer that adds facts, events and metadata to an existing recording (no new samples).

    Raises:
        DataError: It is missing, foreign, newer or damaged.
    """
    path = Path(path)
    with Recording.open(path) as recording:
        closed = recording.facts("closed")
    connection = file.open_to_append(path)
    writer = Writer(path, connection, refused_files.check_identity(connection, path))
    writer._records_whole = bool(closed)  # what was cut short stays so
    writer._last_ns_before = closed[-1].get("last_ns", {}) if closed else {}
    return writer


_EVENT_COLUMNS = (*event_batches.COLUMNS, "task", "measures", "items")


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, once for nested uses; what fails leaves the file and the counts as they were."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.connection = writer.connection
        self._before: dict[int, SourceWriter] = {}
        self._outermost = False

    def __enter__(self) -> None:
        self._writer._is_finished = False
        self._outermost = not self.connection.in_transaction
        if self._outermost:
            self._before = {source: writer.copy() for source, writer in self._writer._sources.items()}
            self.connection.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._outermost:
            return
        if kind is not None:
            self._undo()
            return
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self._undo()
            raise
        self._writer._checkpoint()

    def _undo(self) -> None:
        self._writer._sources.clear()
        self._writer._sources.update(self._before)
        if self.connection.in_transaction:  # SQLite itself rolls back when the disk is full
            self.connection.execute("ROLLBACK")
        # A log that may not grow any more begins anew once the file has all of it.
        self._writer._checkpoint(at_once=True)
