"""Turns the samples of one source into rows: tails that are safe at once, chunks when there is enough, levels."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel
from powermeter.errors import DataError, plural
from powermeter.recording import column_bytes, file, schema, stretch_summary
from powermeter.recording.commitment import Commitment
from powermeter.recording.hash_chain import checksum
from powermeter.recording.sha256 import sha256
from powermeter.recording.stored_chunk import StoredChunk

CHUNK = 1 << 16
"""Samples of a full chunk."""

LONG_NS, LEAST = 60_000_000_000, 1024
"""A chunk is also closed when it spans so long and holds so many samples."""

TABLES = schema.TABLES[schema.NEWEST]


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Samples on their way: times, codes (n, channels), flags, mean duration of a read."""

    times_ns: NDArray[np.int64]
    codes: NDArray[np.int64]
    flags: NDArray[np.uint8]
    read_ns: int | None

    def __len__(self) -> int:
        return len(self.times_ns)

    def part(self, first: int, last: int) -> SampleBatch:
        """Return the samples from `first` up to `last`."""
        return SampleBatch(
            self.times_ns[first:last], self.codes[first:last], self.flags[first:last], self.read_ns
        )

    def alone(self) -> SampleBatch:
        """Return the same samples without the larger block that they are a part of, which memory would hold with them."""
        return replace(self, times_ns=self.times_ns.copy(), codes=self.codes.copy(), flags=self.flags.copy())

    def columns(self) -> list[NDArray[np.int64]]:
        """Return the codes of each channel."""
        return list(np.ascontiguousarray(self.codes.T))

    def encoded(self, codes: Sequence[NDArray[np.int64]]) -> bytes:
        """Return them as a chunk's data; `codes` from `columns`."""
        return column_bytes.join(
            [column_bytes.encode(c) for c in (self.times_ns, self.flags.astype(np.int64), *codes)]
        )


def _together(blocks: Sequence[SampleBatch]) -> SampleBatch:
    if len(blocks) == 1:
        return blocks[0]
    timed = [(block.read_ns, len(block)) for block in blocks if block.read_ns is not None]
    count = sum(n for _, n in timed)
    return SampleBatch(
        np.concatenate([block.times_ns for block in blocks]),
        np.concatenate([block.codes for block in blocks]),
        np.concatenate([block.flags for block in blocks]),
        round(sum(read_ns * n for read_ns, n in timed) / count) if count else None,
    )


@dataclass(slots=True)
class SourceWriter:
    """How far the samples of one source are written.

    Attributes:
        source: Its id.
        channels: Its channels.
        sequence: Of the next chunk.
        part: Of the next tail.
        last_ns: The time of the last sample.
        commitment: To all samples; None where some were written before this program opened the file.
        pending: What waits for a chunk; all of it is in tails.
        waiting: Level → stretches that do not yet make one of the next.
        levels: Level → how many are written.
    """

    source: int
    channels: Sequence[Channel]
    sequence: int = 0
    part: int = 0
    last_ns: int | None = None
    commitment: Commitment | None = None
    pending: list[SampleBatch] = field(default_factory=list)
    waiting: dict[int, list[tuple[int, int, int, NDArray[np.void]]]] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)

    def copy(self) -> SourceWriter:
        """Return one that is not changed along with this."""
        waiting = {level: list(stretches) for level, stretches in self.waiting.items()}
        commitment = self.commitment and self.commitment.copy()
        return replace(
            self,
            commitment=commitment,
            pending=list(self.pending),
            waiting=waiting,
            levels=dict(self.levels),
        )

    def check(
        self,
        times_ns: NDArray[np.int64],
        codes: NDArray[np.int64],
        flags: NDArray[np.uint8] | None,
        read_ns: int | None,
    ) -> SampleBatch:
        """Return samples as a block.

        Raises:
            DataError: Shapes do not fit, or time runs backwards.
        """
        times_ns = np.array(times_ns, np.int64)  # a copy: it waits here, and is the caller's to change
        codes = np.array(codes, np.int64).reshape(len(times_ns), -1)
        width = len(self.channels)
        if codes.shape[1] != width:
            raise DataError(f"source {self.source} has {width} channels, the samples have {codes.shape[1]}")
        last_ns = times_ns[0] if self.last_ns is None else self.last_ns
        if times_ns[0] < last_ns or (times_ns[1:] < times_ns[:-1]).any():
            raise DataError(f"source {self.source}: sample times run backwards")
        if max(abs(int(times_ns[0])), abs(int(times_ns[-1]))) >= schema.TIME_LIMIT:
            raise DataError(f"source {self.source}: sample times are beyond ±2^62 ns")
        marks = np.zeros(len(times_ns), np.uint8) if flags is None else np.array(flags, np.uint8)
        if len(marks) != len(times_ns):
            raise DataError(f"source {self.source}: {len(marks)} flags for {plural(len(times_ns), 'sample')}")
        return SampleBatch(times_ns, codes, marks, read_ns)

    def add(self, connection: sqlite3.Connection, block: SampleBatch) -> None:
        """Write a block inside the transaction in progress."""
        self.last_ns = int(block.times_ns[-1])
        if self.commitment is not None:
            self.commitment.add(block.times_ns, block.flags, block.codes)
        waiting = sum(map(len, self.pending))
        first = 0
        while len(block) - first + waiting >= CHUNK:
            last = first + CHUNK - waiting
            self._write_chunk(connection, _together([*self.pending, block.part(first, last)]))
            waiting, first = 0, last
        if first == len(block):
            return
        rest = block.part(first, len(block)).alone() if first else block
        start_ns = self.pending[0].times_ns[0] if self.pending else rest.times_ns[0]
        self.pending.append(rest)
        if rest.times_ns[-1] - start_ns >= LONG_NS and waiting + len(rest) >= LEAST:
            self.flush(connection)
        else:
            self._write_tail(connection, rest)

    def flush(self, connection: sqlite3.Connection) -> None:
        """Make a chunk of what waits for one."""
        if self.pending:
            self._write_chunk(connection, _together(self.pending))

    def _write_tail(self, connection: sqlite3.Connection, block: SampleBatch) -> None:
        layout = schema.TAIL_TABLE
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM tail").fetchone()
        row = (
            self.source,
            self.sequence,
            self.part,
            int(block.times_ns[0]),
            int(block.times_ns[-1]),
            len(block),
            block.read_ns,
            block.encoded(block.columns()),
        )
        connection.execute(layout.insert, (last + 1, *row, checksum(layout.name, last + 1, row)))
        self.part += 1

    def _write_chunk(self, connection: sqlite3.Connection, block: SampleBatch) -> None:
        codes = block.columns()
        data = block.encoded(codes)
        entries, fine = stretch_summary.summarise(
            block.times_ns, codes, block.flags, stretch_summary.products(self.channels)
        )
        digest = sha256(fine)
        digest.update(data)
        stored = StoredChunk(
            int(block.times_ns[0]),
            int(block.times_ns[-1]),
            len(block),
            block.read_ns,
            zlib.crc32(data),
            zlib.crc32(fine),
            digest.digest(),
            entries.tobytes(),
            fine,
            data,
        )
        self._insert(connection, stored, entries)

    def add_stored(self, connection: sqlite3.Connection, stored: StoredChunk) -> None:
        """Write a chunk of another recording as it is; what waits becomes one before it.

        Raises:
            DataError: Its summary is not of these channels, or time runs backwards.
        """
        if self.last_ns is not None and stored.start_ns < self.last_ns:
            raise DataError(f"source {self.source}: sample times run backwards")
        width = len(self.channels) + len(stretch_summary.products(self.channels))
        entries = stretch_summary.unpack_entries(stored.summary, width)
        self.flush(connection)
        self.commitment = None
        self.last_ns = stored.end_ns
        self._insert(connection, stored, entries)

    def _insert(self, connection: sqlite3.Connection, stored: StoredChunk, entries: NDArray[np.void]) -> None:
        row = (self.source, self.sequence, *stored.cells)
        identifier = file.insert(connection, TABLES["chunk"], [row])
        blobs = (identifier, stored.fine, stored.data)
        connection.execute("INSERT INTO block (chunk, fine, data) VALUES (?, ?, ?)", blobs)
        if self.part:
            connection.execute("DELETE FROM tail WHERE source = ?", (self.source,))
        self._promote(connection, 1, stored.start_ns, stored.end_ns, stored.count, entries)
        self.sequence += 1
        self.part = 0
        self.pending.clear()

    def _promote(
        self,
        connection: sqlite3.Connection,
        level: int,
        start_ns: int,
        end_ns: int,
        count: int,
        entries: NDArray[np.void],
    ) -> None:
        """Note a stretch of the level below; every `FAN_OUT` of them make one of this level."""
        waiting = self.waiting.setdefault(level, [])
        waiting.append((start_ns, end_ns, count, entries))
        if len(waiting) < stretch_summary.FAN_OUT:
            return
        merged = stretch_summary.merge(
            stretch_summary.stack([stretch[3] for stretch in waiting], len(entries))
        )
        start_ns, end_ns = waiting[0][0], waiting[-1][1]
        count = sum(stretch[2] for stretch in waiting)
        sequence = self.levels.get(level, 0)
        row = (self.source, level, sequence, start_ns, end_ns, count, merged.tobytes())
        file.insert(connection, TABLES["level"], [row])
        self.levels[level] = sequence + 1
        waiting.clear()
        self._promote(connection, level + 1, start_ns, end_ns, count, merged)
