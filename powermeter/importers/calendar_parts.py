"""Times whose year, month, day, hour, minute and second stand in columns of their own."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import TimePlan

_PARTS = (
    (("year", "yr", "yyyy", "jahr", "año", "ano", "annee", "année", "anno"), 1990, 2100),
    (("month", "mon", "monat", "mes", "mois", "mese"), 1, 12),
    (("day", "tag", "dia", "día", "jour", "giorno"), 1, 31),
    (("hour", "hr", "hours", "stunde", "hora", "heure", "ora"), 0, 24),
    (("minute", "min", "minutes", "minuto"), 0, 59),
    (("second", "sec", "seconds", "sekunde", "segundo", "seconde", "secondo"), 0, 60),
)
"""(names, least, largest) of each part, the longest first."""

_NEEDED = 4
_DIGITS = 12


def in_parts(found: Layout, headings: Sequence[Heading]) -> TimePlan | None:
    """Return a plan of times whose date and hour, and minute and second where there are any, each have a column; None for any other table."""
    names = [named.text.strip().lower() if named.unit != "-" else "" for named in headings]
    indexes: list[int] = []
    for called, least, largest in _PARTS:
        at = next((i for i, name in enumerate(names) if name in called), None)
        if at is None or not all(_is_between(text, least, largest) for text in texts_of(found, at)):
            break
        indexes.append(at)
    if len(indexes) < _NEEDED:
        return None
    return TimePlan(tuple(indexes), "wall", order="ymd", why="date and time in columns of their own")


def _is_between(text: str, least: int, largest: int) -> bool:
    whole, _, fraction = text.partition(".")
    return len(text) <= _DIGITS and (whole + fraction).isdecimal() and least <= int(whole) <= largest
