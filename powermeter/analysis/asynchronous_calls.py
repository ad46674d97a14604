"""Events that are a call alone, which has returned a handle of work that goes on: what that draws is not in them.

A mark carries the handle's type as its attribute `@goes_on`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from powermeter.analysis.groups import MOST_NOTES
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result.notes import Note

GOES_ON = "@goes_on"
CALL_ALONE = "call-alone"
"""The code of the note."""


def notes_of_calls_alone(events: Sequence[Event]) -> tuple[Note, ...]:
    """Return what a reader must know of the first labels that have such events."""
    found: dict[str, Counter[str]] = {}
    columns = EventColumns.of(events)
    for event in columns.at(columns.with_attribute(GOES_ON)):
        found.setdefault(event.name, Counter())[str(event.attributes[GOES_ON])] += 1
    return tuple(_note(name, kinds) for name, kinds in list(found.items())[:MOST_NOTES])


def _note(name: str, kinds: Counter[str]) -> Note:
    many = sum(kinds.values())
    return Note.warning(
        CALL_ALONE,
        f"{plural(many, 'event')} {name!r} {'is a call' if many == 1 else 'are calls'} alone: what it returned ({', '.join(kinds)}) stands for work "
        "that went on afterwards and is not in them; track the function that does the work, or mark until its result is there",
    )
