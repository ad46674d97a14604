"""Keeps volts times amperes of the mains from being taken for watts: of alternating current that is apparent power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.log import Choices
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.unit_columns import MAINS_V
from powermeter.result.notes import Note
from powermeter.units import format_short

_MAINS = ((MAINS_V, 135.0), (195.0, 265.0))


def leave_out_apparent(plan: TablePlan, seen_of: Sequence[Statistics]) -> list[Note]:
    """Take volts and amperes of the mains off rails whose energy was counted, in place, and return notes on them.

    Their product would be apparent power; the energy beside them is what was used.
    """
    notes: list[Note] = []
    by_rail: dict[str, dict[Quantity, tuple[Planned, Statistics]]] = {}
    for column, seen in zip(plan.columns, seen_of, strict=True):
        if column.rail is not None and seen.count:
            by_rail.setdefault(column.rail, {}).setdefault(column.quantity, (column, seen))
    for own in by_rail.values():
        if not {Quantity.ENERGY, Quantity.VOLTAGE, Quantity.CURRENT} <= own.keys() or Quantity.POWER in own:
            continue
        volt, seen = own[Quantity.VOLTAGE]
        middle = float(np.median(seen.head)) * volt.heading.factor
        if not any(low <= middle <= high for low, high in _MAINS):
            continue
        amp = own[Quantity.CURRENT][0]
        volt.rail = amp.rail = None
        notes.append(
            Note.info(
                "apparent-power",
                f"{volt.heading.text!r} and {amp.heading.text!r} are mains quantities, whose product is apparent power (VA): the energy "
                f"is {own[Quantity.ENERGY][0].heading.text!r}",
            )
        )
    return notes


def refuse_apparent(plan: TablePlan, seen_of: Sequence[Statistics], choices: Choices, where: str) -> None:
    """Refuse a power that would be volts times amperes of the mains: that is apparent power.

    Raises:
        ConfigurationError: It would, and `--as` does not state that they are instantaneous values.
    """
    on_rail = {column.quantity for column in plan.columns if column.rail is not None}
    if choices.as_ or plan.signature is not None or on_rail & {Quantity.POWER, Quantity.ENERGY}:
        return
    if Quantity.CURRENT not in on_rail or (Quantity.VOLTAGE not in on_rail and choices.voltage_v is None):
        return
    heads = [
        np.array(seen.head)
        for column, seen in zip(plan.columns, seen_of, strict=True)
        if column.quantity is Quantity.VOLTAGE and column.rail is not None and seen.count
    ]
    volts = np.concatenate(heads) if heads else np.array([choices.voltage_v or 0.0])
    factor = next((c.heading.factor for c in plan.columns if c.quantity is Quantity.VOLTAGE and c.rail), 1.0)
    middle = float(np.median(volts)) * factor
    named = {word for h in plan.layout.headings for word in h.words}
    electric = {word for column in plan.columns if column.rail is not None for word in column.heading.words}
    steady = bool((volts > 0).all()) and float(np.ptp(volts)) * factor < 0.3 * middle
    ac = (
        bool(named & {"pf", "cosphi"} or electric & {"rms", "vrms", "irms", "ac"})
        or {"power", "factor"} <= named
    )
    if steady and (ac or any(low <= middle <= high for low, high in _MAINS)):
        raise ConfigurationError(
            f"{where}: volts and amperes, no watts, and the voltage stays at {format_short(middle, 4)} V"
            f"{', as mains do' if not ac else ''}: of alternating current their product is apparent power (VA), not the power that "
            "is used. Log the watts; where it is direct current, or they are instantaneous values: --as power"
        )
