"""Keeps errors of marking out of a program whose last objects mark while Python takes modules apart: their names are None by then.

This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")


def unless_taken_apart(step: Callable[P, None]) -> Callable[P, bool]:
    """Return a step of marking that returns whether it could be done, and raises nothing for want of a module."""
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
