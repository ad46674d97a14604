"""Zones of wall-clock stamps: a fixed offset, or a named zone with its summer time; UTC where none is stated.

In the night when summer time ends an hour comes twice; the order of the rows distinguishes the first from the
second.  The hour that summer time skips does not exist; a stamp in it is read with the offset before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError
from powermeter.importers.hour_twice import is_hourly
from powermeter.result.notes import Note
from powermeter.units import NS

_LONGEST_DAYS = 40_000

NO_ZONE = Note.info(
    "no-zone",
    "the stamps state no offset from UTC and were taken as UTC; use --zone +01:00 (or local) if they are not",
)


@dataclass(frozen=True, slots=True)
class LogZone:
    """Where wall-clock stamps were written.

    Attributes:
        name: As the user typed it.
        seconds: East of UTC, where the offset is fixed.
        rules: The named zone otherwise.
    """

    name: str
    seconds: int = 0
    rules: ZoneInfo | None = None

    @classmethod
    def parse(cls, text: str) -> LogZone:
        """Return the zone of `UTC`, `local`, `+01:00` or `Europe/Berlin`.

        Raises:
            ConfigurationError: It is none of these.
        """
        if text.lower() in ("utc", "z"):
            return cls("UTC")
        if text.lower() == "local":
            offset = datetime.now().astimezone().utcoffset()
        else:
            try:
                offset = datetime.strptime(text, "%z").utcoffset()
            except ValueError:
                offset = None
        if offset is not None and abs(offset) <= timedelta(hours=15):
            return cls(text, round(offset.total_seconds()))
        try:
            return cls(text, 0, ZoneInfo(text))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigurationError(
                f"--zone {text!r} is not a time zone; write +01:00, -0800, UTC, local or a name such as Europe/Berlin"
            ) from None

    def utc_ns(self, local_ns: int) -> int:
        """Return UTC nanoseconds of one wall-clock stamp; of an hour that comes twice, the first."""
        if self.rules is None:
            return local_ns - self.seconds * NS
        return int(self.to_utc(np.array([local_ns], np.int64))[0])

    def to_utc(self, local_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return UTC nanoseconds of wall-clock stamps in the order of the log; `MISSING` stays."""
        known = local_ns != MISSING
        if self.rules is None:
            return np.where(known, local_ns - self.seconds * NS, MISSING)
        if not known.any():
            return local_ns
        result: NDArray[np.int64] = local_ns.copy()
        low, high = int(local_ns[known].min()), int(local_ns[known].max())
        changes = _changes(self.rules, low, high)
        before = _offset(self.rules, low - 2 * 86_400 * NS)
        result[known] -= before
        for at_utc, old, new in changes:
            start = at_utc + new  # local time right after the change
            end = at_utc + old  # local time right before it
            if new > old:  # summer time begins: local times from the end of the hole on are new
                result[known & (local_ns >= at_utc + new)] += old - new
                continue
            after = known & (local_ns >= end)
            twice = known & (local_ns >= start) & (local_ns < end)
            second = _second_pass(local_ns, np.flatnonzero(twice), is_hourly(local_ns[known]))
            result[after] += old - new
            result[second] += old - new
        return result


def zone_or_utc(stated: LogZone | None) -> LogZone:
    """Return the zone of stamps that name none: the one that `--zone` states, else UTC (see `zone_notes`)."""
    return LogZone("UTC") if stated is None else stated


def zone_notes(stated: LogZone | None, *, naive: int = 1) -> list[Note]:
    """Return the note that stamps were taken as UTC, where none is stated.

    Args:
        stated: By `--zone`.
        naive: How many stamps name no zone, or whether any does.
    """
    return [NO_ZONE] if naive and stated is None else []


def _second_pass(local_ns: NDArray[np.int64], rows: NDArray[np.intp], hourly: bool) -> NDArray[np.intp]:
    """Return those rows of the hour that comes twice that follow a step back, or the same stamp in rows of one an hour."""
    if not len(rows):
        return rows
    steps = np.diff(local_ns[rows], prepend=local_ns[rows[0]] - 1)
    back = np.flatnonzero(steps <= 0 if hourly else steps < -30 * 60 * NS / 2)
    return rows[back[0] :] if len(back) else rows[:0]


def _offset(rules: ZoneInfo, utc_ns: int) -> int:
    stamp = datetime.fromtimestamp(utc_ns // NS, timezone.utc).astimezone(rules)
    return round((stamp.utcoffset() or timedelta()).total_seconds()) * NS


def _changes(rules: ZoneInfo, low_ns: int, high_ns: int) -> list[tuple[int, int, int]]:
    """Return (UTC ns, offset before, offset after) of each change of a zone around a span."""
    day = 86_400 * NS
    first, last = low_ns // day - 2, high_ns // day + 2
    if last - first > _LONGEST_DAYS:
        return []
    found = []
    old = _offset(rules, first * day)
    for number in range(first + 1, last + 1):
        new = _offset(rules, number * day)
        if new != old:
            start, end = (number - 1) * 86_400, number * 86_400
            while end - start > 1:
                middle = (start + end) // 2
                if _offset(rules, middle * NS) == old:
                    start = middle
                else:
                    end = middle
            found.append((end * NS, old, new))
            old = new
    return found
