"""Reads a recording, also a growing, an unfinished or a damaged one, and never invents a value.

Every row carries a checksum and every chunk a sequence number.  What fails is left out, named in
`warnings`, and becomes a gap of the reason `damaged`, so that an energy over it is bounded and not
silently short.  However long a recording is, memory is bounded: samples come in pieces (`stream`, `slice`), and
what a whole piece amounts to is looked up (`summaries`, `overview`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from powermeter import registry
from powermeter.channel import Gap
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.recording import (
    chunk_reading,
    encodable_text,
    event_batches,
    file,
    overview,
    piece_sums,
    refused_files,
    stretch_summary,
)
from powermeter.recording.available_memory import memory_left
from powermeter.recording.chunk_reading import Chunk, Chunks
from powermeter.recording.copied_chunks import pieces_of
from powermeter.recording.event_batches import EventTable
from powermeter.recording.event_columns import EventColumns
from powermeter.recording.facts import Facts
from powermeter.recording.overview import Overview
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.recording.rows import Rows
from powermeter.recording.samples_done import note_samples
from powermeter.recording.sources import sources_of
from powermeter.recording.stored_chunk import StoredChunk
from powermeter.recording.stored_summaries import ProcessCounts, Summaries
from powermeter.recording.timed_rows import TimedRows

MAX_LOADED = 1 << 29
"""Samples × columns that `samples` loads at once (4 GB), where there is so much memory."""

What = Literal["samples", "events", "labels", "tokens"]

_SMALL = 1 << 22
"""Fewer are loaded without asking how much memory is left."""


class Recording:
    """A recording opened for reading.

    Attributes:
        path: The file.
        metadata: What was noted about host, program and run.
        sources: What was recorded, in the order it was added.
        warnings: What could not be read, or was not closed properly; grows as parts are read.
    """

    def __init__(self, path: Path, rows: Rows, *, lacks_log: bool = False) -> None:
        self.path = path
        self.warnings = rows.warnings
        self._rows = rows
        self._facts = Facts(rows)
        self.metadata = self._facts.metadata
        self.sources = sources_of(self._rows)
        self._timed = TimedRows(rows)
        self._loaded: dict[int, Chunks] | None = None
        self._summaries: dict[int, Summaries] = {}
        self._last_ns = self._facts.check_whole(lacks_log=lacks_log)

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Open a recording, finished or not.

        Raises:
            DataError: The file is missing, foreign, newer, or damaged beyond reading.
        """
        path = Path(path)
        lacks_log = refused_files.lacks_log(path)  # before SQLite makes an empty one
        connection, version, problems = file.open_to_read(path)
        try:
            return cls(path, Rows(path, connection, version, problems), lacks_log=lacks_log)
        except file.UNREADABLE as error:
            connection.close()
            raise refused_files.DamagedError(path, encodable_text.one_line(error)) from error
        except BaseException:
            connection.close()
            raise

    def __repr__(self) -> str:
        return f"<Recording {self.path}: {plural(len(self.sources), 'source')}>"

    def to_frame(
        self,
        what: What = "events",
        *,
        rail: str | None = None,
        baseline: object = None,
        by: str | Sequence[str] = (),
        battery: object = None,
    ) -> Any:
        """Return the samples, events or labels as a data frame; see `powermeter.to_frame`."""
        make = registry.load(registry.FRAME)
        return make(self, what, rail=rail, baseline=baseline, by=by, battery=battery)

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._rows.connection.close()
        for chunks in (self._loaded or {}).values():
            chunks.forget()

    @property
    def is_growing(self) -> bool:
        """Whether a recorder noted itself as running and its process lives on this boot."""
        return self._facts.is_growing

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name, oldest first; `recorder` is what the recorder noted of itself."""
        return self._facts.of(name)

    def fact_names(self) -> list[str]:
        """Return the names under which facts are noted."""
        return self._facts.names

    def process_counts(self) -> dict[int, ProcessCounts]:
        """Return, for each process that noted it, how many events it began, finished and wrote."""
        found = {}
        for _, process, at_ns, begun, finished, written, value in self._rows.sound("process"):
            details = self._rows.json(value, "what a process noted of its events")
            found[process] = ProcessCounts(
                at_ns, begun, finished, written, details if isinstance(details, dict) else {}
            )
        return found

    def event_tables(self) -> Iterator[EventTable]:
        """Yield the events as they were written, a batch at a time: bounded memory for any number of them."""
        yield from event_batches.batches(self._rows)
        marks = self.metadata.get("marks")
        if marks and not self.facts("closed") and not self.is_growing:
            yield from registry.load(registry.LEFTOVER)(
                marks, self.path, lambda: event_batches.batches(self._rows)
            )

    def event_table(self) -> EventTable:
        """Return all events as columns, each event once, in the order of the start."""
        return event_batches.table(self.event_tables())

    def events(self) -> list[Event]:
        """Return all events in the order of their start.

        One that was begun and ended is one event; where the program died inside, `end_ns` is None.
        """
        return event_batches.events(self.event_table(), self._rows)

    def event_columns(self) -> EventColumns:
        """Return what `events` does as columns, whose objects are made while somebody looks at them."""
        return event_batches.columns_of(self.event_table(), self._rows)

    def event_pieces(self, most: int = 8192) -> Iterator[list[Event]]:
        """Yield all events in the order of their start, at most so many at a time: their objects in bounded memory."""
        for piece in self.event_table().pieces(most):
            yield event_batches.events(piece, self._rows)

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the (monotonic ns, UTC ns) pairs, oldest first."""
        return self._timed.clock_pairs()

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the (instrument tick, host arrival ns) pairs of a source."""
        return self._timed.ticks(source)

    def gaps(self, source: int | str) -> list[Gap]:
        """Return the stretches without trustworthy data of a source by id, name or URL, those found damaged included, by start."""
        found = self.source(source).id
        return sorted([*self._timed.gaps(found), *self._sound(found).damage], key=lambda gap: gap.start_ns)

    # Samples ----------------------------------------------------------------------------------

    def _chunks(self, source: int) -> Chunks:
        identifier = self.source(source).id
        if self._loaded is None:
            self._loaded = chunk_reading.load(self._rows, {one.id: len(one.channels) for one in self.sources})
            for one, last_ns in self._last_ns.items():
                if one in self._loaded:
                    self._loaded[one].expect_end(last_ns)
        return self._loaded[identifier]

    def _sound(self, source: int) -> Chunks:
        """Return a source's chunks, their data checked."""
        chunks = self._chunks(source)
        chunks.verify()
        return chunks

    def source(self, which: int | str | None = None) -> SourceInfo:
        """Return the source of that id, name or URL; the first one when nothing is named.

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

    def stream(
        self,
        source: int,
        start_ns: int | None = None,
        end_ns: int | None = None,
        channels: Sequence[str] | None = None,
    ) -> Iterator[Samples]:
        """Yield the raw samples of a source in order, in pieces of at most 131 072 (mostly about 65 536).

        Without bounds, piece i is what row i of `summaries` describes.  A chunk that turns out damaged is left out
        and becomes a gap.

        Args:
            source: Its id.
            start_ns, end_ns: Only samples with start ≤ time ≤ end, where given.
            channels: Names of the channels to decode; all otherwise.

        Raises:
            ConfigurationError: There is no such source or channel.
        """
        about = self.source(source)
        names = [channel.name for channel in about.channels] if channels is None else list(channels)
        known = [channel.name for channel in about.channels]
        wanted = [known.index(about.channel(name).name) for name in names]
        chunks = self._sound(source)
        for group in chunks.pieces():
            if (start_ns is not None and group[-1].end_ns < start_ns) or (
                end_ns is not None and group[0].start_ns > end_ns
            ):
                continue
            yield self._read(chunks, group, names, wanted, start_ns, end_ns)
            note_samples(sum(chunk.count for chunk in group))

    @staticmethod
    def _read(
        chunks: Chunks,
        group: Sequence[Chunk],
        names: Sequence[str],
        wanted: Sequence[int],
        start_ns: int | None,
        end_ns: int | None,
    ) -> Samples:
        times, flags, codes = chunks.read(group, wanted)
        low = 0 if start_ns is None else int(np.searchsorted(times, start_ns, "left"))
        high = len(times) if end_ns is None else int(np.searchsorted(times, end_ns, "right"))
        part = slice(low, high)
        return Samples(times[part], dict(zip(names, (c[part] for c in codes), strict=True)), flags[part])

    def slice(self, source: int, start_ns: int, end_ns: int, around: int = 0) -> Samples:
        """Return the raw samples with start ≤ time ≤ end, and `around` more on either side where there are.

        Reads only the chunks that hold them; one that turns out damaged is left out and becomes a gap.

        Raises:
            ConfigurationError: There is no such source.
            DataError: They are too many to be loaded at once.
        """
        chunks = self._chunks(source)  # those that are read are checked then
        width = len(self.source(source).channels)
        held = chunks.sound
        first = bisect_left(held, start_ns, key=lambda chunk: chunk.end_ns)
        last = max(first, bisect_right(held, end_ns, key=lambda chunk: chunk.start_ns))
        while True:
            group = held[first:last]
            self._refuse_too_many(sum(chunk.count for chunk in group), width)
            times, flags, codes = chunks.read_again(group)
            low = int(np.searchsorted(times, start_ns, "left")) - around
            high = int(np.searchsorted(times, end_ns, "right")) + around
            lacks_before, lacks_after = low < 0 and first > 0, high > len(times) and last < len(held)
            if not (lacks_before or lacks_after) or held is not chunks.sound:
                break
            first, last = first - lacks_before, last + lacks_after
        low = max(0, low)
        names = [channel.name for channel in self.source(source).channels]
        return Samples(
            times[low:high], dict(zip(names, (c[low:high] for c in codes), strict=True)), flags[low:high]
        )

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the raw samples of a source at once, those within [start_ns, end_ns] where given.

        For what may be long, use `stream`.

        Raises:
            ConfigurationError: There is no such source.
            DataError: They are too many to be loaded at once.
        """
        span = self.span_ns(source)
        if span is None:
            return self._nothing(source)
        return self.slice(
            source, span[0] if start_ns is None else start_ns, span[1] if end_ns is None else end_ns
        )

    def _nothing(self, source: int) -> Samples:
        empty = np.empty(0, np.int64)
        names = [channel.name for channel in self.source(source).channels]
        return Samples(empty, {name: empty for name in names}, np.empty(0, np.uint8))

    def _refuse_too_many(self, count: int, width: int) -> None:
        cells = count * (width + 2)
        if cells > MAX_LOADED or (cells > _SMALL and 8 * cells > 0.7 * memory_left()):
            raise DataError(
                f"{self.path} holds {plural(count, 'sample')} there, too many to be loaded at once ({8 * cells / 1e9:.1f} GB)"
            )

    def chunks(self, source: int) -> Iterator[Samples]:
        """Yield the samples of a source chunk by chunk, as they were written; damaged ones are left out."""
        names = [channel.name for channel in self.source(source).channels]
        chunks = self._sound(source)
        for chunk in list(chunks.sound):
            times, flags, codes = chunks.read([chunk])
            if len(times):
                yield Samples(times, dict(zip(names, codes, strict=True)), flags)

    def as_stored(self, source: int) -> Iterator[StoredChunk | tuple[Samples, int | None]]:
        """Yield what is held of a source chunk by chunk, for a copy; see `copied_chunks`."""
        for piece in pieces_of(self._sound(source), self.source(source).channels):
            yield piece
            note_samples(len(piece) if isinstance(piece, StoredChunk) else len(piece[0]))

    def flag_counts(self, source: int) -> dict[int, int]:
        """Return, for each value that flags of samples have, how many have it; nothing else is decoded.

        Raises:
            ConfigurationError: There is no such source.
        """
        counts = self._sound(source).flag_counts()
        return {value: count for value, count in enumerate(counts.tolist()) if count}

    def summaries(self, source: int) -> Summaries:
        """Return what each piece of `stream` amounts to, without reading the samples where that is stored.

        Raises:
            ConfigurationError: There is no such source.
        """
        if source not in self._summaries:
            channels = self.source(source).channels
            self._summaries[source] = piece_sums.of_pieces(self._sound(source), channels)
        return self._summaries[source]

    def span_ns(self, source: int) -> tuple[int, int] | None:
        """Return the first and last sample time of a source, or None when it has no samples."""
        chunks = self._chunks(source).sound
        return (chunks[0].start_ns, chunks[-1].end_ns) if chunks else None

    def count(self, source: int) -> int:
        """Return the number of samples of a source."""
        return sum(chunk.count for chunk in self._chunks(source).sound)

    def read_ns(self, source: int) -> float | None:
        """Return the mean duration of a read in nanoseconds, where the source is polled."""
        timed = [(chunk.read_ns, chunk.count) for chunk in self._chunks(source).sound if chunk.read_ns]
        total = sum(count for _, count in timed)
        return sum(read_ns * count for read_ns, count in timed) / total if total else None

    def overview(self, source: int, stretches: int = 1000) -> Overview:
        """Return count, min, max and mean of each channel, then product, over at least `stretches` stretches.

        It reads the coarsest stored level that is fine enough, so that a day opens as fast as a minute.  Where
        there are fewer samples, each is a stretch.

        Raises:
            ConfigurationError: There is no such source.
        """
        channels = self.source(source).channels
        pairs = stretch_summary.products(channels)
        width = len(channels) + len(pairs)
        if self._loaded is None or not self._loaded[source].damage:
            found = overview.from_levels(self._rows, source, width, stretches)
            if found is not None:
                return found
        return overview.from_chunks(self._chunks(source), self._rows.version, pairs, width, stretches)
