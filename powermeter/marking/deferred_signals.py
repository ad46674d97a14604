"""Keeps the handlers of signals out of what takes long: one that marks, as often as a timer fires, would begin it anew each time.

This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps in enums, which cost milliseconds

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

MOST_NESTED = 8
"""How many handlers may lie in each other all the same: another thread that takes a signal has it handled in the first one.

A handler that marks takes up to ten frames until the next may begin in it: eight are 80 of the 1,000 that Python allows by default, which leaves
the program its own.  A ninth marks nothing until the first has found the recording, and is counted as lost.
"""
_mask = getattr(_signal, "pthread_sigmask", None)


class Undisturbed:
    """Signals to this thread wait until its block ends.

    Attributes:
        is_too_deep: Whether so many handlers lie in each other already that this one must not begin either.
    """

    __slots__ = ("_before", "_depths", "is_too_deep")

    def __init__(self, depths: list[int]) -> None:
        self._depths = depths  # one number: how many are inside
        self._before: Any = None
        self.is_too_deep = False

    def __enter__(self) -> Undisturbed:
        if _mask is not None:
            self._before = _mask(_signal.SIG_BLOCK, _signal.valid_signals())
        self._depths[0] += 1
        self.is_too_deep = self._depths[0] > MOST_NESTED
        return self

    def __exit__(self, *error: object) -> None:
        self._depths[0] -= 1
        if _mask is not None:
            _mask(_signal.SIG_SETMASK, self._before)
