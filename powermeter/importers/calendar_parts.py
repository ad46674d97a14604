"""Times whose year, month, day, hour, minute and second stand in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.day_month_order import date_order, question
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.stamps import wall

_PARTS = (
    (("year", "yr", "yyyy", "yy", "jahr", "año", "ano", "annee", "année", "anno"), 1990, 2100),
    (("month", "mon", "mm", "monat", "mes", "mois", "mese"), 1, 12),
    (("day", "dd", "tag", "dia", "día", "jour", "giorno"), 1, 31),
    (("hour", "hr", "hh", "hours", "stunde", "hora", "heure", "ora"), 0, 24),
    (("minute", "min", "mi", "mn", "minutes", "minuto"), 0, 59),
    (("second", "sec", "ss", "seconds", "sekunde", "segundo", "seconde", "secondo"), 0, 60),
)
"""(names, least, largest) of each part, the longest first."""

_CLOCK = _PARTS[3:]
_DAY_OF_YEAR = (
    ("doy", "day of year", "day_of_year", "dayofyear", "yday", "jday", "julian day", "julian_day"),
    1,
    366,
)

_DATE, _DIGITS = 3, 12


_A_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?", re.ASCII)


def in_parts(
    found: Layout, headings: Sequence[Heading], choices: Choices, asks: list[str]
) -> TimePlan | None:
    """Return a plan of times whose date and clock stand in columns of their own, or None with a question added to `asks`; None for any other table.

    The date is one cell, a year with the number of the day, or has a column for the year, the month and the day.
    """
    names = [named.text.strip().lower() if named.unit != "-" else "" for named in headings]
    single = _columns(found, names, _PARTS)
    if len(single) == _DATE:
        others = [i for i, h in enumerate(headings) if (h.is_time or h.quantity == TIME) and i not in single]
        clocks = [i for i in others if all(map(_A_CLOCK.fullmatch, texts_of(found, i)))]
        single = single + clocks[:1] if len(clocks) == len(others) else []
    if len(single) >= _DATE:
        return TimePlan(tuple(single), "wall", order="ymd", why="date and time in columns of their own")
    clock = _columns(found, names, _CLOCK)
    counted = _columns(found, names, (_PARTS[0], _DAY_OF_YEAR))
    if len(counted) == 2:
        return TimePlan(
            (*counted, *clock),
            "wall",
            order="ymd",
            why="year, number of the day, clock",
            clock_cells=len(clock),
            days_of_year=True,
        )
    date = next(
        (i for i, h in enumerate(headings) if h.is_time and h.unit != "-" and _are_dates(texts_of(found, i))),
        None,
    )
    if len(clock) < 2 or date is None:
        return None
    order = choices.dates or date_order(texts_of(found, date))
    if order is None:
        asks.append(question(headings[date].text, texts_of(found, date)[0]))
        return None
    return TimePlan(
        (date, *clock),
        "wall",
        order=order,
        why="date, hour and minute in columns of their own",
        clock_cells=len(clock),
    )


def has_days(found: Layout, headings: Sequence[Heading]) -> bool:
    """Return whether columns hold the days of a year: their number in it, or the month and the day."""
    names = [named.text.strip().lower() for named in headings]
    return any(name in _DAY_OF_YEAR[0] for name in names) or len(_columns(found, names, _PARTS)) >= _DATE


def _columns(
    found: Layout, names: Sequence[str], parts: Sequence[tuple[tuple[str, ...], int, int]]
) -> list[int]:
    """Return the columns of parts, from the first on, as far as there is one for each."""
    indexes: list[int] = []
    for called, least, largest in parts:
        at = next((i for i, name in enumerate(names) if name in called), None)
        if at is None or not all(_is_between(text, least, largest) for text in texts_of(found, at)):
            break
        indexes.append(at)
    return indexes


def _are_dates(texts: Sequence[str]) -> bool:
    return bool(texts) and all(
        wall(text, "dmy") is not None or wall(text, "mdy") is not None for text in texts
    )


def _is_between(text: str, least: int, largest: int) -> bool:
    whole, _, fraction = text.partition(".")
    digits = whole.isdecimal() and (not fraction or fraction.isdecimal())
    return digits and len(text) <= _DIGITS and least <= int(whole) <= largest
