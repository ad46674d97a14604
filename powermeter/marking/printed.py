"""Events from the lines that a program prints, for one whose code is not at hand."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.marking import json_text, ring
from powermeter.marking.event_log import EventLog, as_count, uids
from powermeter.marking.span import span

MAX_LINE = 65_536
"""Characters of a line that are looked at."""

_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_NAME, _ITEMS = "name", ("n", "items", "count")
_OBSERVER = "PyTorchObserver "
_PHASES = (
    ("load", "model_load_start_ms", "model_load_end_ms", None),
    ("prefill", "inference_start_ms", "prompt_eval_end_ms", "prompt_tokens"),
    ("decode", "prompt_eval_end_ms", "inference_end_ms", "generated_tokens"),
)
"""ExecuTorch's runner (extension/llm/runner/stats.h): edges in ms since 1970, 0 where not measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """An event that a line tells of: monotonic ns; an instant where both are equal."""

    name: str
    start_ns: int
    end_ns: int
    count: float | None = 1
    attributes: Mapping[str, Any] = field(default_factory=dict)


Reader = Callable[[str, int, int], list[Found]]
"""Returns the events of a line, from the line, when it came (monotonic ns), and monotonic minus UTC ns."""


def executorch(line: str, at_ns: int, offset_ns: int) -> list[Found]:
    """Return the phases of a language model from the observer line of ExecuTorch's runner."""
    _, mark, text = line.partition(_OBSERVER)
    try:
        values = json.loads(text) if mark else None
    except ValueError:
        return []
    if not isinstance(values, dict):
        return []
    found = []
    for name, start, end, items in _PHASES:
        edges = [
            edge
            for edge in (values.get(start), values.get(end))
            if isinstance(edge, (int, float)) and edge > 0
        ]
        if len(edges) == 2 and edges[0] <= edges[1]:
            start_ns, end_ns = (int(edge * 1_000_000) + offset_ns for edge in edges)
            count = values.get(items) if items else 1
            found.append(Found(name, start_ns, end_ns, count if isinstance(count, (int, float)) else None))
    return found


def by_pattern(pattern: str) -> Reader:
    """Return what reads events by a regular expression.

    Each line that it is found in is an event.  Its named groups say more: `name`; `n` (items); a duration `s`, `ms`,
    `us` or `ns`, and then the event has ended when the line came; any other is an attribute.  Without a duration the
    line is an instant.  Without `name` the event is called after the text found.

    Raises:
        ConfigurationError: It is not a regular expression.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigurationError(f"--events-from {pattern!r} is not a regular expression: {error}") from None

    def read(line: str, at_ns: int, offset_ns: int) -> list[Found]:
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
        return [Found(name, start_ns, at_ns, count, values)]

    return read


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return None
    if not 0 <= number < 1e15:
        return None
    return int(number) if text.isdecimal() else number


FORMATS: Mapping[str, Reader] = {"executorch": executorch}


def reader(wanted: str) -> Reader:
    """Return what reads the lines of a named format, or by a regular expression.

    Raises:
        ConfigurationError: It is neither.
    """
    return FORMATS.get(wanted) or by_pattern(wanted)


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
        self.found = 0

    def take(self, stream: int, data: bytes) -> None:
        """Take a piece of output; `stream` tells one output from another."""
        at_ns = time.monotonic_ns()
        *lines, rest = (self._parts.get(stream, b"") + data).split(b"\n")
        self._parts[stream] = rest[-MAX_LINE:]
        if not lines:
            return
        offset_ns = time.monotonic_ns() - time.time_ns()
        for line in lines:
            for one in self._read(line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r"), at_ns, offset_ns):
                self.found += 1
                self._mark(one)

    def _mark(self, one: Found) -> None:
        made = span(one.name, one.count, dict(one.attributes))
        made.uid, made.parent_uid, made.task = uids(), 0, 0
        text = self._log.named(one.name)
        if made.attributes:
            text += b"\0" + json_text.encode(made.attributes)
        kind = ring.INSTANT if one.start_ns == one.end_ns else ring.EVENT
        duration = one.end_ns - one.start_ns
        self._log.write(made, kind, ring.HAS_COUNT, text, one.start_ns, as_count(one.count), duration)

    def end(self, stream: int) -> None:
        """Take what is left of a last line without an end."""
        if self._parts.get(stream):
            self.take(stream, b"\n")
