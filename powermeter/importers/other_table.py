"""Reports rows of numbers of another table, which stand above a log: two logs in one file, of which one would vanish silently."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.errors import plural
from powermeter.importers.layout import is_datum, split
from powermeter.result.notes import Note

_DELIMITERS = (",", ";", "\t", "|")
_FEWEST = 3


def other_table(lines: Sequence[str], where: str = "") -> list[Note]:
    """Return a note where some of the lines, of which nothing is read, are rows of numbers.

    Args:
        lines: What no reading comes from.
        where: Where they stand, for the message; with a blank at its end.
    """
    count = max(_rows(lines, delimiter) for delimiter in _DELIMITERS)
    if count < _FEWEST:
        return []
    text = (
        f"{plural(count, 'row')} of numbers {where}are of another table and were not read; write each table to a file of its own and import "
        "them one by one"
    )
    return [Note.warning("rows-left-out", text)]


def _rows(lines: Sequence[str], delimiter: str) -> int:
    fields = ([cell for cell in row if cell] for row in split(lines, delimiter))
    return sum(len(cells) > 1 and all(map(is_datum, cells)) for cells in fields)
