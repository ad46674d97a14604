"""A recording too long to be held, read where a comparison looks: a channel or a rail's power, stretch by stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.channel import Gap, Quantity
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording.in_memory import InMemory
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.signals.trace import CommonError, Trace

HELD = 1_000_000
"""Readings up to which a source is read at once."""

_HEAD = 65_536


@dataclass(frozen=True, slots=True)
class Stretches:
    """A trace that is read stretch by stretch.

    Attributes:
        head: Its first readings; what holds for all of it (unit, accuracy, interval) stands there.
        start_ns, end_ns: Times of the first and last reading.
        read: Returns the readings with start ≤ time ≤ end; None where there is none.
    """

    head: Trace
    start_ns: int
    end_ns: int
    read: Callable[[int, int], Trace | None]

    @property
    def quantity(self) -> Quantity:
        """What it measures."""
        return self.head.quantity

    @property
    def unit(self) -> str:
        """The SI unit of its values."""
        return self.head.unit

    @property
    def step(self) -> float:
        """The distance of two readings that can be distinguished."""
        return self.head.step

    @property
    def errors(self) -> tuple[CommonError, ...]:
        """What all of its readings share."""
        return self.head.errors

    def between(self, start_ns: int, end_ns: int) -> Trace:
        """Return the readings with start ≤ time ≤ end; an empty trace where there is none."""
        found = self.read(start_ns, end_ns)
        return self.head.between(1, 0) if found is None else found

    def pieces(self, length_ns: int, overlap_ns: int = 0) -> Iterator[Trace]:
        """Yield all readings in pieces of a length; each begins `overlap_ns` before the end of the one before."""
        start = self.start_ns
        while start <= self.end_ns:
            found = self.read(start, start + length_ns + overlap_ns - 1)
            if found is not None and len(found):
                yield found
            start += length_ns


def by_stretches(
    start_ns: int, end_ns: int, read: Callable[[int, int], Trace | None], name: str
) -> Stretches:
    """Return a trace that is read stretch by stretch.

    Raises:
        DataError: Its first tenth holds no reading.
    """
    head = read(start_ns, start_ns + max((end_ns - start_ns) // 1000, 1))
    head = head or read(start_ns, start_ns + (end_ns - start_ns) // 10)
    if head is None:
        raise DataError(f"{name} has no sample in its first tenth")
    return Stretches(
        head.between(head.start_ns, head.times_ns[min(len(head), _HEAD) - 1]), start_ns, end_ns, read
    )


def rows(recording: RecordingLike, sources: Sequence[SourceInfo]) -> int:
    """Return how many readings some sources of a recording hold."""
    return sum(int(recording.summaries(source.id).count.sum()) for source in sources)


def bounds(recording: RecordingLike, sources: Sequence[SourceInfo]) -> tuple[int, int]:
    """Return the times of the first and last reading of some sources.

    Raises:
        DataError: They have none.
    """
    found = [recording.summaries(source.id) for source in sources]
    found = [one for one in found if len(one)]
    if not found:
        raise DataError("the recording has no sample")
    return min(int(one.start_ns.min()) for one in found), max(int(one.end_ns.max()) for one in found)


@dataclass(frozen=True, slots=True)
class RecordingPart(InMemory):
    """A recording as it would be, had it been made between two times only."""

    recording: RecordingLike
    start_ns: int
    end_ns: int

    @property
    def path(self) -> Path | None:
        """The file of the whole."""
        return self.recording.path

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about host, program and run."""
        return self.recording.metadata

    @property
    def sources(self) -> Sequence[SourceInfo]:
        """What was recorded."""
        return self.recording.sources

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the raw samples of a source in this part."""
        return self.recording.samples(source, *self._within(start_ns, end_ns))

    def gaps(self, source: int) -> list[Gap]:
        """Return the gaps that touch this part."""
        return [
            gap
            for gap in self.recording.gaps(source)
            if gap.end_ns >= self.start_ns and gap.start_ns <= self.end_ns
        ]

    def events(self) -> list[Event]:
        """Return all events of the whole."""
        return self.recording.events()

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name."""
        return self.recording.facts(name)

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the clock pairs of the whole."""
        return self.recording.clock_pairs()

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the instrument ticks of the whole."""
        return self.recording.ticks(source)

    def _within(self, start_ns: int | None, end_ns: int | None) -> tuple[int, int]:
        start = self.start_ns if start_ns is None else max(start_ns, self.start_ns)
        end = self.end_ns if end_ns is None else min(end_ns, self.end_ns)
        return start, end
