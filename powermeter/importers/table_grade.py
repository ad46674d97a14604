"""Which grade the readings of a table have: what is typed, what it states, or what is known of the tool; less where rows are perhaps late.

A simulation stays one, through every export and import.
"""

from __future__ import annotations

from collections.abc import Iterable

from powermeter.importers.blocks import TextBlock
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.importers.measured_before_printed import PERHAPS_LATE
from powermeter.result import Grade, worst
from powermeter.result.notes import Note, having

COLUMN_ASSUMED = "column-assumed"
"""The code of the note that nothing but its numbers shows what a column is, so that none of it is known to be measured."""

_SCHEME = "virtual://"


class TableGrade:
    """Looks in every row: of several sources recorded together, the simulated one may begin late.

    Attributes:
        simulated: Whether a header names the simulated meter, or a row so far states `simulated` in a column `grade`.
        column: The header of that column, or None where no row has stated it.
    """

    def __init__(self, layout: Layout) -> None:
        self.column: str | None = None
        self._named = {i: heading.text for i, heading in enumerate(layout.headings)}
        self.simulated = any(name.strip().lower().startswith(_SCHEME) for name in self._named.values())
        self._places = [i for i, name in self._named.items() if name.strip().lower() == "grade"]

    def add(self, block: TextBlock) -> None:
        """Look at the rows of a block."""
        for place in self._places:
            if any(text.strip().lower() == Grade.SIMULATED.value for text in set(block.column(place))):
                self.simulated, self.column = True, self._named[place]

    def grade(self, choices: Choices, known: Grade, notes: Iterable[Note]) -> Grade:
        """Return the grade of the table's readings.

        Args:
            choices: What is typed goes before anything else, but for rows that are perhaps late.
            known: Of what the tool writes (`known_tools.py`), or of any such log.
            notes: What was found while it was read.
        """
        stated = self._stated(choices, known, notes)
        return worst((stated, Grade.ESTIMATED)) if having(notes, PERHAPS_LATE) else stated

    def _stated(self, choices: Choices, known: Grade, notes: Iterable[Note]) -> Grade:
        if choices.grade is not None:
            return choices.grade
        if self.simulated:
            return Grade.SIMULATED
        if having(notes, COLUMN_ASSUMED):
            return worst((known, Grade.ASSUMED))
        return known if choices.accuracy is None else Grade.MEASURED
