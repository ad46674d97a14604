"""Events that have begun and not ended: written with their begin alone, and named in the account where the end never comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from powermeter.marking.mark_account import MAX_LISTED

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
