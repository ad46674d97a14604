"""Keeps volts times amperes of the mains from being taken for watts: of alternating current that is apparent power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.cells import Statistics
from powermeter.importers.log import Choices
from powermeter.importers.plan import TablePlan

_MAINS = ((90.0, 135.0), (195.0, 265.0))


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
    steady = bool((volts > 0).all()) and float(np.ptp(volts)) * factor < 0.3 * middle
    ac = bool(named & {"pf", "cosphi", "rms", "vrms", "irms", "ac"}) or {"power", "factor"} <= named
    if steady and (ac or any(low <= middle <= high for low, high in _MAINS)):
        raise ConfigurationError(
            f"{where}: volts and amperes, no watts, and the voltage stays at {middle:.4g} V"
            f"{', as mains do' if not ac else ''}: of alternating current their product is apparent power (VA), not the power that "
            "is used. Log the watts; where it is direct current, or they are instantaneous values: --as power"
        )
