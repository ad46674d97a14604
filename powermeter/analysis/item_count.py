"""How many items a recording stands for, where the user states it: `--items 40`, `--per request`.

One meaning on every verb.  The count is of the label that is asked for, or of the only label there is; it is
shared among its events as their own counts are.  Where several labels are there and none is asked for, it is of
the whole run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.label_choice import LabelChoice
from powermeter.errors import ConfigurationError, plural, printable, quoted
from powermeter.errors.suggestions import nearest
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result.notes import Note

WHOLE = "*"
"""The label of the whole recording, whatever its events are."""
CONTRADICTED, OF_RUN, ODD = "items-contradict", "items-of-run", "odd-count"
_SAME = 1e-9
_LEAST, _MOST = 1e-15, 1e15
"""Counts beyond are not numbers of items: at most a whole number that a float holds, and as little the other way."""


@dataclass(frozen=True, slots=True)
class ItemCount:
    """What one item is, as the user counts.

    Attributes:
        items: How many; None takes the recording's own count, or that of the events `per`.
        per: What one item is called; without `items`, a label whose events are counted.
        label: The label they belong to; None takes the only one, or the whole run.
    """

    items: float | None = None
    per: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.items is not None and not 0 < self.items < math.inf:
            raise ConfigurationError(f"{plural(self.items, 'item')}: the number must be above zero")

    def __bool__(self) -> bool:
        return self.items is not None or self.per is not None


@dataclass(frozen=True, slots=True)
class Counted:
    """Events as the user counts them.

    Attributes:
        events: With their counts changed, where the count is of a label.
        of_run: How many items the whole run holds, where the count is of no label; else None.
        name: What one item is called; empty where the user did not state it.
        notes: A count that contradicts the recorded one, and what was divided.
    """

    events: EventColumns
    of_run: float | None = None
    name: str = ""
    notes: tuple[Note, ...] = ()


def countable(events: Iterable[Event]) -> tuple[EventColumns, tuple[Note, ...]]:
    """Return events with counts that are not numbers of items as unknown, and a warning where there are any."""
    found = EventColumns.of(events)
    size = np.abs(found.counts)
    odd = np.flatnonzero((size != 0) & ~np.isnan(size) & ~((size >= _LEAST) & (size <= _MOST)))
    if not odd.size:
        return found, ()
    first = found[int(odd[0])].count
    text = (
        f"{plural(int(odd.size), 'event states', 'events state')} a count that is not a number of items ({_shown(first)}): taken as not known, "
        "so nothing is stated per item of that label; correct n=, or state the number with --items"
    )
    return found.with_counts(odd, np.full(odd.size, np.nan)), (Note.warning(ODD, text),)


def _shown(count: object) -> str:
    return f"{count:.4g}" if isinstance(count, float) else f"{count!s:.12}"


def counted(
    asked: ItemCount | None,
    events: Iterable[Event],
    keys: Sequence[tuple[Any, ...]],
    group: NDArray[np.int64],
    by: Sequence[str] = (),
) -> Counted:
    """Return events with the counts the user asks for.

    Args:
        asked: The user's count, or None.
        events: The finished ones.
        keys: Label and attributes of each group of events.
        group: Position in `keys` of each event.
        by: The attributes that groups are made by.

    Raises:
        ConfigurationError: `per` is no label and no number is given, or its events do not state how many they are.
    """
    events = EventColumns.of(events)
    if not asked:
        return Counted(events)
    names = [key[0] for key in keys]
    titles = [_title(key, by) for key in keys]
    number = asked.items if asked.items is not None else _number_of(asked.per or "", events)
    notes = _contradiction(asked, events)
    lasting = dict.fromkeys(events.at(events.end_ns != events.start_ns).labels[0])
    label = asked.label if asked.label is not None or len(lasting) != 1 else next(iter(lasting))
    if label in (None, WHOLE):
        return Counted(
            events, number, asked.per or "", (*notes, _of_run(asked, number, events, list(lasting)))
        )
    meant = [i for i in range(len(keys)) if label in (names[i], titles[i])]
    if not meant:
        choice = LabelChoice.of(label)
        meant = [
            i for i, key in enumerate(keys) if choice.means(names[i], dict(zip(by, key[1:], strict=True)))
        ]
    if not meant:
        known = nearest(label, dict.fromkeys(names))
        raise ConfigurationError(f"no event {quoted(label)} in the recording; {known}")
    index = np.flatnonzero(np.isin(group, meant))
    own = events.counts[index]
    whole = math.fsum(own[~np.isnan(own)])
    known_all = not np.isnan(own).any() and whole > 0
    if known_all and abs(whole - number) > _SAME * number and asked.per is None:
        notes = (*notes, _contradicts(number, index.size, label, whole))
    if known_all and abs(whole - number) <= _SAME * number:
        return Counted(events, None, asked.per or "", notes)
    factor = number / whole if known_all else number / index.size
    shared = (own if known_all else np.ones(index.size)) * factor
    return Counted(events.with_counts(index, shared), None, asked.per or "", notes)


def _number_of(per: str, events: Sequence[Event]) -> float:
    """Return how many items the events of a label count."""
    found = [event.count for event in events if event.name == per]
    if not found:
        known = nearest(per, dict.fromkeys(event.name for event in events)) if events else "nothing is marked"
        raise ConfigurationError(
            f"--per {printable(per)}: no event {quoted(per)} in the recording; {known}, or state their number with --items"
        )
    if any(count is None for count in found):
        raise ConfigurationError(
            f"--per {per}: not every event {per!r} has a count; state their number with --items"
        )
    number = math.fsum(count for count in found if count is not None)
    if not number > 0:
        raise ConfigurationError(
            f"--per {per}: the events {per!r} count no item; state their number with --items"
        )
    return number


def _contradiction(asked: ItemCount, events: Sequence[Event]) -> tuple[Note, ...]:
    """Return a note where a typed number is not that of the events it is taken to count."""
    found = [event.count for event in events if event.name == asked.per]
    if asked.items is None or not found or any(count is None for count in found):
        return ()
    whole = math.fsum(count for count in found if count is not None)
    if abs(whole - asked.items) <= _SAME * asked.items:
        return ()
    return (_contradicts(asked.items, len(found), asked.per or "", whole),)


def _contradicts(number: float, events: int, label: str, own: float) -> Note:
    return Note.warning(
        CONTRADICTED,
        f"--items {number:g} contradicts what was recorded: {plural(events, 'event')} of {label!r} "
        f"count {plural(own, 'item')}; figures per item are for {number:g}",
    )


def _of_run(asked: ItemCount, number: float, events: Sequence[Event], labels: Sequence[str]) -> Note:
    """Return what was divided by the count: the whole run, whatever its labels."""
    name = asked.per or "item"
    text = f"one {name} is the energy of the whole run divided by {number:g}"
    if labels:
        some = ", ".join(repr(label) for label in labels[:4])
        text += f", not of one label alone ({some}{', …' * (len(labels) > 4)}); name one with --label"
    return Note.info(OF_RUN, text)


def _title(key: Sequence[Any], by: Sequence[str]) -> str:
    inside = ", ".join(f"{name}={value}" for name, value in zip(by, key[1:], strict=True))
    return f"{key[0]} ({inside})" if inside else str(key[0])
