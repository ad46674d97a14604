"""Holds the units of voltage, current and power of one rail against each other."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.table_rows import Stream
from powermeter.importers.time_axis import Axis
from powermeter.importers.unit_columns import MAINS_V
from powermeter.result.notes import Note
from powermeter.units import format_short

_PREFIX = 1000.0
_LEAST = 0.8
"""The least that voltage times current may be of the power beside them: readings of different moments."""

_BEYOND = 3.0
"""Of a power over volt-amperes, which no direct current exceeds."""
_BEYOND_ON_MAINS = 100.0
"""There the current may be that of one of three lines, and that line nearly idle."""

_IDLE = 100.0
"""How many times the watts the volt-amperes of an idle adapter on the mains may be: its capacitors draw current and hardly power."""

_LEAST_V = 0.2
_WATTS = re.compile(r"[+-]?[\d.,]{1,20} ?[numkM]?W")

_ROWS = 1 << 20
_FEWEST = 4
_SLACK = 2.0
"""How far from a whole prefix the ratio may be: shunts, phases and noise."""


def refuse_other_units(plan: TablePlan, seen_of: Sequence[Statistics], where: str) -> list[Note]:
    """Refuse columns of one rail whose units contradict each other, and return notes on those that differ by less.

    Volts times amperes are watts, and never less: of alternating current they may be more.

    Raises:
        ConfigurationError: They are a thousand times the power, or a thousandth.
    """
    notes = _cells_of_another(plan)
    if plan.signature is not None:
        return notes
    for power in plan.columns:
        if power.rail is None or power.quantity is not Quantity.POWER:
            continue
        parts = {
            column.quantity: (column, _mean(column, seen))
            for column, seen in zip(plan.columns, seen_of, strict=True)
            if column.rail == power.rail
        }
        if not {Quantity.VOLTAGE, Quantity.CURRENT} <= parts.keys():
            notes += _below_any_supply(power, parts)
            continue
        product = parts[Quantity.VOLTAGE][1] * parts[Quantity.CURRENT][1]
        watts = parts[Quantity.POWER][1]
        if not (product and watts):
            continue
        if not _is_prefix(product / watts):
            notes += _differing(product / watts, parts[Quantity.VOLTAGE][1], power)
            continue
        names = [parts[q][0].heading for q in (Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER)]
        listed = ", ".join(f"{h.text!r} in {h.unit}" for h in names)
        raise ConfigurationError(
            f"{where}: {listed}: voltage times current is {format_short(product / watts)} times the power, so one of the units is wrong; "
            f"leave that column out, --column {quote(f'{names[1].text}=-')}, or state its unit in the same way"
        )
    return notes


def _differing(ratio: float, volts: float, power: Planned) -> list[Note]:
    """Return a note where a power is not what voltage and current of its rail are together."""
    if ratio >= _LEAST and (ratio <= 1 / _LEAST or (volts > MAINS_V and ratio < _IDLE)):
        return []
    return [
        Note.warning(
            "power-against-product",
            f"voltage times current is {format_short(ratio)} times {power.heading.text!r}: one of the three is wrong, or they measure different "
            f"lines; the power is counted. To count the product, leave it out: --column {quote(f'{power.heading.text}=-')}",
        )
    ]


def beyond_volt_amperes(
    columns: Sequence[Planned],
    streams: Sequence[Stream],
    store: Store,
    found: Axis,
    noted: Sequence[Note],
) -> list[Note]:
    """Return a note on each power that is far more in its rows than voltage and current of its rail make: no load draws that.

    Args:
        columns: All columns of the table.
        streams: What was made of them, one a column.
        noted: What was found before: of a table whose first rows contradict each other nothing is added.
    """
    if any(note.code == "power-against-product" for note in noted):
        return []
    own = {int(stream.column[1:]): stream for stream in streams if stream.device is None}
    notes = []
    for rail in dict.fromkeys(columns[i].rail for i in sorted(own) if columns[i].rail is not None):
        by = {columns[j].quantity: j for j in sorted(own, reverse=True) if columns[j].rail == rail}
        if not by.keys() >= {Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT}:
            continue
        kept = found.kept[found.kept < _ROWS]
        stop = int(kept.max()) + 1 if len(kept) else 0
        watts, volts, amperes = (
            np.abs(own[j].clean(store.part(own[j].column, 0, stop)[kept])) * columns[j].heading.factor
            for j in (by[Quantity.POWER], by[Quantity.VOLTAGE], by[Quantity.CURRENT])
        )
        both = np.isfinite(watts) & np.isfinite(volts) & np.isfinite(amperes) & (volts > 0) & (amperes > 0)
        stated, made = float(watts[both].sum()), float((volts * amperes)[both].sum())
        on_mains = bool(both.any()) and float(np.median(volts[both])) > MAINS_V
        if int(both.sum()) >= _FEWEST and stated > (_BEYOND_ON_MAINS if on_mains else _BEYOND) * made:
            names = " × ".join(
                repr(columns[by[q]].heading.text) for q in (Quantity.VOLTAGE, Quantity.CURRENT)
            )
            power = repr(columns[by[Quantity.POWER]].heading.text)
            text = f"{power} is {format_short(stated / made)} times {names}, more than any load draws: a unit is wrong, or a column is another one than its header states"
            notes.append(Note.warning("power-against-volt-amperes", text))
    return notes


def _below_any_supply(power: Planned, parts: Mapping[Quantity, tuple[Planned, float]]) -> list[Note]:
    """Return a note where a power is less than its current needs at the lowest voltage that drives a device."""
    watts, amps = parts[power.quantity][1], parts.get(Quantity.CURRENT, (power, 0.0))[1]
    if not watts or not amps or watts / amps >= _LEAST_V:
        return []
    current = parts[Quantity.CURRENT][0].heading.text
    text = (
        f"{power.heading.text!r} is {format_short(watts / amps, 2)} V times {current!r}, and no device runs on so little: one of their units is wrong, or the header "
        "has its columns in another order than the rows; put it right and import again"
    )
    return [Note.warning("power-against-product", text)]


def _cells_of_another(plan: TablePlan) -> list[Note]:
    """Return a note where a power's cells are bare numbers, and those of a column of something else are in watts."""
    places = {column.index for column in plan.columns if column.quantity is Quantity.POWER}
    if not places or any(_in_watts(plan, place) for place in places):
        return []
    headings = plan.layout.headings
    others = [
        heading.text
        for i, heading in enumerate(headings)
        if i not in places
        and heading.quantity is not Quantity.POWER
        and _in_watts(plan, i)
        and "limit" not in heading.text.lower()
    ]
    if not others:
        return []
    text = (
        f"the cells of {others[0]!r} are in W, and those of {headings[min(places)].text!r}, which is counted, are not: the header has its columns in "
        "another order than the rows, or the name is not what it measures; put it right and import again"
    )
    return [Note.warning("power-against-product", text)]


def _in_watts(plan: TablePlan, place: int) -> bool:
    """Return whether most cells of a column are a number and a unit of power."""
    cells = [row[place] for row in plan.layout.rows if len(row) > place and row[place]]
    return sum(_WATTS.fullmatch(cell.strip()) is not None for cell in cells) * 2 > max(len(cells), 1)


def _is_prefix(ratio: float) -> bool:
    if not 0 < ratio < math.inf:
        return False
    steps = math.log(ratio, _PREFIX)
    return round(steps) != 0 and abs(steps - round(steps)) * math.log(_PREFIX) < math.log(_SLACK)


def _mean(column: Planned, seen: Statistics) -> float:
    head = np.abs(np.array(seen.head))
    return float(head.mean()) * column.heading.factor if len(head) else 0.0
