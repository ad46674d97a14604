"""A call that returns a future has only begun its work: its event ends when the future is done."""

from __future__ import annotations

import functools
from typing import Any

from powermeter.marking.span import Span


def end_with(event: Span, result: object) -> None:
    """End the event of a call: where it has returned a future, when that is done, cancelled or has failed, else at once.

    A future is what calls back when it is done, as those of `concurrent.futures` and asyncio do.  What runs meanwhile is not
    inside the event.
    """
    future: Any = result
    if not hasattr(type(future), "add_done_callback"):
        event.__exit__(None, None, None)
        return
    event.suspend()
    try:
        future.add_done_callback(functools.partial(_end, event))
    except Exception:  # noqa: BLE001 – the measured program must never notice
        event.__exit__(None, None, None)


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
