"""Alignment by the wall clock, where the meter's recording and the host's have one."""

from __future__ import annotations

import math

import numpy as np

from powermeter.errors import ConfigurationError, DataError
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.trace import Trace
from powermeter.signals.wall_clock import WallClock
from powermeter.units import format_short

from .correlate import Alignment


def align_by_clock(
    host: RecordingLike, meter: RecordingLike, seen: Trace, clock_error_s: float | None
) -> Alignment:
    """Align by the wall clock: the meter's stamps are UTC, the host has pairs of both clocks.

    The map through the pairs is fitted by a line; where the wall clock was set during the run there
    is none.
    """
    if clock_error_s is None:
        raise ConfigurationError(
            "state how far the meter's wall clock may be off: --clock-error 0.5s (1ms where it is this machine's own)"
        )
    if meter.metadata.get("clock") != "utc":
        raise DataError("the meter's recording has no wall-clock times; align by a pattern or by activity")
    pairs = host.clock_pairs()
    if not pairs or all(monotonic == utc for monotonic, utc in pairs):
        raise DataError("the host's recording has no clock pairs; align by a pattern or by activity")
    pick = np.unique(np.linspace(0, len(seen) - 1, 2000).astype(np.int64))
    stamps = seen.times_ns[pick]
    times, spread = WallClock(pairs).to_monotonic(stamps)
    if not np.isfinite(spread).all():
        raise DataError(
            "the host's wall clock was set during the run: its stamps are ambiguous; align by a pattern"
        )
    origin = int(stamps[stamps.size // 2])
    x = (stamps - origin).astype(np.float64)
    offsets = times - stamps
    base = int(offsets[0])
    y = (offsets - base).astype(np.float64)
    drift, level = np.polyfit(x, y, 1) if stamps.size > 1 and np.ptp(x) > 0 else (0.0, float(y[0]))
    residual = float(np.max(np.abs(y - level - drift * x)))
    uncertainty = math.hypot(clock_error_s * 1e9, float(np.max(spread)))
    if residual > max(uncertainty, 5e6):
        raise DataError(
            f"the host's wall clock was set by {format_short(residual * 1e-9)} s during the run; align by a pattern"
        )
    return Alignment(
        float(base + level),
        float(drift),
        origin,
        math.hypot(uncertainty, residual),
        0.0,
        residual,
        1.0,
        "clock",
        len(pairs),
    )
