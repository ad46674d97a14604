"""An event that goes to several recordings."""

from __future__ import annotations

from types import MappingProxyType

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from powermeter.marking.span_protocol import Marked, MarkLog


class NoRing:
    """What is not a ring itself: each begin and end is handed on in full."""

    brief: Any = MappingProxyType({})
    words: Any = None
    memory: Any = None
    mask = limit = 0

    def next(self) -> int:
        """Return 0: there is no slot."""
        return 0

    def room(self, index: int) -> int:
        """Return −1: there is no slot."""
        return -1

    def void(self, index: int) -> None:
        """Do nothing."""

    def interrupted(self) -> None:
        """Do nothing."""


class Several(NoRing):
    """An event goes to several recordings."""

    def __init__(self, logs: Sequence[MarkLog]) -> None:
        self.logs = logs

    def begin(self, span: Marked) -> None:
        for log in self.logs:
            log.begin(span)
        span.log = self

    def end(self, span: Marked) -> None:
        for log in self.logs:
            log.end(span)

    def instant(self, span: Marked) -> None:
        for log in self.logs:
            log.instant(span)
