"""Times of which a part stands in a second column: the hour of a day, the fraction of a second, the end of an interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from powermeter.channel import MISSING
from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import Added, Reader, TimePlan
from powermeter.importers.stamps import time_of_day_ns
from powermeter.units import NS

STARTS = frozenset(
    ("von", "ab", "beginn", "start", "from", "begin", "desde", "inicio", "de", "début", "debut", "od", "van")
)
"""What a column is called that holds the clock time at which a row's interval begins."""

ENDS = frozenset(("bis", "ende", "end", "to", "until", "hasta", "fin", "a", "à", "do", "tot", "stop"))
"""What its end is called."""

HOURS = frozenset(("hora", "hour", "stunde", "heure", "uur", "ora", "hr", "he"))
"""What a column is called that counts the hours of a day: 1 to 24 (25 where summer time ends), or 0 to 23."""

DAYS = frozenset(("day", "tag", "dia", "día", "jour", "giorno", "dag"))
"""What a column of dates is called beside one of hours."""

_FRACTIONS = {
    1: ("ns", "nsec", "nsecs", "nanos", "nanosecond", "nanoseconds", "tvnsec"),
    1000: ("us", "usec", "usecs", "micros", "microsecond", "microseconds", "tvusec"),
    1_000_000: ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"),
    NS: ("fractionalseconds", "fraction", "subsecond", "subseconds"),
}
_MOST_HOURS = 25


def called(named: Heading) -> str:
    """Return a column's name in lower case, letters only."""
    return re.sub(r"[^a-zà-ÿ]", "", named.text.lower())


def with_part(plan: TimePlan, found: Layout, headings: Sequence[Heading]) -> TimePlan:
    """Return a plan with what a second column adds to its times, or the same plan."""
    if plan.style not in ("wall", "epoch") or plan.added is not None:
        return plan
    if plan.style == "wall" and len(plan.indexes) == 1 and _are_dates(texts_of(found, plan.indexes[0])):
        return _with_hours(plan, found, headings)
    if len(plan.indexes) == 2 and called(headings[plan.indexes[1]]) in STARTS:
        end = next((i for i, h in enumerate(headings) if called(h) in ENDS and _are_clocks(found, i)), None)
        return plan if end is None else replace(plan, added=Added(end, since=plan.indexes[1]))
    for i, named in enumerate(headings):
        tick = next((tick for tick, names in _FRACTIONS.items() if called(named) in names), 0)
        out = named.unit == "-" and named.is_stated
        if tick and i not in plan.indexes and not out and _completes(plan, found, Added(i, tick)):
            return replace(plan, added=Added(i, tick), why=f"{plan.why}, with {named.text!r} added")
    return plan


def _are_dates(texts: Sequence[str]) -> bool:
    return bool(texts) and all(":" not in text and len(text) <= 10 for text in texts)


def _are_clocks(found: Layout, index: int) -> bool:
    texts = texts_of(found, index)
    return bool(texts) and sum(time_of_day_ns(text) is not None for text in texts) * 2 > len(texts)


def _with_hours(plan: TimePlan, found: Layout, headings: Sequence[Heading]) -> TimePlan:
    for i, named in enumerate(headings):
        if called(named) not in HOURS:
            continue
        hours = [int(text) for text in texts_of(found, i) if text.isdecimal() and len(text) < 3]
        if len(hours) == len(texts_of(found, i)) and len({*hours}) > 1 and max(hours) <= _MOST_HOURS:
            why = "date, and the hour of the day that ends" if min(hours) > 0 else "date and hour of the day"
            return replace(plan, added=Added(i, 3600 * NS), why=why)
    return plan


def _completes(plan: TimePlan, found: Layout, added: Added) -> bool:
    """Return whether times are whole seconds, and a column holds fractions of them with which no row runs back."""
    rows = [row for row in found.rows if len(row) > max(added.column, *plan.indexes)]
    stamps = Reader(plan, found.decimal_comma).read([_joined(row, plan.indexes) for row in rows])[0]
    parts = added.of([row[added.column] for row in rows], None)
    known = (stamps != MISSING) & (parts != MISSING)
    stamps, parts = stamps[known], parts[known]
    if len(stamps) < 2 or not parts.any() or (stamps % NS).any() or (parts < 0).any() or (parts >= NS).any():
        return False
    return bool((np.diff(stamps + parts) >= 0).mean() > 0.9)


def _joined(row: Sequence[str], indexes: Sequence[int]) -> str:
    return " ".join(row[i].strip() for i in indexes)
