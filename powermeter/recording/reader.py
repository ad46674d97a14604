"""Reads a recording, also a growing, an unfinished or a damaged one, and never invents a value.

Every row carries a checksum and every chunk a sequence number.  What fails is left out, named in
`warnings`, and becomes a gap of the reason `damaged`, so that an energy over it is bounded and not
silently short.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from powermeter.channel import Channel
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import file, summary
from powermeter.recording.chunks import Chunk, Chunks
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.recording.rows import Rows
from powermeter.source import Gap


class Recording:
    """A recording opened for reading.

    Attributes:
        path: The file.
        metadata: What was noted about host, program and run.
        sources: What was recorded, in the order it was added.
        warnings: What could not be read, or was not closed properly; grows as parts are read.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, problems: list[str]) -> None:
        self.path = path
        self.warnings = problems
        self._rows = Rows(path, connection, problems)
        self._facts = self._read_facts()
        self.metadata: dict[str, Any] = {
            key: self._rows.json(value, f"metadata {key!r}") for _, key, value in self._rows.sound("meta")
        }
        self.sources = self._read_sources()
        self._chunks = self._read_chunks()
        self._check_whole()

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Open a recording, finished or not.

        Raises:
            DataError: The file is missing, foreign, newer, or damaged beyond reading.
        """
        path = Path(path)
        connection, problems = file.open_to_read(path)
        try:
            return cls(path, connection, problems)
        except file.UNREADABLE as error:
            connection.close()
            problem = file.one_line(error)
            raise DataError(f"{path} is damaged: {problem}; try: powermeter repair {path}") from error

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._rows.connection.close()

    def _read_facts(self) -> dict[str, list[dict[str, Any]]]:
        facts: dict[str, list[dict[str, Any]]] = {}
        for _, name, value in self._rows.sound("fact"):
            decoded = self._rows.json(value, f"the fact {name!r}")
            if isinstance(decoded, dict):
                facts.setdefault(name, []).append(decoded)
        return facts

    def _read_sources(self) -> list[SourceInfo]:
        channels: dict[int, list[tuple[int, Channel]]] = {}
        broken: set[int] = set()
        for _, source, position, name, spec in self._rows.sound("channel"):
            try:
                channel = Channel.from_dict(json.loads(spec))
            except (KeyError, TypeError, ValueError):
                self._rows.warn(f"channel {name!r} is not understood")
                broken.add(source)
                continue
            channels.setdefault(source, []).append((position, channel))
        sources = []
        for identifier, url, name, driver, info, count in self._rows.sound("source"):
            ordered = sorted(channels.get(identifier, []), key=lambda pair: pair[0])
            if [position for position, _ in ordered] != list(range(count)) or identifier in broken:
                self._rows.warn(f"source {name!r} has lost channels and is left out")
                continue
            facts = self._rows.json(info, f"the description of {name!r}") or {}
            sources.append(
                SourceInfo(identifier, url, name, driver, facts, tuple(channel for _, channel in ordered))
            )
        return sources

    def _read_chunks(self) -> dict[int, Chunks]:
        found: dict[int, list[Chunk]] = {source.id: [] for source in self.sources}
        for identifier, source, *fields in self._rows.sound("chunk"):
            if source in found:
                found[source].append(Chunk(identifier, *fields))
        return {source: Chunks(self._rows, chunks) for source, chunks in found.items()}

    def _check_whole(self) -> None:
        """Compare what was noted at the end with what is there."""
        if not self.facts("closed") and not self.is_growing:
            self._facts = self._read_facts()  # the recorder may have closed it since
        closed = self.facts("closed")
        if not closed:
            if not self.is_growing:
                self._rows.warn(
                    "it was not closed properly (a kill, a crash or a dead battery); "
                    "it holds all but at most the last second"
                )
            return
        noted = closed[-1]
        for table in file.TABLES:
            expected = (noted.get("rows") or {}).get(table)
            if isinstance(expected, int):
                self._rows.expect(table, expected)
        for source, chunks in self._chunks.items():
            last_ns = (noted.get("last_ns") or {}).get(str(source))
            if isinstance(last_ns, int):
                chunks.expect_end(last_ns)

    @property
    def is_growing(self) -> bool:
        """Whether a recorder noted itself as running and its process lives on this boot."""
        running = self.facts("recorder")
        if not running or self.facts("closed"):
            return False
        from powermeter.recording.liveness import is_alive

        return is_alive(running[-1])

    # Facts ------------------------------------------------------------------------------------

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name, oldest first."""
        return list(self._facts.get(name, ()))

    def fact_names(self) -> list[str]:
        """Return the names under which facts are noted."""
        return list(self._facts)

    def events(self) -> list[Event]:
        """Return all events in the order of their start.

        One that was begun and ended is one row; where the program died inside, `end_ns` is None.
        """
        events: dict[tuple[int, ...], Event] = {}
        known: dict[str, Any] = {}  # many events share their attributes
        for row in self._rows.sound("event"):
            identifier, process, thread, uid, parent, name, start_ns, end_ns, count, attributes, peak = row
            if attributes and attributes not in known:
                known[attributes] = self._rows.json(attributes, f"the attributes of event {name!r}")
            free = known[attributes] if attributes else None
            event = Event(name, start_ns, end_ns, process, thread, uid, parent, count, free or {}, peak)
            # A process id may come round again within a recording; a start does not.
            events[(process, uid, start_ns) if uid else (identifier,)] = event
        return sorted(events.values(), key=lambda event: event.start_ns)

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the (monotonic ns, UTC ns) pairs, oldest first."""
        return [(monotonic, utc) for _, monotonic, utc in self._rows.sound("clock")]

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the (instrument tick, host arrival ns) pairs of a source."""
        return [(tick, arrival) for _, owner, tick, arrival in self._rows.sound("tick") if owner == source]

    def gaps(self, source: int) -> list[Gap]:
        """Return the stretches without trustworthy data, those found damaged included, by start."""
        noted = [
            Gap(start, end, reason, detail or "", lost)
            for _, owner, start, end, reason, detail, lost in self._rows.sound("gap")
            if owner == source
        ]
        chunks = self._sound(source)
        return sorted([*noted, *chunks.damage], key=lambda gap: gap.start_ns)

    # Samples ----------------------------------------------------------------------------------

    def _sound(self, source: int) -> Chunks:
        """Return a source's chunks, their data checked."""
        chunks = self._chunks[self.source(source).id]
        chunks.verify()
        return chunks

    def source(self, which: int | str | None = None) -> SourceInfo:
        """Return a source by id or name; the first one when nothing is named.

        Raises:
            ConfigurationError: There is no such source.
            DataError: The recording has none.
        """
        if not self.sources:
            raise DataError(f"{self.path} holds no readable source")
        for source in self.sources:
            if which is None or which in (source.id, source.name, source.url):
                return source
        known = ", ".join(source.name for source in self.sources)
        raise ConfigurationError(f"{self.path.name} has no source {which!r}; it has {known}")

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the raw samples of a source, those within [start_ns, end_ns] where given.

        Raises:
            ConfigurationError: There is no such source.
        """
        channels = self.source(source).channels
        chunks = self._sound(source)
        chosen = [
            chunk
            for chunk in chunks.sound
            if (start_ns is None or chunk.end_ns >= start_ns) and (end_ns is None or chunk.start_ns <= end_ns)
        ]
        total = sum(chunk.count for chunk in chosen)
        times = np.empty(total, np.int64)
        flags = np.empty(total, np.uint8)
        codes = [np.empty(total, np.int64) for _ in channels]
        filled = 0
        for chunk in chosen:
            part = slice(filled, filled + chunk.count)
            if chunks.fill(chunk, times[part], flags[part], [column[part] for column in codes]):
                filled += chunk.count
        times, flags, codes = times[:filled], flags[:filled], [column[:filled] for column in codes]
        if start_ns is not None or end_ns is not None:
            low = 0 if start_ns is None else int(np.searchsorted(times, start_ns, "left"))
            high = filled if end_ns is None else int(np.searchsorted(times, end_ns, "right"))
            times, flags, codes = times[low:high], flags[low:high], [column[low:high] for column in codes]
        names = [channel.name for channel in channels]
        return Samples(times, dict(zip(names, codes, strict=True)), flags)

    def chunks(self, source: int) -> Iterator[Samples]:
        """Return the samples of a source chunk by chunk, as they were written; damaged ones are left out."""
        channels = self.source(source).channels
        chunks = self._sound(source)
        for chunk in chunks.sound:
            times, flags = np.empty(chunk.count, np.int64), np.empty(chunk.count, np.uint8)
            codes = {channel.name: np.empty(chunk.count, np.int64) for channel in channels}
            if chunks.fill(chunk, times, flags, list(codes.values())):
                yield Samples(times, codes, flags)

    def span_ns(self, source: int) -> tuple[int, int] | None:
        """Return the first and last sample time of a source, or None when it has no samples."""
        chunks = self._chunks[source].sound
        return (chunks[0].start_ns, chunks[-1].end_ns) if chunks else None

    def count(self, source: int) -> int:
        """Return the number of samples of a source."""
        return sum(chunk.count for chunk in self._chunks[source].sound)

    def read_ns(self, source: int) -> float | None:
        """Return the mean duration of a read in nanoseconds, where the source is polled."""
        timed = [(chunk.read_ns, chunk.count) for chunk in self._chunks[source].sound if chunk.read_ns]
        total = sum(count for _, count in timed)
        return sum(read_ns * count for read_ns, count in timed) / total if total else None

    def overview(self, source: int, stretches: int = 1000) -> list[tuple[int, int, list[summary.Stretch]]]:
        """Return count, min, max and mean of each channel (then product) over at least `stretches` stretches.

        It reads the coarsest level that is fine enough, so a day costs what a minute does.

        Returns:
            (start_ns, end_ns, one `Stretch` per channel then per product) in order of time, raw codes.
        """
        chunks = self._sound(source)
        chosen = [(chunk.start_ns, chunk.end_ns, chunk.summary) for chunk in chunks.sound]
        if len(chosen) <= stretches * summary.FAN_OUT or chunks.damage:
            return _unpacked(chosen)
        levels: dict[int, list[tuple[int, int, bytes]]] = {}
        for _, owner, level, _, start_ns, end_ns, _, digest in self._rows.sound("level"):
            if owner == source:
                levels.setdefault(level, []).append((start_ns, end_ns, digest))
        below = len(chosen)
        for level in sorted(levels):
            whole = below // summary.FAN_OUT
            if len(levels[level]) < max(stretches, whole):
                break  # coarse enough, or a level that lost a row
            chosen = [*levels[level][:whole], *chosen[whole * summary.FAN_OUT :]]
            below = whole
        return _unpacked(chosen)


def _unpacked(stretches: list[tuple[int, int, bytes]]) -> list[tuple[int, int, list[summary.Stretch]]]:
    return [(start, end, summary.unpack(digest)) for start, end, digest in stretches]
