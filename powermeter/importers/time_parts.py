"""Times of which a part stands in a second column: the hour of a day, the fraction of a second, the end of an interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import Added, Reader, TimePlan, range_ns
from powermeter.importers.stamps import DAY_NS, TICKS, number_ns, time_of_day_ns, wall
from powermeter.importers.time_axis import mean_step, usual_step
from powermeter.importers.time_units import EPOCHS
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration

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

_OF_TIMES = re.compile(
    r"timestamp|datetime|interval|period|usage|time|date|utc|local|uhrzeit|zeit|datum|tijdstip"
)
LENGTHS = frozenset(("duration", "dauer", "durée", "duree", "duración", "duracion", "length", "lengths"))
"""What a column is called that states how long each row lasted."""

_MARKS = re.compile(r"\A(?:t|ts|unix|epoch)[_ ]|[_ ](?:t|ts|unix|epoch|sec|secs|seconds|s|ms|us|ns)\Z")
"""What stands around such a name: `t_start`, `start_s`, `end_ts`."""

_OF_RUNS = frozenset(("runtime", "walltime", "laufzeit", "elapsed"))
"""What a run's length is called, and a clock that began with a run."""

_LAST_OF = (NS, 60 * NS)
"""What `10:14:59` or `10:14` leaves out, as the end of a quarter of an hour."""

_ZONE_STEP_NS, _FARTHEST_NS = 900 * NS, 14 * 3600 * NS
"""Of offsets from UTC, which lie between a start on the wall and an end in Unix time."""

_APART = 2.0
_ALIKE = 4.0

LONGER = 1.1
"""Times a row's interval, to which the next one's end may lie apart: a month has 31 days, and its interval 30 where the last one is left out."""


def called(named: Heading) -> str:
    """Return a column's name in lower case, letters only."""
    return re.sub(r"[^a-zà-ÿ]", "", named.text.lower())


def _names_of(named: Heading) -> set[str]:
    """Return what may be the word that a column is called after: its name, without words for times, without marks around it."""
    bare = _MARKS.sub("", named.text.strip().lower())
    return {called(named), _OF_TIMES.sub("", called(named)), re.sub(r"[^a-zà-ÿ]", "", bare)}


def is_start(named: Heading) -> bool:
    """Return whether a column is called after the beginning of each row's interval."""
    return bool(_names_of(named) & STARTS)


def is_end(named: Heading) -> bool:
    """Return whether a column is called after the end of each row's interval."""
    return bool(_names_of(named) & ENDS)


def is_length(named: Heading) -> bool:
    """Return whether a column is called after how long each row lasted."""
    return bool(LENGTHS & {*named.words})


def _length_tick(named: Heading, called_so: frozenset[str] = LENGTHS) -> int | None:
    """Return the nanoseconds to a unit of a column called after how long each row lasted; None for any other column."""
    if not called_so & {*named.words}:
        return None
    if named.quantity == TIME:
        return round(named.factor * NS)
    return TICKS.get(named.words[-1]) if len(named.words) > 1 else None


def with_part(plan: TimePlan, found: Layout, headings: Sequence[Heading]) -> TimePlan:
    """Return a plan with what a second column adds to its times, or the same plan."""
    if plan.style == "relative" and plan.indexes and is_start(headings[plan.indexes[0]]):
        return _with_end(plan, found, headings)
    if plan.style not in ("wall", "epoch") or plan.added is not None:
        return plan
    if plan.style == "wall" and len(plan.indexes) == 1 and _are_dates(texts_of(found, plan.indexes[0])):
        hours = _with_hours(plan, found, headings)
        if hours.added is not None:
            return hours
    if plan.style == "wall" and len(plan.indexes) == 1 and _are_ranges(texts_of(found, plan.indexes[0])):
        at = plan.indexes[0]
        return _ending(plan, found, Added(at, plan.tick_ns, at, plan.order), headings)
    if plan.indexes and is_start(headings[plan.indexes[-1]]):
        return _with_end(plan, found, headings)
    lengthened = _with_lengths(plan, found, headings)
    if lengthened is not plan:
        return lengthened
    for i, named in enumerate(headings):
        tick = next((tick for tick, names in _FRACTIONS.items() if called(named) in names), 0)
        out = named.unit == "-" and named.is_stated
        if tick and i not in plan.indexes and not out and _completes(plan, found, Added(i, tick)):
            return replace(plan, added=Added(i, tick), why=f"{plan.why}, with {named.text!r} added")
    return plan


