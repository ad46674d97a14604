"""A battery's current or power in two columns, one for each direction: what it is discharged with is what was drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from powermeter.channel import Quantity
from powermeter.importers.header_languages import in_english
from powermeter.importers.headers import words
from powermeter.importers.table_plan import Planned
from powermeter.result.notes import Note

_IN = frozenset(("charge", "charging", "chg", "laden", "ladung"))
_OUT = frozenset(("discharge", "discharging", "dischg", "dsg", "dchg", "entladen", "entladung"))
_PLAIN = frozenset(("current", "power", "energy", "battery", "w", "a"))
"""What does not distinguish one battery from another."""

_FLOWS = (Quantity.POWER, Quantity.CURRENT, Quantity.ENERGY)


def one_direction(columns: Sequence[Planned]) -> list[Note]:
    """Take columns of what flows into a battery off their rails, in place, where another of the same name states what flows out."""
    notes = []
    for into in columns:
        found = _direction(into, _IN)
        if found is None:
            continue
        out = next((c for c in columns if c.quantity is into.quantity and _direction(c, _OUT) == found), None)
        if out is None:
            continue
        into.rail, out.rail = None, " ".join(sorted(found - _PLAIN)) or "battery"
        text = (
            f"{out.heading.text!r} is what was drawn from the battery and is counted; {into.heading.text!r} flows into it and is kept beside it. "
            f"For what charged it, import with --column {quote(f'{out.heading.text}=-')}"
        )
        notes.append(Note.warning("two-directions", text))
    return notes


def _direction(column: Planned, called: frozenset[str]) -> frozenset[str] | None:
    """Return the other words of a column's name that states a direction; None for any other column."""
    if column.rail is None or column.quantity not in _FLOWS:
        return None
    found = frozenset(words(in_english(column.heading.name)))
    return found - called if found & called else None
