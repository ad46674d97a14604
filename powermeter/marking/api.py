"""The calls a program is instrumented with: `event`, `mark`, `track`, `each`.

Inside a recording they stamp two times and append; outside they do nothing, at the cost of a function
call.  This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps

from powermeter.marking.span import NOTHING, Span

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any, ParamSpec, TypeVar

    from powermeter.marking.span import Log, Nothing

    P = ParamSpec("P")
    R = TypeVar("R")
    T = TypeVar("T")

ENVIRONMENT = "POWERMETER_RECORDING"
"""The environment variable in which `powermeter record` hands the recording's path down."""

_log: Log | None = None


def attach(log: Log | None) -> Log | None:
    """Make the free functions record into `log` (None: do nothing); gives what was there before."""
    global _log
    previous, _log = _log, log
    return previous


def attached() -> Log | None:
    """Return the log the free functions record into, or None outside a recording."""
    return _log


def event(name: str, n: int = 1, **attributes: Any) -> Span | Nothing:
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
    """Return the items of a loader one by one; what the loop does with each is one event.

    The time in which the loader makes the next item is outside the event.
    """
    for item in items:
        with event(name, len_or_one(item), **attributes):
            yield item


def len_or_one(item: object) -> int:
    """Return the number of items in a batch: 1 for anything that is not plainly a list or tuple."""
    return len(item) if isinstance(item, (list, tuple)) and item else 1
