"""Meters that send frames on their own over a byte stream which may start anywhere.

The loop shared by them: collect bytes, let the driver cut frames, count and report what is refused,
stamp what is good.  A stream that stays silent is an instrument that went away.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from powermeter.errors import DataError, OpenError, ReadError, Reason
from powermeter.source import INTERPOLATED_TIME, REPEAT, Block, Gap, Option, StreamingSource, now_ns
from powermeter.units import NS

from ..links.link import RAIL_OPTIONS, Link, UsbId, rail_of
from ..links.opening import open_link
from .tick_clock import TickClock

MAX_BUFFER = 65536
STALE_NS = 200_000_000

Row = tuple[list[int], int | None]
"""One raw code per channel, and the instrument's tick where it has one."""


class StreamMeter(StreamingSource):
    """Frames in a byte stream, turned into blocks.

    A subclass gives `cut`, which takes whole frames off the front of a buffer, and `rows`, which
    decodes one.

    Attributes:
        title: The instrument's name in messages.
        baud: For serial ports.
        silence_s: How long without a good frame until it counts as gone.
        tick_ns: Nanoseconds per tick of the instrument's own clock; None where frames carry none.
        repeats: Whether two equal frames mean that it has not refreshed.
        refused: Frames that failed a check since `open` was first called.
        skipped_bytes: Bytes that belonged to no frame.
    """

    title: ClassVar[str]
    baud: ClassVar[int] = 115200
    silence_s: float = 5.0
    tick_ns: float | None = None
    repeats: ClassVar[bool] = False
    usb: ClassVar[Sequence[UsbId]] = ()
    covers: ClassVar[str] = "everything behind the meter, cable losses after it included"
    OPTIONS: ClassVar[dict[str, Option]] = RAIL_OPTIONS

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.link: Link | None = None
        self.rail = rail_of(self.options, self.covers)
        self.refused = 0
        self.skipped_bytes = 0
        self._clear()

    def _clear(self) -> None:
        self._buffer = bytearray()
        self._waiting: list[tuple[bytes, int]] = []
        self._clock = TickClock(self.tick_ns) if self.tick_ns else None
        self._last_ns = 0
        self._heard_s = time.monotonic()
        self._previous: list[int] | None = None
        self._refused_now = 0
        self._complaint = ""
        self.gaps: list[Gap] = []
        self._reading = False
        self._tick: tuple[int, int] | None = None
        self._doubt: tuple[int, int] | None = None

    @abstractmethod
    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        """Remove whole frames and rubbish from the front of the buffer; give the frames and the bytes of rubbish."""

    @abstractmethod
    def rows(self, frame: bytes, arrival_ns: int) -> list[Row]:
        """Return the samples of a frame.

        Raises:
            DataError: The frame cannot be trusted.
        """

    def start(self, link: Link) -> None:
        """Wake the instrument, look at what it sends, set `channels`."""

    def connect(self) -> Link:
        """Open the link that the URL names."""
        return open_link(self.address.location, instrument=self.title, baud=self.baud, usb=self.usb)

    def open(self) -> None:
        self._clear()
        self.link = self.connect()
        try:
            self.start(self.link)
        except ReadError as error:
            self.close()
            raise OpenError(f"{error}; is this port a {self.title}?", error.reason) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def info(self) -> dict[str, Any]:
        return dict(self.link.facts) if self.link else {}

    def counts(self) -> dict[str, int]:
        return {"frames_refused": self.refused, "bytes_skipped": self.skipped_bytes}

    def gather(self, count: int, timeout_s: float) -> list[bytes]:
        """Return the first `count` frames that `accept` takes; `read_block` gives them again.

        Raises:
            ReadError: Not one came within the time.
        """
        deadline = time.monotonic() + timeout_s
        while len(self._waiting) < count and (left := deadline - time.monotonic()) > 0:
            for frame, arrival_ns in self._receive(min(0.1, left)):
                if self.accept(frame):
                    self._waiting.append((frame, arrival_ns))
                else:
                    self.refused += 1
        if not self._waiting:
            where = self.link.where if self.link else self.address.location
            raise ReadError(
                f"{self.title} on {where}: no usable frame within {timeout_s:g} s", Reason.NO_ANSWER
            )
        return [frame for frame, _ in self._waiting]

    def accept(self, frame: bytes) -> bool:
        """Whether this frame says which instrument it is; overridden where a frame can be wrong."""
        return bool(frame)

    def read_block(self, timeout_s: float) -> Block | None:
        if not self._reading:
            self._begin()
        frames, self._waiting = self._waiting, []
        frames += self._receive(0.0 if frames else timeout_s)
        samples: list[tuple[list[int], int, int]] = []
        for frame, arrival_ns in frames:
            try:
                rows = self.rows(frame, arrival_ns)
            except DataError as error:
                self.refused += 1
                self._refused_now += 1
                self._complaint = str(error)
                continue
            for row, tick in rows:
                samples.append((row, *self._stamp(row, tick, arrival_ns)))
        if not samples:
            self._check_silence()
            return None
        self._heard_s = time.monotonic()
        gaps, self.gaps = self.gaps, []
        import numpy as np

        rows_, times, flags = zip(*samples, strict=True)
        return Block(
            np.array(times, np.int64),
            np.array(rows_, np.int64),
            np.array(flags, np.uint8),
            tuple(gaps),
        )

    def _begin(self) -> None:
        """Throw away what piled up between opening and the first read: nobody knows when it was measured."""
        self._reading = True
        stale = not self._waiting or now_ns() - self._waiting[-1][1] > STALE_NS
        if self.link is not None and stale:
            self.link.clear()
            self._buffer.clear()
            self._waiting = []
        self._heard_s = time.monotonic()

    def _check_silence(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if silent_s > self.silence_s:
            self._heard_s = time.monotonic()
            where = self.link.where if self.link else self.address.location
            raise ReadError(f"{self.title} on {where}: nothing usable for {silent_s:.1f} s", Reason.NO_ANSWER)

    def _receive(self, timeout_s: float) -> list[tuple[bytes, int]]:
        if self.link is None:
            raise ReadError(f"{self.title} is not open", Reason.NO_ANSWER)
        data = self.link.read(4096, timeout_s)
        arrival_ns = now_ns()
        if not data:
            return []
        self._buffer += data
        frames, skipped = self.cut(self._buffer)
        if len(self._buffer) > MAX_BUFFER:
            skipped += len(self._buffer)
            self._buffer.clear()
        self.skipped_bytes += skipped
        return [(frame, arrival_ns) for frame in frames]

    def _stamp(self, row: list[int], tick: int | None, arrival_ns: int) -> tuple[int, int]:
        """Return the time and the flags of a sample, and list what was refused before it as a gap."""
        stamp, flags = arrival_ns, 0
        if tick is not None and self._clock is not None and self._believe(tick, arrival_ns):
            self._clock.arrived(tick, arrival_ns)
            stamp, flags = min(self._clock.time_ns(tick), arrival_ns), INTERPOLATED_TIME
        stamp = max(stamp, self._last_ns)
        if self._refused_now:
            self.gaps.append(
                Gap(
                    self._last_ns or stamp,
                    stamp,
                    Reason.BAD_DATA.value,
                    f"{self._refused_now} frames refused: {self._complaint}",
                    self._refused_now,
                )
            )
            self._refused_now = 0
        if self.repeats and row == self._previous:
            flags |= REPEAT
        self._previous = row
        self._last_ns = stamp
        return stamp, flags

    def _believe(self, tick: int, arrival_ns: int) -> bool:
        """Whether a tick goes with the time that passed; a jump is believed when the next tick goes on from it."""
        if self._tick is None or self._fits(self._tick, tick, arrival_ns):
            self._tick, self._doubt = (tick, arrival_ns), None
            return True
        if self._doubt is not None and self._fits(self._doubt, tick, arrival_ns):
            self._tick, self._doubt = (tick, arrival_ns), None
            self._clock = TickClock(self.tick_ns or 1.0)  # it was restarted
            return True
        self._doubt = (tick, arrival_ns)
        return False

    def _fits(self, before: tuple[int, int], tick: int, arrival_ns: int) -> bool:
        tick_ns = self.tick_ns or 1.0
        passed_ns = arrival_ns - before[1]
        return abs((tick - before[0]) * tick_ns - passed_ns) < 2 * tick_ns + NS + 0.01 * passed_ns


class TickCounter:
    """Makes an instrument's wrapping tick run on without end."""

    def __init__(self, wrap: int) -> None:
        self.wrap = wrap
        self._total: int | None = None

    def feed(self, tick: int) -> int:
        """Return the running tick; a step back by more than half the range counts as a wrap."""
        if self._total is None:
            self._total = tick
        else:
            step = (tick - self._total) % self.wrap
            self._total += step if step < self.wrap // 2 else step - self.wrap
        return self._total


def cut_lines(buffer: bytearray, longest: int) -> tuple[list[bytes], int]:
    """Take whole lines off the front of a buffer, without LF or CR LF; an endless line counts as skipped."""
    lines: list[bytes] = []
    skipped = 0
    while (end := buffer.find(b"\n")) >= 0:
        line = bytes(buffer[:end]).rstrip(b"\r")
        del buffer[: end + 1]
        if len(line) > longest:
            skipped += len(line)
        else:
            lines.append(line)
    if len(buffer) > longest:
        skipped += len(buffer)
        buffer.clear()
    return lines, skipped