def _are_ranges(texts: Sequence[str]) -> bool:
    """Return whether nearly all cells hold where a stretch began and where it ended."""
    return bool(texts) and sum(range_ns(text) is not None for text in texts) * 10 > 9 * len(texts)


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


def _with_end(plan: TimePlan, found: Layout, headings: Sequence[Heading]) -> TimePlan:
    """Return a plan whose times are the ends of the rows' intervals, where a column names their end or their length."""
    at, order = plan.indexes[-1], plan.order
    clocks = len(plan.indexes) == 2
    for i, named in enumerate(headings):
        if i in plan.indexes or (named.unit == "-" and named.is_stated):
            continue
        if is_end(named) and (_are_clocks(found, i) if clocks else _are_moments(found, i, plan)):
            tick = plan.tick_ns if _are_as(texts_of(found, i), plan) else _tick_of(texts_of(found, i))
            return _ending(plan, found, Added(i, tick or plan.tick_ns, at, order), headings)
        if (tick := _length_tick(named)) is not None:
            return _ending(plan, found, Added(i, tick), headings)
    return plan


def _with_lengths(plan: TimePlan, found: Layout, headings: Sequence[Heading]) -> TimePlan:
    """Return a plan whose times are the ends of the rows' intervals, where a column states lengths far shorter than the rows are apart."""
    for i, named in enumerate(headings):
        tick = _length_tick(named, LENGTHS | _OF_RUNS)
        if tick is None or i in plan.indexes or (named.unit == "-" and named.is_stated):
            continue
        lengths = [float_or_nan(text.replace(",", ".")) for text in texts_of(found, i)]
        if not lengths:
            continue
        if all(b > a for a, b in pairwise(lengths)) and not lengths[-1] <= _ALIKE * lengths[0]:
            continue  # a clock
        own = _ending(plan, found, Added(i, tick), headings)
        stamps = Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in found.rows])[0]
        steps = np.diff(stamps[stamps != MISSING])
        if own.length_ns is not None and steps.size and are_apart(own.length_ns, float(np.median(steps))):
            return own
    return plan


def are_apart(length_ns: int, step_ns: float) -> bool:
    """Return whether rows are stretches of their own: the pauses between them are longer than they are."""
    return step_ns > _APART * length_ns


def step_between(times_ns: NDArray[np.int64], length_ns: int | None) -> float:
    """Return how far rows usually lie apart; in the mean where their holes are longer than all that rows of a stated length cover."""
    mean = mean_step(times_ns)
    return mean if length_ns is not None and are_apart(length_ns, mean) else usual_step(times_ns)


def _ending(plan: TimePlan, found: Layout, added: Added, headings: Sequence[Heading]) -> TimePlan:
    """Return a plan that adds the rows' lengths to their times; the same plan where they have none."""
    rows = [row for row in found.rows if len(row) > max(added.column, *plan.indexes)]
    starts = Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in rows])[0]
    since = None if added.since is None else [row[added.since] for row in rows]
    lengths = added.of([row[added.column] for row in rows], since)
    known = (starts != MISSING) & (lengths != MISSING)
    starts, lengths = starts[known], lengths[known]
    if not lengths.size:
        return plan
    more = _left_out(np.diff(starts) - lengths[:-1], plan, found, added)
    length = int(np.median(lengths))
    if (lengths + more < 0).any() or not (lengths + more).any():
        return plan
    why = f"{plan.why}; each row ends an interval, by {headings[added.column].text!r}"
    return replace(
        plan, added=replace(added, more_ns=more, usual_ns=length), length_ns=length + more, why=why
    )


def _left_out(left: NDArray[np.int64], plan: TimePlan, found: Layout, added: Added) -> int:
    """Return what most rows lack between their stated end and the next one's start: their last minute or day, or an offset from UTC."""
    if not left.size or added.since is None:
        return 0
    usual = int(np.median(left))
    if 2 * (left == usual).sum() <= left.size:
        return 0
    if plan.style == "wall" and _tick_of(texts_of(found, added.column)) is not None:
        return usual if usual % _ZONE_STEP_NS == 0 and abs(usual) <= _FARTHEST_NS else 0
    dates = plan.style == "wall" and _are_dates(texts_of(found, added.column))
    return usual if usual in _LAST_OF or (dates and usual == DAY_NS) else 0


