"""Knows the rows under a table that are none of it: its sum, its mean, its extremes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.importers.blocks import Store
from powermeter.importers.column_kinds import Meaning
from powermeter.importers.plan import Planned

_ROWS = 1 << 20
_FEWEST = 4
_ROUNDED = 1e-4


def refuse_sum_below(
    columns: Sequence[Planned], meanings: Sequence[Meaning], store: Store, where: str
) -> None:
    """Refuse amounts of rows whose last one is the sum of all above it.

    Raises:
        DataError: It is.
    """
    if store.rows > _ROWS or "key" in store:
        return
    timed = store.whole("stamp") != MISSING if "stamp" in store else np.ones(store.rows, bool)
    for i, (column, meaning) in enumerate(zip(columns, meanings, strict=True)):
        values = store.whole(f"c{i}") if meaning.as_ == "per-row" and column.rail is not None else np.empty(0)
        known = np.flatnonzero(np.isfinite(values) & timed[: len(values)])
        if len(known) <= _FEWEST or values[known[-1]] <= 0:
            continue
        total, above = float(values[known[-1]]), float(values[known[:-1]].sum())
        if abs(total - above) <= _ROUNDED * total and np.count_nonzero(values[known[:-1]]) > _FEWEST - 2:
            line = int(store.part("line", int(known[-1]), int(known[-1]) + 1)[0])
            raise DataError(
                f"{where}: the last number of {column.heading.text!r} (line {line}), {total:g}, is the sum of all above it: take that line out "
                "and import again"
            )
