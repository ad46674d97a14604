"""Times of a log that leave something out: the year of its dates, or the colons of its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from powermeter.importers.stamps import time_of_day_ns
from powermeter.units import NS

_DIGITS = 6
_EVEN = 3.0
_TWICE = 2.0
"""How uneven clocks may be, and how many times more uneven the same digits must be as a plain number."""


def days_between(before: tuple[int, int], after: tuple[int, int]) -> int:
    """Return the days from one date without a year to another, by the order of day and month under which they are fewer.

    Its year is one of 365 days unless a 29 February is among them.
    """
    leap = (2, 29) in (before, after) or (29, 2) in (before, after)
    year, length = (2024, 366) if leap else (2023, 365)
    found = []
    for swap in (False, True):
        try:
            first, last = (date(year, *(pair[::-1] if swap else pair)) for pair in (before, after))
        except ValueError:
            continue
        days = (last - first).days % length
        found.append(days if days <= length // 2 else days - length)
    return min(found, key=abs, default=0)


def with_colons(text: str) -> str:
    """Return `235000` as `23:50:00`, whatever zeros a spreadsheet dropped before it."""
    text = text.strip()
    if not text.isdecimal() or len(text) > _DIGITS:
        return text
    text = text.zfill(_DIGITS)
    return f"{text[:2]}:{text[2:4]}:{text[4:]}"


def are_clocks_of_digits(texts: Sequence[str], beside_date: bool = False) -> bool:
    """Return whether six digits are clocks: all are times of a day, and go on evenly as such but not as numbers.

    Args:
        texts: Some of a column's first cells.
        beside_date: Whether a column of dates in eight digits stands beside them: then being times of a day is enough.
    """
    if len(texts) < 3 or not all(len(text) == _DIGITS and text.isdecimal() for text in texts):
        return False
    read = [time_of_day_ns(with_colons(text)) for text in texts]
    clocks = [ns / NS for ns in read if ns is not None]
    if len(clocks) < len(texts) or beside_date:
        return len(clocks) == len(texts)
    by_clock, by_number = _unevenness(clocks), _unevenness([float(text) for text in texts])
    return by_clock < _EVEN and by_number >= _TWICE * by_clock


def _unevenness(values: Sequence[float]) -> float:
    """Return how many times the usual step the largest one is, up or down; endless where the usual one is none."""
    steps = np.abs(np.diff(values))
    usual = float(np.median(steps))
    return float(steps.max()) / usual if usual else float("inf")
