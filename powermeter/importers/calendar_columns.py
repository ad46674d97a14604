"""Finds the columns of a table that hold dates with times, whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamps import wall


def texts_of(found: Layout, index: int) -> list[str]:
    """Return what stands in a column of the sampled rows, without blanks."""
    return [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]


def calendar_columns(found: Layout, headings: Sequence[Heading]) -> list[int]:
    """Return the columns that hold dates with times and are not left out, those that move before those that stand still."""
    hits = [i for i in range(len(headings)) if headings[i].unit != "-" and _is_calendar(texts_of(found, i))]
    return sorted(hits, key=lambda i: len(set(texts_of(found, i))) == 1)


def _is_calendar(texts: Sequence[str]) -> bool:
    dates = sum(
        ":" in text and (wall(text, "dmy") is not None or wall(text, "mdy") is not None) for text in texts
    )
    return dates * 2 > len(texts)
