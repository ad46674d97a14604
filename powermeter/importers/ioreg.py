"""Imports what a loop over `ioreg -rn AppleSmartBattery` printed: a Mac's battery, in mV and mA, again and again.

::

    Tue Mar 12 14:05:10 CET 2024
          "InstantAmperage" = 18446744073709550416
          "Voltage" = 12345

The current is a signed number of 64 bits that ioreg prints without its sign: what flows out stands there as 2^64 less it.  It becomes
what is drawn, so a battery that charges is below 0.  `Amperage` is the battery's own mean, used where `InstantAmperage` is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp

_VALUE = re.compile(r'[\s|]*"(InstantAmperage|Amperage|Voltage)"\s?=\s?(-?\d{1,20})\s*')
_BITS = 64
_LONGEST_LINE = 200
_FEWEST = 2


class AppleBattery(Importer):
    name = "ioreg"
    title = "a loop over ioreg's AppleSmartBattery"
    takes = frozenset({"rate", "zone", "dates"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        found = {match[1] for line in peek.raw_lines[:400] if (match := _VALUE.fullmatch(line)) is not None}
        return "Voltage" in found and len(found) > 1

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        reports = list(_reports(path))
        called = (
            "InstantAmperage" if any("InstantAmperage" in values for _, values in reports) else "Amperage"
        )
        if sum(called in values and "Voltage" in values for _, values in reports) < _FEWEST:
            raise DataError(f"{path}: one reading of a battery holds no energy: log it in a loop")
        stamped = 2 * sum(bool(stamp) for stamp, _ in reports) > len(reports) and choices.period_s is None
        if not stamped and choices.period_s is None:
            raise ConfigurationError(
                f"{path}: ioreg prints no times; state how often it was asked with --rate, for example --rate 5s, or print a time before each "
                "report with date"
            )
        header = ["time"] * stamped + ["battery voltage (mV)", "battery current drawn (mA)"]
        rows = (
            [stamp] * stamped
            + [str(values.get("Voltage", "")), str(-values[called]) if called in values else ""]
            for stamp, values in reports
        )
        return read_as_table(path, header, rows, choices, of=cls)


def _reports(path: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield (the time before it or nothing, its values); a report ends at a time or where a value comes again."""
    stamp, values = "", dict[str, int]()
    for line in read_lines(path):
        line = line[:_LONGEST_LINE]
        found = _VALUE.fullmatch(line)
        again = found is not None and found[1] in values
        timed = found is None and bool(line.strip()) and is_stamp(line)
        if (again or timed) and values:
            yield stamp, values
            stamp, values = "", {}
        if timed:
            stamp = line.strip()
        elif found is not None:
            values[found[1]] = _signed(int(found[2]))
    if values:
        yield stamp, values


def _signed(number: int) -> int:
    """Return a number of 64 bits with the sign that it was printed without."""
    return number - (1 << _BITS) if number >= 1 << (_BITS - 1) else number
