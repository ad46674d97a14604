"""Whether a table states that a program made its readings: a simulation stays one, through every export and import."""

from __future__ import annotations

from powermeter.importers.layout import Layout
from powermeter.result import Grade

_SCHEME = "virtual://"


def is_simulated(layout: Layout) -> bool:
    """Return whether a column `grade` states `simulated` in the first rows, or a header names the simulated meter."""
    named = [heading.text.strip().lower() for heading in layout.headings]
    if any(name.startswith(_SCHEME) for name in named):
        return True
    places = [i for i, name in enumerate(named) if name == "grade"]
    return any(
        row[i].strip().lower() == Grade.SIMULATED.value for row in layout.rows for i in places if i < len(row)
    )
