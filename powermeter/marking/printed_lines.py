"""Events from the lines that a program prints, for one whose code is not at hand."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError, plural
from powermeter.marking.event_log import EventLog
from powermeter.marking.past_events import mark_past
from powermeter.marking.search_process import LineMatcher

MAX_LINE = 65_536
"""Characters of a line that are looked at."""

_PATIENCE_S = 5.0
"""How long the end of a recording waits for lines that are being searched; a search that takes longer is reported."""
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


class ByPattern:
    """Reads events by a regular expression.

    Each line that it is found in is an event.  Its named groups hold more: `name`; `n` (items); a duration `s`, `ms`,
    `us` or `ns`, and then the event has ended when the line came; any other is an attribute.  Without a duration the
    line is an instant.  Without `name` the event is called after the text found.

    Args:
        pattern: The expression.

    Raises:
        ConfigurationError: It is not a regular expression, or empty.
    """

    def __init__(self, pattern: str) -> None:
        try:
            groups = re.compile(pattern).groupindex
        except (re.error, RecursionError, OverflowError) as error:
            raise ConfigurationError(
                f"--events-from {pattern!r} is not a regular expression: {error}"
            ) from None
        if not pattern:
            raise ConfigurationError(
                "--events-from is empty: it would find an event in every line; write what the lines have in common"
            )
        self.has_durations = any(unit in groups for unit in _UNITS)
        self._matcher = LineMatcher(pattern)
        self._untimed = 0

    def __call__(self, line: str, at_ns: int, offset_ns: int) -> list[PrintedEvent]:
        """Return the event of a line, or none."""
        return self.read_all([line], at_ns)

    def read_all(self, lines: Sequence[str], at_ns: int) -> list[PrintedEvent]:
        """Return the events of lines that came together."""
        return [self._event(*found, at_ns) for found in self._matcher.find(lines) if found is not None]

    def _event(self, text: str, groups: dict[str, str], at_ns: int) -> PrintedEvent:
        name = groups.pop(_NAME, None) or text.strip() or "line"
        count: float | None = 1
        for key in _ITEMS:
            if key in groups:
                count = _number(groups.pop(key))
        durations = [(groups.pop(unit), size) for unit, size in _UNITS.items() if unit in groups]
        start_ns = at_ns if not durations else self._start(durations, at_ns)
        values = {key: text if (number := _number(text)) is None else number for key, text in groups.items()}
        return PrintedEvent(name, start_ns, at_ns, count, values)

    def _start(self, durations: Sequence[tuple[str, int]], at_ns: int) -> int:
        """Return when an event began that ended now; now, where its duration is not a number, or stated twice."""
        found = _number(durations[0][0])
        if found is None or len(durations) > 1:
            self._untimed += 1
            return at_ns
        return at_ns - round(found * durations[0][1])

    @property
    def problems(self) -> list[str]:
        """What became of lines that are not events although they might be."""
        slow, skipped = self._matcher.slow, self._matcher.skipped
        found = []
        if slow or skipped:
            rest = f", and {plural(skipped, 'line')} after them not looked at" if skipped else ""
            found.append(
                f"--events-from takes too long in {plural(slow, 'line')}: not searched{rest}. "
                "Repetitions inside a repetition, as (a+)+, do that; write it without"
            )
        if self._untimed:
            found.append(
                f"--events-from found {plural(self._untimed, 'line')} with no duration from 0, or with several: marks, with no energy"
            )
        return found

    def start(self) -> None:
        """Start the process that searches."""
        self._matcher.start()

    def close(self) -> None:
        """End the process that searches."""
        self._matcher.close()


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
        if isinstance(read, ByPattern):
            read.start()

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
        texts = [line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r") for line in lines]
        if isinstance(self._read, ByPattern):
            self._mark(self._read.read_all(texts, at_ns))
            return
        for text in texts:
            self._mark(self._read(text, at_ns, offset_ns))

    def _mark(self, events: list[PrintedEvent]) -> None:
        for one in events:
            self.found += 1
            mark_past(self._log, one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def settle(self) -> None:
        """Wait a little until what has come is looked through."""
        if self._one_at_a_time.acquire(timeout=_PATIENCE_S):
            self._one_at_a_time.release()

    def end(self, stream: int) -> None:
        """Take what is left of a last line without an end."""
        if self._parts.get(stream):
            self.take(stream, b"\n")
        flush = getattr(self._read, "flush", None)
        if flush is not None:
            with self._one_at_a_time:
                self._mark(flush())
