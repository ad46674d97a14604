"""Imports readings of a meter that somebody wrote down with a date: `03/14 8:00am 0.62 kWh` a line, under a title or none.

Dates without a year, or in the order of a country, and clocks with AM and PM are the table reader's business: the lines become a table of
times and readings.  Lists with a time of day, or with dates in ISO's form, are those of `manual_list.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from powermeter.channel import OF_UNIT, Quantity
from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.unread_lines import Unread
from powermeter.units import unit_factor

_LINE = re.compile(
    r"(?P<time>\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{0,4})?,?\s+\d{1,2}:\d\d(?::\d\d)?(?P<half>\s?[aApP]\.?[mM]\.?)?)"
    r"[\s,;:-]+(?P<value>\d{1,9}(?:[.,]\d{1,6})?)\s*(?P<unit>[kMm]?(?:Wh|W))\s*(?:#.*)?"
)
_MOST_TITLES = 3
_FEWEST = 2


class DatedReadings(Importer):
    name = "dated-readings"
    title = "readings that somebody wrote down: date, time, value, unit"
    takes = frozenset({"zone", "dates", "decimal"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        lines = [line.strip() for line in peek.lines[:100]]
        titles = next((i for i, line in enumerate(lines) if _LINE.fullmatch(line)), len(lines))
        found = [match for line in lines[titles:] if (match := _LINE.fullmatch(line)) is not None]
        return (
            titles <= _MOST_TITLES
            and len(found) >= _FEWEST
            and len(found) == len(lines) - titles
            and len({match["unit"] for match in found}) == 1
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        first = next(_readings(path, unread), None)
        if first is None:
            raise DataError(f"{path}: no line of it is a date, a time, a value and a unit")
        unit = first["unit"]
        if choices.decimal is None and first["half"]:
            choices = replace(choices, decimal="point")
        whose = unit_factor(unit)
        if whose is not None and OF_UNIT.get(whose[0]) is Quantity.ENERGY:
            choices = replace(choices, as_={"": "counter"})
        rows = ((found["time"], found["value"]) for found in _readings(path, unread, unit))
        log = read_as_table(path, ["time", f"reading ({unit})"], rows, choices, of=cls)
        log.warnings += unread.notes()
        return log


def _readings(path: Path, unread: Unread, unit: str | None = None) -> Iterator[re.Match[str]]:
    """Yield the lines that are readings, in one unit if it is stated; of the others, those with a number below the first are counted."""
    begun = False
    for number, line in enumerate(read_lines(path), 1):
        found = _LINE.fullmatch(line[:200].strip())
        if found is not None and unit in (None, found["unit"]):
            begun = True
            yield found
        elif begun and any(map(str.isdigit, line)) and not line.lstrip().startswith("#"):
            unread.add(number)
