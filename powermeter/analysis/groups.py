"""Which row each event belongs to: its label and the attributes asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError, plural
from powermeter.errors.suggestions import nearest
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result.notes import Note

_DEEPEST = 1024
MOST_NOTES = 12
"""Labels that are named for one reason; there may be thousands."""
MOST_APART = 5000
"""Labels that have a row each; of more, those that lasted least are counted together."""
OTHER_LABELS, OTHER_INSTANTS = "(other labels)", "(other instants)"


class AttributeMissing(ConfigurationError):
    """No event of a recording, nor its run, carries the attribute `name`; `known` are those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no event carries an attribute {name!r}; {nearest(name, known)}")
        self.name, self.known = name, tuple(known)


def groups_of(
    events: Sequence[Event], by: tuple[str, ...], metadata: Any
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Return the keys of the rows, (name, values of `by` …), and for each event the number of its row.

    Args:
        events: In any order.
        by: Attributes that split a row; the run's own stand in where an event has none.
        metadata: Of the recording.

    Raises:
        AttributeMissing: No event, nor the run, carries one of the attributes.
    """
    run = metadata.get("attributes") or {}
    if not by:
        return _by_name(events)
    known = dict.fromkeys([name for e in events for name in e.attributes] + list(run))
    for name in by:
        if events and name not in known:
            raise AttributeMissing(name, tuple(known))
    numbers: dict[tuple[Any, ...], int] = {}
    group = np.empty(len(events), np.int64)
    for i, e in enumerate(events):
        key = (e.name, *(_plain(e.attributes.get(name, run.get(name))) for name in by))
        group[i] = numbers.setdefault(key, len(numbers))
    return list(numbers), group


def _by_name(events: Sequence[Event]) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Return what `groups_of` does of labels that nothing splits."""
    names, group = EventColumns.of(events).labels
    return [(name,) for name in names], group


def together(
    keys: list[tuple[Any, ...]],
    group: NDArray[np.int64],
    lasted: NDArray[np.int64],
    *,
    apart: str | None = None,
    most: int = MOST_APART,
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64], tuple[Note, ...]]:
    """Return the rows with those beyond the `most` that lasted longest put into one, and a note of it where there are any.

    Instants have a row of their own: they count no work.

    Args:
        keys, group: As `groups_of` returns them.
        lasted: How long each event lasted, ns.
        apart: A label that keeps its own row.
        most: How many keep theirs.
    """
    if len(keys) <= most:
        return keys, group, ()
    size = np.bincount(group, lasted, len(keys))
    wanted = np.array([key[0] == apart for key in keys])
    first = np.lexsort((np.arange(size.size), -size, ~wanted))
    keep = np.sort(first[:most])
    rest = np.sort(first[most:])
    number = np.empty(len(keys), np.int64)
    number[keep] = np.arange(keep.size)
    found = [keys[k] for k in keep.tolist()]
    folded = ((OTHER_LABELS, rest[size[rest] > 0]), (OTHER_INSTANTS, rest[size[rest] <= 0]))
    for name, these in folded:
        if these.size:
            number[these] = len(found)
            found.append((name, *(None for _ in keys[0][1:])))
    text = (
        f"{rest.size:,} of {plural(len(keys), 'label')}, the shortest, are counted together as "
        f"{' and '.join(repr(name) for name, these in folded if these.size)}; their events keep their names. A label names a kind of work: give all "
        'of a kind one name, and put what differs into an attribute: powermeter.event("request", id=17)'
    )
    return found, number[group], (Note.warning("labels-together", text),)


def inside_own_label(
    parent: NDArray[np.int64],
    group: NDArray[np.int64],
    start_ns: NDArray[np.int64],
    end_ns: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which events lie inside another one of their own row, as those of a function that calls itself.

    Args:
        parent: Position of the event around each, −1 where there is none; it may have ended before what it started.
        group: Row of each.
        start_ns, end_ns: Of each.
    """
    inside = np.zeros(parent.size, bool)
    left = np.flatnonzero(parent >= 0)
    around = parent[left]
    for _ in range(_DEEPEST):
        within = (start_ns[left] >= start_ns[around]) & (end_ns[left] <= end_ns[around])
        alike = within & (group[around] == group[left])
        inside[left[alike]] = True
        above = parent[around]
        more = ~alike & (above >= 0)
        if not more.any():
            break
        left, around = left[more], above[more]
    return inside


def notes_of_inside(
    keys: Sequence[tuple[Any, ...]], group: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[Note, ...]:
    """Return what rows leave out whose events lie inside each other."""
    many = np.bincount(group[inside], minlength=len(keys)) if inside.any() else np.zeros(0, np.int64)
    every = np.bincount(group, minlength=len(keys))
    return tuple(
        Note.info(
            "inside-own-label",
            f"{many[k]:,} of {plural(int(every[k]), 'event')} {str(keys[k][0])!r} lie inside another of them, as in a recursion: "
            "only the outermost are counted, each with everything inside it",
        )
        for k in np.flatnonzero(many)[:MOST_NOTES].tolist()
    )


def instants_of_events(group: NDArray[np.int64], lasted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which events are instants in a row whose others last: marks beside the events of a name are none of them.

    Args:
        group: Row of each.
        lasted: How long each lasted, ns.
    """
    is_instant = lasted <= 0
    if not group.size or not is_instant.any():
        return is_instant
    return is_instant & (np.bincount(group, lasted)[group] > 0)


def notes_of_instants(
    keys: Sequence[tuple[Any, ...]], group: NDArray[np.int64], aside: NDArray[np.bool_]
) -> tuple[Note, ...]:
    """Return what rows leave out because it took no time."""
    many = np.bincount(group[aside], minlength=len(keys))
    return tuple(
        Note.info(
            "instants-of-a-label",
            f"{plural(int(many[k]), 'instant')} {str(keys[k][0])!r} took no time: listed as {'marks' if many[k] > 1 else 'a mark'}, "
            f"and not counted among the events {str(keys[k][0])!r}",
        )
        for k in np.flatnonzero(many)[:MOST_NOTES].tolist()
    )


def members_of(group: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Return the positions of the events of each of so many groups, rising; those of higher groups are in none."""
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(size + 1)).tolist()
    return [order[a:b] for a, b in pairwise(bounds)]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
