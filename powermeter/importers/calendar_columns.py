"""Finds the columns of a table that hold dates with times, whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.errors import ConfigurationError
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamps import DAY_NS, wall


def texts_of(found: Layout, index: int) -> list[str]:
    """Return what stands in a column of the sampled rows, without blanks."""
    return [row[index].strip() for row in found.rows if len(row) > index and row[index].strip()]


OTHER_ORDER = {"dmy": "mdy", "mdy": "dmy"}
_SOME_WEEKS_NS = 20 * DAY_NS
_A_NIGHT_NS = DAY_NS // 2


def goes_on_otherwise(before: str, text: str, order: str) -> tuple[str, str] | None:
    """Return two stamps in a row if weeks lie between them, and no more than a night in the other order of day and month."""
    if before[:10] == text[:10]:
        return None
    ours, other = ([wall(stamp, way) for stamp in (before, text)] for way in (order, OTHER_ORDER[order]))
    if ours[0] is None or ours[1] is None or other[0] is None or other[1] is None:
        return None
    jumps = abs(ours[1].ns - ours[0].ns) > _SOME_WEEKS_NS
    return (before, text) if jumps and 0 <= other[1].ns - other[0].ns <= _A_NIGHT_NS else None


def refuse_other_order(stamps: tuple[str, str] | None, order: str | None, where: str) -> None:
    """Refuse an order of day and month that the rows contradict.

    Raises:
        ConfigurationError: Under it weeks lie between two rows that follow each other at once under the other.
    """
    if stamps is not None and order is not None:
        raise ConfigurationError(
            f"{where}: with --dates {order} weeks lie between {stamps[0]!r} and {stamps[1]!r}, which stand one after the other: it is "
            f"--dates {OTHER_ORDER[order]}"
        )


def calendar_columns(found: Layout, headings: Sequence[Heading]) -> list[int]:
    """Return the columns that hold dates with times and are not left out, those that move before those that stand still."""
    hits = [i for i in range(len(headings)) if headings[i].unit != "-" and _is_calendar(texts_of(found, i))]
    return sorted(hits, key=lambda i: len(set(texts_of(found, i))) == 1)


def _is_calendar(texts: Sequence[str]) -> bool:
    dates = sum(
        ":" in text and (wall(text, "dmy") is not None or wall(text, "mdy") is not None) for text in texts
    )
    return dates * 2 > len(texts)
