"""Imports what `upower --monitor-detail` printed: a battery's state, each time that it changed.

::

    [14:12:59.232]	device changed:     /org/freedesktop/UPower/devices/battery_BAT0
      battery
        state:               discharging
        energy:              73.64 Wh
        energy-rate:         9.256 W
        voltage:             16.892 V

The rate of a battery that discharges is what the machine draws; of one that charges it is not, and is left out.  The
display device is the sum of the others and is left out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_DEVICE = re.compile(r"\[(\d\d:\d\d:\d\d\.\d{3})\]\s+device (added|changed|removed):\s+(\S{1,200})\s*\Z")
_FIELD = re.compile(r"\s+(state|energy-rate|voltage):\s+(\S.{0,60}?)\s*\Z")
_RATE = re.compile(r"(\d{1,6}(?:[.,]\d{1,9})?) W")
_USE = "discharging"
_SUM = "DisplayDevice"
_FEWEST = 2


class UPower(Importer):
    name = "upower"
    title = "a log of upower --monitor-detail"
    takes = frozenset({"rail", "sum"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and any(_DEVICE.match(line[:300]) for line in peek.raw_lines[:60])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        counts = {"charging": 0, "blank": 0, "rates": 0}
        unread = Unread()
        rows = list(_states(path, counts, unread))
        if not counts["rates"] and not counts["charging"]:
            raise DataError(
                f"{path}: upower's log without a rate of any battery: there is no power in it; log with: upower --monitor-detail"
            )
        if counts["rates"] < _FEWEST:
            raise DataError(
                f"{path}: {counts['rates']} states of a battery that discharges: no use of the machine can be read from a battery "
                "that charges or stands; log while it runs from the battery"
            )
        log = read_as_table(path, ["time", "battery", "power [W]"], rows, choices, of=cls)
        log.metadata["tool"] = "upower"
        log.warnings += unread.notes()
        if counts["charging"]:
            log.warnings.append(
                Note.warning(
                    "charging-left-out",
                    f"{counts['charging']} states of a battery that charges or stands are gaps: its rate is not what the machine draws",
                )
            )
        return log


def _states(path: Path, counts: dict[str, int], unread: Unread) -> Iterator[tuple[str, str, str]]:
    """Yield (time of day, battery, W as text or nothing) of each printed state of a battery.

    Rates that stand for the second time under one head, or under none, are counted: a head was damaged.
    """
    stamp = device = ""
    fields: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        head = _DEVICE.match(line[:300])
        if head is None:
            field = _FIELD.match(line[:200])
            if field is not None and field[1] == "energy-rate" and (not device or field[1] in fields):
                unread.add(number)
            if field is not None and device:
                fields.setdefault(field[1], field[2])
            continue
        yield from _state(stamp, device, fields, counts)
        stamp, device, fields = head[1], head[3].rsplit("/", 1)[-1], {}
    yield from _state(stamp, device, fields, counts)


def _state(
    stamp: str, device: str, fields: dict[str, str], counts: dict[str, int]
) -> list[tuple[str, str, str]]:
    rate = _RATE.fullmatch(fields.get("energy-rate", ""))
    if rate is None or device == _SUM:
        return []
    if fields.get("state") != _USE:
        counts["charging"] += 1
        return [(stamp, device, "")]
    counts["rates"] += 1
    return [(stamp, device, rate[1].replace(",", "."))]
