"""Events that have begun and not ended: written with their begin alone, and named in the account where the end never comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from powermeter.marking.event_log import BRIEF_NS
from powermeter.marking.mark_account import MAX_LISTED, listed

MAX_RUNNING = 100_000
"""Events of one process that may run at the same time."""


@dataclass(slots=True)
class Begun:
    """An event that runs."""

    name: bytes
    start_ns: int
    uid: int
    parent: int
    thread: int
    task: int
    count: float | None
    attributes: bytes
    is_announced: bool = False


def unannounced(running: Iterable[Begun]) -> Iterator[Begun]:
    """Yield the events that run and have no row yet; each is yielded once."""
    for begun in running:
        if not begun.is_announced:
            begun.is_announced = True
            yield begun


def names_of(running: Iterable[Begun]) -> list[str]:
    """Return the names that an account lists of events that never ended: each once, `MAX_LISTED` at most."""
    names = dict.fromkeys(begun.name.decode("utf-8", "replace") for begun in running)
    return list(names)[:MAX_LISTED]


class ShortNames:
    """The names of events that were over at once: one of these names leaves no mark before it ends."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def note(self, names: Iterable[str]) -> None:
        """Note the names of events whose begin and end are in one mark."""
        if len(self._names) < MAX_RUNNING:
            self._names.update(names)

    def note_ended(self, begun: Begun, end_ns: int | None) -> None:
        """Note an event that has ended, where it was short."""
        if end_ns is not None and begun.start_ns < end_ns <= begun.start_ns + BRIEF_NS:
            self.note((begun.name.decode("utf-8", "replace"),))

    def listed(self) -> list[str]:
        """Return the names as an account lists them."""
        return listed(self._names)
