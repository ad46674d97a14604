"""Frames that a simulated meter sent, captured as they left it, and what a driver makes of them split, damaged and whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from powermeter.errors import DataError
from powermeter.events import now_ns
from powermeter.testing.faults import Faults
from powermeter.testing.meter import SimulatedMeter

FLIPS = 0x01, 0x80, 0xFF
"""What a damaged byte differs by: one low bit, one high bit, all."""


@runtime_checkable
class Decoder(Protocol):
    """A driver that decodes frames, such as each one built upon the base classes of meters."""

    def decode(self, frame: bytes) -> object:
        """Return the reading of a frame, None where it holds none."""


@runtime_checkable
class Cutter(Decoder, Protocol):
    """A driver that cuts frames off a stream."""

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        """Return whole frames, and how many bytes belonged to none."""


@runtime_checkable
class Rower(Decoder, Protocol):
    """A driver that makes samples of the readings in frames which come on their own."""

    def rows(self, reading: Any, arrival_ns: int) -> Sequence[object]:
        """Return the samples of a reading."""

    def restarted(self) -> None:
        """Forget what belongs to one connection."""


@dataclass
class Capture(Faults):
    """No faults: keeps what the meter sends.

    Attributes:
        frames: The newest of them.
    """

    frames: list[bytes] = field(default_factory=list)

    def apply(self, frame: bytes) -> list[tuple[float, bytes]]:
        """Return the frame as it is."""
        self.frames = [*self.frames[-63:], frame]
        return [(0.0, frame)]


@dataclass
class SentWhileSettling(Faults):
    """No faults: keeps the frames that a meter sends while it settles.

    Attributes:
        meter: Which.
        frames: All of them.
    """

    meter: SimulatedMeter | None = None
    frames: list[bytes] = field(default_factory=list)

    def apply(self, frame: bytes) -> list[tuple[float, bytes]]:
        """Return the frame as it is."""
        if self.meter is not None and self.meter.settling:
            self.frames.append(frame)
        return [(0.0, frame)]


def rows_of(source: Rower, frames: list[bytes]) -> int:
    """Return how many samples a driver that has just been opened makes of frames."""
    source.restarted()
    return sum(len(source.rows(reading, now_ns())) for _, reading in readings(source, frames))


def readings(source: Decoder, frames: list[bytes]) -> Iterator[tuple[bytes, object]]:
    """Yield frames as `decode` gets them, with their readings; what is refused or holds none is left out."""
    lines = getattr(source, "answers_lines", False)
    for sent in dict.fromkeys(frames):
        cut = (
            source.cut(bytearray(sent))[0]
            if isinstance(source, Cutter)
            else [sent.rstrip(b"\r\n") if lines else sent]
        )
        for frame in cut:
            reading = _decoded(source, frame)
            if reading is not None:
                yield frame, reading


def undetected(source: Decoder, frame: bytes, reading: object) -> list[int]:
    """Return at which bytes a frame can be damaged so that `decode` returns another reading and no `DataError`."""
    found = []
    for at in range(len(frame)):
        for flip in FLIPS:
            damaged = frame[:at] + bytes([frame[at] ^ flip]) + frame[at + 1 :]
            if _decoded(source, damaged) not in (None, reading):
                found.append(at)
                break
    return found


def cut_byte_by_byte(source: Cutter, stream: bytes) -> list[bytes]:
    """Return the frames of a stream of which one byte comes at a time."""
    buffer, found = bytearray(), []
    for at in range(len(stream)):
        buffer += stream[at : at + 1]
        found += source.cut(buffer)[0]
    return found


def _decoded(source: Decoder, frame: bytes) -> object:
    try:
        return source.decode(frame)
    except DataError:
        return None
