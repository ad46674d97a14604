"""Numbers the asyncio tasks of this process; asyncio itself is never imported, only used where a program has loaded it."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from itertools import count

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable

_number: ContextVar[tuple[int, int]] = ContextVar("powermeter_task", default=(0, 0))
_next = count(1).__next__


def numbering() -> Callable[[], int] | None:
    """Return what finds the number of the task that runs, from 1, 0 outside of tasks; None until asyncio is loaded whole."""
    asyncio = sys.modules.get("asyncio")
    running_loop = getattr(asyncio, "_get_running_loop", None)
    current_task = getattr(asyncio, "current_task", None)
    if running_loop is None or current_task is None:
        return None

    def number() -> int:
        loop = running_loop()
        if loop is None:
            return 0
        task = current_task(loop)
        if task is None:
            return 0
        owner, known = _number.get()
        if owner == id(task):
            return known
        known = _next()
        _number.set((id(task), known))
        return known

    return number
