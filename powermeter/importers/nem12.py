"""Imports NEM12, the file of Australian meters: a day in each row, the energy of each interval of it.

AEMO's "Meter Data File Format Specification NEM12 & NEM13": a 200 record states a register's suffix, unit and interval, each 300
record under it a date and its values, a 400 record the quality of some of them.  Times are Eastern Standard Time all year.  `E` is
what was taken from the grid, `B` what was fed in; only `E` in watt-hours is imported.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_ZONE = timezone(timedelta(hours=10))
_MINUTES = (5, 15, 30)
_UNITS = {"wh": "Wh", "kwh": "kWh", "mwh": "MWh"}
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
_NONE = "N"
_ACTUAL = "A"
_BY_RECORD = "V"


@dataclass(slots=True)
class _Register:
    """One 200 record: a register, its unit and the minutes of its intervals."""

    name: str
    unit: str
    minutes: int


@dataclass(slots=True)
class _Meters:
    """What a file holds.

    Attributes:
        values: Time → register's column → kWh as text.
        aside: Registers that are not imported.
        substituted: Intervals that no meter measured.
        unread: Lines that are none of the format.
    """

    values: dict[datetime, dict[str, str]] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    aside: dict[str, None] = field(default_factory=dict)
    substituted: int = 0
    unread: Unread = field(default_factory=Unread)


class Nem12(Importer):
    name = "nem12"
    title = "a file of an Australian meter (NEM12)"
    takes = frozenset({"rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and re.match(r"\ufeff?100,NEM12,", peek.text) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = _meters(path)
        if not found.columns:
            listed = ", ".join(found.aside) or "none"
            raise DataError(
                f"{path}: no register of energy taken from the grid (E, in kWh) in it; it has: {listed}"
            )
        rows = (
            [stamp.isoformat(), *(row.get(name, "") for name in found.columns)]
            for stamp, row in sorted(found.values.items())
        )
        log = read_as_table(
            path, ["time", *found.columns], rows, replace(choices, as_={"": "per-row"}), of=cls
        )
        log.metadata["tool"] = "NEM12"
        log.warnings += [*found.unread.notes(), *_notes(found)]
        return log


def _notes(found: _Meters) -> list[Note]:
    notes = []
    if found.substituted:
        text = f"{plural(found.substituted, 'interval')} of substituted or estimated energy are counted like measured ones"
        notes.append(Note.warning("substituted", text))
    if found.aside:
        notes.append(
            Note.info(
                "series-left-out", f"not energy taken from the grid, left out: {', '.join(found.aside)}"
            )
        )
    return notes


def _meters(path: Path) -> _Meters:
    """Read all records.

    Raises:
        DataError: A day has not as many values as its interval makes.
    """
    found = _Meters()
    register: _Register | None = None
    day: datetime | None = None
    for number, fields in enumerate(csv.reader(read_lines(path)), 1):
        kind = fields[0].strip("\ufeff ") if fields else ""
        if kind == "200":
            register, day = _register(fields, found), None
        elif kind == "300" and register is not None:
            day = _day(fields, register, found, path, number)
        elif kind == "400" and register is not None and day is not None:
            _quality(fields, register, day, found)
        elif kind not in ("", "100", "300", "400", "500", "900"):
            found.unread.add(number)
    return found


def _register(fields: list[str], found: _Meters) -> _Register | None:
    """Return a register of energy taken from the grid; None for any other, which is noted."""
    own = [text.strip() for text in (*fields, *[""] * 9)]
    unit, minutes = _UNITS.get(own[7].lower()), int(own[8]) if own[8].isdecimal() else 0
    if not own[4].upper().startswith("E") or unit is None or minutes not in _MINUTES:
        found.aside[f"{own[1]} {own[4]} ({own[7]})"] = None
        return None
    register = _Register(f"{own[1]}{own[4].upper()} ({unit})", unit, minutes)
    found.columns[register.name] = None
    return register


def _day(fields: list[str], register: _Register, found: _Meters, path: Path, number: int) -> datetime | None:
    count = 1440 // register.minutes
    values = [text.strip() for text in fields[2 : 2 + count]]
    quality = fields[2 + count].strip().upper() if len(fields) > 2 + count else ""
    try:
        day = datetime.strptime(fields[1].strip(), "%Y%m%d").replace(tzinfo=_ZONE)
        numbers = [float(text) for text in values]
    except ValueError:
        numbers = []
    if numbers and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        numbers = []
    if len(numbers) != count or quality[:1] not in tuple("AEFNSV"):
        raise DataError(
            f"{path}, line {number}: a day of {register.minutes} min has {count} values and their quality; this one has not: export the file anew"
        )
    kept = quality[:1] != _NONE
    for i, text in enumerate(values, 1):
        stamp = day + timedelta(minutes=register.minutes * i)
        found.values.setdefault(stamp, {})[register.name] = text if kept else ""
    found.substituted += count * (quality[:1] not in (_ACTUAL, _NONE, _BY_RECORD))
    return day


def _quality(fields: list[str], register: _Register, day: datetime, found: _Meters) -> None:
    """Take the quality of some of a day's intervals: those without data are blank."""
    own = [text.strip() for text in (*fields, *[""] * 4)]
    if not own[1].isdecimal() or not own[2].isdecimal():
        return
    quality = own[3][:1].upper()
    for i in range(max(int(own[1]), 1), min(int(own[2]), 1440 // register.minutes) + 1):
        if quality == _NONE:
            found.values[day + timedelta(minutes=register.minutes * i)][register.name] = ""
        found.substituted += quality not in (_ACTUAL, _NONE)
