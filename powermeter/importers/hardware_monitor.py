"""Imports the log of LibreHardwareMonitor and OpenHardwareMonitor.

Two lines stand above the values: the sensors' identifiers (`/intelcpu/0/power/0`), whose next to last part is what
they measure, and their names, which may repeat.  Their logger writes local times with the month first, whatever the
computer's language (`Logger.cs`: invariant culture).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log

_UNITS = {"power": "W", "temperature": "degC", "clock": "MHz"}
"""What a sensor measures → its unit (LibreHardwareMonitor's `SensorType`), as far as it is recorded."""

_CORE = "core #"
_CARDS = {"nvidiagpu": "NVIDIA", "gpu-nvidia": "NVIDIA"}
"""Hardware that is a card of its own, never inside a processor's package → what its whole power is called after."""


class HardwareMonitorLog(Importer):
    name = "hardware-monitor"
    title = "a log of LibreHardwareMonitor or OpenHardwareMonitor"
    takes = frozenset({"zone", "rail", "sum", "as", "dates", "column"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if len(peek.lines) < 2 or not peek.lines[0].startswith(",/"):
            return False
        return peek.lines[1].lstrip('"').startswith("Time")

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        rows = csv.reader(read_lines(path))
        sensors, names = next(rows, []), next(rows, [])
        found = [
            (
                place,
                parts,
                f"{_CARDS[parts[0]]} {name}" if name == "GPU Power" and parts[0] in _CARDS else name,
            )
            for place, (sensor, name) in enumerate(zip(sensors, names, strict=False))
            if len(parts := sensor.strip().strip("/").split("/")) > 2 and parts[-2] in _UNITS
            if _CORE not in name.lower() or parts[-2] == "power"
        ]
        if not any(parts[-2] == "power" for _, parts, _ in found):
            raise DataError(f"{path}: no sensor of power was logged; tick one in the monitor's window")
        found.sort(key=lambda entry: entry[1][-2] != "power")
        seen = Counter((parts[-2], name) for _, parts, name in found)
        header = [
            f"{name if seen[parts[-2], name] == 1 else ' '.join([*parts[:-2], name])} [{_UNITS[parts[-2]]}]"
            for _, parts, name in found
        ]

        def values() -> Iterator[list[str]]:
            for row in rows:
                if len(row) == len(sensors) and row[0] and not row[0].startswith("Time"):
                    yield [row[0], *(row[place] for place, _, _ in found)]

        return read_as_table(
            path, ["Time", *header], values(), replace(choices, dates=choices.dates or "mdy"), of=cls
        )
