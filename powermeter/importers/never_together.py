"""Refuses a rail whose voltage and current never stand in one row: their product has no reading."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

import numpy as np

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.column_store import Store
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.table_rows import Stream


def refuse_never_together(
    plan: TablePlan, streams: Sequence[Stream], seen: Sequence[Statistics], store: Store, where: str
) -> None:
    """Look at each rail whose power would be voltage × current.

    Raises:
        ConfigurationError: No row of one holds both, and neither stands until its next reading.
    """
    rails: dict[str, dict[Quantity, Stream]] = {}
    for stream in streams:
        assert stream.channel is not None
        if stream.channel.rail is not None:
            rails.setdefault(stream.channel.rail.name, {})[stream.channel.quantity] = stream
    for rail, own in rails.items():
        volt, amp = own.get(Quantity.VOLTAGE), own.get(Quantity.CURRENT)
        if volt is None or amp is None or own.keys() & {Quantity.POWER, Quantity.ENERGY}:
            continue
        if (
            volt.device is not None
            or "held" in (volt.as_, amp.as_)
            or _counted(volt, seen) + _counted(amp, seen) > store.rows
        ):
            continue
        if (np.isfinite(store.whole(volt.column)) & np.isfinite(store.whole(amp.column))).any():
            continue
        names = [plan.columns[int(stream.column[1:])].heading.text for stream in (volt, amp)]
        raise ConfigurationError(
            f"{where}: {names[0]!r} and {names[1]!r} of {rail} never stand in one row, so no reading is a power; "
            f"if the voltage stands until its next reading, import with --as {quote(f'{names[0]}=held')}"
        )


def _counted(stream: Stream, seen: Sequence[Statistics]) -> int:
    return seen[int(stream.column[1:])].count
