"""Counters of a table that never move: they have counted nothing, or less than one step."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.channel import Quantity
from powermeter.errors import DataError
from powermeter.importers.column_kinds import TOTALS, Meaning
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.table_plan import Planned
from powermeter.result.notes import Note


def leave_out_still(
    columns: Sequence[Planned], meanings: Sequence[Meaning], seen_of: Sequence[Statistics], where: str
) -> list[Note]:
    """Take counters that never move off their rails, in place, and return a note on them.

    A counter that stands still has counted nothing, or less than its step: that is not 0 J.

    Raises:
        DataError: Nothing else in the table holds an energy or a charge.
    """
    still = [
        column
        for column, meaning, seen in zip(columns, meanings, seen_of, strict=True)
        if column.rail is not None
        and column.quantity in TOTALS
        and meaning.as_ in ("counter", "level")
        and seen.count > 1
        and seen.rises == seen.falls == 0
    ]
    for column in still:
        column.rail = None
    names = ", ".join(repr(column.heading.text) for column in still)
    stands = f"{names} {'never moves' if len(still) == 1 else 'never move'}: nothing was counted, or less than one step; that is not 0 J"
    if still and all(c.rail is None or c.quantity is Quantity.VOLTAGE for c in columns):
        raise DataError(f"{where}: {stands}, and nothing else in it yields an energy")
    return [Note.warning("counter-still", f"{stands}, so it is left out")] if still else []
