"""Takes out readings that their own log marks as none: a column `valid` of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import plural
from powermeter.importers.layout import Layout
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_NAMES = (["valid"], ["is", "valid"], ["valid", "flag"], ["validity"])
_YES = frozenset(("1", "true", "yes", "valid"))
_NO = frozenset(("0", "false", "no", "invalid"))


class ValidityColumn:
    """The column that states of each row whether it is a reading.

    Attributes:
        index: Where it is, or None.
        name: Its header, or nothing.
    """

    def __init__(self, found: Layout) -> None:
        self.index = next((i for i in range(len(found.headings)) if _is_validity(found, i)), None)
        self.name = "" if self.index is None else found.headings[self.index].text
        self._marked = Unread()

    def invalid(self, texts: Sequence[str], lines: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which rows of a block hold no reading, by what stands in the column; they are counted."""
        found = np.array([text.strip().lower() in _NO for text in texts], bool)
        for line in lines[found].tolist():
            self._marked.add(line)
        return found

    def notes(self) -> list[Note]:
        """Return a note on the rows that were marked."""
        if not self._marked.count:
            return []
        rows = plural(self._marked.count, "row is", "rows are")
        text = f"{rows} marked in {self.name!r} as no reading: missing values ({self._marked.where})"
        return [Note.warning("missing-values", text)]


def _is_validity(found: Layout, index: int) -> bool:
    cells = {row[index].strip().lower() for row in found.rows if len(row) > index}
    return [*found.headings[index].words] in _NAMES and bool(cells) and cells <= _YES | _NO
