"""Meters that send frames on their own over a byte stream which may start anywhere.

The loop shared by them: collect bytes, cut frames, decode, count and report what is refused or never
came, put what is good on the host's clock.  A stream that stays silent is an instrument that went
away.  `drivers/smartpower3.py` is the shortest complete example.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

from powermeter.channel import Quantity
from powermeter.errors import DataError, ReadError, Reason
from powermeter.source import INTERPOLATED_TIME, REPEAT, Block, Gap, StreamingSource, now_ns
from powermeter.units import NS, format_short

from ..links.link import Link
from .frame_order import FrameOrder
from .framing import cut_frames
from .linked import LinkedMeter
from .losses import Losses, Unused
from .moments import Moments, latest_by_ticks, spread
from .tick_clock import RATE_ERROR, TickClock, TickCounter, refuse

MAX_BUFFER = 65536
STALE_NS = 200_000_000
DRAIN_QUIET_S, DRAIN_S = 0.02, 0.2
"""What was sent before the opening has been read when nothing came for so long, or after so long at most."""


class StreamRow(NamedTuple):
    """One sample of a frame.

    Attributes:
        codes: One raw code per channel, `MISSING` where there is none.
        flags: `REPEAT`, `SATURATED`, or `saturated(0)` where only the first rail was.
        tick: The instrument's own time of it, as sent; None where it sends none.
        number: Its sequence number, as sent; None where it sends none.
    """

    codes: list[int]
    flags: int = 0
    tick: int | None = None
    number: int | None = None


class _Held(NamedTuple):
    """A sample on its way: when it came, what came before it without making a sample, whether the clock believes its tick (None: not asked yet)."""

    row: StreamRow
    arrival_ns: int
    unused: Unused
    believed: bool | None = None


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
        settling_s: How long frames may come that hold no reading, beyond `first_s` and `silence_s`.
        tick_ns: Nanoseconds per tick of the instrument's own clock; None where frames carry none.
        tick_wrap: The number of ticks after which it starts again; None if never.
        settle_s: How long ticks are watched before the first sample is placed: a first frame that was
            under way for long must not date those after it.
        number_wrap: The number of sequence numbers; None where frames carry none.
        steady: Whether its ticks come at one interval: where frames carry no numbers, a longer step then shows what was lost.
        repeats: Whether two equal rows mean that it has not refreshed.
        skipped_bytes: Bytes that belonged to no frame.
        moments: Their stamps, and how many could only be stamped as the one before.
        losses: Samples that never came, by their sequence numbers or steady ticks; frames out of turn, which are not stored.
    """

    head: ClassVar[bytes] = b""
    frame_length: ClassVar[int] = 0
    first_frames: ClassVar[int] = 1
    first_s: ClassVar[float] = 2.5
    alive_message: ClassVar[bytes] = b""
    alive_s: float | None = None
    silence_s: float = 5.0
    settling_s: float = 10.0
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
        self.losses = Losses()
        self.moments = Moments()
        self._ticks_refused = False
        self._forget()

    def _forget(self) -> None:
        self._buffer = bytearray()
        self._waiting: list[tuple[Any, int]] = []
        self._held: list[_Held] = []
        self._clock: TickClock | None = None
        self._ticks: TickCounter | None = None
        self._settled = False
        self._heard_s = time.monotonic()
        self._previous: list[int] | None = None
        self._unused = Unused()
        self._empty_s: float | None = None
        self._opened_ns = 0
        self.gaps: list[Gap] = []
        self._reading = False
        self._alive_s = time.monotonic()
        has_order = self.number_wrap or self.steady
        self.losses.connect(FrameOrder(self.number_wrap) if has_order else None)
        self.moments.connect()

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
        self._opened_ns = now_ns()
        super().open()

    def drain(self, link: Link) -> None:
        """Throw away what was sent before it was opened: it would be stamped as of now."""
        link.wait_until_quiet(DRAIN_QUIET_S, DRAIN_S)

    def first_reading(self) -> Any:
        """Return the first reading after the start."""
        self.first = self.gather(self.first_frames, self.first_s)
        return self.first[0]

    def counts(self) -> dict[str, int]:
        """Return frames refused and bytes skipped; where numbers or steady ticks show it, samples lost and frames out of turn."""
        counts = {"frames_refused": self.refused, "bytes_skipped": self.skipped_bytes}
        if self.moments.shared:
            counts["samples_at_one_moment"] = self.moments.shared
        if self.number_wrap or self.steady:
            counts |= {"samples_lost": self.losses.lost, "frames_out_of_turn": self.losses.out_of_turn}
        return counts

    def gather(self, count: int, timeout_s: float) -> list[Any]:
        """Return the first `count` readings; `read_block` returns their samples again.

        Raises:
            ReadError: Not one came within the time.
        """
        deadline = time.monotonic() + timeout_s
        latest = deadline + self.settling_s
        problem = ""
        while len(self._waiting) < count and (left := deadline - time.monotonic()) > 0:
            for reading, arrival_ns in self._receive(min(0.1, left)):
                if reading is None:
                    problem = " that holds a reading, though others come"
                    deadline = min(time.monotonic() + timeout_s, latest)
                elif isinstance(reading, DataError):
                    problem = f" ({reading})"
                else:
                    self._waiting.append((reading, arrival_ns))
        if not self._waiting:
            waited_s = timeout_s + max(0.0, deadline - latest + self.settling_s)
            raise ReadError(
                f"{self.title} on {self.where}: no usable frame within {format_short(waited_s)} s{problem}",
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
            self._hold(reading, arrival_ns)
        if len(self._held) > before:
            self._heard_s, self._empty_s = time.monotonic(), None
        else:
            self._check_silence()
        return self._release()

    def _hold(self, reading: Any, arrival_ns: int) -> None:
        """Keep the samples of a reading until they can be placed, or note why it has none."""
        try:
            if isinstance(reading, DataError):
                raise reading
            rows = [] if reading is None else self.rows(reading, arrival_ns)
        except DataError as error:
            self.refused += error is not reading  # else `_receive` has counted it
            self._unused.refused += 1
            self._unused.complaint = str(error)
            return
        if not rows:
            self._note_empty()
        for row in rows:
            if row.tick is not None and self._ticks is not None:
                row = row._replace(tick=self._ticks.feed(row.tick, arrival_ns))
            self._held.append(_Held(row, arrival_ns, self._unused))
            self._unused = Unused()

    def _note_empty(self) -> None:
        """Count a frame without a reading; while they come, for `settling_s` at most, the meter is not silent."""
        now = time.monotonic()
        self._unused.empty += 1
        self._empty_s = now if self._empty_s is None else self._empty_s
        if now - self._empty_s < self.settling_s:
            self._heard_s = now

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
        """Throw away what piled up between opening and the first read: it is not known when it was measured."""
        self._reading = True
        stale = not self._waiting or now_ns() - self._waiting[-1][1] > STALE_NS
        if self.link is not None and stale:
            self.link.clear()
            self._buffer.clear()
            self._waiting = []
        self._clock = (
            TickClock(self.tick_ns, RATE_ERROR) if self.tick_ns and not self._ticks_refused else None
        )
        self._ticks = TickCounter(self.tick_wrap, self.tick_ns) if self.tick_wrap else None
        self._heard_s = time.monotonic()

    def _check_ticks(self) -> None:
        if self._clock is None or (found := self._clock.mismatch) is None:
            return
        self._ticks_refused, self._clock = True, None
        self._refuse_ticks(found, "samples are stamped on arrival from here on", is_final=False)

    def _refuse_ticks(self, found: tuple[float, float] | None, so: str, *, is_final: bool) -> None:
        remedy = "where its URL states a rate or a unit of time, correct that"
        refuse(found, f"{self.title} on {self.where}", f", so {so}; {remedy}", is_final=is_final)

    def finish(self) -> None:
        """Refuse ticks that do not go with the time that passed, also where only a second did."""
        if self._clock is not None:
            self._refuse_ticks(
                self._clock.mismatch_so_far, "what was recorded is timed wrongly", is_final=True
            )

    def _check_silence(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if silent_s > self.silence_s:
            self._heard_s = time.monotonic()
            raise ReadError(
                f"{self.title} on {self.where}: nothing usable for {silent_s:.1f} s", Reason.NO_ANSWER
            )

    def _receive(self, timeout_s: float) -> list[tuple[Any, int]]:
        """Return what has come: readings, None for a frame that holds none, the error of one that was refused."""
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
            readings.append((reading, arrival_ns))
        return readings

    def _release(self) -> Block | None:
        """Return what is held back, once the clock has been watched for long enough."""
        if not self._held:
            return None
        if self._clock is not None and not self._settled:
            if now_ns() - self._held[0].arrival_ns < self.settle_s * NS:
                return None
            # All of them, before the first is placed, and none again: what lies behind the newest begins the clock anew.
            self._held = [one._replace(believed=self._noted(one)) for one in self._held]
        held, self._held = self._held, []
        if self._clock is not None and not self._settled:
            held = [one for one in held if not self._is_from_before(one.row, self._clock)]
        self._settled = True
        placed = [
            (*where, one.row.codes)
            for one, latest_ns in zip(held, self._latest(held), strict=True)
            if (where := self._place(one, latest_ns)) is not None
        ]
        if not placed:
            return None
        import numpy as np

        times, flags, codes = zip(*placed, strict=True)
        gaps, self.gaps = self.gaps, []
        return Block(
            np.array(times, np.int64), np.array(codes, np.int64), np.array(flags, np.uint8), tuple(gaps)
        )

    def _latest(self, held: list[_Held]) -> list[int]:
        """Return the latest moment at which each sample can have been taken; where no ticks show when, that at which it was as far as is known."""
        ticks = [one.row.tick for one in held]
        if self._clock is not None and None not in ticks:
            pairs = [
                (tick, one.arrival_ns) for tick, one in zip(ticks, held, strict=True) if tick is not None
            ]
            return latest_by_ticks(pairs, self._clock.tick_ns)
        electric = [c.refresh_ns for c in self.channels if c.quantity in (Quantity.POWER, Quantity.CURRENT)]
        stated = [refresh_ns for refresh_ns in electric if refresh_ns is not None]
        interval_ns = max(stated) if stated else None
        arrivals = [one.arrival_ns for one in held]
        return spread(arrivals, self.moments.last_ns or self._opened_ns, interval_ns)

    def _noted(self, held: _Held) -> bool:
        """Note on the clock when a sample came; return whether its tick is believed."""
        tick, clock = held.row.tick, self._clock
        return tick is not None and clock is not None and clock.arrived(tick, held.arrival_ns)

    def _is_from_before(self, row: StreamRow, clock: TickClock) -> bool:
        """Return whether a sample was taken before the meter was opened, and kept by it or on the way."""
        return row.tick is not None and clock.time_ns(row.tick) + clock.tick_ns < self._opened_ns

    def _place(self, held: _Held, latest_ns: int) -> tuple[int, int] | None:
        """Return the time and the flags of a sample, None where it is out of turn; what is missing before it becomes a gap."""
        row, stamp, flags = held.row, latest_ns, held.row.flags
        clock = self._clock
        believed = self._noted(held) if held.believed is None else held.believed
        tick = row.tick if believed else None
        if tick is not None and clock is not None:
            stamp = min(clock.time_ns(tick), stamp)
        number = row.tick if self.number_wrap is None else row.number
        if not self.losses.note(number, row.codes, stamp, held.unused, is_timed=tick is not None):
            return None
        if tick is not None and clock is not None:
            stamp, flags = (
                self.moments.slewed(tick, stamp, latest_ns, clock.tick_ns),
                flags | INTERPOLATED_TIME,
            )
        elif stamp < held.arrival_ns:
            flags |= INTERPOLATED_TIME
        before, stamp = self.moments.last_ns, self.moments.stamp(stamp)
        if (gap := self.losses.gap_before(before, stamp)) is not None:
            self.gaps.append(gap)
        if self.repeats and row.codes == self._previous:
            flags |= REPEAT
        self._previous = row.codes
        return stamp, flags
