"""A call that returns a future has only begun its work: its event ends when the future is done."""

from __future__ import annotations

import functools
from typing import Any

from powermeter.marking.span import Span

GOES_ON = "@goes_on"
"""The attribute of an event that is a call alone: the type of what the call has returned, whose work goes on."""
_OF_A_POOL = {
    "ApplyResult": "ready",
    "AsyncResult": "ready",
    "MapResult": "ready",
    "IMapIterator": "",
    "IMapUnorderedIterator": "",
}
_PROCESSES = dict.fromkeys(("Process", "ForkProcess", "SpawnProcess", "ForkServerProcess"), "is_alive")
_HANDLES = {
    "multiprocessing.pool": _OF_A_POOL,
    "multiprocess.pool": _OF_A_POOL,
    "billiard.pool": _OF_A_POOL,
    "ray._raylet": {"ObjectRef": "", "ObjectRefGenerator": ""},
    "celery.result": {"AsyncResult": "", "GroupResult": ""},
    "multiprocessing.context": _PROCESSES,
    "threading": {"Thread": "is_alive", "Timer": "is_alive"},
    "subprocess": {"Popen": "returncode"},
    "asyncio.subprocess": {"Process": "returncode"},
}
"""Module → type of what stands for work elsewhere and does not call back when that is done → what of it shows whether it is; "" where nothing
does without another machine being asked."""


def end_with(event: Span, result: object) -> None:
    """End the event of a call: where it has returned a future, when that is done, cancelled or has failed, else at once.

    A future is what calls back when it is done, as those of `concurrent.futures` and asyncio do.  What runs meanwhile is not
    inside the event.
    """
    future: Any = result
    if not hasattr(type(future), "add_done_callback"):
        if type(future).__module__ in _HANDLES and _goes_on(future):
            event.attributes = {**event.attributes, GOES_ON: type(future).__name__}
        event.__exit__(None, None, None)
        return
    event.suspend()
    try:
        future.add_done_callback(functools.partial(_end, event))
    except Exception:  # noqa: BLE001 – the measured program must never notice
        event.__exit__(None, None, None)


def _goes_on(handle: Any) -> bool:
    """Return whether an object is such a handle and its work is not known to be done."""
    asked = _HANDLES[type(handle).__module__].get(type(handle).__name__)
    try:
        if asked == "ready":
            return not handle.ready()
        if asked == "is_alive":
            return bool(handle.is_alive())
        return asked == "" or (asked == "returncode" and handle.returncode is None)
    except Exception:  # noqa: BLE001 – the measured program must never notice
        return False


def _end(event: Span, future: Any) -> None:
    error = _error(future)
    event.__exit__(None if error is None else type(error), error, None)


def _error(future: Any) -> BaseException | None:
    """Return what a future failed with; read past `exception()`, after which asyncio reports no more that nobody has asked for it."""
    try:
        if future.cancelled():
            # Loaded by whoever cancels: a program without futures does without it.
            from concurrent.futures import CancelledError

            return CancelledError()
        found = getattr(future, "_exception", None)
    except Exception:  # noqa: BLE001 – the measured program must never notice
        return None
    return found if isinstance(found, BaseException) else None
