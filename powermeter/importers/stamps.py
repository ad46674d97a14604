"""Turns what logs write for a time into integer nanoseconds, exactly, and into an axis that never turns back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.source import INTERPOLATED_TIME, Gap
from powermeter.units import NS

DAY_NS = 86_400 * NS

# The largest stamp taken for one: the year 2116 in nanoseconds; differences of two still fit 63 bits.
_LARGEST_NS = 2**62

_NUMBER = re.compile(r"([+-]?)(\d{1,19})(?:[.,](\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T_]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_MONTH_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4}) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?", re.ASCII)
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,:](\d{1,9}))?", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()

TICKS = {"s": NS, "ms": 1_000_000, "us": 1000, "µs": 1000, "ns": 1, "min": 60 * NS, "h": 3600 * NS}
"""Unit of a numeric time → nanoseconds."""


def number_ns(text: str, tick_ns: int) -> int | None:
    """Return nanoseconds of a number in units of `tick_ns`, exactly; None where it is no number."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    shift = exponent - len(fraction)
    scaled = int(whole + fraction) * tick_ns
    power = int(10 ** abs(shift))
    value = scaled * power if shift >= 0 else (scaled + power // 2) // power
    if value > _LARGEST_NS:
        return None
    return -value if sign == "-" else value


def _fraction_ns(digits: str | None) -> int:
    return int((digits or "0").ljust(9, "0"))


def _clock_ns(hour: str, minute: str, second: str | None, fraction: str | None) -> int | None:
    parts = int(hour), int(minute), int(second or 0)
    if parts[0] > 23 or parts[1] > 59 or parts[2] > 60:
        return None
    return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * NS + _fraction_ns(fraction)


def _days(year: str, month: str, day: str) -> int | None:
    try:
        return date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None


def zone_ns(text: str | None) -> int | None:
    """Return nanoseconds east of UTC of `Z`, `UTC`, `+01:00` or `+0100`; None for none."""
    if not text:
        return None
    if text in ("Z", "UTC"):
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return (-seconds if text[0] == "-" else seconds) * NS


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall-clock stamp: nanoseconds since 1970 as if in UTC, and its zone where it names one."""

    ns: int
    zone_ns: int | None = None


def wall(text: str) -> Wall | None:
    """Return a stamp with a date (`2025-03-28 01:56:05.498433`, `2026/07/15 …`, `07-26-2022 …`), or None."""
    text = text.strip()
    match = _YEAR_FIRST.fullmatch(text)
    if match is not None:
        days, clock = _days(*match.group(1, 2, 3)), _clock_ns(*match.group(4, 5, 6, 7))
        zone = zone_ns(match[8])
    else:
        match = _MONTH_FIRST.fullmatch(text)
        if match is None:
            return None
        days, clock = _days(match[3], match[1], match[2]), _clock_ns(*match.group(4, 5, 6, 7))
        zone = None
    if days is None or clock is None or not 0 <= days < _LARGEST_NS // DAY_NS:
        return None
    return Wall(days * DAY_NS + clock, zone)


def time_of_day_ns(text: str) -> int | None:
    """Return nanoseconds since midnight of `01:22:35`, `14:55:35.726` or `14:55:35:726`, or None."""
    match = _TIME_OF_DAY.fullmatch(text.strip())
    return None if match is None else _clock_ns(*match.group(1, 2, 3, 4))


def datetime_ns(stamp: datetime) -> int:
    """Return nanoseconds since 1970 of a date and time, taken as UTC."""
    return int((stamp - datetime(1970, 1, 1)) / timedelta(microseconds=1)) * 1000


def since_midnight(stamps: Sequence[int | None]) -> list[int | None]:
    """Unroll times of day that pass midnight: a step back of more than half a day is a new day."""
    days, last, unrolled = 0, None, []
    for stamp in stamps:
        if stamp is not None:
            if last is not None and stamp - last < -DAY_NS // 2:
                days += 1
            last = stamp
        unrolled.append(None if stamp is None else stamp + days * DAY_NS)
    return unrolled


@dataclass(slots=True)
class Axis:
    """A time axis that never turns back.

    Attributes:
        times_ns: int64, never decreasing.
        kept: Which rows of the log it stands for (indexes).
        flags: `INTERPOLATED_TIME` where the stamp was spread, or None.
        warnings: What had to be done to it.
        gaps: Pauses far longer than the usual step.
        span_error: Relative half-width of the whole span, where the stamps were spread.
    """

    times_ns: NDArray[np.int64]
    kept: NDArray[np.intp]
    flags: NDArray[np.uint8] | None = None
    warnings: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    span_error: float = 0.0


def axis(stamps: Sequence[int | None], where: str, *, spread: bool = True) -> Axis:
    """Build the axis of a log from its stamps.

    Rows without a stamp, and rows whose stamp lies before an earlier row's, are left out and counted.
    Where stamps are much coarser than the rows (several rows a second, stamped in seconds), the rows
    are spread evenly between the first and the last stamp, or, where that would contradict a stamp by
    more than its resolution, between the moments at which the stamp changes.

    Args:
        stamps: Nanoseconds or None, one per row.
        where: The file, for messages.
        spread: Whether coarse stamps are spread.

    Raises:
        DataError: No row has a stamp, or one row in ten runs backwards.
    """
    known = [(i, stamp) for i, stamp in enumerate(stamps) if stamp is not None and abs(stamp) < _LARGEST_NS]
    if not known:
        raise DataError(f"{where}: no row has a time")
    kept = np.array([index for index, _ in known], np.intp)
    times = np.array([stamp for _, stamp in known], np.int64)
    warnings = []
    blank = len(stamps) - len(known)
    if blank:
        warnings.append(f"{blank} of {len(stamps)} rows have no usable time and were left out")
    ahead = times >= np.maximum.accumulate(times)
    backwards = int((~ahead).sum())
    if backwards * 10 > len(times):
        raise DataError(
            f"{where}: {backwards} of {len(times)} times run backwards; this column is no time axis"
        )
    if backwards:
        warnings.append(f"{backwards} rows whose time lies before an earlier row's were left out")
        times, kept = times[ahead], kept[ahead]
    steps = np.diff(times)
    still = int((steps == 0).sum())
    found = Axis(times, kept, None, warnings)
    if spread and len(times) > 3 and still * 3 > len(steps) and times[-1] > times[0]:
        _spread(found)
    elif still:
        warnings.append(f"{still} steps of 0 s: rows with the same time add nothing to an integral")
    found.gaps.extend(pauses(found.times_ns))
    return found


def _spread(found: Axis) -> None:
    """Replace coarse stamps by spread ones, in place."""
    start = int(found.times_ns[0])
    since = found.times_ns - start
    steps = np.diff(since)
    resolution = int(np.median(steps[steps > 0]))
    index = np.arange(len(since))
    spread = since[-1] * (index / (len(since) - 1))
    how = "evenly between the first and the last stamp"
    if (np.abs(spread - since) > resolution).any():
        change = np.flatnonzero(steps) + 1
        knots = np.concatenate(([0.0], change - 0.5, [len(since) - 1.0]))
        values = np.concatenate(([0], since[change], [since[-1]])).astype(np.float64)
        spread = np.interp(index, knots, values)
        how = "between the moments at which the stamp changes"
    span = int(since[-1]) / NS
    found.times_ns = start + np.rint(spread).astype(np.int64)
    found.flags = np.full(len(since), INTERPOLATED_TIME, np.uint8)
    found.span_error = resolution / NS / span
    found.warnings.append(
        f"stamps have a resolution of {resolution / NS:g} s; {len(since)} rows were spread {how} "
        f"(mean step {span / (len(since) - 1) * 1e3:.4g} ms); the span of {span:g} s, and with it every "
        f"energy, is known to ±{found.span_error:.1%}"
    )


def pauses(times_ns: NDArray[np.int64]) -> list[Gap]:
    """Return the steps longer than a second and twenty usual steps, as gaps; at most a thousand."""
    steps = np.diff(times_ns)
    if len(steps) < 3:
        return []
    limit = max(20 * float(np.median(steps)), NS)
    return [
        Gap(int(times_ns[i]), int(times_ns[i + 1]), "missed", "the log has no rows here")
        for i in np.flatnonzero(steps > limit)[:1000]
    ]


def regular(count: int, period_s: float, start_ns: int = 0) -> Axis:
    """Return an axis of equal steps."""
    times = start_ns + np.rint(np.arange(count) * (period_s * NS)).astype(np.int64)
    return Axis(times, np.arange(count))
