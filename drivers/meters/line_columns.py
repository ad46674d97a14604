"""The columns of a printed line: how they are described, and how a number and a check are read."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from typing import Any

from powermeter.channel import OF_UNIT, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.units import unit_factor

CODE_FRACTION = 1e-4
"""One raw code is this part of the column's unit: 0.1 µA for mA."""

TIMES_NS = {"t_us": 1e3, "t_ms": 1e6, "t_s": 1e9, "t_ns": 1.0}

QUANTITIES = {unit: OF_UNIT[unit] for unit in ("V", "A", "W", "J", "C", "degC")}

COUNTERS = (Quantity.ENERGY, Quantity.CHARGE)

_HEX_BYTE = re.compile(rb"[0-9A-Fa-f]{2}\Z")

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")

LARGEST = {  # no value a bench of this kind can show
    Quantity.VOLTAGE: 1e4,
    Quantity.CURRENT: 1e4,
    Quantity.POWER: 1e6,
    Quantity.ENERGY: 1e12,
    Quantity.CHARGE: 1e12,
    Quantity.TEMPERATURE: 1e4,
}


@dataclass(frozen=True, slots=True)
class LineColumn:
    """One column: where it stands in a line and what it means."""

    key: str  # JSON key path; empty in CSV
    place: int
    rail: str
    quantity: Quantity | None  # None: the device's time
    factor: float  # SI per unit; nanoseconds per tick of a time
    unit: str


def parse_columns(text: str, *, keyed: bool) -> tuple[LineColumn, ...]:
    """Return the columns that the option describes.

    Raises:
        ConfigurationError: A unit is not known, nothing is measured, or two columns mean the same.
    """
    columns: list[LineColumn] = []
    for place, item in enumerate(text.split(",")):
        key, _, meaning = item.strip().partition("=") if keyed else ("", "", item.strip())
        if keyed and not meaning:
            raise ConfigurationError(f"{item!r}: with json=yes write key=unit, for example v.avg=V")
        if meaning in ("-", ""):
            continue
        if meaning in TIMES_NS:
            columns.append(LineColumn(key, place, "", None, TIMES_NS[meaning], meaning))
            continue
        rail, _, unit = meaning.rpartition(".")
        found = unit_factor(unit)
        if found is None or found[0] not in QUANTITIES:
            raise ConfigurationError(
                f"column {item!r}: {unit!r} is not a unit of V, A, W, J, C, Wh, Ah or degC, and no t_us, t_ms, t_s"
            )
        columns.append(LineColumn(key, place, rail, QUANTITIES[found[0]], found[1], unit))
    meanings = [(column.rail, column.quantity) for column in columns]
    if len(set(meanings)) != len(meanings):
        raise ConfigurationError(f"{text!r} names one quantity of one rail twice")
    if not any(column.quantity for column in columns):
        raise ConfigurationError(f"{text!r} measures nothing; write for example columns=t_us,mV,mA")
    return tuple(columns)


def parse_number(text: Any) -> float | None:
    """Return a finite number; None for `nan`, `inf`, `ovf`, an empty field or anything else."""
    if isinstance(text, bool):
        return None
    if isinstance(text, (int, float)):
        return float(text) if abs(text) <= sys.float_info.max else None
    if isinstance(text, str) and len(text) < 40 and _NUMBER.match(text := text.strip()):
        value = float(text)
        return value if math.isfinite(value) else None
    return None


def xor_of(data: bytes) -> int:
    """Return the exclusive or of all bytes (the check of NMEA sentences)."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def sum_of(data: bytes) -> int:
    """Return the sum of all bytes modulo 256."""
    return sum(data) & 0xFF


CHECKS = {"xor": xor_of, "sum": sum_of}


def without_check(line: bytes, check: str) -> bytes:
    """Return a line without its `*HH` and, before it, a leading `$`.

    Raises:
        DataError: The check is missing or wrong.
    """
    body, star, digits = line.removeprefix(b"$").rpartition(b"*")
    if not star or not _HEX_BYTE.match(digits):
        raise DataError("the line has no check")
    if CHECKS[check](body) != int(digits, 16):
        raise DataError("the line's check is wrong")
    return body
