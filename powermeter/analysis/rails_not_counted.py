"""Rails of a recording that are in no number beside the one that is counted: read at another time, or beside it without a stated relation."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.analysis.at_another_time import notes_of_another_time
from powermeter.result.notes import Note
from powermeter.signals.line import Line

_LISTED = 5


def notes_of_rails_not_counted(counted: Line, found: Sequence[Line]) -> list[Note]:
    """Return notes on the rails that are not in what is counted, where a reader may take them to be."""
    return [*notes_of_another_time(counted, found), *_beside(counted, found)]


def _beside(counted: Line, found: Sequence[Line]) -> list[Note]:
    """Return a note where several rails of one source may each be the whole: same boundary, no parent, nothing known of what feeds what."""
    if counted.parts or counted.rail.parent is not None or counted.rail.covers:
        return []
    beside = [
        line.rail.name
        for line in found
        if line is not counted
        and line.source == counted.source
        and line.rail.boundary is counted.rail.boundary
        and line.rail.parent is None
        and line.power() is not None
    ]
    if not beside:
        return []
    listed = ", ".join(beside[:_LISTED]) + (
        f" and {len(beside) - _LISTED} more" if len(beside) > _LISTED else ""
    )
    text = (
        f"{counted.rail.name} alone is counted: the recording does not state whether {listed} beside it hold it, are parts of it or "
        f"come in addition; --rail {counted.source_name}/{beside[0]} counts another, and rails whose channels state one common parent are added up"
    )
    return [Note.warning("rails-unrelated", text)]
