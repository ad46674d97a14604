"""What `contextlib.contextmanager` made of a function, taken apart: its event is to be the block, not the call that makes the object."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

Function = Callable[..., Any]


def taken_apart(function: Any) -> tuple[Function, Function] | None:
    """Return what makes a context manager, and the function that it was made of, bound as it was; None for anything else."""
    if isinstance(function, types.FunctionType):
        make = _MANAGERS.get(function.__code__)
        return None if make is None else (make, function.__wrapped__)  # type: ignore[attr-defined]
    if isinstance(function, types.MethodType) and (found := taken_apart(function.__func__)):
        return found[0], types.MethodType(found[1], function.__self__)
    if isinstance(function, functools.partial) and (found := taken_apart(function.func)):
        return found[0], functools.partial(found[1], *function.args, **function.keywords)
    return None


def makes_generators(function: Function) -> bool:
    """Return whether a function's calls are generators, of which nothing runs before their first step."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def as_generator(made: Any, make: Function) -> Any:
    """Return a generator for what a context manager is made of by `make`; None where that is no iterator of its kind."""
    step, error, through = _KINDS[make]
    if hasattr(made, step) and hasattr(made, error):
        return made
    return through(made) if hasattr(made, step) else None


def _through(items: Iterator[Any]) -> Iterator[Any]:
    yield from items


async def _through_later(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield item


_KINDS: dict[Function, tuple[str, str, Function]] = {
    contextmanager: ("__next__", "throw", _through),
    asynccontextmanager: ("__anext__", "athrow", _through_later),
}
"""What makes a context manager → the methods of the generators it takes, and what makes one of an iterator without the second."""
_MANAGERS = {make(_through).__code__: make for make in _KINDS}
"""The code that all context managers of a kind share → what makes one of a generator."""
