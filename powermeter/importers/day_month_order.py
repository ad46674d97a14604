"""Whether day or month comes first in the dates of a log, where its own stamps settle it, and what is asked where not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from powermeter.importers.calendar_columns import OTHER_ORDER, goes_on_otherwise
from powermeter.importers.stamps import numeric_date, wall


def date_order(texts: Iterable[str]) -> str | None:
    """Return the order of the dates in some stamps, or None where day and month cannot be distinguished.

    A leading year of four digits, dots, and a number above 12 settle it; so does a field that changes
    while the other one stands still over several days, or a night between two rows that would be weeks in the other order.
    """
    texts = list(texts)
    seen: list[tuple[int, int]] = []
    for text in texts:
        match = numeric_date(text)
        if match is None:
            if wall(text) is not None:
                return "ymd"  # a month by name, or eight digits in a row
            continue
        if len(match[0]) == 4:
            return "ymd"
        if match[2] == ".":
            return "dmy"
        first, second = int(match[0]), int(match[1])
        if first > 12 or second > 12:
            return "dmy" if first > 12 else "mdy"
        seen.append((first, second))
    firsts, seconds = {a for a, _ in seen}, {b for _, b in seen}
    if len(firsts) > 2 and len(seconds) == 1:
        return "dmy"
    if len(seconds) > 2 and len(firsts) == 1:
        return "mdy"
    if any(a != b for a, b in seen):
        return _by_what_follows(texts)
    return "mdy" if seen else "ymd"


def _by_what_follows(texts: Sequence[str]) -> str | None:
    excluded = {
        order
        for order in OTHER_ORDER
        if any(goes_on_otherwise(before, text, order) for before, text in pairwise(texts))
    }
    return OTHER_ORDER[excluded.pop()] if len(excluded) == 1 else None


def question(column: str, example: str) -> str:
    """Return what is asked where the stamps of a column leave their order open."""
    return f"which of day and month comes first in {column!r} ({example}): --dates dmy or --dates mdy"