def at_stated_rate(plan: TimePlan, own: TimePlan, found: Layout) -> TimePlan:
    """Return a plan of rows at a stated rate that ends an interval with each row, as their own start and end state.

    Raises:
        ConfigurationError: They are of other lengths than the rate.
    """
    assert own.added is not None and plan.period_s is not None
    rows = [row for row in found.rows if len(row) > max(own.columns)]
    since = None if own.added.since is None else [row[own.added.since] for row in rows]
    lengths = own.added.of([row[own.added.column] for row in rows], since)
    lengths = lengths[lengths != MISSING]
    period = plan.period_s * NS
    if (np.abs(lengths - period) > (LONGER - 1) * period).any():
        low, high = (format_duration(int(ns) / NS) for ns in (lengths.min(), lengths.max()))
        lasts = low if low == high else f"{low} to {high}"
        raise ConfigurationError(
            f"--rate does not fit: each row states when it began and ended, and lasts {lasts}; import without --rate"
        )
    return replace(plan, length_ns=round(period))


def pauses_between(
    length_ns: int, step_ns: float, where: str, *, amounts: bool, added_up: bool = False
) -> list[Note]:
    """Return a note where rows that state their intervals leave time between them.

    Args:
        length_ns, step_ns: How long an interval usually is, and how far its end lies from the next one's.
        where: The file, for messages.
        amounts: Whether rows hold amounts, which are added up.
        added_up: Whether they are added up all the same.

    Raises:
        DataError: Amounts of intervals that overlap.
    """
    if (amounts or added_up) and 0 < step_ns * LONGER < length_ns:
        raise DataError(
            f"{where}: each row's interval lasts {format_duration(length_ns / NS)} and the next begins after {format_duration(step_ns / NS)}: "
            "amounts of intervals that overlap cannot be added up; where they are of several devices, import each by itself"
        )
    if step_ns <= length_ns * LONGER:
        return []
    text = (
        f"each row is of {format_duration(length_ns / NS)} of the {format_duration(step_ns / NS)} to the next: the pauses between were not "
        + (
            "measured, and nothing is counted in them"
            if amounts
            else "measured; what is drawn there is read between their neighbours"
        )
    )
    return [Note.warning("pauses-between-rows", text)]


def overlapping_rows(ends_ns: NDArray[np.int64], lengths_ns: NDArray[np.int64] | None) -> list[Note]:
    """Return a warning where rows of amounts begin before the row above them ends: what both count is counted twice."""
    if lengths_ns is None or len(ends_ns) < 2:
        return []
    early = ends_ns[:-1] - (ends_ns - lengths_ns)[1:]
    count = int((early > (LONGER - 1) * np.minimum(lengths_ns[1:], lengths_ns[:-1])).sum())
    if not count:
        return []
    text = (
        f"{plural(count, 'row begins', 'rows begin')} before the row above ends, by {format_duration(int(early.max()) / NS)} at most: what both "
        "count is counted twice; if a time is damaged, put it right and import again"
    )
    return [Note.warning("rows-overlap", text)]


def _are_moments(found: Layout, index: int, plan: TimePlan) -> bool:
    """Return whether most cells of a column are written as the times of a plan are."""
    texts = texts_of(found, index)
    return _are_as(texts, plan) or _tick_of(texts) is not None


def _are_as(texts: Sequence[str], plan: TimePlan) -> bool:
    if plan.style == "wall":
        return bool(texts) and sum(wall(text, plan.order) is not None for text in texts) * 2 > len(texts)
    return bool(texts) and sum(number_ns(text, 1) is not None for text in texts) * 2 > len(texts)


def _tick_of(texts: Sequence[str]) -> int | None:
    """Return the unit in ns of Unix times; None where texts are none."""
    values = [number_ns(text, 1) or 0 for text in texts]
    fitting = [tick for low, tick in EPOCHS if values and all(low <= value < 2.1 * low for value in values)]
    return fitting[0] if fitting else None


def _completes(plan: TimePlan, found: Layout, added: Added) -> bool:
    """Return whether times are whole seconds, and a column holds fractions of them with which no row runs back."""
    rows = [row for row in found.rows if len(row) > max(added.column, *plan.indexes)]
    stamps = Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in rows])[0]
    parts = added.of([row[added.column] for row in rows], None)
    known = (stamps != MISSING) & (parts != MISSING)
    stamps, parts = stamps[known], parts[known]
    if len(stamps) < 2 or not parts.any() or (stamps % NS).any() or (parts < 0).any() or (parts >= NS).any():
        return False
    return bool((np.diff(stamps + parts) >= 0).mean() > 0.9)


def joined(row: Sequence[str], indexes: Sequence[int]) -> str:
    """Return the cells of a time that stands in several columns, a blank between each two."""
    return " ".join(row[i].strip() if len(row) > i else "" for i in indexes)
