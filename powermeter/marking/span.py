"""A running event, and the stand-in for one where nothing is recorded.

This file and `powermeter.marking.api` import next to nothing, because every instrumented program
imports them.
"""

from __future__ import annotations

import time
from itertools import repeat

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from itertools import count
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Protocol

    class Log(Protocol):
        """What collects the spans of this process: `powermeter.marking.event_log.EventLog`."""

        path: Path
        problem: str
        local: Any
        uids: count[int]

        def new_lane(self) -> Lane:
            """Return this thread's lane."""

        def flush(self) -> None:
            """Commit what has ended."""

        def close(self) -> None:
            """Commit what is left and end."""

        def mark(self, name: str, **attributes: Any) -> None:
            """Record an instant."""


_clock = time.monotonic_ns


class Lane:
    """The events of one thread: those that run, innermost last, and those that have ended."""

    __slots__ = ("ended", "running", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.running: list[Span] = []
        self.ended: list[Span] = []


class Span:
    """One running event; `with` stamps its start and end.

    `span["tokens"] = 12` adds an attribute, `span.count = n` corrects the number of items.
    """

    __slots__ = ("_lane", "_log", "attributes", "count", "end_ns", "name", "parent", "start_ns", "uid")

    def __init__(self, log: Log, name: str, count: int, attributes: dict[str, Any]) -> None:
        self._log = log
        self.name = name
        self.count = count
        self.attributes = attributes
        self.end_ns: int | None = None

    def __setitem__(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def __enter__(self) -> Span:
        log = self._log
        try:
            lane = log.local.lane
        except AttributeError:
            lane = log.new_lane()
        self._lane = lane
        running = lane.running
        self.uid = next(log.uids)
        self.parent = running[-1].uid if running else None
        running.append(self)
        self.start_ns = _clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_ns = _clock()
        lane = self._lane
        running = lane.running
        if running and running[-1] is self:
            running.pop()
        elif self in running:  # tasks of one thread may end out of order
            running.remove(self)
        if kind is not None:
            self.attributes["error"] = kind.__name__
        lane.ended.append(self)


class Nothing:
    """What `event` gives outside a recording: takes everything, does nothing."""

    __slots__ = ()
    count = 1

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        return None

    def __setitem__(self, key: str, value: Any) -> None:
        return None

    def __setattr__(self, name: str, value: Any) -> None:
        return None


NOTHING = Nothing()

if not TYPE_CHECKING:
    # The same two methods from C (a bound `__next__` that gives NOTHING for ever, a `str.format` that
    # takes anything and gives a false value): a third off the price of an event outside a recording.
    Nothing.__enter__ = repeat(NOTHING).__next__
    Nothing.__exit__ = "".format
