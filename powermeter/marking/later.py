"""Modules that are imported when an annotation is evaluated: an instrumented program does not pay for typing."""

from __future__ import annotations


class Later:
    """Stands for a module, which is imported when one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        from importlib import import_module

        return getattr(import_module(self._name), attribute)
