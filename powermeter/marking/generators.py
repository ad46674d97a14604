"""The event of a coroutine or a generator, from its first step to its end: what its consumer does meanwhile is not inside."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from powermeter.marking.span import Span


class _Running:
    """Begins an event, or goes on with one that was begun and suspended; ends it."""

    def __init__(self, event: Span) -> None:
        self._event = event

    def __enter__(self) -> None:
        if self._event.log is None:
            self._event.__enter__()
        else:
            self._event.resume()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._event.__exit__(kind, error, trace)


Made = Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Span]]


def coroutine(made: Made) -> Callable[..., Any]:
    """Return a coroutine function whose event lasts from its first step to its end.

    Args:
        made: Returns what is run for a call, and its event.
    """

    async def call(*args: Any, **kwargs: Any) -> Any:
        inner, event = made(args, kwargs)
        with _Running(event):
            return await inner

    return call


def generator(made: Made) -> Callable[..., Any]:
    """Return a generator function whose event lasts from its first step to its end, or to where it is closed."""

    def call(*args: Any, **kwargs: Any) -> Any:
        inner, event = made(args, kwargs)
        step, value = inner.send, None
        with _Running(event):
            inside = event.suspend()
            while True:
                event.resume(inside)
                try:
                    item = step(value)
                except StopIteration as stop:
                    return stop.value
                finally:
                    inside = event.suspend()
                try:
                    step, value = inner.send, (yield item)
                except BaseException as error:  # noqa: BLE001 – the consumer's, or that it is closed: for the generator
                    step, value = inner.throw, error

    return call


def async_generator(made: Made) -> Callable[..., Any]:
    """Return an asynchronous generator function with the same event; a loop that ends closes what it returns, which closes the generator itself."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        inner, event = made(args, kwargs)
        step, value = _unknown_to_its_loop(inner.asend), None
        with _Running(event):
            inside = event.suspend()
            while True:
                event.resume(inside)
                try:
                    item = await step(value)
                except StopAsyncIteration:
                    return
                finally:
                    inside = event.suspend()
                try:
                    step, value = inner.asend, (yield item)
                except BaseException as error:  # noqa: BLE001 – the consumer's, or that it is closed: for the generator
                    step, value = inner.athrow, error

    return call


def _unknown_to_its_loop(asend: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a first step that does not register the generator with its loop, which would close it at its end as well as what stands for it."""

    def step(value: Any) -> Any:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            return asend(value)
        finally:
            sys.set_asyncgen_hooks(*hooks)

    return step


GO_ON: dict[type, Callable[[Made], Callable[..., Any]]] = {
    types.CoroutineType: coroutine,
    types.GeneratorType: generator,
    types.AsyncGeneratorType: async_generator,
}
"""What a plain function may return that has yet to be run → what goes on with the event while it is."""
