"""Puts rows of a table that were printed together back to when they were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.importers.alternately_late_rows import evened, measured_evenly, turns_of
from powermeter.importers.coarse_stamps import SpreadTimes, in_blocks
from powermeter.importers.column_kinds import Meaning
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.time_axis import Axis, spread_over
from powermeter.recording.rows_together import Blocks, blocks_of, evenly_measured
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

PERHAPS_LATE = "perhaps-late-by-turns"
"""The code of the note that every second row may be stamped late, so that nothing of the table is measured."""

# Of these a change inside a long step shows in both readings, so that they look evenly measured.
_OVER_TIME = frozenset(("mean", "per-row", "held"))
_HOLE = 1.5  # of the usual time from block to block, from which one is missing
_OPEN = 2.4  # of what every second row is late by, which 1.96/√12 of it reaches beyond: the others may be as early, or half of the rows are off


def put_back_printed(found: Axis, store: Store, plan: TablePlan, meanings: Sequence[Meaning]) -> None:
    """Put rows that were printed together back to when they were measured, in place, where their values show that they were, evenly.

    Args:
        meanings: Of the plan's columns.
    """
    if found.resolution_ns:
        return
    blocks = blocks_of(found.times_ns)
    if blocks is None:
        _even_by_turns(found, store, plan, meanings)
        return
    columns = list(_columns(found, store, plan, meanings))
    shown = [evenly_measured(blocks, values, counted=c) for values, c in columns]
    if False in shown:
        found.warnings.append(_of_bursts(blocks, counted=all(c for _, c in columns)))
    elif True in shown:
        spread_over(found, put_back(found.times_ns, blocks))


def put_back(times_ns: Times, blocks: Blocks) -> SpreadTimes:
    """Return rows at even distances between the end of the block before and that of their own."""
    bounds = np.append(blocks.first, times_ns.size)
    together = np.repeat(times_ns[bounds[1:] - 1], np.diff(bounds))
    return replace(in_blocks(together, _HOLE), late_ns=0, open_ns=blocks.period_ns, rows=blocks.rows)


def _columns(
    found: Axis, store: Store, plan: TablePlan, meanings: Sequence[Meaning]
) -> Iterator[tuple[Floats, bool]]:
    """Yield the values of each column of a rail, and whether they are a running total."""
    rows = found.kept
    for i, (column, meaning) in enumerate(zip(plan.columns, meanings, strict=True)):
        if column.rail is not None:
            yield store.part(f"c{i}", 0, int(rows[-1]) + 1)[rows], meaning.as_ == "counter"


def _even_by_turns(found: Axis, store: Store, plan: TablePlan, meanings: Sequence[Meaning]) -> None:
    """Put rows of which every second one is stamped late at even times, in place; where values do not show which is so, leave both open."""
    turns = turns_of(found.times_ns)
    if turns is None:
        return
    over_time = any(meaning.as_ in _OVER_TIME for meaning in meanings)
    shown = (
        []
        if over_time
        else [
            measured_evenly(turns, values, counted=c) for values, c in _columns(found, store, plan, meanings)
        ]
    )
    if False in shown:
        return
    late = format_duration(turns.late_ns / NS)
    found.resolution_ns, found.late_ns = round(_OPEN * turns.late_ns), 0
    if True in shown:
        found.times_ns = evened(found.times_ns, turns)
        text = (
            f"every second row is stamped {late} later than the others, while the load changes as often over short steps as over long ones: rows "
            "were put at even times; an edge of an event is known to about that"
        )
        found.warnings.append(Note.info("late-by-turns", text))
        return
    text = (
        f"rows come {format_duration(turns.short_ns / NS)} and {format_duration(turns.long_ns / NS)} behind the one before by turns, and their values do not show "
        f"whether every second one is stamped {late} late: an edge of an event is known to about that; stamp each row when it is read"
    )
    found.warnings.append(Note.warning(PERHAPS_LATE, text))


def _of_bursts(blocks: Blocks, *, counted: bool) -> Note:
    """Return the note on rows that were measured in bursts.

    Args:
        counted: Whether all that is measured is counted on in the pauses.
    """
    pauses = (
        "when in a pause power was drawn, the counter does not show"
        if counted
        else "what was drawn in the pauses is not known"
    )
    return Note.warning(
        "rows-in-bursts",
        f"rows come {blocks.rows} at a time, each {format_duration(blocks.period_ns / NS)}, and differ less among each other than over the pauses: they were "
        f"measured in bursts, and {pauses}; log at an even rate",
    )
