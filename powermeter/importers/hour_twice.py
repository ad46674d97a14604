"""Finds the hour that comes twice in the night when summer time ends, in rows of one an hour: two of them have one stamp."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.result.notes import Note
from powermeter.units import NS

HOUR_NS = 3600 * NS
_MONTHS = frozenset((3, 4, 9, 10, 11))
"""When summer time ends somewhere: in autumn, north and south."""

_SUNDAY = 6
_LATEST_HOUR = 2
_FEWEST = 8


def is_hourly(stamps_ns: NDArray[np.int64]) -> bool:
    """Return whether most of some stamps lie one hour apart."""
    steps = np.diff(stamps_ns)
    return steps.size >= _FEWEST and float((steps == HOUR_NS).mean()) > 0.5


def second_hours(stamps_ns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows of an hourly log that repeat the stamp before them in a night when summer time may end.

    Args:
        stamps_ns: Wall-clock stamps without a zone, in ns since 1970.
    """
    if (stamps_ns == MISSING).any() or not is_hourly(stamps_ns):
        return np.empty(0, np.intp)
    rows = np.flatnonzero(np.diff(stamps_ns) == 0) + 1
    return np.array([row for row in rows.tolist() if _may_end(int(stamps_ns[row]))], np.intp)


def _may_end(stamp_ns: int) -> bool:
    """Return whether summer time ends somewhere at such a time of the calendar."""
    at = datetime.fromtimestamp(stamp_ns // NS, timezone.utc)
    return at.month in _MONTHS and at.weekday() == _SUNDAY and at.hour <= _LATEST_HOUR


def put_in_line(stamps_ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[Note]]:
    """Return stamps of no zone in which an hour that comes twice is two hours, and the notes on it."""
    rows = second_hours(stamps_ns)
    if not rows.size:
        return stamps_ns, []
    later = np.zeros(stamps_ns.size, np.int64)
    later[rows] = HOUR_NS
    shown = datetime.fromtimestamp(int(stamps_ns[rows[0]]) // NS, timezone.utc).strftime("%Y-%m-%d %H:%M")
    text = (
        f"{shown} occurs twice in hourly rows, as in the night when summer time ends: both hours count, and the later times "
        "are read as summer time; the log's own zone corrects them, for example --zone Europe/Berlin"
    )
    return stamps_ns + np.cumsum(later), [Note.warning("hour-twice", text)]
