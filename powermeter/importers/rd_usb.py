"""Imports recordings of rd-usb (UM24C, UM25C, UM34C, TC66C): its CSV export or its data.db.

Times are Unix seconds without a fraction, also where the meter was read faster; such rows are spread.
The meter's own totals (mAh, mWh) run on between sessions and have been found in another data group
than the one shown, so they are kept beside the rail and never used for its energy.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import database
from powermeter.importers.accuracies import UM_CURRENT, UM_POWER, UM_VOLTAGE, UNKNOWN
from powermeter.importers.column_channels import samples
from powermeter.importers.columns import LogColumn, TableRead, TimeColumn, Written, read_table, rows
from powermeter.importers.files import Peek
from powermeter.importers.log import UTC, Choices, Importer, Log
from powermeter.importers.stamps import axis
from powermeter.units import NS

_RAIL = Rail("usb", None, Boundary.BOARD, "what passes through the USB meter")


class _Field(NamedTuple):
    """A column: its name in the CSV export and in the database, and what it is."""

    title: str
    name: str
    channel: str
    quantity: Quantity
    factor: float = 1.0
    on_rail: bool = True
    kind: Kind = Kind.INSTANT


_FIELDS = (
    _Field("Voltage (V)", "voltage", "usb.voltage", Quantity.VOLTAGE),
    _Field("Current (A)", "current", "usb.current", Quantity.CURRENT),
    _Field("Power (W)", "power", "usb.power", Quantity.POWER),
    _Field("Temperature (°C)", "temperature", "meter.temperature", Quantity.TEMPERATURE, on_rail=False),
    _Field(
        "Accumulated current (mAh)",
        "accumulated_current",
        "meter.charge",
        Quantity.CHARGE,
        3.6,
        on_rail=False,
        kind=Kind.COUNTER,
    ),
    _Field(
        "Accumulated power (mWh)",
        "accumulated_power",
        "meter.energy",
        Quantity.ENERGY,
        3.6,
        on_rail=False,
        kind=Kind.COUNTER,
    ),
)
_ACCURACIES = {Quantity.VOLTAGE: UM_VOLTAGE, Quantity.CURRENT: UM_CURRENT, Quantity.POWER: UM_POWER}
_UNIX = "Unix time"


class RdUsb(Importer):
    name = "rd-usb"
    title = "an rd-usb recording"
    takes = frozenset({"session"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.head.startswith(database.MAGIC):
            return b"accumulated_current" in peek.head and b"measurements" in peek.head
        return bool(peek.lines) and _UNIX in peek.lines[0] and "Accumulated current (mAh)" in peek.lines[0]

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        if Peek.at(path).head.startswith(database.MAGIC):
            return _from_database(path, choices)
        header = [name.strip() for name in next(rows(path, ","), (0, []))[1]]
        if _UNIX not in header:
            raise DataError(f"{path}: no column {_UNIX!r}; not an export of rd-usb")
        columns = _columns({name: i for i, name in enumerate(header)}, path)
        table = read_table(
            path, columns, TimeColumn(header.index(_UNIX), "epoch", NS), choices, written=Written(skip=1)
        )
        meter = samples("USB meter", columns, table)
        return Log(cls.name, UTC, [meter], warnings=table.warnings, external=True)


def _columns(places: dict[str, int], path: Path) -> list[LogColumn]:
    """Return the columns that are there, by their titles or their names in the database."""
    columns = []
    for field in _FIELDS:
        place = places.get(field.title, places.get(field.name))
        if place is not None:
            columns.append(
                LogColumn(
                    place,
                    field.channel,
                    field.quantity,
                    field.factor,
                    _RAIL if field.on_rail else None,
                    field.kind,
                    accuracy=_ACCURACIES.get(field.quantity, UNKNOWN),
                )
            )
    if not any(column.rail for column in columns):
        raise DataError(f"{path}: no voltage, current or power in this rd-usb recording")
    return columns


def _from_database(path: Path, choices: Choices) -> Log:
    with database.opened(path) as connection:
        have = database.tables(connection).get("measurements", [])
        if "timestamp" not in have:
            raise DataError(f"{path}: no table of measurements; not the database of rd-usb")
        session, meter = _session(path, connection, have, choices.session)
        names = ["timestamp", *(field.name for field in _FIELDS if field.name in have)]
        where = (
            ""
            if session is None
            else "WHERE session_id = ?"
            if isinstance(session, int)
            else "WHERE name = ?"
        )
        found = database.rows(connection, "measurements", names, where, () if session is None else (session,))
    if not found:
        raise DataError(f"{path}: no samples in this session")
    stamps = [
        round(row[0] * NS) if isinstance(row[0], (int, float)) and 0 < row[0] < 9e9 else None for row in found
    ]
    measured = axis(stamps, str(path))
    columns = _columns({name: i for i, name in enumerate(names)}, path)
    values = [np.array([database.number(row[c.index]) for row in found])[measured.kept] for c in columns]
    table = TableRead(measured, values, UTC, measured.warnings)
    result = samples(meter or "USB meter", columns, table)
    return Log(
        RdUsb.name, UTC, [result], metadata={"session": session}, warnings=table.warnings, external=True
    )


def _session(
    path: Path, connection: object, have: list[str], wanted: str | None
) -> tuple[int | str | None, str]:
    """Return the key of the session to import, and the meter's name.

    Raises:
        ConfigurationError: There are several and none, or an unknown one, was named.
    """
    import sqlite3

    assert isinstance(connection, sqlite3.Connection)
    keys: dict[str, tuple[int | str, str]] = {}
    if "session_id" in have and "sessions" in database.tables(connection):
        for identity, name, version in database.rows(connection, "sessions", ["id", "name", "version"]):
            if isinstance(identity, int):
                label = str(name) if str(name) not in keys else f"{name}#{identity}"
                keys[label] = (identity, str(version or ""))
    elif "name" in have:
        for (name,) in connection.execute("SELECT DISTINCT name FROM measurements LIMIT 1000"):
            keys[str(name)] = (name, "")
    if wanted is not None:
        if wanted not in keys:
            raise ConfigurationError(f"{path}: no session {wanted!r}; it has {', '.join(list(keys)[:12])}")
        return keys[wanted]
    if len(keys) > 1:
        raise ConfigurationError(
            f"{path}: holds {len(keys)} sessions; name one with --session: {', '.join(list(keys)[:12])}"
        )
    return next(iter(keys.values()), (None, ""))
