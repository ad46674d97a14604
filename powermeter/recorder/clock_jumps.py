"""The machine's clocks while recording: pairs of monotonic and wall clock, and what moved between them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from powermeter.recording.writer import Writer

STEP_NS = 50_000_000
"""Between two looks a disciplined clock is slewed by less than a millisecond; more than this was set."""


@dataclass(frozen=True, slots=True)
class ClockLook:
    """All clocks at one moment, in ns; `boot_ns` counts on while the machine sleeps, None where it is not known."""

    monotonic_ns: int
    utc_ns: int
    boot_ns: int | None


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A wall clock that was set, or a machine that slept, between two looks.

    Attributes:
        before, after: The looks on both sides of it.
        by_ns: How far the wall clock moved against the monotonic one.
        asleep: Whether the machine was suspended meanwhile.
    """

    before: ClockLook
    after: ClockLook
    by_ns: int
    asleep: bool

    @property
    def text(self) -> str:
        """One sentence."""
        if self.asleep:
            return f"the machine was suspended for {self.by_ns / 1e9:.1f} s; nothing was recorded meanwhile"
        return f"the wall clock was set by {self.by_ns / 1e9:+.2f} s; times inside the recording are not affected"


def look() -> ClockLook:
    """Return all clocks, the wall clock read as close to the monotonic one as three tries allow."""
    _, monotonic_ns, utc_ns = min(read_clocks() for _ in range(3))
    return ClockLook(monotonic_ns, utc_ns, _since_boot(monotonic_ns))


def read_clocks() -> tuple[int, int, int]:
    """Return (how long it took, monotonic ns at the middle, UTC ns)."""
    before = time.monotonic_ns()
    utc = time.time_ns()
    after = time.monotonic_ns()
    return after - before, (before + after) // 2, utc


def _since_boot(monotonic_ns: int) -> int | None:
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is None:
        return None
    passed = time.monotonic_ns() - monotonic_ns
    return time.clock_gettime_ns(boot) - passed


class ClockWatch:
    """Notices when the wall clock is set or the machine sleeps."""

    def __init__(self) -> None:
        self._last: ClockLook | None = None

    def update(self, now: ClockLook) -> ClockJump | None:
        """Return what moved since the last look, or None."""
        last, self._last = self._last, now
        if last is None:
            return None
        passed = now.monotonic_ns - last.monotonic_ns
        by_ns = now.utc_ns - last.utc_ns - passed
        slept = 0 if last.boot_ns is None or now.boot_ns is None else now.boot_ns - last.boot_ns - passed
        if abs(by_ns) <= STEP_NS and slept <= STEP_NS:
            return None
        return ClockJump(last, now, slept if slept > STEP_NS else by_ns, slept > STEP_NS)


def note_clocks(writer: Writer) -> None:
    """Add one pair of both clocks."""
    now = look()
    writer.add_clock_pair(now.monotonic_ns, now.utc_ns)
