"""Imports what a loop of `date +%s; cat energy_uj` wrote: a time in one line, the reading in the next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from powermeter.errors import ConfigurationError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.damage import Unread
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp

_VALUE = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?P<unit> ?[pnuµmkM]?(?:Wh|Ah|W|J|A|V))?")
_FEWEST = 3
_LOOKED_AT = 200
_VALUE_NAME = "value"


class AlternateLines(Importer):
    name = "alternate-lines"
    title = "a time in one line, the reading in the next"
    takes = frozenset({"unit", "column", "voltage", "zone", "as", "dates"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        lines = [line.strip() for line in peek.lines[:_LOOKED_AT]]
        times, values = lines[::2], lines[1::2]
        if len(values) < _FEWEST or not all(map(_VALUE.fullmatch, values)) or not all(map(is_stamp, times)):
            return False
        return not all(map(is_stamp, values))  # a column of times

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        first = next(
            (m for line in read_lines(path) if (m := _VALUE.fullmatch(line.strip())) and m["unit"]), None
        )
        if first is None and choices.unit is None and _VALUE_NAME not in choices.columns:
            raise ConfigurationError(
                f"{path}: each time is followed by a line with a number of no unit: state it, --column {_VALUE_NAME}=uJ where it is the kernel's "
                f"energy_uj, --column {_VALUE_NAME}=W where it is a power in watt"
            )
        unread = Unread()
        log = read_as_table(path, ["time", _VALUE_NAME], _pairs(read_lines(path), unread), choices)
        log.format = cls.name
        log.warnings += unread.notes()
        return log


def _pairs(lines: Iterable[str], unread: Unread) -> Iterator[tuple[str, str]]:
    """Yield each time with the reading below it; lines that are neither, or lack the other, are counted."""
    stamp: tuple[str, int] | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if stamp is not None and _VALUE.fullmatch(text):
            yield stamp[0], text
            stamp = None
        elif is_stamp(text):
            if stamp is not None:
                unread.add(stamp[1])
            stamp = text, number
        elif text:
            unread.add(number)
    if stamp is not None:
        unread.add(stamp[1])
