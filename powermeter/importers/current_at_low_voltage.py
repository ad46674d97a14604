"""Doubts a current in amperes whose whole numbers only milliamperes would explain: 512 A at 5 V."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.table_plan import Planned
from powermeter.result.notes import Note
from powermeter.units import format_short

_OF_A_CHIP_V = 2.5
"""Below it a core of a processor draws hundreds of amperes."""

_OF_A_DEVICE_V = 26.0
_OF_A_BATTERY_BANK_A = 100.0


def perhaps_milliamperes(columns: Sequence[Planned], seen: Sequence[Statistics]) -> list[Note]:
    """Return a note on each current in whole amperes, a hundred and more, beside the voltage of a small device on its rail."""
    volts = {
        column.rail: _typical(column, own)
        for column, own in zip(columns, seen, strict=True)
        if column.quantity is Quantity.VOLTAGE and column.rail is not None and own.head
    }
    notes = []
    for column, own in zip(columns, seen, strict=True):
        if column.quantity is not Quantity.CURRENT or column.heading.factor != 1 or not own.head:
            continue
        amperes, across = _typical(column, own), volts.get(column.rail or "", 0.0)
        whole = all(float(value).is_integer() for value in own.head)
        if whole and amperes >= _OF_A_BATTERY_BANK_A and _OF_A_CHIP_V <= across <= _OF_A_DEVICE_V:
            typed = quote(f"{column.heading.text}=mA")
            text = (
                f"column {column.heading.text!r}: {format_short(amperes, 4)} A at {format_short(across)} V are {format_short(amperes * across / 1e3, 2)} kW, which few devices of that "
                f"voltage draw; if the values are in mA, import again with --column {typed}"
            )
            notes.append(Note.warning("implausible-unit", text))
    return notes


def _typical(column: Planned, own: Statistics) -> float:
    head = np.abs(np.asarray(own.head, np.float64))
    return float(np.median(head)) * column.heading.factor
