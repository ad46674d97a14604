"""From the columns of a table to samples: channels, their scales and names."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Accuracy, Channel
from powermeter.errors import DataError
from powermeter.importers.columns import LARGEST, LogColumn, TableRead
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.log import LogRows
from powermeter.result.notes import Note


def samples(name: str, columns: Sequence[LogColumn], table: TableRead) -> LogRows:
    """Turn a table into samples of integer codes.

    Raises:
        DataError: No column holds a number.
    """
    channels: list[Channel] = []
    codes: list[NDArray[np.int64]] = []
    for column, values in zip(columns, table.values, strict=True):
        if not np.isfinite(values).any():
            table.warnings.append(
                Note.warning("column-left-out", f"column {column.name} holds no number and was left out")
            )
            continue
        with np.errstate(over="ignore"):
            absurd = np.isfinite(values) & ~(np.abs(values * column.factor) < LARGEST)
        if absurd.any():
            table.warnings.append(
                Note.warning(
                    "implausible-values",
                    f"{column.name}: {int(absurd.sum())} values beyond any instrument are missing values",
                )
            )
            values = np.where(absurd, np.nan, values)
            if not np.isfinite(values).any():
                continue
        grid = DecimalGrid()
        grid.add(values)
        own = replace(column, name=unused(column.name, {known.name for known in channels}))
        channels.append(channel(own, grid.scale, table.axis.span_error, grid.per_step(own.kind)))
        codes.append(grid.codes(values))
    if not channels:
        where = f"{table.where}: " if table.where else ""
        raise DataError(f"{where}no samples: no column holds a number")
    return LogRows(name, tuple(channels), table.axis.times_ns, codes, table.axis.flags, gaps=table.axis.gaps)


def channel(column: LogColumn, grid: float, span_error: float = 0.0, per_step: int = 1) -> Channel:
    """Return the channel of a column whose codes lie on a grid (in units as written), of which so many are a step."""
    scale = scaled(grid, column.factor)
    known = column.accuracy
    accuracy = Accuracy(
        known.gain,
        known.offset,
        known.step or (scale * per_step if grid >= 1e-9 else 0.0),
        known.noise,
        known.model,
        max(known.clock, span_error),
        known.typical,
        known.source,
    )
    return Channel(
        column.name,
        column.quantity,
        scale,
        column.rail,
        column.kind,
        grade=column.grade,
        accuracy=accuracy,
        window_ns=column.window_ns,
    )


def scaled(grid: float, factor: float) -> float:
    """Return grid × factor, free of rounding noise where the grid is decimal (0.01 × 0.001 is 1e-05)."""
    scale = grid * factor
    decimal = float(f"{grid:.0e}") == grid
    return float(f"{scale:.14g}") if decimal else scale


def unused(name: str, taken: Container[str]) -> str:
    """Return the name, or the first of `name#2`, `name#3` … that is not taken."""
    number = 1
    while (candidate := name if number == 1 else f"{name}#{number}") in taken:
        number += 1
    return candidate


def channel_name(text: str) -> str:
    """Return a channel's name from a header: lower case, nothing but letters, digits, dots, - and _."""
    return re.sub(r"[^a-z0-9.]+", "_", text.lower().replace("µ", "u")).strip("_") or "value"
