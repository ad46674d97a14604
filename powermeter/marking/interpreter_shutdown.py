"""Suppresses errors of marking while the interpreter shuts down: objects that mark then find the names of our modules set to None.

This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")


def unless_shutting_down(step: Callable[P, None]) -> Callable[P, bool]:
    """Wrap a step of marking: the result returns True if it was done, and False where a module was gone."""
    is_finalizing = sys.is_finalizing  # held here: this file's own names are None by then, too

    def tried(*of: P.args, **named: P.kwargs) -> bool:
        try:
            step(*of, **named)
        except Exception:
            if not is_finalizing():
                raise
            return False
        return True

    tried.__doc__ = step.__doc__
    return tried
