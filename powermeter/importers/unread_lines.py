"""Lines and cells that could not be read: counted, the first of them named, so that no reading vanishes without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from powermeter.errors import plural
from powermeter.result.notes import Note

_SHOWN = 5


@dataclass(slots=True)
class Unread:
    """Lines that look like a reading and are none.

    Attributes:
        count: How many there are.
        lines: The first of them, from 1.
    """

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count a line."""
        self.count += 1
        if len(self.lines) < _SHOWN:
            self.lines.append(line)

    def clear(self) -> None:
        """Forget them, where the log is read in another way."""
        self.count = 0
        self.lines.clear()

    @property
    def where(self) -> str:
        """The first lines, for a message: `lines 3, 7, 8 …`."""
        shown = ", ".join(map(str, self.lines)) + " …" * (self.count > len(self.lines))
        return f"line{'s' * (self.count > 1)} {shown}"

    def notes(self) -> list[Note]:
        """Return a warning that names the first lines, or nothing."""
        if not self.count:
            return []
        text = f"{plural(self.count, 'damaged line was', 'damaged lines were')} left out ({self.where})"
        return [Note.warning("rows-left-out", text)]


class UnreadCells(Unread):
    """Cells of one column without a number, in rows that hold another."""

    __slots__ = ()

    def notes(self, column: str = "", rows: int = 0) -> list[Note]:
        """Return a warning that names the first lines, or nothing where a column of so many rows holds no number at all."""
        if not self.count or self.count == rows:
            return []
        cells = plural(self.count, "cell holds", "cells hold")
        text = f"{column}: {cells} no number ({self.where}): missing values"
        return [Note.warning("missing-values", text)]


def lines_of(lines: Sequence[int]) -> str:
    """Return where readings stand, for a message."""
    return f" (line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))})" if lines else ""
