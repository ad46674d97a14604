"""Puts rows of a table that were printed together back to when they were measured."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.importers.axis import Axis, spread_over
from powermeter.importers.column_kinds import Meaning
from powermeter.importers.column_store import Store
from powermeter.importers.plan import TablePlan
from powermeter.importers.printed_together import Blocks, blocks_of, evenly_measured, put_back
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration


def put_back_printed(found: Axis, store: Store, plan: TablePlan, meanings: Sequence[Meaning]) -> None:
    """Put rows that were printed together back to when they were measured, in place, where their values show that they were, evenly.

    Args:
        meanings: Of the plan's columns.
    """
    blocks = None if found.resolution_ns else blocks_of(found.times_ns)
    if blocks is None:
        return
    rows = found.kept
    shown: list[bool | None] = []
    for i, (column, meaning) in enumerate(zip(plan.columns, meanings, strict=True)):
        if column.rail is not None:
            values = store.part(f"c{i}", 0, int(rows[-1]) + 1)[rows]
            shown.append(evenly_measured(blocks, values, counted=meaning.as_ == "counter"))
    if False in shown:
        found.warnings.append(_of_bursts(blocks))
    elif True in shown:
        spread_over(found, put_back(found.times_ns, blocks))


def _of_bursts(blocks: Blocks) -> Note:
    return Note.warning(
        "rows-in-bursts",
        f"rows come {blocks.rows} at a time, each {format_duration(blocks.period_ns / NS)}, and differ less among each other than over the pauses: they were "
        "measured in bursts, and what was drawn in the pauses is not known; log at an even rate",
    )
