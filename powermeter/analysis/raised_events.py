"""Events that an exception ended: what they were begun for was not done, so that they are no items of their label.

A mark carries the exception's class as its attribute `error`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.groups import MOST_NOTES
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result.notes import Note

ERROR = "error"
RAISED = "raised"
"""The code of the note."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Raised:
    """What exceptions ended of one row.

    Attributes:
        label: The events' name.
        group: The values of the attributes that split the row, in their order.
        events: How many of it lie in the recording, those that raised included.
        errors: Class of the exception → how many it ended.
    """

    label: str
    group: tuple[Any, ...]
    events: int
    errors: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many were ended."""
        return sum(self.errors.values())

    @property
    def is_left_out(self) -> bool:
        """Whether they are in no figure of their label: others of it ended well."""
        return self.count < self.events

    def note(self) -> Note:
        """Return what a reader must know."""
        named = sorted(self.errors, key=lambda name: -self.errors[name])
        kinds = ", ".join(named[:_MOST_NAMED]) + (" and others" if len(named) > _MOST_NAMED else "")
        every = "the only event" if self.events == 1 else f"each of {plural(self.events, 'event')}"
        many = f"{self.count:,} of {plural(self.events, 'event')}" if self.is_left_out else every
        became = (
            "left out of the figures of this label, not of the whole run"
            if self.is_left_out
            else "what stands here per item is of work that was not finished"
        )
        return Note.warning(RAISED, f"{many} {self.label!r} raised {kinds}: {became}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "label": self.label,
            "group": list(self.group),
            "events": self.events,
            "raised": self.count,
            "errors": dict(self.errors),
            "left_out": self.is_left_out,
        }


def error_of(event: Event) -> str | None:
    """Return the class of the exception that ended an event; None where none did, or `error` is a value of the user's."""
    value = event.attributes.get(ERROR)
    is_class = isinstance(value, str) and value.isidentifier() and value[0].isupper()
    return value if is_class else None


def raised_in(
    events: Sequence[Event], keys: Sequence[tuple[Any, ...]], group: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], tuple[Raised, ...]]:
    """Return which events their rows leave out, and what exceptions ended of each row.

    Args:
        events: In any order.
        keys: The rows: a name, and the values that split it.
        group: Row of each event.
    """
    errors: dict[int, Counter[str]] = {}
    ended = np.zeros(len(events), bool)
    columns = EventColumns.of(events)
    some = columns.with_attribute(ERROR)
    for i, event in zip(some.tolist(), columns.at(some), strict=True):
        if (name := error_of(event)) is not None:
            ended[i] = True
            errors.setdefault(int(group[i]), Counter())[name] += 1
    if not errors:
        return ended, ()
    every = np.bincount(group, minlength=len(keys))
    found = {k: Raised(str(keys[k][0]), keys[k][1:], int(every[k]), dict(errors[k])) for k in sorted(errors)}
    kept = [k for k, one in found.items() if not one.is_left_out]
    return ended & ~np.isin(group, kept), tuple(found.values())


def notes_of_raised(found: Sequence[Raised]) -> tuple[Note, ...]:
    """Return what a reader must know of the first rows."""
    return tuple(one.note() for one in found[:MOST_NOTES])
