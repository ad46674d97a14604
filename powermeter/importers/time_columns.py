"""Chooses the column (or the pair of columns) that holds the times of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.importers.calendar_columns import calendar_columns, texts_of
from powermeter.importers.calendar_parts import in_parts
from powermeter.importers.day_month_order import date_order, question
from powermeter.importers.days_without_year import are_clocks_of_digits
from powermeter.importers.elapsed_times import elapsed_ns, is_elapsed
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import Heading
from powermeter.importers.interval_columns import are_intervals, counts_one_by_one, steps_beside_count
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.importers.minutes_or_hours import are_minutes, states_a_clock
from powermeter.importers.minutes_or_hours import question as question_of_clock
from powermeter.importers.stamp_reader import Added, Reader, TimePlan
from powermeter.importers.stamps import TICKS, day_and_clock, minutes_ns, number_ns, time_of_day_ns, wall
from powermeter.importers.time_parts import (
    DAYS,
    at_stated_rate,
    called,
    is_end,
    is_length,
    is_start,
    joined,
    with_part,
)
from powermeter.importers.time_units import (
    EPOCHS,
    are_day_numbers,
    is_since_1970,
    stated_period_s,
    unit_by_size,
)
from powermeter.importers.usual_rates import usual_rate
from powermeter.units import NS, format_short

_EIGHT = re.compile(r"(19|20)\d{6}\Z")
_RANK = {"wall": 0, "epoch": 1, "elapsed": 2, "minutes": 2, "relative": 3, "day": 4, "hhmmss": 4, "steps": 5}


def choose_time(
    found: Layout, headings: Sequence[Heading], choices: Choices, asks: list[str]
) -> TimePlan | None:
    """Return where the times are, or None with what must be stated added to `asks`."""
    if choices.period_s is not None:
        stated = TimePlan((), "period", period_s=choices.period_s, why="stated: --rate")
        own = choose_time(found, headings, replace(choices, period_s=None), [])
        return stated if own is None or own.length_ns is None else at_stated_rate(stated, own, found)
    candidates = [i for i, h in enumerate(headings) if (h.is_time or h.quantity == TIME) and h.unit != "-"]
    if not found.named and not candidates and headings and found.rows:
        texts = texts_of(found, 0)
        if texts and (all(wall(text) is not None for text in texts) or _is_epoch(found)):
            candidates = [0, *(i for i in range(1, len(headings)) if _are_clocks(found, i))]
    known = len(asks)
    if (parts := in_parts(found, headings, choices, asks)) is not None or len(asks) > known:
        return parts
    declared = [i for i in candidates if headings[i].is_stated]
    candidates = declared or candidates + [
        i for i in [*calendar_columns(found, headings), *_unnamed(found, headings)] if i not in candidates
    ]
    pair = _date_and_time(found, candidates)
    if pair is not None:
        stamps = _joined(found, pair)
        order = choices.dates or date_order(stamps)
        if order is None:
            asks.append(question(headings[pair[0]].text, stamps[0]))
            return None
        both = TimePlan(pair, "wall", order=order, why="date and time of day in two columns")
        return with_part(both, found, headings)
    plans = [
        with_part(plan, found, headings)
        for i in candidates
        if (plan := _plan(found, headings[i], i, choices, asks)) is not None
    ]
    if plans:
        return min(plans, key=lambda plan: (stands_still(found, plan), _RANK[plan.style]))
    if asks:
        return None
    steps = steps_beside_count(found, headings, candidates)
    if steps is not None:
        return steps
    interval_s = stated_period_s(found.preamble)
    if interval_s is not None and all(counts_one_by_one(texts_of(found, i)) for i in candidates):
        return TimePlan((), "period", period_s=interval_s, why="the sample interval stated above the table")
    if not candidates:
        asks.append(
            "the unit of the times in column 1, --column 1=s (or ms, us), or how often it was sampled, --rate 10Hz"
            if counts_up(found)
            else f"the unit of the times in column {even + 1}, --column {even + 1}={_finest(found, even)} (or ms, us), or --rate"
            if (even := rising_evenly(found)) is not None
            else f"how often it was sampled, --rate {usual_rate(headings)}"
            + (", or the column of times, --column NAME=s" if len(headings) > 1 else "")
        )
        return None
    named = headings[candidates[0]]
    texts = texts_of(found, candidates[0])
    shown = texts[0][:40] if texts else ""
    if shown and number_ns(shown.replace(",", "."), 1) is None:
        asks.append(
            f"the time: column {named.text!r} holds {shown!r}, which is not a time; name another with --column NAME=s, or --rate"
        )
    elif are_day_numbers(texts):
        asks.append(
            f"the unit of the times, --column {quote(f'{named.text}=days')} where they are a spreadsheet's day numbers "
            "(or s, ms, us, ns), or --rate"
        )
    else:
        first = _by_steps(texts)
        rest = ", ".join(unit for unit in ("s", "ms", "us", "ns") if unit != first)
        asks.append(
            f"the unit of the times, --column {quote(f'{named.text}={first}')} (or {rest}), or --rate"
        )
    return None


_CLOCKS = frozenset(("clock", "at", "when", "created", "logged", "recorded", "received", "stamp"))


def _unnamed(found: Layout, headings: Sequence[Heading]) -> list[int]:
    """Return the columns that hold Unix times and are called after a clock, or dates and are called after a day."""
    hits = []
    for i, named in enumerate(headings):
        texts = texts_of(found, i) if named.unit != "-" else []
        if texts and states_a_clock(named) and _mostly(texts, lambda text: ":" in text):
            hits.append(i)
            continue
        begins = is_start(named) and any(is_end(h) or is_length(h) for h in headings)
        unix = (begins or called(named) in _CLOCKS) and all(
            (number_ns(text, 1) or 0) >= EPOCHS[0][0] for text in texts
        )
        if texts and (
            unix or ((begins or called(named) in DAYS) and all(_is_date(text) for text in texts[:-1]))
        ):
            hits.append(i)
    return hits


def _is_date(text: str) -> bool:
    """Return whether a text is a date without a clock."""
    return ":" not in text and (
        _EIGHT.match(text) is not None or wall(text) is not None or wall(text, "dmy") is not None
    )


def _is_epoch(found: Layout) -> bool:
    """Return whether the first column of a table without a header holds times of these years that hardly ever fall."""
    values = [number_ns(text, 1) or 0 for text in texts_of(found, 0)]
    rises = sum(b >= a for a, b in pairwise(values)) * 10 >= 9 * (len(values) - 1)
    sized = any(all(1.2 * low <= value < 2.1 * low for value in values) for low, _ in EPOCHS)
    return sized and rises and len(values) > 2 and len(found.headings) > 1


def _in_large_steps(texts: Sequence[str]) -> bool:
    """Return whether times are whole numbers with steps of many units, as counters of milliseconds have."""
    return _by_steps(texts) == "ms"


def _by_steps(texts: Sequence[str]) -> str:
    """Return the unit in which the usual step of whole numbers is between a millisecond and ten seconds, seconds for others."""
    values = [int(text) for text in texts if text.isdecimal() and len(text) < 19]
    steps = sorted(b - a for a, b in pairwise(values))
    usual = steps[len(steps) // 2] if steps and len(values) == len(texts) else 0
    return "s" if usual < _MANY else "ms" if usual <= _MANY_MS else "us" if usual <= _MANY_US else "ns"


_MANY, _MANY_MS, _MANY_US = 20, 10_000, 10_000_000


def counts_up(found: Layout) -> bool:
    """Return whether the first column of a table without a header looks like times: numbers that rise throughout."""
    if found.named or len(found.headings) < 2:
        return False
    values = [number_ns(text.replace(",", "."), NS) for text in texts_of(found, 0)]
    known = [value for value in values if value is not None]
    return len(known) > 2 and len(known) == len(values) and all(b > a for a, b in pairwise(known))


def rising_evenly(found: Layout) -> int | None:
    """Return the one column behind the first of a table without a header that rises in almost equal steps, as times do; else None."""
    hits = [i for i in range(1, len(found.headings)) if not found.named and _is_even(texts_of(found, i))]
    return hits[0] if len(hits) == 1 else None


def _is_even(texts: Sequence[str]) -> bool:
    values = [number_ns(text.replace(",", "."), NS) for text in texts]
    steps = sorted(b - a for a, b in pairwise(value for value in values if value is not None))
    return len(steps) + 1 == len(texts) >= _ENOUGH and 0 < steps[-1] <= _EVEN * steps[0]


_ENOUGH = 5
_EVEN = 1.5


def _finest(found: Layout, index: int) -> str:
    return "ms" if _in_large_steps(texts_of(found, index)) else "s"


def refuse_other_lengths(where: str, plan: TimePlan, found: Layout, index: int) -> None:
    """Refuse a table whose rows are at other distances than their own column of lengths states.

    Raises:
        DataError: They are, by more than twice.
    """
    rows = [row for row in found.rows if len(row) > max(index, *plan.indexes)]
    stamps, _ = Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in rows])
    stated = sum(number_ns(row[index], plan.tick_ns) or 0 for row in rows[1:])
    known = stamps[stamps != MISSING]
    span = int(known[-1] - known[0]) if len(known) == len(rows) > _FEWEST_LENGTHS else stated
    if stated > 0 and not stated < 2 * span < 4 * stated:
        raise DataError(
            f"{where}: by {found.headings[plan.indexes[0]].text!r} its first rows take {format_short(span / NS, 4)} s, and by "
            f"{found.headings[index].text!r} {format_short(stated / NS, 4)} s: one is damaged, or the header has its columns in another order than the rows; "
            "put it right and import again"
        )


_FEWEST_LENGTHS = 3


def with_lag(plan: TimePlan, found: Layout, index: int) -> TimePlan:
    """Return a plan that adds a column to the times, where the rows show that each has the time of the one before."""
    rows = [row for row in found.rows if len(row) > max(index, *plan.indexes)][:50]
    stamps, _ = Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in rows])
    added = [number_ns(row[index], plan.tick_ns) or 0 for row in rows]
    if len(rows) < 3 or (stamps == MISSING).any():
        return plan
    late = sum(
        abs(int(b - a) - d) <= 2 * plan.tick_ns for (a, b), d in zip(pairwise(stamps), added, strict=False)
    )
    own = sum(
        abs(int(b - a) - d) <= 2 * plan.tick_ns for (a, b), d in zip(pairwise(stamps), added[1:], strict=True)
    )
    return (
        replace(
            plan,
            added=Added(index, plan.tick_ns),
            why=f"{plan.why}; each row has the time of the one before, so its step was added",
        )
        if late > own
        else plan
    )


def _joined(found: Layout, pair: tuple[int, ...]) -> list[str]:
    return [joined(row, pair) for row in found.rows if len(row) > max(pair)]


def _date_and_time(found: Layout, candidates: Sequence[int]) -> tuple[int, int] | None:
    def mostly(index: int, test: Callable[[str], bool]) -> bool:
        texts = texts_of(found, index)
        return bool(texts) and sum(map(test, texts)) * 2 > len(texts)

    dates = [i for i in candidates if mostly(i, _is_date)]
    named = [i for i, h in enumerate(found.headings) if dates and is_start(h) and i not in candidates]
    clocks = [i for i in [*candidates, *named] if mostly(i, lambda text: time_of_day_ns(text) is not None)]
    if dates and not clocks and mostly(dates[0], lambda text: _EIGHT.match(text) is not None):
        clocks = [i for i in candidates if are_clocks_of_digits(texts_of(found, i), beside_date=True)]
    return (dates[0], clocks[0]) if dates and clocks else None


def _are_clocks(found: Layout, index: int) -> bool:
    """Return whether all cells of a column are times of day with their colons."""
    texts = texts_of(found, index)
    return bool(texts) and all(":" in text and time_of_day_ns(text) is not None for text in texts)


def _plan(found: Layout, named: Heading, index: int, choices: Choices, asks: list[str]) -> TimePlan | None:
    texts = texts_of(found, index)
    if not texts:
        return None
    whole = texts[:-1] or texts  # the last one may be cut
    numeric = named.quantity == TIME and all(text.isdigit() for text in whole)
    if not numeric and _mostly(
        whole, lambda text: wall(text, "dmy") is not None or wall(text, "mdy") is not None
    ):
        order = choices.dates or date_order(whole)
        if order is None and not choices.dates:
            asks.append(question(named.text, texts[0]))
            return None
        return TimePlan((index,), "wall", order=order, why=f"date and time, {order or 'ymd'}")
    if _mostly(whole, lambda text: minutes_ns(text) is not None):
        minutes = named.unit == "mm:ss" if named.is_stated else are_minutes(named, whole)
        if minutes is None:
            asks.append(question_of_clock(named, whole))
            return None
        if minutes:
            return TimePlan((index,), "minutes", why="minutes:seconds")
    if _mostly(whole, lambda text: day_and_clock(text) is not None):
        return TimePlan((index,), "day", why="time of day; its date is not known")
    if named.quantity != TIME and not named.of_rows and are_clocks_of_digits(whole):
        return TimePlan((index,), "hhmmss", why="time of day without colons; its date is not known")
    if any(map(is_elapsed, whole)) and _mostly(whole, lambda text: elapsed_ns(text) is not None):
        return TimePlan((index,), "elapsed", why="a lapse of time in several units")
    if found.decimal_comma:
        texts = [text.replace(".", "").replace(",", ".") for text in texts]
    bare = [re.sub(r"\s*[a-zµ]+\Z", "", text) for text in texts]
    values = [number_ns(text, 1) for text in bare]
    if sum(value is not None for value in values) * 2 <= len(values):
        return None
    first = next(
        float(text.replace(",", ".")) for text, value in zip(bare, values, strict=True) if value is not None
    )
    middle = sorted(value for value in values if value is not None)[len(values) // 2]
    for low, tick in EPOCHS:
        if (
            any(low <= magnitude < 2.1 * low for magnitude in (first, middle))
            and (named.quantity != TIME or _tick(named) == tick)
            and (named.is_stated or is_since_1970(named.words, [v for v in values if v is not None], tick))
        ):
            return TimePlan((index,), "epoch", tick, why="Unix time, recognised by its size")
    if named.quantity == TIME and not named.is_stated and not named.of_rows:
        meant = unit_by_size(first, _tick(named))
        if meant is not None:
            asks.append(
                f"the unit of the times: {texts[0]} in {named.text!r} is a time since 1970 in {meant} by its size, "
                f"--column {quote(f'{named.text}={meant}')}, or else --column {quote(f'{named.text}={named.unit}')}"
            )
            return None
    if named.quantity == TIME and are_intervals(named, whole):
        return TimePlan(
            (index,),
            "steps",
            _tick(named),
            why=f"intervals in {named.unit}, each row's added to those before",
        )
    if named.quantity == TIME:
        return TimePlan((index,), "relative", _tick(named), why=f"numbers in {named.unit}")
    return None


def _mostly(texts: Sequence[str], test: Callable[[str], bool]) -> bool:
    return sum(map(test, texts)) * 2 > len(texts)


def _tick(named: Heading) -> int:
    return round(named.factor * NS) or TICKS["ns"]


def is_newest_first(found: Layout, plan: TimePlan) -> bool:
    """Return whether the times of the sample fall in every row."""
    if not plan.indexes or len(found.rows) < _FEWEST_TURNED:
        return False
    stamps = _stamps(found, plan)
    return bool((stamps != MISSING).all() and (np.diff(stamps) < 0).all())


_FEWEST_TURNED = 3


def stands_still(found: Layout, plan: TimePlan) -> bool:
    """Return whether two of three rows in the sample have the time of the row before."""
    if plan.added is not None:
        return False
    stamps = _stamps(found, plan)
    steps = np.diff(stamps[stamps != MISSING])
    return bool(len(steps) > 3 and (steps == 0).sum() * 3 > 2 * len(steps))


def step_s(found: Layout, plan: TimePlan | None) -> float | None:
    """Return the usual step of the times of the sample, in seconds; None where it is not known."""
    if plan is None:
        return None
    if not plan.indexes:
        return plan.period_s
    stamps = _stamps(found, plan)
    steps = np.diff(stamps[stamps != MISSING])
    return float(np.median(steps)) / NS if len(steps) else None


def _stamps(found: Layout, plan: TimePlan) -> NDArray[np.int64]:
    return Reader(plan, found.decimal_comma).read([joined(row, plan.indexes) for row in found.rows])[0]
