"""The calls a program is instrumented with: `event`, `mark`, `track`, `each`.

Inside a recording they stamp two times and append; outside they do nothing, at the cost of a function
call.  This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import repeat

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, ParamSpec, TypeVar

    from powermeter.eventlog import EventLog

    P = ParamSpec("P")
    R = TypeVar("R")
    T = TypeVar("T")

ENVIRONMENT = "POWERMETER_RECORDING"
"""The environment variable in which `powermeter record` hands the recording's path down."""

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

    def __init__(self, log: EventLog, name: str, count: int, attributes: dict[str, Any]) -> None:
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


class _Nothing:
    """What `event` gives outside a recording: takes everything, does nothing."""

    __slots__ = ()
    count = 1

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        return None

    def __setitem__(self, key: str, value: Any) -> None:
        return None

    def __setattr__(self, name: str, value: Any) -> None:
        return None


NOTHING = _Nothing()

if not TYPE_CHECKING:
    # The same two methods from C (a bound `__next__` that gives NOTHING for ever, a `str.format` that
    # takes anything and gives a false value): a third off the price of an event outside a recording.
    _Nothing.__enter__ = repeat(NOTHING).__next__
    _Nothing.__exit__ = "".format

_log: EventLog | None = None


def attach(log: EventLog | None) -> EventLog | None:
    """Make the free functions record into `log` (None: do nothing); gives what was there before."""
    global _log
    previous, _log = _log, log
    return previous


def attached() -> EventLog | None:
    """Give the log the free functions record into, or None outside a recording."""
    return _log


def attach_from_environment() -> None:
    """Record into the recording that `powermeter record` named, where there is one."""
    path = os.environ.get(ENVIRONMENT)
    if path:
        from powermeter.eventlog import EventLog

        attach(EventLog(path))


def event(name: str, n: int = 1, **attributes: Any) -> Span | _Nothing:
    """Mark what runs inside `with powermeter.event("infer", n=8, model="tiny"):` as one event.

    Under `powermeter record -- CMD`, or inside `with Meter(...)`, it is recorded; anywhere else it
    does nothing.

    Args:
        name: The label that energies are grouped by.
        n: How many items it stands for; energies are also given per item.
        attributes: Free values: model, variant, batch, input size.
    """
    if _log is None:
        return NOTHING
    return Span(_log, name, n, attributes)


def mark(name: str, **attributes: Any) -> None:
    """Record an instant, for example the start of an epoch; nothing outside a recording."""
    if _log is not None:
        _log.mark(name, **attributes)


def track(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that each call is an event named after it."""
    name = function.__qualname__

    @wraps(function)
    def tracked(*args: P.args, **kwargs: P.kwargs) -> R:
        if _log is None:
            return function(*args, **kwargs)
        with Span(_log, name, 1, {}):
            return function(*args, **kwargs)

    return tracked


def each(items: Iterable[T], name: str = "item", **attributes: Any) -> Iterator[T]:
    """Give the items of a loader one by one; what the loop does with each is one event.

    The time in which the loader makes the next item is outside the event.
    """
    for item in items:
        with event(name, len_or_one(item), **attributes):
            yield item


def len_or_one(item: object) -> int:
    """Give the number of items in a batch: 1 for anything that is not plainly a list or tuple."""
    return len(item) if isinstance(item, (list, tuple)) and item else 1
