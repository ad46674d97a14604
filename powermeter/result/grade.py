"""How a number came to be, from best to worst."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Grade(str, Enum):
    """How a number came to be; ordered from best to worst."""

    MEASURED = "measured"  # an instrument senses the quantity itself
    DERIVED = "derived"  # computed from measured ones and a fixed rule (nominal voltage, rail sum)
    ESTIMATED = "estimated"  # a model in place of an instrument (load × rated power)
    ASSUMED = "assumed"  # typed in or taken from a table, never observed here
    SIMULATED = "simulated"  # a program in place of an instrument; nothing was powered

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _GRADE_ORDER.index(self)


_GRADE_ORDER = tuple(Grade)


def worst(grades: Iterable[Grade]) -> Grade:
    """Return the worst of some grades; `MEASURED` when there are none."""
    return max(grades, key=lambda grade: grade.rank, default=Grade.MEASURED)
