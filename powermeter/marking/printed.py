"""Events from the lines that a program prints, for one whose code is not at hand."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.marking.event_log import EventLog
from powermeter.marking.past import mark_past

MAX_LINE = 65_536
"""Characters of a line that are looked at."""

_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_NAME, _ITEMS = "name", ("n", "items", "count")


@dataclass(frozen=True, slots=True)
class PrintedEvent:
    """An event that a line reports: monotonic ns; an instant where both are equal."""

    name: str
    start_ns: int
    end_ns: int
    count: float | None = 1
    attributes: Mapping[str, Any] = field(default_factory=dict)


Reader = Callable[[str, int, int], list[PrintedEvent]]
"""Returns the events of a line, from the line, when it came (monotonic ns), and monotonic minus UTC ns."""


def by_pattern(pattern: str) -> Reader:
    """Return what reads events by a regular expression.

    Each line that it is found in is an event.  Its named groups hold more: `name`; `n` (items); a duration `s`, `ms`,
    `us` or `ns`, and then the event has ended when the line came; any other is an attribute.  Without a duration the
    line is an instant.  Without `name` the event is called after the text found.

    Raises:
        ConfigurationError: It is not a regular expression.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigurationError(f"--events-from {pattern!r} is not a regular expression: {error}") from None

    def read(line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        match = compiled.search(line)
        if match is None:
            return []
        groups = {name: text for name, text in match.groupdict().items() if text is not None}
        name = groups.pop(_NAME, None) or match.group(0).strip() or "line"
        count: float | None = 1
        for key in _ITEMS:
            if key in groups:
                count = _number(groups.pop(key))
        start_ns = at_ns
        for unit, size in _UNITS.items():
            if unit in groups:
                duration = _number(groups.pop(unit))
                start_ns = at_ns - round(duration * size) if duration is not None else at_ns
        values = {key: text if (number := _number(text)) is None else number for key, text in groups.items()}
        return [PrintedEvent(name, start_ns, at_ns, count, values)]

    return read


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    if not 0 <= number < 1e15:
        return None
    return int(number) if text.isdecimal() else number


class PrintedMarks:
    """Marks the events of the lines of a program's output.

    Args:
        log: Where they go.
        read: From `reader`.
    """

    def __init__(self, log: EventLog, read: Reader) -> None:
        self._log = log
        self._read = read
        self._parts: dict[int, bytes] = {}
        self._one_at_a_time = threading.Lock()
        self.found = 0

    def take(self, stream: int, data: bytes) -> None:
        """Take a piece of output; `stream` distinguishes one output from another."""
        at_ns = time.monotonic_ns()
        with self._one_at_a_time:
            self._take(stream, data, at_ns)

    def _take(self, stream: int, data: bytes, at_ns: int) -> None:
        *lines, rest = (self._parts.get(stream, b"") + data).split(b"\n")
        self._parts[stream] = rest[-MAX_LINE:]
        if not lines:
            return
        offset_ns = time.monotonic_ns() - time.time_ns()
        for line in lines:
            self._mark(self._read(line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r"), at_ns, offset_ns))

    def _mark(self, events: list[PrintedEvent]) -> None:
        for one in events:
            self.found += 1
            mark_past(self._log, one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def end(self, stream: int) -> None:
        """Take what is left of a last line without an end."""
        if self._parts.get(stream):
            self.take(stream, b"\n")
        flush = getattr(self._read, "flush", None)
        if flush is not None:
            with self._one_at_a_time:
                self._mark(flush())
