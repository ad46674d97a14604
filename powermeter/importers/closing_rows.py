"""Rows under a table that are none of it: its sum, its mean, its extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from powermeter.channel import MISSING
from powermeter.errors import DataError

if TYPE_CHECKING:
    from powermeter.importers.column_kinds import Meaning
    from powermeter.importers.column_store import Store
    from powermeter.importers.row_count import RowCount
    from powermeter.importers.table_plan import Planned

SUMMARIES = frozenset(
    [
        "sum",
        "total",
        "totals",
        "grand total",
        "average",
        "avg",
        "mean",
        "median",
        "minimum",
        "maximum",
        "min",
        "max",
        "stddev",
        "std",
        "count",
        "summe",
        "gesamt",
        "gesamtsumme",
        "mittelwert",
        "durchschnitt",
        "anzahl",
        "somme",
        "moyenne",
        "suma",
        "media",
        "totale",
        "totaal",
    ]
)
"""What a row under a table begins with that is none of its rows."""

_SUMMED = ("per-row", "power", "mean")
_COMMON = 3  # rows of one word
_SELDOM = 10  # rows for each that sums them up
_ROWS = 1 << 20
_FEWEST = 4  # amounts: that the last of fewer is the sum of the others may be chance
_ROUNDED = 1e-4  # of a sum: what rounding of its terms leaves


def summary_word(row: Sequence[str]) -> str:
    """Return the word of `SUMMARIES` that a row begins with, or nothing."""
    first = next((text for text in row if text), "").strip(" :*").lower()
    return first if first in SUMMARIES else ""


def among_data(row: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the column in which a row begins with its word holds numbers or times elsewhere, so that it names no thing."""
    at = next(i for i, text in enumerate(row) if text)
    others = [text for text in (seen[at].strip() for seen in rows if len(seen) > at) if text]
    others = [text for text in others if not summary_word([text])]
    return sum(text[:1].isdigit() for text in others) * 2 > len(others)


def refuse_common_word(counted: RowCount, rows: int, where: str) -> None:
    """Refuse a table that was left without many rows that begin with the same word of `SUMMARIES`: it is the name of something.

    Raises:
        DataError: It is such a table.
    """
    word, many = counted.summaries.most_common(1)[0]
    if many >= _COMMON and many * _SELDOM > rows:
        raise DataError(
            f"{where}: {many} of its rows begin with {word!r} (line {counted.summary_lines[0]}), too many to sum up the other {rows}: write them with another word, "
            "or take them out, and import again"
        )


def refuse_sum_below(
    columns: Sequence[Planned], meanings: Sequence[Meaning], store: Store, where: str
) -> None:
    """Refuse amounts of rows, or readings, whose last one is the sum of all above it.

    Raises:
        DataError: It is.
    """
    if store.rows > _ROWS or "key" in store:
        return
    timed = store.whole("stamp") != MISSING if "stamp" in store else np.ones(store.rows, bool)
    for i, (column, meaning) in enumerate(zip(columns, meanings, strict=True)):
        values = store.whole(f"c{i}") if meaning.as_ in _SUMMED and column.rail is not None else np.empty(0)
        known = np.flatnonzero(np.isfinite(values) & timed[: len(values)])
        fewest = _FEWEST if meaning.as_ == "per-row" else 2 * _FEWEST
        if (
            len(known) <= fewest
            or values[known[-1]] <= 0
            or (meaning.as_ != "per-row" and (values[known] < 0).any())
        ):
            continue
        total, above = float(values[known[-1]]), float(values[known[:-1]].sum())
        if abs(total - above) <= _ROUNDED * total and np.count_nonzero(values[known[:-1]]) > _FEWEST - 2:
            line = int(store.part("line", int(known[-1]), int(known[-1]) + 1)[0])
            raise DataError(
                f"{where}: the last number of {column.heading.text!r} (line {line}), {total:g}, is the sum of all above it: take that line out "
                "and import again"
            )
