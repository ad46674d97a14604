"""Meters that send frames on their own over a byte stream which may start anywhere.

The loop shared by them: collect bytes, cut frames, decode, count and report what is refused or never
came, put what is good on the host's clock.  A stream that stays silent is an instrument that went
away.  `drivers/smartpower3.py` is the shortest complete example.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from powermeter.errors import DataError, ReadError, Reason, plural
from powermeter.source import INTERPOLATED_TIME, REPEAT, Block, Gap, StreamingSource, now_ns
from powermeter.units import NS

from .linked import LinkedMeter
from .tick_clock import TickClock
from .tick_counter import SteadyTicks, TickCounter

MAX_BUFFER = 65536
STALE_NS = 200_000_000
SLEW = 0.1
"""A better estimate of the clock is followed by stretching or squeezing the steps by at most this share."""


class StreamRow(NamedTuple):
    """One sample of a frame.

    Attributes:
        codes: One raw code per channel, `MISSING` where there is none.
        flags: `REPEAT`, `SATURATED`.
        tick: The instrument's own time of it, as sent; None where it sends none.
        number: Its sequence number, as sent; None where it sends none.
    """

    codes: list[int]
    flags: int = 0
    tick: int | None = None
    number: int | None = None


class _Held(NamedTuple):
    """A sample on its way: when it came, and how many frames were refused before it, and why."""

    row: StreamRow
    arrival_ns: int
    refused: int
    complaint: str


class StreamMeter(LinkedMeter, StreamingSource):
    """Frames in a byte stream, turned into blocks.

    A subclass states what the frames look like (`head` and `frame_length`, or its own `cut`), and
    defines `decode`, `describe` and `rows`; all else is a class attribute.

    Attributes:
        head, frame_length: How a frame begins and how many bytes it has, where all are alike.
        first_frames, first_s: How many readings are waited for before `describe`, and how long at most.
        first: Those readings.
        alive_message, alive_s: Sent this often while reading, to a meter that stops without it; None for never.
        silence_s: How long without a good frame until the meter counts as gone.
        tick_ns: Nanoseconds per tick of the instrument's own clock; None where frames carry none.
        tick_wrap: The number of ticks after which it starts again; None if never.
        settle_s: How long ticks are watched before the first sample is placed: a first frame that was
            under way for long must not date those after it.
        number_wrap: The number of sequence numbers; None where frames carry none.
        steady: Whether its ticks come at one interval: where frames carry no numbers, a longer step then shows what was lost.
        repeats: Whether two equal rows mean that it has not refreshed.
        skipped_bytes: Bytes that belonged to no frame.
        lost: Samples that never came, by their sequence numbers or steady ticks.
    """

    head: ClassVar[bytes] = b""
    frame_length: ClassVar[int] = 0
    first_frames: ClassVar[int] = 1
    first_s: ClassVar[float] = 2.5
    alive_message: ClassVar[bytes] = b""
    alive_s: float | None = None
    silence_s: float = 5.0
    tick_ns: float | None = None
    tick_wrap: int | None = None
    settle_s: float = 0.5
    number_wrap: ClassVar[int | None] = None
    steady: ClassVar[bool] = False
    repeats: ClassVar[bool] = False

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self.first: list[Any] = []
        self.skipped_bytes = 0
        self.lost = 0
        self._ticks_refused = False
        self._forget()

    def _forget(self) -> None:
        self._buffer = bytearray()
        self._waiting: list[tuple[Any, int]] = []
        self._held: list[_Held] = []
        self._clock: TickClock | None = None
        self._ticks: TickCounter | None = None
        self._settled = False
        self._last_ns = 0
        self._heard_s = time.monotonic()
        self._previous: list[int] | None = None
        self._refused_now = 0
        self._complaint = ""
        self.gaps: list[Gap] = []
        self._reading = False
        self._alive_s = time.monotonic()
        self._number: int | None = None
        self._steps = SteadyTicks() if self.steady else None
        self._placed: tuple[int, int] | None = None

    @abstractmethod
    def rows(self, reading: Any, arrival_ns: int) -> list[StreamRow]:
        """Return the samples of a reading.

        Raises:
            DataError: It cannot be trusted.
        """

    def cut(self, buffer: bytearray) -> tuple[list[bytes], int]:
        """Remove whole frames and rubbish from the front of the buffer.

        Returns:
            The frames, and the number of bytes of rubbish.
        """
        return cut_frames(buffer, self.head, self.frame_length, self.is_sound)

    def is_sound(self, frame: bytes) -> bool:
        """Return whether a frame can be decoded."""
        try:
            self.decode(frame)
        except DataError:
            return False
        return True

    def open(self) -> None:
        """Connect, identify, start, and describe the channels from the first frames."""
        self._forget()
        super().open()

    def first_reading(self) -> Any:
        """Return the first reading after the start."""
        self.first = self.gather(self.first_frames, self.first_s)
        return self.first[0]

    def counts(self) -> dict[str, int]:
        """Return frames refused, bytes skipped, and samples lost where their numbers or steady ticks show it."""
        counts = {"frames_refused": self.refused, "bytes_skipped": self.skipped_bytes}
        return {**counts, "samples_lost": self.lost} if self.number_wrap or self.steady else counts

    def gather(self, count: int, timeout_s: float) -> list[Any]:
        """Return the first `count` readings; `read_block` returns their samples again.

        Raises:
            ReadError: Not one came within the time.
        """
        deadline = time.monotonic() + timeout_s
        problem = ""
        while len(self._waiting) < count and (left := deadline - time.monotonic()) > 0:
            for reading, arrival_ns in self._receive(min(0.1, left)):
                if isinstance(reading, DataError):
                    problem = f" ({reading})"
                else:
                    self._waiting.append((reading, arrival_ns))
        if not self._waiting:
            raise ReadError(
                f"{self.title} on {self.where}: no usable frame within {timeout_s:g} s{problem}",
                Reason.NO_ANSWER,
            )
        return [reading for reading, _ in self._waiting]

    # Reading ------------------------------------------------------------------------------------

    def read_block(self, timeout_s: float) -> Block | None:
        """Return the samples that have arrived and can be placed."""
        if not self._reading:
            self._begin()
        self._check_ticks()
        self._keep_alive()
        readings, self._waiting = self._waiting, []
        readings += self._receive(0.0 if readings else timeout_s)
        before = len(self._held)
        for reading, arrival_ns in readings:
            try:
                if isinstance(reading, DataError):
                    raise reading
                rows = self.rows(reading, arrival_ns)
            except DataError as error:
                self.refused += error is not reading  # else `_receive` has counted it
                self._refused_now += 1
                self._complaint = str(error)
                continue
            for row in rows:
                if row.tick is not None and self._ticks is not None:
                    row = row._replace(tick=self._ticks.feed(row.tick))
                self._held.append(_Held(row, arrival_ns, self._refused_now, self._complaint))
                self._refused_now = 0
        if len(self._held) > before:
            self._heard_s = time.monotonic()
        else:
            self._check_silence()
        return self._release()

    def lateness_ns(self, tick: int, arrival_ns: int) -> int | None:
        """Return how much later than the instrument's clock lets expect a tick came; None while nothing is known."""
        if self._clock is None or not self._settled:
            return None
        return arrival_ns - self._clock.time_ns(tick)

    def _keep_alive(self) -> None:
        now = time.monotonic()
        if self.link is not None and self.alive_s is not None and now - self._alive_s > self.alive_s:
            self.link.write(self.alive_message)
            self._alive_s = now

    def _begin(self) -> None:
        """Throw away what piled up between opening and the first read: nobody knows when it was measured."""
        self._reading = True
        stale = not self._waiting or now_ns() - self._waiting[-1][1] > STALE_NS
        if self.link is not None and stale:
            self.link.clear()
            self._buffer.clear()
            self._waiting = []
        self._clock = TickClock(self.tick_ns) if self.tick_ns and not self._ticks_refused else None
        self._ticks = TickCounter(self.tick_wrap) if self.tick_wrap else None
        self._heard_s = time.monotonic()

    def _check_ticks(self) -> None:
        if self._clock is None or (found := self._clock.mismatch) is None:
            return
        self._ticks_refused, self._clock = True, None
        raise ReadError(
            f"{self.title} on {self.where}: its ticks count {found[0]:.3g} s in {found[1]:.3g} s, so samples"
            " are stamped on arrival from here on; where its URL states a rate or a unit of time, correct that",
            Reason.BAD_DATA,
        )

    def _check_silence(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if silent_s > self.silence_s:
            self._heard_s = time.monotonic()
            raise ReadError(
                f"{self.title} on {self.where}: nothing usable for {silent_s:.1f} s", Reason.NO_ANSWER
            )

    def _receive(self, timeout_s: float) -> list[tuple[Any, int]]:
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
        readings: list[tuple[Any, int]] = []
        for frame in frames:
            try:
                reading = self.decode(frame)
            except DataError as error:
                self.refused += 1
                reading = error  # in its place, so that what is missing is listed where it is missing
            if reading is not None:
                readings.append((reading, arrival_ns))
        return readings

    def _release(self) -> Block | None:
        """Return what is held back, once the clock has been watched for long enough."""
        if not self._held:
            return None
        if self._clock is not None and not self._settled:
            if now_ns() - self._held[0].arrival_ns < self.settle_s * NS:
                return None
            for one in self._held:  # all of them, before the first is placed
                if one.row.tick is not None:
                    self._clock.arrived(one.row.tick, one.arrival_ns)
        self._settled = True
        held, self._held = self._held, []
        import numpy as np

        times, flags = zip(*(self._place(one) for one in held), strict=True)
        codes = np.array([one.row.codes for one in held], np.int64)
        gaps, self.gaps = self.gaps, []
        return Block(np.array(times, np.int64), codes, np.array(flags, np.uint8), tuple(gaps))

    def _place(self, held: _Held) -> tuple[int, int]:
        """Return the time and the flags of a sample; what is missing before it becomes a gap."""
        row, stamp, flags = held.row, held.arrival_ns, held.row.flags
        tick, clock = row.tick, self._clock
        if tick is not None and clock is not None and clock.arrived(tick, held.arrival_ns):
            stamp, flags = self._slewed(tick, min(clock.time_ns(tick), stamp)), flags | INTERPOLATED_TIME
        stamp = max(stamp, self._last_ns)
        self._note_missing(held, stamp)
        if self.repeats and row.codes == self._previous:
            flags |= REPEAT
        self._previous = row.codes
        self._last_ns = stamp
        return stamp, flags

    def _slewed(self, tick: int, at_ns: int) -> int:
        """Return the time of a tick, no step since the last one changed by more than `SLEW`."""
        if self._placed is not None and self.tick_ns is not None:
            passed = (tick - self._placed[0]) * self.tick_ns
            nominal = self._placed[1] + passed
            if passed >= 0 and abs(at_ns - nominal) < NS:
                at_ns = round(min(max(at_ns, nominal - SLEW * passed), nominal + SLEW * passed))
        self._placed = tick, at_ns
        return at_ns

    def _note_missing(self, held: _Held, stamp: int) -> None:
        missing, number = 0, held.row.number
        if number is not None and self.number_wrap is not None:
            step = 1 if self._number is None else (number - self._number) % self.number_wrap
            missing = step - 1 if 1 < step <= self.number_wrap // 2 else 0  # more is a restart
            self._number = number
        elif self._steps is not None and held.row.tick is not None:
            missing = self._steps.missing(held.row.tick)
        self.lost += missing
        if not self._last_ns or not (missing or held.refused):
            return
        if held.refused:
            reason, why = Reason.BAD_DATA.value, f"{held.refused} frames refused: {held.complaint}"
        else:
            reason, why = "dropped", f"{plural(missing, 'sample')} lost"
        self.gaps.append(Gap(self._last_ns, stamp, reason, why, max(missing, held.refused)))


def cut_frames(
    buffer: bytearray, head: bytes, length: int, is_sound: Callable[[bytes], bool]
) -> tuple[list[bytes], int]:
    """Take frames of one length that begin with `head` off the front of a buffer.

    A frame that is not sound is looked through for the beginning of another one inside it; where there
    is none it is returned as it is, to be refused and counted.

    Returns:
        The frames, and how many bytes belonged to none.
    """
    frames: list[bytes] = []
    skipped = 0
    while True:
        start = buffer.find(head)
        if start < 0:
            keep = next((n for n in range(len(head) - 1, 0, -1) if buffer.endswith(head[:n])), 0)
            skipped += len(buffer) - keep
            del buffer[: len(buffer) - keep]
            return frames, skipped
        skipped += start
        del buffer[:start]
        if len(buffer) < length:
            return frames, skipped
        frame = bytes(buffer[:length])
        inner = -1 if is_sound(frame) else frame.find(head, 1)
        if inner > 0:
            skipped += inner
            del buffer[:inner]
            continue
        frames.append(frame)
        del buffer[:length]


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
