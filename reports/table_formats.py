"""Writes a table as CSV, JSON, Parquet or Arrow.

What is missing is an empty cell, null, or a null of Arrow and Parquet.  A label that a spreadsheet would run as a
formula is written with an apostrophe before it in CSV.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

import numpy as np

from powermeter.recording.our_files import TABLE_METADATA

from .data_frames import sound, to_arrow
from .export_columns import Column, Table, is_flags

DIGITS = 15
"""Significant digits of a sample in text: what a double surely holds, so that 3358 × 0.0001 is 0.3358."""

_BLOCK = 10_000


def write_csv(tables: Iterable[Table], file: IO[bytes]) -> None:
    """Write CSV (RFC 4180, UTF-8), numbers with all their digits."""
    text = io.TextIOWrapper(file, "utf-8", "replace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    for position, table in enumerate(tables):
        if not position:
            writer.writerow([harmless_cell(name) for name in table])
        writer.writerows([harmless_cell(cell) for cell in row] for row in rows(table))
    text.flush()
    text.detach()


def write_json(tables: Iterable[Table], file: IO[bytes]) -> None:
    """Write a JSON list with one object per row."""
    before = "[\n "
    for table in tables:
        names = [sound(name) for name in table]
        for row in rows(table):
            text = json.dumps(dict(zip(names, map(sound, row), strict=True)))
            file.write(f"{before}{text}".encode())
            before = ",\n "
    file.write(b"\n]\n" if before[0] == "," else b"[]\n")


def write_parquet(tables: Iterable[Table], file: IO[bytes]) -> None:
    """Write Parquet, one row group per table.

    Raises:
        NotInstalledError: pyarrow is missing.
    """

    def begin(arrow: Any) -> Any:
        from pyarrow import parquet

        return parquet.ParquetWriter(file, arrow.schema.with_metadata(TABLE_METADATA))

    _write_arrow_tables(tables, begin)


def write_arrow(tables: Iterable[Table], file: IO[bytes]) -> None:
    """Write an Arrow IPC file, one record batch per table.

    Raises:
        NotInstalledError: pyarrow is missing.
    """

    def begin(arrow: Any) -> Any:
        from pyarrow import ipc

        return ipc.new_file(file, arrow.schema.with_metadata(TABLE_METADATA))

    _write_arrow_tables(tables, begin)


def _write_arrow_tables(tables: Iterable[Table], begin: Callable[[Any], Any]) -> None:
    writer: Any = None
    for table in tables:
        arrow = to_arrow(table)
        writer = writer or begin(arrow)
        writer.write_table(arrow)
    if writer is not None:
        writer.close()


FORMATS: Mapping[str, Callable[[Iterable[Table], IO[bytes]], None]] = {
    ".csv": write_csv,
    ".json": write_json,
    ".parquet": write_parquet,
    ".arrow": write_arrow,
}
"""Ending of the file → what writes tables of the same columns into it, one after the other."""


def rows(table: Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows as plain Python values, None for what is missing."""
    count = len(next(iter(table.values()), ()))
    for first in range(0, count, _BLOCK):
        part = ((name, column[first : first + _BLOCK]) for name, column in table.items())
        yield from zip(*(_values(name, column) for name, column in part), strict=True)


def _values(name: str, column: Column) -> list[Any]:
    if is_flags(name, column):
        return [int(v) if math.isfinite(v) else None for v in column]
    if isinstance(column, np.ndarray):
        if column.dtype.kind != "f":
            return list(column.tolist())
        return [float(f"{v:.{DIGITS}g}") if math.isfinite(v) else None for v in column.tolist()]
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in column]


def harmless_cell(cell: Any) -> Any:
    """Return a cell of CSV that no spreadsheet runs as a formula and no terminal obeys."""
    if isinstance(cell, str):
        cell = "".join(c if c.isprintable() or c in "\t\n" else "\ufffd" for c in cell)
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell
