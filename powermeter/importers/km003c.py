"""Imports SQLite exports of ChargerLAB's application for the POWER-Z KM003C.

Table `pd_chart`: Time in s from the start, VBUS in V, IBUS in A (its sign is the direction), CC1 and
CC2 in V.  The application repeats a time now and then; such rows are kept, they add nothing to an
integral.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers import database
from powermeter.importers.accuracies import KM003C_CURRENT, KM003C_VOLTAGE
from powermeter.importers.column_channels import samples
from powermeter.importers.columns import LogColumn, TableRead
from powermeter.importers.files import Peek
from powermeter.importers.log import RELATIVE, Choices, Importer, Log
from powermeter.importers.stamps import axis
from powermeter.units import NS

_TABLE = "pd_chart"
_RAIL = Rail("vbus", None, Boundary.BOARD, "what passes through the meter on VBUS")
_COLUMNS = (
    LogColumn(1, "vbus.voltage", Quantity.VOLTAGE, 1.0, _RAIL, accuracy=KM003C_VOLTAGE),
    LogColumn(2, "vbus.current", Quantity.CURRENT, 1.0, _RAIL, accuracy=KM003C_CURRENT),
    LogColumn(3, "cc1.voltage", Quantity.VOLTAGE),
    LogColumn(4, "cc2.voltage", Quantity.VOLTAGE),
)
_LARGEST_S = 1e8


class KM003CExport(Importer):
    name = "km003c"
    title = "a POWER-Z KM003C export"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return peek.head.startswith(database.MAGIC) and b"pd_chart" in peek.head

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        with database.opened(path) as connection:
            found = database.tables(connection)
            have = found.get(_TABLE, [])
            if not {"time", "vbus", "ibus"} <= set(have):
                raise DataError(f"{path}: no table {_TABLE} with Time, VBUS and IBUS")
            names = [name for name in ("time", "vbus", "ibus", "cc1", "cc2") if name in have]
            rows = database.rows(connection, _TABLE, names)
            messages = len(database.rows(connection, "pd_table", ["Time"])) if "pd_table" in found else 0
        if not rows:
            raise DataError(f"{path}: no samples: {_TABLE} is empty")
        stamps = [_stamp(row[0]) for row in rows]
        measured = axis(stamps, str(path), spread=False)
        columns = [column for column in _COLUMNS if column.index < len(names)]
        values = [
            np.array([database.number(row[column.index]) for row in rows])[measured.kept]
            for column in columns
        ]
        table = TableRead(measured, values, RELATIVE, measured.warnings)
        meter = samples("POWER-Z KM003C", columns, table)
        meter.info = {"PD messages in the export, not imported": messages}
        return Log(cls.name, RELATIVE, [meter], warnings=table.warnings, external=True)


def _stamp(value: object) -> int | None:
    seconds = database.number(value)
    return round(seconds * NS) if math.isfinite(seconds) and abs(seconds) < _LARGEST_S else None
