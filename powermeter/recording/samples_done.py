"""How many samples passes over recordings have dealt with, for whoever shows how far a command is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[int], None]] = []


def note_samples(count: int) -> None:
    """Report that a pass has dealt with that many more samples; free where nobody listens."""
    for listener in _listeners:
        listener(count)


@contextmanager
def listening(listener: Callable[[int], None]) -> Iterator[None]:
    """Call a function with every count that is noted while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
