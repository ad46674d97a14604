"""Imports the log of MSI Afterburner (`.hml`).

A number before each line states what it holds: 00 the program, 01 the card, 02 the names of what is logged, 03 one of
them with its unit, 80 its values.  `Power` is the card's own power, in watts or in percent of its limit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log

_HEAD = "Hardware monitoring log"
_NAMES, _UNIT, _VALUES = "02", "03", "80"
_CARD = "GPU power"


class Afterburner(Importer):
    name = "afterburner"
    title = "a log of MSI Afterburner"
    takes = frozenset({"zone", "rail", "sum", "dates"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return bool(peek.lines) and peek.lines[0].startswith("00,") and _HEAD in peek.lines[0][:80]

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        names, units = _named(path)
        places = [i for i, name in enumerate(names) if units.get(i) == "W"]
        if not places:
            raise DataError(
                f"{path}: no power in watts in it ({', '.join(names[:12])}); tick one in Afterburner's settings under Monitoring"
            )
        header = [f"{_CARD if names[i] == 'Power' else names[i]} [W]" for i in places]
        # Afterburner writes the day first, whatever the computer's language.
        own = replace(choices, dates=choices.dates or "dmy")
        return read_as_table(path, ["Time", *header], _values(path, places, len(names)), own, of=cls)


def _records(path: Path) -> Iterator[list[str]]:
    for row in csv.reader(read_lines(path)):
        yield [text.strip() for text in row]


def _named(path: Path) -> tuple[list[str], dict[int, str]]:
    """Return the names of what is logged, and their units by number."""
    names: list[str] = []
    units: dict[int, str] = {}
    for row in _records(path):
        if row[:1] == [_NAMES]:
            names = row[2:]
        elif row[:1] == [_UNIT] and len(row) > 3 and row[2].isdecimal() and len(row[2]) < 5:
            units[int(row[2])] = row[3]
        elif row[:1] == [_VALUES]:
            break
    return names, units


def _values(path: Path, places: list[int], width: int) -> Iterator[list[str]]:
    for row in _records(path):
        if row[:1] == [_VALUES] and len(row) >= width + 2:
            yield [row[1], *(row[place + 2] for place in places)]
