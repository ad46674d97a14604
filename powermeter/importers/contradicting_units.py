"""Holds the units of voltage, current and power of one rail against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.cells import Statistics
from powermeter.importers.plan import Planned, TablePlan

_PREFIX = 1000.0
_SLACK = 2.0
"""How far from a whole prefix the ratio may be: shunts, phases and noise."""


def refuse_other_units(plan: TablePlan, seen_of: Sequence[Statistics], where: str) -> None:
    """Refuse columns of one rail whose units contradict each other: volts times amperes are watts.

    Raises:
        ConfigurationError: They are a thousand times the power, or a thousandth.
    """
    if plan.signature is not None:
        return
    for power in plan.columns:
        if power.rail is None or power.quantity is not Quantity.POWER:
            continue
        parts = {
            column.quantity: (column, _mean(column, seen))
            for column, seen in zip(plan.columns, seen_of, strict=True)
            if column.rail == power.rail
        }
        if not {Quantity.VOLTAGE, Quantity.CURRENT} <= parts.keys():
            continue
        product = parts[Quantity.VOLTAGE][1] * parts[Quantity.CURRENT][1]
        watts = parts[Quantity.POWER][1]
        if not (product and watts) or not _is_prefix(product / watts):
            continue
        names = [parts[q][0].heading for q in (Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER)]
        listed = ", ".join(f"{h.text!r} in {h.unit}" for h in names)
        raise ConfigurationError(
            f"{where}: {listed}: voltage times current is {product / watts:.3g} times the power, so one of the units is wrong; "
            f"leave that column out, --column {quote(f'{names[1].text}=-')}, or state its unit in the same way"
        )


def _is_prefix(ratio: float) -> bool:
    steps = math.log(ratio, _PREFIX)
    return round(steps) != 0 and abs(steps - round(steps)) * math.log(_PREFIX) < math.log(_SLACK)


def _mean(column: Planned, seen: Statistics) -> float:
    head = np.abs(np.array(seen.head))
    return float(head.mean()) * column.heading.factor if len(head) else 0.0
