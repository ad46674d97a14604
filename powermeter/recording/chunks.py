"""The chunks of one source in order, which of them are damaged, and their samples."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.recording import columns, file
from powermeter.recording.rows import Rows
from powermeter.source import Gap

DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One row of the `chunk` table: up to a second of samples, without their data."""

    id: int
    sequence: int
    start_ns: int
    end_ns: int
    count: int
    read_ns: int | None
    data_crc: int
    summary: bytes


class Chunks:
    """What a recording holds of one source.

    Attributes:
        sound: The chunks in order; those whose data fail their checksum are dropped by `verify`.
        damage: A gap for every stretch that is lost.
    """

    def __init__(self, rows: Rows, found: list[Chunk]) -> None:
        self._rows = rows
        self.sound = sorted(found, key=lambda chunk: chunk.sequence)
        self.damage: list[Gap] = []
        self._verified = False
        expected, end_ns = 0, None
        for chunk in self.sound:
            lost = chunk.sequence - expected
            if lost > 0:
                start_ns = end_ns if end_ns is not None else chunk.start_ns
                detail = f"{lost} chunk{'s' * (lost > 1)} before sequence {chunk.sequence} lost"
                self.note(Gap(start_ns, chunk.start_ns, DAMAGED, detail))
            expected, end_ns = chunk.sequence + 1, chunk.end_ns

    def expect_end(self, last_ns: int) -> None:
        """Note as lost what should follow the last chunk, up to the last sample noted at closing."""
        if not self.sound:
            self._rows.warn("all samples of a source are lost")
        elif self.sound[-1].end_ns < last_ns:
            self.note(Gap(self.sound[-1].end_ns, last_ns, DAMAGED, "the last chunks are lost"))

    def note(self, gap: Gap) -> None:
        """Add a lost stretch, with a warning."""
        self.damage.append(gap)
        self._rows.warn(f"{gap.detail}; {(gap.end_ns - gap.start_ns) / 1e9:.3f} s are a gap")

    def verify(self) -> None:
        """Check the data checksum of every chunk, once; what fails becomes a gap."""
        if self._verified:
            return
        self._verified = True
        found, self.sound = self.sound, []
        for position, chunk in enumerate(found):
            if self.data(chunk) is not None:
                self.sound.append(chunk)
                continue
            before = found[position - 1].end_ns if position else chunk.start_ns
            after = found[position + 1].start_ns if position + 1 < len(found) else chunk.end_ns
            detail = f"chunk {chunk.sequence} fails its checksum"
            self.note(Gap(before, after, DAMAGED, detail, chunk.count))

    def data(self, chunk: Chunk) -> bytes | None:
        """Return the compressed columns of a chunk; None where they are missing or damaged."""
        query = "SELECT data FROM block WHERE chunk = ?"
        try:
            row = self._rows.connection.execute(query, (chunk.id,)).fetchone()
        except sqlite3.ProgrammingError as error:  # not the file's fault
            raise ValueError(f"{self._rows.path}: the recording is closed") from error
        except file.UNREADABLE:
            return None
        if row is None or not isinstance(row[0], bytes) or zlib.crc32(row[0]) != chunk.data_crc:
            return None
        return row[0]

    def fill(
        self,
        chunk: Chunk,
        times_ns: NDArray[np.int64],
        flags: NDArray[np.uint8],
        codes: list[NDArray[np.int64]],
    ) -> bool:
        """Decode a chunk into arrays of its length; False, with a warning, where it cannot be."""
        data = self.data(chunk)
        try:
            if data is None:
                raise DataError("it fails its checksum")
            parts = columns.split(data)
            if len(parts) != len(codes) + 2:
                raise DataError(f"it has {len(parts)} columns where {len(codes) + 2} belong")
            times_ns[:] = columns.decode(parts[0], chunk.count)
            flags[:] = columns.decode(parts[1], chunk.count)
            for column, part in zip(codes, parts[2:], strict=True):
                column[:] = columns.decode(part, chunk.count)
        except DataError as error:
            self._rows.warn(f"chunk {chunk.sequence} is left out: {error}")
            return False
        return True
