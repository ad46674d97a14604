"""Writes a table as CSV, JSON or Parquet.

What is missing is an empty cell, null, or a null of Parquet.  A label that a spreadsheet would run as a
formula is written with an apostrophe before it in CSV.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .frame import to_arrow
from .tables import Table

_BLOCK = 10_000


def as_csv(table: Table) -> bytes:
    """Return CSV (RFC 4180, UTF-8), numbers with all their digits."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_harmless(name) for name in table])
    writer.writerows([_harmless(cell) for cell in row] for row in rows(table))
    return file.getvalue().encode("utf-8", "replace")


def as_json(table: Table) -> bytes:
    """Return a JSON list with one object per row."""
    names = list(table)
    listed = [dict(zip(names, row, strict=True)) for row in rows(table)]
    return json.dumps(listed, indent=1, ensure_ascii=False).encode("utf-8", "replace")


def as_parquet(table: Table) -> bytes:
    """Return Parquet.

    Raises:
        NotInstalledError: pyarrow is missing.
    """
    arrow = to_arrow(table)
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(arrow, file)
    return file.getvalue()


FORMATS: Mapping[str, Callable[[Table], bytes]] = {".csv": as_csv, ".json": as_json, ".parquet": as_parquet}
"""Ending of the file → what writes it."""


def rows(table: Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows as plain Python values, None for what is missing."""
    columns = list(table.values())
    count = len(columns[0]) if columns else 0
    for first in range(0, count, _BLOCK):
        yield from zip(*(_values(column[first : first + _BLOCK]) for column in columns), strict=True)


def _values(column: Any) -> list[Any]:
    values = column.tolist() if isinstance(column, np.ndarray) else column
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in values]


def _harmless(cell: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell
