"""The chunks of one source in order, which of them are damaged, and their samples."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap
from powermeter.errors import DataError, plural
from powermeter.recording import column_bytes, encodable_text, file, schema, stretch_summary
from powermeter.recording.rows import Rows, is_sound
from powermeter.recording.stored_chunk import StoredChunk
from powermeter.result.notes import Note

DAMAGED = "damaged"

PIECE = 1 << 16
"""Samples up to which neighbouring chunks are read together."""

MAX_CELLS = 1 << 24
"""Samples × columns of one chunk; bounds what a crafted file can ask for (128 MB)."""

CELLS_EACH_BYTE, LEAST_BELIEVED = 100, 1 << 26
"""Samples × columns that a byte of file may stand for (ours: at most 25), and what is believed of any file."""

RECENT = 4
"""Chunks that are kept decoded (10 MB of two channels)."""

Decoded = tuple[NDArray[np.int64], NDArray[np.uint8], list[NDArray[np.int64]]]
"""Times, flags, and the codes of each channel."""

Flags = tuple[tuple[int, int], ...]
"""Values that flags of samples have, and how many have each."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples that are stored together: a row of `chunk`, or of `tail` (then with its data).

    Attributes:
        id: Of the row.
        sequence, part: Its place; `part` is -1 for a chunk and counts from 0 within the tail.
        start_ns, end_ns, count: First and last time, number of samples.
        read_ns: Mean duration of a read, where the source is polled.
        data_crc: CRC-32 of the data.
        summary: As stored; empty for a tail.
        data: Of a tail; None for a chunk, whose data are in `block`.
    """

    id: int
    sequence: int
    part: int
    start_ns: int
    end_ns: int
    count: int
    read_ns: int | None
    data_crc: int
    summary: bytes
    data: bytes | None = None


def load(rows: Rows, widths: dict[int, int]) -> dict[int, Chunks]:
    """Return the chunks of every source.

    Args:
        rows: The recording.
        widths: Source → number of its channels.

    Raises:
        DataError: It claims far more samples than its size can hold.
    """
    found: dict[int, list[Chunk]] = {source: [] for source in widths}
    with _one_moment(rows):
        for identifier, source, sequence, start, end, count, read_ns, crc, *more in rows.sound("chunk"):
            if source in found and _is_plausible(start, end, count, widths[source]):
                chunk = Chunk(identifier, sequence, -1, start, end, count, read_ns, crc, more[-1])
                found[source].append(chunk)
        for identifier, source, sequence, part, start, end, count, read_ns, data in tails_of(rows):
            if source in found and _is_plausible(start, end, count, widths[source]):
                chunk = Chunk(
                    identifier, sequence, part, start, end, count, read_ns, zlib.crc32(data), b"", data
                )
                found[source].append(chunk)
    cells = sum(chunk.count * (widths[source] + 2) for source, chunks in found.items() for chunk in chunks)
    if cells > max(LEAST_BELIEVED, CELLS_EACH_BYTE * rows.size):
        claimed = sum(chunk.count for chunks in found.values() for chunk in chunks)
        raise DataError(
            f"{rows.path} claims {plural(claimed, 'sample')} in {rows.size:,} bytes, which no recorder writes"
        )
    return {source: Chunks(rows, chunks, widths[source]) for source, chunks in found.items()}


@contextmanager
def _one_moment(rows: Rows) -> Iterator[None]:
    """Read chunks and tails as they are at one moment, also while a recorder turns the one into the other."""
    with suppress(sqlite3.Error):
        rows.connection.execute("BEGIN")
    try:
        yield
    finally:
        with suppress(sqlite3.Error):
            rows.connection.execute("ROLLBACK")


def tails_of(rows: Rows) -> Iterator[tuple[Any, ...]]:
    layout, bad = schema.TAIL_TABLE, 0
    if rows.version == 1:
        return
    try:
        for row in rows.run(f"{layout.select} ORDER BY id"):
            if is_sound(layout, row):
                yield row[:-1]
                continue
            bad += 1
            if bad > 10_000:
                break
    except file.UNREADABLE as error:
        rows.warn(
            Note.warning(
                "samples-damaged", f"the newest samples are damaged: {encodable_text.one_line(error)}"
            )
        )
    if bad:
        rows.warn(
            Note.warning(
                "samples-damaged",
                f"{plural(bad, 'damaged row of the newest samples was', 'damaged rows of the newest samples were')} left out",
            )
        )


def _is_plausible(start_ns: int, end_ns: int, count: int, width: int) -> bool:
    limit = schema.TIME_LIMIT
    return (
        -limit < start_ns <= end_ns < limit
        and 0 < count <= column_bytes.MAX_COUNT
        and count * (width + 2) <= MAX_CELLS
    )


def _counted(flags: NDArray[np.integer[Any]]) -> Flags:
    first = int(flags[0])
    if (flags == flags[0]).all():
        return ((first, flags.size),)
    counts = np.bincount(flags, minlength=256)
    return tuple((value, int(counts[value])) for value in np.flatnonzero(counts).tolist())


class Chunks:
    """What a recording holds of one source.

    Attributes:
        sound: The chunks in order; those whose data fail their checksum are dropped by `verify`.
        damage: A gap for every stretch that is lost.
    """

    def __init__(self, rows: Rows, found: list[Chunk], width: int) -> None:
        self._rows = rows
        self._width = width
        self.sound: list[Chunk] = []
        self.damage: list[Gap] = []
        self._verified = False
        self._recent: dict[tuple[int, int], Decoded] = {}
        self._flags: dict[tuple[int, int], Flags] = {}
        expected, part, end_ns = 0, 0, None
        for chunk in sorted(found, key=lambda chunk: (chunk.sequence, chunk.part)):
            lost = chunk.sequence - expected
            if lost < 0 or (end_ns is not None and chunk.start_ns < end_ns):
                rows.warn(
                    Note.warning(
                        "samples-damaged", f"chunk {chunk.sequence} is not where it belongs and is left out"
                    )
                )
                continue
            start_ns = end_ns if end_ns is not None else chunk.start_ns
            if lost > 0:
                detail = f"{plural(lost, 'chunk')} before sequence {chunk.sequence} lost"
                self.note(Gap(start_ns, chunk.start_ns, DAMAGED, detail))
            elif chunk.part > (part if lost == 0 else 0):
                self.note(Gap(start_ns, chunk.start_ns, DAMAGED, "some of the newest samples are lost"))
            self.sound.append(chunk)
            end_ns = chunk.end_ns
            expected, part = (chunk.sequence + 1, 0) if chunk.part < 0 else (chunk.sequence, chunk.part + 1)

    def expect_end(self, last_ns: int) -> None:
        """Note as lost what should follow the last chunk, up to the last sample noted at closing."""
        if not self.sound:
            self._rows.warn(Note.warning("samples-lost", "all samples of a source are lost"))
        elif self.sound[-1].end_ns < last_ns < schema.TIME_LIMIT:
            self.note(Gap(self.sound[-1].end_ns, last_ns, DAMAGED, "the last chunks are lost"))

    def note(self, gap: Gap) -> None:
        """Add a lost stretch, with a warning."""
        self.damage.append(gap)
        self._rows.warn(
            Note.warning("samples-lost", f"{gap.detail}; {(gap.end_ns - gap.start_ns) / 1e9:.3f} s are a gap")
        )

    def verify(self) -> None:
        """Check the data checksum of every chunk, once; what fails becomes a gap."""
        if self._verified:
            return
        self._verified = True
        self.drop([chunk for chunk in self.sound if self.data(chunk) is None], "fails its checksum")

    def drop(self, lost: Sequence[Chunk], why: str) -> None:
        """Turn chunks into gaps from the sample before to the sample after."""
        if not lost:
            return
        gone = {chunk.id for chunk in lost if chunk.part < 0}
        found, self.sound = self.sound, []
        for position, chunk in enumerate(found):
            if chunk.part >= 0 or chunk.id not in gone:
                self.sound.append(chunk)
                continue
            before = found[position - 1].end_ns if position else chunk.start_ns
            after = found[position + 1].start_ns if position + 1 < len(found) else chunk.end_ns
            self.note(Gap(before, after, DAMAGED, f"chunk {chunk.sequence} {why}", chunk.count))

    def data(self, chunk: Chunk) -> bytes | None:
        """Return the compressed columns of a chunk; None where they are missing or damaged."""
        return chunk.data if chunk.data is not None else self._blob(chunk, "data", chunk.data_crc)

    def _blob(self, chunk: Chunk, column: str, crc: int | None) -> bytes | None:
        try:
            row = self._rows.run(f"SELECT {column} FROM block WHERE chunk = ?", (chunk.id,)).fetchone()
        except file.UNREADABLE:
            return None
        if row is None or not isinstance(row[0], bytes) or (crc is not None and zlib.crc32(row[0]) != crc):
            return None
        return row[0]

    def stored(self, chunk: Chunk) -> StoredChunk | None:
        """Return a chunk as it is stored; None where it is none of schema 2, or not all of it is sound."""
        if chunk.part >= 0 or self._rows.version == 1:
            return None
        try:
            found = self._rows.run("SELECT fine_crc, hash FROM chunk WHERE id = ?", (chunk.id,)).fetchone()
        except file.UNREADABLE:
            return None
        if found is None or not isinstance(found[0], int) or not isinstance(found[1], bytes):
            return None
        fine_crc, digest = found
        data, fine = self.data(chunk), self._blob(chunk, "fine", fine_crc)
        if data is None or fine is None:
            return None
        cells = (chunk.start_ns, chunk.end_ns, chunk.count, chunk.read_ns, chunk.data_crc)
        return StoredChunk(*cells, fine_crc, digest, chunk.summary, fine, data)

    def fine(self, chunk: Chunk) -> NDArray[np.void] | None:
        """Return the fine stretches of a chunk, shape (stretches, entries); None where it has none."""
        if chunk.part >= 0 or self._rows.version == 1:
            return None
        data = self._blob(chunk, "fine", None)
        try:
            width = len(chunk.summary) // stretch_summary.ENTRY.itemsize
            return None if data is None else stretch_summary.unpack_fine(data, width, chunk.count)
        except DataError:
            return None

    def pieces(self) -> list[list[Chunk]]:
        """Return the chunks in groups of at most `PIECE` samples; none reaches over a lost stretch."""
        groups: list[list[Chunk]] = []
        count = 0
        for chunk in self.sound:
            last = groups[-1][-1] if groups else None
            follows = last is not None and (
                chunk.sequence == last.sequence + (last.part < 0)
                and (chunk.part <= 0 or chunk.part == last.part + 1)
            )
            if not follows or count + chunk.count > PIECE:
                groups.append([])
                count = 0
            groups[-1].append(chunk)
            count += chunk.count
        return groups

    def read(self, group: Sequence[Chunk], wanted: Sequence[int] | None = None) -> Decoded:
        """Return times, flags and codes of neighbouring chunks; one that cannot be decoded becomes a gap.

        Args:
            group: Chunks in order.
            wanted: Positions of the channels; all where None.
        """
        positions = range(self._width) if wanted is None else wanted
        total = sum(chunk.count for chunk in group)
        times, flags = np.empty(total, np.int64), np.empty(total, np.uint8)
        codes = [np.empty(total, np.int64) for _ in positions]
        filled, lost = 0, []
        for chunk in group:
            part = slice(filled, filled + chunk.count)
            try:
                self._fill(
                    chunk,
                    times[part],
                    flags[part],
                    {p: c[part] for p, c in zip(positions, codes, strict=True)},
                )
            except DataError as error:
                self._rows.warn(
                    Note.warning("samples-damaged", f"chunk {chunk.sequence} is left out: {error}")
                )
                lost.append(chunk)
                continue
            filled += chunk.count
        self.drop(lost, "cannot be decoded")
        return times[:filled], flags[:filled], [column[:filled] for column in codes]

    def flag_counts(self) -> NDArray[np.int64]:
        """Return how many samples have each of the 256 values of flags; chunks that cannot be decoded are left out."""
        counts = np.zeros(256, np.int64)
        for chunk in self.sound:
            for value, count in self._flags_of(chunk):
                counts[value] += count
        return counts

    def _flags_of(self, chunk: Chunk) -> Flags:
        """Return how many samples of a chunk have which flags: decoded only where its samples were not; of a damaged one nothing."""
        if (known := self._flags.get((chunk.part, chunk.id))) is not None:
            return known
        data = self.data(chunk)
        try:
            parts = column_bytes.split(data, most=self._width + 3) if data is not None else []
            return _counted(column_bytes.decode(parts[1], chunk.count) & 0xFF) if len(parts) > 1 else ()
        except DataError:
            return ()  # it becomes a gap when its samples are read

    def read_again(self, group: Sequence[Chunk]) -> Decoded:
        """Return what `read` does, of few chunks quickly where they were just read: events lie side by side."""
        if len(group) > RECENT:
            return self.read(group)
        parts = []
        for chunk in group:
            key = (chunk.part, chunk.id)
            if key not in self._recent:
                while len(self._recent) >= RECENT:
                    del self._recent[next(iter(self._recent))]
                self._recent[key] = self.read([chunk])
            parts.append(self._recent[key])
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return self.read([])
        columns_of = zip(*(codes for *_, codes in parts), strict=True)
        return (
            np.concatenate([times for times, *_ in parts]),
            np.concatenate([flags for _, flags, _ in parts]),
            [np.concatenate(column) for column in columns_of],
        )

    def forget(self) -> None:
        """Let go of chunks that are kept decoded."""
        self._recent.clear()

    def _fill(
        self,
        chunk: Chunk,
        times_ns: NDArray[np.int64],
        flags: NDArray[np.uint8],
        codes: dict[int, NDArray[np.int64]],
    ) -> None:
        data = self.data(chunk)
        if data is None:
            raise DataError("it fails its checksum")
        parts = column_bytes.split(data, most=self._width + 3)
        if len(parts) != self._width + 2:
            raise DataError(f"it has {len(parts)} columns where {self._width + 2} belong")
        column_bytes.decode(parts[0], chunk.count, times_ns)
        if (times_ns[0], times_ns[-1]) != (chunk.start_ns, chunk.end_ns) or (
            times_ns[1:] < times_ns[:-1]
        ).any():
            raise DataError("its times are not those of its row")
        flags[:] = column_bytes.decode(parts[1], chunk.count)
        self._flags[chunk.part, chunk.id] = _counted(flags)
        for position, column in codes.items():
            column_bytes.decode(parts[position + 2], chunk.count, column)
