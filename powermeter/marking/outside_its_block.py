"""What reaches an event outside its block: what is set after its end, which is not the next event's either where one object has several, and the end of one that began before the recording."""

from __future__ import annotations

import time

from powermeter.marking.destinations import logs_here
from powermeter.marking.event_log import uids
from powermeter.marking.ring import LATE

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from powermeter.marking.span_protocol import Marked, MarkLog


def count_late() -> bool:
    """Count what is set after an event's end in each recording of this context; return True."""
    for log in logs_here():
        if log.open():
            log.words[LATE] += 1
    return True


def end_without_begin(event: Marked, logs: Iterable[MarkLog]) -> None:
    """Have recordings count an end whose begin they lack."""
    event.uid, event.parent_uid, event.task, event.text = uids(), 0, 0, None
    event.start_ns = event.end_ns = time.monotonic_ns()
    for log in logs:
        log.end(event)


class WithLate(dict[str, object]):
    """An event's attributes; those set after its end can be read, as outside a recording, and are none of them."""

    __slots__ = ("late",)

    late: dict[str, object]

    def __missing__(self, key: str) -> object:
        return self.late[key]


def with_late(attributes: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return an event's attributes and beside them one that was set after its end."""
    found = WithLate(attributes)
    found.late = {**getattr(attributes, "late", {}), key: value}
    return found
