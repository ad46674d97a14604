"""Reads one source in its own thread: deadlines, repeats, gaps, reopening.

A polled source is asked on absolute deadlines of the monotonic clock.  A deadline that has passed is
counted and skipped, never caught up in a burst.  A read error opens a gap; after three in a row the
source is closed and opened again with growing pauses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from powermeter.errors import ReadError, Reason
from powermeter.events import Event
from powermeter.source import REPEAT, Gap, PolledSource, Source, StreamingSource
from powermeter.units import NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAMP_NS = 1000
"""Polled stamps are kept to the microsecond: finer is below what a read can be placed to."""

REOPEN_AFTER = 3
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STALL_PERIODS, STALL_NS = 10, NS // 10
"""A pause of more than both is a gap of its own, not just missed deadlines."""


class Clock:
    """The monotonic clock and waiting on it; tests put a fake in its place."""

    now_ns = staticmethod(time.monotonic_ns)

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        """Sleep until a deadline, or until `stop` is set where the deadline is far."""
        remaining = deadline_ns - time.monotonic_ns()
        if remaining > NS // 4:
            stop.wait((remaining - NS // 20) / NS)
            remaining = deadline_ns - time.monotonic_ns()
        if remaining > 0 and not stop.is_set():
            time.sleep(remaining / NS)


@dataclass(slots=True)
class Harvest:
    """What one source gave since it was last asked.

    `blocks` hold (times_ns, codes, flags); the rest are counts and lists to be written beside them.
    """

    blocks: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8] | None]] = field(
        default_factory=list
    )
    gaps: list[Gap] = field(default_factory=list)
    ticks: list[tuple[int, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    read_ns: int | None = None


@dataclass(slots=True)
class Health:
    """How the reading of one source goes; written into the recording."""

    samples: int = 0
    missed: int = 0
    repeats: int = 0
    errors: int = 0
    reopened: int = 0
    last_error: str = ""


class Acquisition(threading.Thread):
    """The thread that reads one opened source until it is stopped or the source ends.

    Args:
        source: Already open.
        clock: The monotonic clock.
    """

    def __init__(self, source: Source, clock: Clock | None = None) -> None:
        super().__init__(name=f"read {source.name}", daemon=True)
        self.source = source
        self.health = Health()
        self.ended = threading.Event()
        self.failure = ""
        self._clock = clock or Clock()
        self._stop_asked = threading.Event()
        self._lock = threading.Lock()
        self._rows: list[tuple[int, Sequence[int], int, int]] = []
        self._harvest = Harvest()
        self._gap_start: int | None = None
        self._gap_reason = ("", "")
        self._last_ns: int | None = None
        self._failures = 0

    @property
    def last_ns(self) -> int | None:
        """The time of the last sample, or None before the first."""
        return self._last_ns

    def stop(self) -> None:
        """Ask the thread to end after the read it is in."""
        self._stop_asked.set()

    def fail(self, why: str) -> None:
        """End this source: what it gives cannot be written down."""
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
        if not rows:
            return harvest
        harvest.read_ns = sum(row[3] for row in rows) // count or None
        times = np.array([row[0] for row in rows], np.int64)
        flags = np.array([row[2] for row in rows], np.uint8)
        try:
            codes = np.array([row[1] for row in rows], np.int64)
        except (OverflowError, TypeError, ValueError) as error:
            self.fail(f"{self.source.name} gave something that is no row of 64-bit codes: {error}")
            harvest.gaps.append(
                Gap(int(times[0]), int(times[-1]), Reason.BAD_DATA.value, self.failure, len(rows))
            )
            return harvest
        harvest.blocks.append((times, codes, flags if flags.any() else None))
        return harvest

    def run(self) -> None:
        """Read until stopped; whatever a driver raises becomes a gap, never the end of the recorder."""
        try:
            if isinstance(self.source, PolledSource):
                self._poll(self.source)
            elif isinstance(self.source, StreamingSource):
                self._pump(self.source)
            else:
                raise TypeError(f"{type(self.source).__name__} is neither polled nor streaming")
        except EOFError:
            pass
        except Exception as error:  # noqa: BLE001 – ends this source only, and is named in the recording
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self._close_gap(self._clock.now_ns(), still_lost=True)
            self.source.close()
            self.ended.set()

    # Polled -----------------------------------------------------------------------------------

    def _poll(self, source: PolledSource) -> None:
        clock, period = self._clock, source.period_ns
        deadline = clock.now_ns()
        previous: Sequence[int] | None = None
        width = len(source.channels)
        while not self._stop_asked.is_set():
            clock.wait_until(deadline, self._stop_asked)
            before = clock.now_ns()
            try:
                row = source.sample()
                if row is not None and len(row) != width:
                    raise ReadError(f"{len(row)} codes for {width} channels", Reason.BAD_DATA)
            except EOFError:
                raise
            except Exception as error:  # noqa: BLE001 – whatever a driver raises is a gap with its reason
                self._failed(error)
                row = None
            after = clock.now_ns()
            if row is not None:
                flags = source.flags()
                if source.stale_when_equal and row == previous:
                    flags |= REPEAT
                previous = row
                self._keep(row, flags, before, after, period, source.stamp_ns())
            if source.self_paced:
                deadline = after
                continue
            deadline += period
            late = after - deadline
            if late > 0:
                skipped = late // period + 1
                self.health.missed += skipped
                deadline += skipped * period

    def _keep(
        self, row: Sequence[int], flags: int, before: int, after: int, period: int, at_ns: int | None
    ) -> None:
        stamp = ((before + after) // 2 if at_ns is None else at_ns) // STAMP_NS * STAMP_NS
        last = self._last_ns
        if self._failures or self._gap_start is not None:
            stamp = stamp if last is None else max(stamp, last)
            self._close_gap(stamp)  # before the sample: a kill may come between the two
        elif last is not None:
            stamp = max(stamp, last)
            pause = stamp - last
            if pause > STALL_NS and pause > STALL_PERIODS * period:
                why = "the recorder or the machine was stalled"
                with self._lock:
                    self._harvest.gaps.append(Gap(last, stamp, "missed", why, pause // period - 1))
        self._rows.append((stamp, row, flags, after - before))
        self._last_ns = stamp
        self.health.samples += 1
        if flags & REPEAT:
            self.health.repeats += 1

    # Streaming --------------------------------------------------------------------------------

    def _pump(self, source: StreamingSource) -> None:
        while not self._stop_asked.is_set():
            try:
                block = source.read_block(0.1)
            except EOFError:
                raise
            except Exception as error:  # noqa: BLE001 – whatever a driver raises is a gap with its reason
                self._failed(error)
                continue
            if block is None:
                continue
            with self._lock:
                self._harvest.gaps.extend(block.gaps)
                self._harvest.ticks.extend(block.ticks)
                self._harvest.events.extend(block.events)
            if not len(block.times_ns):
                continue
            times = np.maximum.accumulate(block.times_ns)
            if self._last_ns is not None:
                times = np.maximum(times, self._last_ns)
            self._close_gap(int(times[0]))  # before the samples: a kill may come between the two
            with self._lock:
                self._harvest.blocks.append((times, block.codes, block.flags))
            self._last_ns = int(times[-1])
            self.health.samples += len(times)
            if block.flags is not None:
                self.health.repeats += int(np.count_nonzero(block.flags & REPEAT))

    # Faults -----------------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        reason = error.reason if isinstance(error, ReadError) else Reason.NO_ANSWER
        text = str(error) if isinstance(error, (ReadError, OSError)) else f"{type(error).__name__}: {error}"
        self.health.errors += 1
        self.health.last_error = text
        if self._gap_start is None:
            now = self._clock.now_ns()
            self._gap_start = now if self._last_ns is None else self._last_ns
            self._gap_reason = (reason.value, text)
        self._failures += 1
        if self._failures >= REOPEN_AFTER or isinstance(self.source, StreamingSource):
            self._reopen()

    def _reopen(self) -> None:
        channels = self.source.channels
        self.source.close()
        for attempt in range(1 << 30):
            pause = BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]
            if self._stop_asked.wait(pause):
                return
            try:
                self.source.open()
            except Exception as error:  # noqa: BLE001 – it is as lost as before; its reason is kept
                self.health.last_error = str(error) or type(error).__name__
                self.source.close()
                continue
            if self.source.channels != channels:
                raise ReadError(f"{self.source.name} came back with other channels", Reason.WRONG_DEVICE)
            self.health.reopened += 1
            self._failures = 0
            return

    def _close_gap(self, end_ns: int, *, still_lost: bool = False) -> None:
        if self._gap_start is not None:
            reason, detail = self._gap_reason
            with self._lock:
                self._harvest.gaps.append(Gap(self._gap_start, max(end_ns, self._gap_start), reason, detail))
            self._gap_start = None
        if not still_lost:
            self._failures = 0
