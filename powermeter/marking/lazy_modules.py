"""Modules that are imported when an annotation is evaluated: an instrumented program does not pay for typing."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable


class Later:
    """Stands for a module, which is imported when one of its names is asked for."""

    def __init__(self, load: Callable[[], object]) -> None:
        self._load = load

    def __getattr__(self, attribute: str) -> object:
        return getattr(self._load(), attribute)
