"""Imports CSV files of the Monsoon power monitor as its Python library writes them.

The header reads `Time(ms),Main(mA),…,Main Voltage(V),` with a comma at the end.  Two quirks of the
library are handled: the times under `Time(ms)` are seconds (they are recognised by the rate they would
imply: the monitor takes 5000 samples/s at most), and all samples of one USB packet carry one stamp.
"""

from __future__ import annotations

import re
from pathlib import Path

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.accuracies import MONSOON
from powermeter.importers.column_channels import samples
from powermeter.importers.columns import LogColumn, TimeColumn, Written, read_table, rows
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Importer, Log
from powermeter.result.notes import Note
from powermeter.units import NS

MAX_RATE_HZ = 5000.0

_TIME = re.compile(r"Time ?\((ms|s)\)\Z")
_COLUMN = re.compile(r"(Main|USB|Aux)( Voltage)? ?\((mA|V)\)\Z")
_COVERS = {
    "Main": "what the monitor's main output feeds",
    "USB": "what passes through the monitor's USB port",
    "Aux": "what the monitor's auxiliary input sees",
}


class MonsoonLog(Importer):
    name = "monsoon"
    title = "a Monsoon log"
    takes = frozenset({"column", "voltage"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines:
            return False
        names = [name.strip() for name in peek.lines[0].split(",")]
        return _TIME.match(names[0]) is not None and any(_COLUMN.match(name) for name in names[1:])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        header = [name.strip() for name in next(rows(path, ","), (0, []))[1]]
        named = _TIME.match(header[0]) if header else None
        if named is None:
            raise DataError(f"{path}: no column Time(ms); not a Monsoon log")
        columns = [
            column for i, name in enumerate(header) if (column := _column(i, name, choices)) is not None
        ]
        if not any(column.quantity is Quantity.CURRENT for column in columns):
            raise DataError(f"{path}: no column of current in it ({', '.join(filter(None, header))})")
        unit = _stated_unit(path, header[0], choices) or named[1]
        table = read_table(
            path, columns, TimeColumn(0, "relative", _tick(unit)), choices, written=Written(skip=1)
        )
        times = table.axis.times_ns
        span = (times[-1] - times[0]) / 1e9
        if unit == "ms" and span > 0 and (len(times) - 1) / span > 1.1 * MAX_RATE_HZ:
            if choices.columns:
                raise ConfigurationError(
                    f"{path}: {plural(len(times), 'row')} in {span:g} s: the monitor takes 5000/s at most"
                )
            table = read_table(path, columns, TimeColumn(0, "relative", NS), choices, written=Written(skip=1))
            table.warnings.append(
                Note.info(
                    "times-in-seconds",
                    "the times are in seconds, although the header states ms (the library does that)",
                )
            )
        elif unit == "ms" and not choices.columns:
            table.warnings.append(
                Note.warning(
                    "time-unit-assumed",
                    "the times were taken in ms as the header states; Monsoon's library writes seconds there: if the log "
                    f"lasted a thousand times {span:g} s, import again with --column '{header[0]}=s'",
                )
            )
        measured = samples("Monsoon", columns, table)
        has_voltage = {c.rail.name for c in measured.channels if c.rail and c.quantity is Quantity.VOLTAGE}
        without = {c.rail.name for c in measured.channels if c.rail} - has_voltage
        if without and choices.voltage_v is None:
            table.warnings.append(
                Note.info(
                    "voltage-needed",
                    f"no voltage of {', '.join(sorted(without))}: energy needs --voltage, for example 4V",
                )
            )
        return Log(cls.name, table.clock, [measured], warnings=table.warnings, external=True)


def _tick(unit: str) -> int:
    return NS if unit == "s" else 1_000_000


def _stated_unit(path: Path, name: str, choices: Choices) -> str | None:
    for key, unit in choices.columns.items():
        if key not in (name, "Time", "1") or unit not in ("s", "ms"):
            raise ConfigurationError(
                f"{path}: --column {key}={unit}: only the unit of {name!r} can be stated, s or ms"
            )
        return unit
    return None


def _column(index: int, name: str, choices: Choices) -> LogColumn | None:
    match = _COLUMN.match(name)
    if match is None or bool(match[2]) != (match[3] == "V"):
        return None
    rail = Rail(match[1].lower(), None, Boundary.BOARD, _COVERS[match[1]], choices.voltage_v)
    if match[3] == "V":
        return LogColumn(index, f"{rail.name}.voltage", Quantity.VOLTAGE, 1.0, rail, accuracy=MONSOON)
    return LogColumn(index, f"{rail.name}.current", Quantity.CURRENT, 1e-3, rail, accuracy=MONSOON)
