"""Whether a table states that a program made its readings: a simulation stays one, through every export and import."""

from __future__ import annotations

from powermeter.importers.blocks import TextBlock
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.result import Grade

_SCHEME = "virtual://"


class StatedGrade:
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

    def grade(self, choices: Choices, known: Grade) -> Grade:
        """Return the grade of the table's readings: what is typed, what it states, or what is known of its kind."""
        if choices.grade is not None:
            return choices.grade
        if self.simulated:
            return Grade.SIMULATED
        return known if choices.accuracy is None else Grade.MEASURED
