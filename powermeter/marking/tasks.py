"""Numbers the asyncio tasks of this process; imported only where asyncio is loaded."""

from __future__ import annotations

from asyncio import _get_running_loop, current_task
from contextvars import ContextVar
from itertools import count

_number: ContextVar[tuple[int, int]] = ContextVar("powermeter_task", default=(0, 0))
_next = count(1).__next__


def number() -> int:
    """Return the number of the task that runs, from 1; 0 outside of tasks."""
    loop = _get_running_loop()
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
