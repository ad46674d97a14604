"""Which columns of a table count for their rails, and which of them are the whole's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers import column_kinds
from powermeter.importers.cells import Statistics
from powermeter.importers.headers import Heading
from powermeter.importers.plan import Planned
from powermeter.importers.table_rows import Stream
from powermeter.importers.whole_rail import Mean, Whole, decide
from powermeter.result.notes import Note


def readings_beside(columns: Sequence[Planned], seen_of: Sequence[Statistics]) -> tuple[set[int], list[Note]]:
    """Return the columns that are kept beside their rail and not used for it, and the notes on them.

    They are running totals beside readings of the same rail, and second readings of one quantity.
    """
    spare = set()
    notes: list[Note] = []
    for i, column in enumerate(columns):
        if column.rail is None or column.quantity not in column_kinds.TOTALS:
            continue
        beside = {
            other.quantity
            for j, other in enumerate(columns)
            if other.rail == column.rail and seen_of[j].count and other.quantity not in column_kinds.TOTALS
        }
        if (
            Quantity.POWER in beside
            or {Quantity.VOLTAGE, Quantity.CURRENT} <= beside
            or (column.quantity is Quantity.CHARGE and Quantity.CURRENT in beside)
        ):
            spare.add(i)
    seen: set[tuple[str, Quantity]] = set()
    for i, column in enumerate(columns):
        if column.rail is None or i in spare or not seen_of[i].count:
            continue
        if (column.rail, column.quantity) in seen:
            spare.add(i)
            text = f"{column.heading.text!r} is another reading of {column.rail}: kept beside it"
            notes.append(Note.info("kept-beside", text))
        seen.add((column.rail, column.quantity))
    return spare, notes


def question_of_whole(headings: Sequence[Heading]) -> str | None:
    """Return what would be asked of the rails that columns are called after, or None where their names show which is the whole."""
    names = [h.rail for h in headings if h.quantity in _FLOWS and h.rail is not None]
    if len(names) < 2 or len({*names}) < len(names):
        return None
    try:
        decide([Rail(name, None, Boundary.BOARD, "") for name in names], where="")
    except ConfigurationError as error:
        return str(error).removeprefix(": ")
    return None


_FLOWS = (Quantity.POWER, Quantity.ENERGY)


def means_of_rails(streams: Sequence[Stream], seen_of: Sequence[Statistics]) -> Mapping[str, Mean]:
    """Return the mean power of the first readings of each rail, or the energy that its counter counts in them."""
    found: dict[str, Mean] = {}
    for stream in streams:
        assert stream.channel is not None
        rail = stream.channel.rail
        seen = seen_of[int(stream.column[1:])]
        if rail is None or not seen.head or stream.device is not None:
            continue
        head = np.array(seen.head)
        head = head[np.abs(head) <= stream.limit]
        if stream.channel.quantity is Quantity.POWER and len(head):
            found[rail.name] = stream.channel.value_of(head.mean()) or 0.0, "W"
        elif stream.as_ == "counter" and stream.channel.quantity is Quantity.ENERGY and len(head) > 1:
            found[rail.name] = float(head[-1] - head[0]) * stream.channel.scale, "J"
    return found


def headline_of(streams: Sequence[Stream], whole: Whole) -> list[Stream]:
    """Return the streams of the rail that is the whole, and of its parts."""
    names = {
        name for name, rail in whole.rails.items() if name == whole.headline or rail.parent == whole.headline
    }
    return [
        s
        for s in streams
        if s.channel is not None and s.channel.rail is not None and s.channel.rail.name in names
    ]
