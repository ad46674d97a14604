"""Imports telegrams of a smart meter's customer port (P1), as they are logged one after another.

::

    0-0:1.0.0(250914100000S)
    1-0:1.8.1(001234.500*kWh)
    1-0:1.7.0(01.200*kW)

Each telegram has its own time: S is summer time (UTC+2), W winter time (UTC+1).  A meter in which power flows both ways
is read for what was taken from the grid.

Source: Netbeheer Nederland, P1 Companion Standard (DSMR 4.2 and 5.0), OBIS references and the format TST.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.result.notes import Note

_STAMP = re.compile(r"0-0:1\.0\.0\((\d{6})(\d\d)(\d\d)(\d\d)([SW])\)\s*\Z", re.ASCII)
_VALUE = re.compile(r"1-\d:(\d{1,2})\.(\d)\.(\d)\((\d{1,7}(?:\.\d{1,3})?)\*(kWh?|W)\)\s*\Z", re.ASCII)
_OFFSETS = {"S": "+02:00", "W": "+01:00"}
_TAKEN, _FED_IN = "1", "2"
_POWER, _ENERGY = "7", "8"
_FEWEST = 2


class SmartMeter(Importer):
    name = "dsmr"
    title = "telegrams of a smart meter's P1 port"
    takes = frozenset({"rate"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        lines = peek.raw_lines[:200]
        taken = [match for line in lines if (match := _VALUE.match(line)) and match[1] == _TAKEN]
        return len(taken) >= _FEWEST and any(line.startswith(("/", "0-0:1.0.0(", "!")) for line in lines)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        telegrams = list(_telegrams(path))
        has_power = any("power" in values for _, values in telegrams)
        key, head = ("power", "mains power (kW)") if has_power else ("energy", "mains energy (kWh)")
        kept = [(stamp, values[key]) for stamp, values in telegrams if key in values and stamp]
        stamped = bool(kept) and choices.period_s is None
        if not stamped:
            kept = [(stamp, values[key]) for stamp, values in telegrams if key in values]
        if len(kept) < _FEWEST:
            raise DataError(
                f"{path}: fewer than two telegrams with what was taken from the grid; log the port for longer"
            )
        rows = ([stamp] * stamped + [f"{value:.3f}"] for stamp, value in kept)
        log = read_as_table(path, ["time"] * stamped + [head], rows, choices, of=cls)
        lost = len(telegrams) - len(kept)
        if lost:
            text = (
                f"{plural(lost, 'telegram')} without a time or without what was taken from the grid left out"
            )
            log.warnings.append(Note.warning("rows-left-out", text))
        if any(values.get("fed in", 0.0) > 0 for _, values in telegrams):
            text = "power was fed into the grid too: the energy is what was taken from it, not what the house used"
            log.warnings.append(Note.warning("flows-both-ways", text))
        return log


def _telegrams(path: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield (time or nothing, what it states) of each telegram: kW taken and fed in, and kWh taken in all tariffs."""
    stamp, values = "", dict[str, float]()
    for line in read_lines(path):
        if line.startswith("/"):
            if values:
                yield stamp, values
            stamp, values = "", {}
        elif match := _STAMP.match(line):
            if stamp and values:
                yield stamp, values
                values = {}
            day, hour, minute, second, season = match.groups()
            stamp = f"20{day[:2]}-{day[2:4]}-{day[4:]}T{hour}:{minute}:{second}{_OFFSETS[season]}"
        elif match := _VALUE.match(line):
            what, kind, tariff, text, unit = match.groups()
            value = float(text) * (1e-3 if unit == "W" else 1.0)
            if kind == _POWER and tariff == "0" and what in (_TAKEN, _FED_IN):
                values["power" if what == _TAKEN else "fed in"] = value
            elif kind == _ENERGY and what == _TAKEN:
                values["energy"] = values.get("energy", 0.0) + value
    if values:
        yield stamp, values
