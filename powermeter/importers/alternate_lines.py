"""Imports what a loop of `date +%s; cat energy_uj` wrote: a time in one line, the reading in the next.

So, too, what one of `date; nvidia-smi --query-gpu=…,power.draw --format=csv,noheader` wrote: a time, and below it a row of each card;
and what one of `date; grep . …/energy_uj` wrote, with the counters behind their paths (`powercap_lines.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.cells import is_missing_word
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.powercap_lines import are_counters, read_counters
from powermeter.importers.stamps import is_stamp
from powermeter.importers.unread_lines import Unread

_VALUE = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?P<unit> ?[pnuµmkM]?(?:Wh|Ah|W|J|A|V))?")
_IN_WATTS = re.compile(r"\s*(?P<value>\d{1,6}(?:\.\d{1,6})?) ?W\s*")
_FEWEST = 3
_LOOKED_AT = 200
_VALUE_NAME = "value"


class AlternateLines(Importer):
    name = "alternate-lines"
    title = "a time in one line, the reading in the next"
    takes = frozenset({"unit", "column", "voltage", "zone", "as", "dates", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        lines = [line.strip() for line in peek.lines[:_LOOKED_AT]]
        if _are_rounds(lines) or are_counters(lines):
            return True
        times, values = lines[::2], lines[1::2]
        if len(values) < _FEWEST or not all(map(_VALUE.fullmatch, values)) or not all(map(is_stamp, times)):
            return False
        return not all(map(is_stamp, values))  # a column of times

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        lines = [line.strip() for line in Peek.at(path).lines[:_LOOKED_AT]]
        if are_counters(lines):
            log = read_counters(path, choices)
            log.format = cls.name
            return log
        if _are_rounds(lines):
            return cls._read_rounds(path, choices)
        first = next(
            (m for line in read_lines(path) if (m := _VALUE.fullmatch(line.strip())) and m["unit"]), None
        )
        if first is None and choices.unit is None and _VALUE_NAME not in choices.columns:
            raise ConfigurationError(
                f"{path}: each time is followed by a line with a number of no unit: state it, --column {_VALUE_NAME}=uJ where it is the kernel's "
                f"energy_uj, --column {_VALUE_NAME}=W where it is a power in watt"
            )
        unread = Unread()
        log = read_as_table(path, ["time", _VALUE_NAME], _pairs(read_lines(path), unread), choices, of=cls)
        log.warnings += unread.notes()
        return log

    @classmethod
    def _read_rounds(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        rows = list(_rounds(read_lines(path), unread))
        times = {time for time, _, _ in rows}
        if len(times) < 2:
            raise DataError(
                f"{path}: one time, and below it {plural(len(rows), 'row')} of one moment: there is no stretch of time to integrate over"
            )
        log = read_as_table(path, ["time", "device", "power [W]"], rows, choices, of=cls)
        log.warnings += unread.notes()
        return log


def _watts(line: str) -> str | None:
    """Return the one cell of a row that is in watt, without its unit; None where there is none or several."""
    found = [match["value"] for cell in line.split(",") if (match := _IN_WATTS.fullmatch(cell)) is not None]
    return found[0] if len(found) == 1 else None


def _is_lacking(line: str) -> bool:
    return any(map(is_missing_word, line.split(",")))


def _are_rounds(lines: list[str]) -> bool:
    """Return whether lines are times with rows below each, one cell of each row in watt or not known; a lone cell in watt is a pair's."""
    if not lines or not is_stamp(lines[0]):
        return False
    rows = [line for line in lines if not is_stamp(line)]
    known = any(_watts(line) is not None for line in rows)
    several = 2 * len(rows) > len(lines) or all("," in line for line in rows)
    return known and several and all(_watts(line) is not None or _is_lacking(line) for line in rows)


def _rounds(lines: Iterable[str], unread: Unread) -> Iterator[tuple[str, str, str]]:
    """Yield the time, the place below it and the watts of each row; lines that are neither are counted."""
    stamp, place = "", 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if is_stamp(text):
            stamp, place = text, 0
        elif stamp and ((watts := _watts(text)) is not None or _is_lacking(text)):
            yield stamp, str(place), watts or "N/A"
            place += 1
        elif text:
            unread.add(number)
            place += 1


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
