"""Columns whose values hardly fit the unit that their header states, as where W are called mW: a note that names the likelier unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import plural
from powermeter.importers.column_kinds import Meaning
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.current_at_low_voltage import perhaps_milliamperes
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.unit_spellings import of_unit
from powermeter.result.notes import Note
from powermeter.units import format_short

_PLAUSIBLE = {
    Quantity.POWER: (20e-3, 20e3),
    Quantity.CURRENT: (1e-6, 1e3),
    Quantity.VOLTAGE: (0.3, 1e3),
}
"""Quantity → (lowest, highest) median magnitude, in SI, that a device's supply plausibly has."""


def implausible_units(
    plan: TablePlan, seen_of: Sequence[Statistics], meanings: Sequence[Meaning]
) -> list[Note]:
    """Return a warning for each column whose values hardly fit its unit, as where W are called mW."""
    found = perhaps_milliamperes(plan.columns, seen_of)
    for column, seen, meaning in zip(plan.columns, seen_of, meanings, strict=True):
        if column.quantity not in _PLAUSIBLE or meaning.as_ in ("counter", "per-row") or column.rail is None:
            continue
        head = np.abs(np.array(seen.head))
        head = head[head > 0]
        if not len(head):
            if column.quantity is not Quantity.VOLTAGE and seen.count and seen.largest == seen.smallest == 0:
                found.append(
                    Note.warning(
                        "all-zero",
                        f"column {column.heading.text!r} is 0 in all {plural(seen.count, 'row')}: nothing was drawn, or nothing was measured",
                    )
                )
            continue
        typical = float(np.median(head))
        low, high = _PLAUSIBLE[column.quantity]
        named = column.heading
        if low <= typical * named.factor <= high:
            continue
        small = typical * named.factor < low
        better = column.quantity.unit if small else f"m{column.quantity.unit}"
        if of_unit(named.unit or "") == of_unit(better) or (small and named.factor < 1e-3):
            continue
        found.append(
            Note.warning(
                "implausible-unit",
                f"column {named.text!r}: a typical value of {format_short(typical, 4)} {named.unit} is implausibly "
                f"{'small' if small else 'large'} for a device; if the values are in {better}, import again "
                f"with --unit {better}",
            )
        )
    return found
