"""Notices rows of several devices that no column distinguishes, and asks instead of mixing them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError, plural
from powermeter.importers.column_store import Store
from powermeter.importers.log import Choices
from powermeter.importers.table_plan import TablePlan
from powermeter.units import format_short

_LOOKED_AT = 20_000
_BURSTS = 4
_APART = 20.0  # the pause between bursts over the steps inside them
_LIKE = 0.25
"""How much closer the readings in one place of all bursts lie to each other than those of one burst."""


def refuse_turns(
    stamps: NDArray[np.int64], store: Store, plan: TablePlan, choices: Choices, where: str
) -> None:
    """Ask where the rows come in bursts of several, as devices without a name do.

    Rows with one stamp, or a few ms apart and then a long pause, are several devices if the readings in one
    place of all bursts lie close together while those of one burst do not, or if they are not one stamp's.

    Raises:
        ConfigurationError: They look like several devices.
    """
    if choices.interleaved is not None or len(stamps) < 2 * _BURSTS:
        return
    times = stamps[:_LOOKED_AT]
    steps = np.diff(times)
    size = burst_length(steps)
    if size is None:
        return
    column = next(i for i, c in enumerate(plan.columns) if c.rail is not None)
    values = store.part(f"c{column}", 0, len(times))
    values = values[: len(values) // size * size]
    if not np.isfinite(values).any():
        return
    table = values.reshape(-1, size)
    across, along = np.diff(table, axis=0), np.diff(table, axis=1)
    if not (np.isfinite(across).any() and np.isfinite(along).any()):
        return
    same = float(np.nanmedian(np.abs(across)))
    other = float(np.nanmedian(np.abs(along)))
    inside = steps[steps < np.median(steps[size - 1 :: size]) / _APART] if (steps > 0).any() else steps
    one_stamp = not inside.any()
    if other > 0 and (same <= _LIKE * other or (not one_stamp and same < other)):
        how = "one stamp" if one_stamp else f"{format_short(float(np.median(inside)) / 1e6)} ms"
        raise ConfigurationError(
            f"{where}: its rows come in rounds of {size} ({how}, then a pause), which looks like several devices without "
            f"an index: --interleaved {size} takes them as {plural(size, 'device')} that add up, --interleaved 1 as one device "
            "(nvidia-smi: log with --query-gpu=timestamp,index,power.draw)"
        )


def burst_length(steps: NDArray[np.int64]) -> int | None:
    """Return how many rows a burst has, where all have as many, or None."""
    largest = float(np.percentile(steps, 95)) if len(steps) else 0.0
    if largest <= 0:
        return None
    pauses = np.flatnonzero(steps > largest / _APART) + 1
    if len(pauses) < _BURSTS or len(pauses) * 1.5 > len(steps):
        return None
    sizes = np.diff(pauses)
    size = int(np.median(sizes))
    first = int(pauses[0])
    return size if size > 1 and (sizes == size).mean() > 0.9 and first == size else None
