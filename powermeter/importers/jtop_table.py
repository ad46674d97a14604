"""Imports tables of Jetson readings with columns like `VDD_IN-IN_POWER`, as jtop-based loggers write them.

Milliwatt, millivolt and milliampere by the column's last part; `AVG_POWER` is a running mean since
long before the first row and is never data; a temperature of -256000 is a sensor that is off.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from powermeter.channel import Quantity
from powermeter.errors import DataError
from powermeter.importers.column_channels import channel_name, samples
from powermeter.importers.columns import LogColumn, TimeColumn, Written, read_table, rows
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import time_of_day_ns, wall
from powermeter.platforms.jetson_rails import layout
from powermeter.result.notes import Note

_PARTS = {
    "IN_POWER": ("power", Quantity.POWER, 1e-3),
    "IN_VOLTAGE": ("voltage", Quantity.VOLTAGE, 1e-3),
    "IN_CURRENT": ("current", Quantity.CURRENT, 1e-3),
}
_RAIL = re.compile(r"([A-Za-z]\w*)-(IN_POWER|IN_VOLTAGE|IN_CURRENT)\Z")
_TEMPERATURE = re.compile(r"([\w-]+?)(-thermal)?-CURR_TEMP\Z")
_TIME = re.compile(r"(System-)?(Time|Timestamp|Date)\Z", re.IGNORECASE)
_OFF = frozenset({-256000.0, -256.0})


class JtopTable(Importer):
    name = "jtop-table"
    title = "a table of Jetson readings"
    takes = frozenset({"rate", "zone"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines:
            return False
        return any(_RAIL.match(name.strip()) for name in peek.lines[0].split(","))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = rows(path, ",")
        names = [name.strip() for name in next(found, (0, []))[1]]
        sample = next(found, (0, []))[1]
        if not sample:
            raise DataError(f"{path}: no samples: the header has no rows under it")
        columns = _columns(names)
        table = read_table(
            path, columns, _time(path, names, sample, choices), choices, written=Written(skip=1)
        )
        board = layout(dict.fromkeys(column.rail.name for column in columns if column.rail is not None))
        measured = samples("jtop", columns, table)
        measured.info = {"board": board.board, "total": board.total, "not covered": board.uncovered}
        warnings = [
            *table.warnings,
            *([Note.warning("no-total", f"no total: {board.refusal}")] if board.refusal else []),
        ]
        if "NVPMODEL-POWER_MODE" in names:
            mode = sample[names.index("NVPMODEL-POWER_MODE")][:80]
            measured.info["power mode in the first row"] = mode
        return Log(cls.name, table.clock, [measured], metadata={"board": board.board}, warnings=warnings)


def _time(path: Path, names: list[str], sample: list[str], choices: Choices) -> TimeColumn:
    if choices.period_s is not None:
        return TimeColumn(None, period_s=choices.period_s)
    for index, (name, text) in enumerate(zip(names, sample, strict=False)):
        if _TIME.match(name):
            if wall(text) is not None:
                return TimeColumn(index, "wall")
            if time_of_day_ns(text) is not None:
                return TimeColumn(index, "day")
    raise DataError(f"{path}: no column of times; state how often it was sampled with --rate 1s")


def _columns(names: list[str]) -> list[LogColumn]:
    matches = {i: match for i, name in enumerate(names) if (match := _RAIL.match(name)) is not None}
    rails = list(dict.fromkeys(match[1] for match in matches.values()))
    board = layout(rails)
    places = dict(zip(rails, zip(board.rails, board.accuracies, strict=True), strict=True))
    columns = []
    for index, match in matches.items():
        label, quantity, factor = _PARTS[match[2]]
        rail, accuracy = places[match[1]]
        if quantity is not Quantity.POWER:
            accuracy = replace(accuracy, offset=0.0, step=0.0)
        columns.append(
            LogColumn(index, f"{match[1].lower()}.{label}", quantity, factor, rail, accuracy=accuracy)
        )
    for index, name in enumerate(names):
        hot = _TEMPERATURE.match(name)
        if hot is not None:
            columns.append(
                LogColumn(index, f"{channel_name(hot[1])}.temperature", Quantity.TEMPERATURE, missing=_OFF)
            )
    return columns
