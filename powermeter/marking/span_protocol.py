"""What a span and what it is written to need of each other; for type checkers only, never imported by a program."""

from __future__ import annotations

from typing import Any, Protocol


class Marked(Protocol):
    """An event or instant, as far as a log writes it."""

    name: object
    count: Any
    attributes: dict[str, Any]
    start_ns: int
    end_ns: int
    uid: int
    parent_uid: int
    task: int
    text: tuple[bytes, int] | None
    log: Any


class MarkLog(Protocol):
    """What a span is written to: one recording, several, or whichever are the context's."""

    brief: Any
    words: Any
    memory: Any
    mask: int
    limit: int

    def next(self) -> int:
        """Return the index of the next slot."""

    def room(self, index: int) -> int:
        """Return the index of a free slot, or −1."""

    def void(self, index: int) -> None:
        """Fill a slot with nothing."""

    def interrupted(self) -> None:
        """Note that an exception came out of a mark."""

    def begin(self, span: Marked) -> None:
        """Write that the span begins; sets its `start_ns`, and its `log` to what takes the end."""

    def end(self, span: Marked) -> None:
        """Write that it has ended, at its `end_ns`."""

    def instant(self, span: Marked) -> None:
        """Write an instant, now."""
