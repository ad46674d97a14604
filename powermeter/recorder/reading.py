"""Reads one source in its own thread: when, how often, what is repeated, lost, stalled, reopened.

A polled source is read once in each interval of an absolute grid of the monotonic clock, at a moment
that is uniformly random in that interval (stratified sampling): a load that runs in step with the
grid then meets every phase of it, and the mean of the readings is unbiased whatever the load does.
The mean rate is the one asked for; two readings are at most two intervals apart.  `dither=no` reads
on the grid itself.  An interval that has passed is counted and skipped, never caught up in a burst.
A read error opens a gap; after three in a row the source is closed and opened again with growing
pauses.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from powermeter.channel import REPEAT, Gap
from powermeter.errors import ReadError, Reason
from powermeter.recorder.last_reading import is_worth_one
from powermeter.recorder.reader_output import Harvest, Health
from powermeter.recorder.refused_readings import (
    check_block,
    check_order,
    check_stamps,
    furthest_back,
    misshapen,
    whole_numbers,
)
from powermeter.recorder.reopening import REOPEN_AFTER, identity, reopen
from powermeter.recorder.silence import Patience
from powermeter.recording.encodable_text import one_line
from powermeter.source import Block, PolledSource, Row, Sampling, Source, StreamingSource

STAMP_NS = 1000
"""Polled stamps are kept to the microsecond: finer is below what a read can be placed to."""

STALL_PERIODS, STALL_NS = 10, 100_000_000
"""A pause of more than both is a gap of its own, not just missed intervals."""


class Clock:
    """The monotonic clock and waiting on it; tests put a fake in its place."""

    now_ns = staticmethod(time.monotonic_ns)

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        """Sleep until a deadline, or until `stop` is set where the deadline is far."""
        remaining = deadline_ns - time.monotonic_ns()
        if remaining > 250_000_000:
            stop.wait((remaining - 50_000_000) / 1e9)
            remaining = deadline_ns - time.monotonic_ns()
        if remaining > 0 and not stop.is_set():
            time.sleep(remaining / 1e9)


class SourceReader(threading.Thread):
    """The thread that reads one opened source until it is stopped or the source ends.

    Args:
        source: Already open.
        clock: The monotonic clock.
        chance: Returns uniform numbers in [0, 1).
    """

    def __init__(
        self, source: Source, clock: Clock | None = None, chance: Callable[[], float] = random.random
    ) -> None:
        super().__init__(name=f"read {source.name}", daemon=True)
        self.source = source
        self.health = Health()
        self.ended = threading.Event()
        self.failure = ""
        self._clock = clock or Clock()
        self._chance = chance
        self.stop_asked = threading.Event()
        self._lock = threading.Lock()
        self._rows: list[tuple[int, Sequence[int], int, int]] = []
        self._harvest = Harvest()
        self._gap_start: int | None = None
        self._gap_reason = ("", "")
        self._listed_until_ns = 0
        self._last_ns: int | None = None
        self._failures = 0
        self._heard_ns = self._clock.now_ns()
        self._patience = Patience(source)
        self._identity = ""
        self.other_instrument = ""
        self._read_ns = 0

    @property
    def last_ns(self) -> int | None:
        """The time of the last sample, or None before the first."""
        return self._last_ns

    @property
    def is_lost(self) -> bool:
        """Whether reading fails just now: a gap is open."""
        return self._gap_start is not None

    @property
    def known_until_ns(self) -> int | None:
        """Until when it is known what came: the last sample, or the end of the last gap that was taken; None before either."""
        return max(self._last_ns or 0, self._listed_until_ns) or None

    @property
    def heard_ns(self) -> int:
        """When something came last that can be kept; at first, when the reading began."""
        return self._heard_ns

    @property
    def quiet_ns(self) -> int:
        """How long nothing has come that can be kept."""
        return self._clock.now_ns() - self._heard_ns

    @property
    def patience_ns(self) -> int:
        """How long nothing may come before the source counts as stalled."""
        return self._patience.ns

    def stop(self) -> None:
        """Ask the thread to end after the read it is in."""
        self.stop_asked.set()

    def fail(self, why: str) -> None:
        """End this source: what it returns cannot be written down."""
        self.failure = why
        self.stop()

    def take(self) -> Harvest:
        """Return everything read since the last call."""
        # In place and without the lock: the reading thread appends a thousand times a second.  And before
        # the gaps, so that none of these samples is without the gap that it ended.
        count = len(self._rows)
        rows = self._rows[:count]
        del self._rows[:count]
        with self._lock:
            harvest, self._harvest = self._harvest, Harvest()
        self._listed_until_ns = max(self._listed_until_ns, *(gap.end_ns for gap in harvest.gaps), 0)
        if not rows:
            return harvest
        harvest.read_ns = sum(row[3] for row in rows) // count or None
        times = np.array([row[0] for row in rows], np.int64)
        try:
            flags = np.array([row[2] for row in rows], np.uint8)
            codes = whole_numbers([row[1] for row in rows])
        except (OverflowError, TypeError, ValueError) as error:
            self.fail(
                f"{self.source.name} returned something that is not a row of 64-bit codes: {one_line(error)}"
            )
            harvest.gaps.append(
                Gap(int(times[0]), int(times[-1]), Reason.BAD_DATA.value, self.failure, len(rows))
            )
            return harvest
        harvest.blocks.append((times, codes, flags if flags.any() else None))
        return harvest

    def run(self) -> None:
        """Read until stopped; whatever a driver raises becomes a gap, never the end of the recorder."""
        self._identity = identity(self.source)
        try:
            if isinstance(self.source, PolledSource):
                self._poll(self.source)
            elif isinstance(self.source, StreamingSource):
                self._pump(self.source)
            else:
                raise TypeError(f"{type(self.source).__name__} is neither polled nor streaming")
        except EOFError:
            pass
        except ReadError as error:
            self.failure = one_line(error)
        except BaseException as error:  # noqa: BLE001 – ends this source only, and is named in the recording
            self.failure = f"{type(error).__name__}: {one_line(error)}"
        finally:
            self._close_gap(self._clock.now_ns(), still_lost=True)
            try:
                self.source.close()
            except BaseException as error:  # noqa: BLE001 – it is closed as well as it can be
                why = f"it could not be closed: {type(error).__name__}: {one_line(error)}"
                self.failure = self.failure or why
            self.ended.set()

    # Polled -----------------------------------------------------------------------------------

    def _poll(self, source: PolledSource) -> None:
        clock, period, stop = self._clock, source.period_ns, self.stop_asked
        chance = self._chance if source.sampling is Sampling.DITHERED else None
        origin = deadline = clock.now_ns()
        if chance is not None:
            origin -= period  # one reading at the very start, then one in each interval from there on
        previous: Sequence[int] | None = None
        width = len(source.channels)
        ends = False
        while not ends and not stop.is_set():
            clock.wait_until(deadline, stop)
            if stop.is_set():
                if not self._wants_a_last_reading(period):
                    break
                ends = True
            before = clock.now_ns()
            try:
                row = source.sample()
                if row is not None and (row.__class__ is not Row or len(row.codes) != width):
                    raise misshapen(row, width)
                if row is not None and row.at_ns is not None:
                    check_stamps(row.at_ns, row.at_ns, clock.now_ns())
                    check_order(0 if self._last_ns is None else self._last_ns - row.at_ns)
            except EOFError:
                raise
            except BaseException as error:  # noqa: BLE001 – whatever a driver raises is a gap with its reason
                self._failed(error)
                row = None
            after = clock.now_ns()
            if row is not None:
                codes, flags, at_ns = row
                if source.stale_when_equal and codes == previous:
                    flags |= REPEAT
                previous = codes
                self._keep(codes, flags, before, after, period, at_ns)
            if source.self_paced:
                deadline = after
                continue
            origin += period
            skipped = (after - origin) // period + (chance is None and after > origin)
            if skipped > 0:
                self.health.missed += skipped
                origin += skipped * period
            if chance is None:
                deadline = origin
                continue
            deadline = origin + int(chance() * period)

    def _wants_a_last_reading(self, period: int) -> bool:
        """Whether the time since the last reading is worth one more before the end."""
        if self._failures or self._gap_start is not None or self.failure or self._last_ns is None:
            return False
        return is_worth_one(period, self._read_ns)

    def _keep(
        self, codes: Sequence[int], flags: int, before: int, after: int, period: int, at_ns: int | None
    ) -> None:
        stamp = ((before + after) // 2 if at_ns is None else int(at_ns)) // STAMP_NS * STAMP_NS
        last = self._last_ns
        if self._failures or self._gap_start is not None:
            stamp = stamp if last is None else max(stamp, last)
            self._close_gap(stamp)  # before the sample: a kill may come between the two
        elif last is not None:
            stamp = max(stamp, last)
            pause = stamp - last
            if pause > STALL_NS and pause > STALL_PERIODS * period:
                self._note_stall(last, stamp, after - before, pause // period - 1)
        self._rows.append((stamp, codes, flags, after - before))
        self._read_ns = after - before
        self._last_ns = stamp
        self._heard_ns = after
        self.health.samples += 1
        if flags & REPEAT:
            self.health.repeats += 1

    def _note_stall(self, last: int, stamp: int, read_ns: int, lost: int) -> None:
        why = "the recorder or the machine was stalled"
        if read_ns > (stamp - last) // 2:
            why = f"one read took {read_ns / 1e9:.1f} s"
        with self._lock:
            self._harvest.gaps.append(Gap(last, stamp, "missed", why, lost))

    # Streaming --------------------------------------------------------------------------------

    def _pump(self, source: StreamingSource) -> None:
        width = len(source.channels)
        while not self.stop_asked.is_set():
            try:
                block = source.read_block(0.1)
                if block is not None:
                    check_block(block, width)
                    if len(block.times_ns):
                        stamps = int(block.times_ns[0]), int(block.times_ns.max())
                        check_stamps(*stamps, self._clock.now_ns())
                        check_order(furthest_back(block.times_ns, self._last_ns))
            except EOFError:
                raise
            except BaseException as error:  # noqa: BLE001 – whatever a driver raises is a gap with its reason
                self._failed(error)
                continue
            if block is None:
                continue
            with self._lock:
                self._harvest.gaps.extend(block.gaps)
                self._harvest.events.extend(block.events)
            if len(block.times_ns):
                self._keep_block(block)
        try:
            source.finish()
        except ReadError as error:  # what it returned cannot be right, and it is too late to read on
            self.failure = one_line(error)

    def _keep_block(self, block: Block) -> None:
        times = np.maximum.accumulate(block.times_ns)
        last, now = self._last_ns, self._clock.now_ns()
        if last is not None:
            times = np.maximum(times, last)
            silence = None if self.is_lost else self._patience.gap_between(last, int(times[0]))
            if silence is None:
                self._patience.follow((int(times[-1]) - last) // len(times))
            else:
                with self._lock:
                    self._harvest.gaps.append(silence)
        self._close_gap(int(times[0]))  # before the samples: a kill may come between the two
        with self._lock:
            self._harvest.blocks.append((times, block.codes, block.flags))
        self._last_ns, self._heard_ns = int(times[-1]), now
        self.health.samples += len(times)
        if block.flags is not None:
            self.health.repeats += int(np.count_nonzero(block.flags & REPEAT))

    # Faults -----------------------------------------------------------------------------------

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, ReadError) and error.is_final:
            raise error
        reason = error.reason if isinstance(error, ReadError) else Reason.NO_ANSWER
        text = one_line(error)
        if not isinstance(error, (ReadError, OSError)):
            text = f"{type(error).__name__}: {text}"
        self.health.errors += 1
        self.health.last_error = text
        if self._gap_start is None:
            now = self._clock.now_ns()
            self._gap_start = now if self._last_ns is None else self._last_ns
            self._gap_reason = (reason.value, text)
        self._failures += 1
        is_lost = self._failures >= REOPEN_AFTER or isinstance(self.source, StreamingSource)
        if is_lost and reopen(
            self.source, self.stop_asked, self.health, of=self._identity, refused=self._refuse_other
        ):
            self._failures, self.other_instrument = 0, ""

    def _refuse_other(self, why: str) -> None:
        """Begin a gap of its own where another instrument answers: until then none did."""
        if self.other_instrument:
            return
        self.other_instrument = why
        now = self._clock.now_ns()
        self._close_gap(now, still_lost=True)
        self._gap_start, self._gap_reason = now, (Reason.WRONG_DEVICE.value, why)

    def _close_gap(self, end_ns: int, *, still_lost: bool = False) -> None:
        if self._gap_start is not None:
            reason, detail = self._gap_reason
            with self._lock:
                self._harvest.gaps.append(Gap(self._gap_start, max(end_ns, self._gap_start), reason, detail))
            self._gap_start = None
        if not still_lost:
            self._failures = 0
