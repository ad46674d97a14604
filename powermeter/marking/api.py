"""The calls a program is instrumented with: `event`, `mark`, `track`, `each`.

Inside a recording they stamp two times and leave them for the recorder; outside they do nothing, at the cost of a
function call.  This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

from powermeter.marking.event_span import EventSpan
from powermeter.marking.lazy_modules import Later
from powermeter.marking.span import attached, instant

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    import typing
    from collections import abc
    from typing import TypeVar, overload

    from powermeter.marking import each as walk

    F = TypeVar("F")
else:

    def _typing():
        import typing

        return typing

    def _abc():
        from collections import abc

        return abc

    def _each():
        from powermeter.marking import each

        return each

    typing, abc, walk = Later(_typing), Later(_abc), Later(_each)

ENVIRONMENT = "POWERMETER_RECORDING"
"""The environment variable that holds the path of the recording around a program."""

_DETECT: typing.Any = object()
NAMED = ""
"""What stands in for a name that is given by keyword, `event(name="infer")`: an attribute may be called so, too."""


def event(name: str = NAMED, /, n: float | None = 1, **attributes: typing.Any) -> EventSpan:
    """Return an event for what runs inside `with powermeter.event("infer", n=8, model="tiny"):`.

    ::

        with powermeter.event("infer", n=8, model="tiny"):
            model(batch)

    Under `powermeter record -- CMD`, or inside `with Meter(...)`, it is recorded; anywhere else it does nothing.
    It works with `async with` too, and as a decorator of a function.

    Args:
        name: The label that energies are grouped by.
        n: How many items it stands for; energies are also given per item, unless it is None: not known.
        attributes: Free values: model, variant, batch, input size.
    """
    made = EventSpan()
    made.name = name if name is not NAMED else attributes.pop("name", "")
    made._count = n
    made.attributes = attributes
    made.log = None
    return made


def mark(name: str = NAMED, /, **attributes: typing.Any) -> None:
    """Record an instant, for example the start of an epoch; nothing outside a recording.

    ::

        powermeter.mark("model loaded", model="tiny")
    """
    log = attached()
    if log is not None:
        instant(name if name is not NAMED else attributes.pop("name", ""), attributes, log)


if TYPE_CHECKING:

    @overload
    def track(function: F, /) -> F: ...

    @overload
    def track(
        name: str | None = None,
        /,
        *,
        n: float | abc.Callable[..., float | None] | None = 1,
        **attributes: typing.Any,
    ) -> abc.Callable[[F], F]: ...


def track(function: typing.Any = None, /, *, n: typing.Any = 1, **attributes: typing.Any) -> typing.Any:
    """Return a function or other callable whose calls are events: `@track`, or `@track("infer", n=8, model="tiny")`.

    ::

        @powermeter.track("infer", n=8)
        def infer(batch):
            return model(batch)

    It takes functions, methods, coroutines, generators, partials, modules of torch and objects that can be called.
    A coroutine or generator is one event from its first step to its end, a context manager of `contextlib` from the entry
    of its block to the exit; of a function that returns a future, the call alone is.

    Args:
        function: What to track, or the name of the event; a function's own name otherwise.
        n: How many items a call stands for: a number, None where not known, or a function of the call's arguments.
        attributes: Of the events.

    Raises:
        ConfigurationError: It cannot be called.
    """
    from powermeter.marking.tracking import tracked

    if function is None or isinstance(function, str):
        return lambda target: tracked(target, function, n, attributes)
    return tracked(function, None, n, attributes)


def each(
    items: abc.Iterable[walk.T], name: str = NAMED, /, n: typing.Any = _DETECT, **attributes: typing.Any
) -> walk.Each[walk.T]:
    """Return the items of a loader, one by one; what the loop does with each is one event.

    ::

        for batch in powermeter.each(loader, "infer"):
            model(batch)

    The time in which the loader makes the next item is outside the event.  It has the loader's length.

    Args:
        items: What is looped over, also with `async for`.
        name: The events' name; `item` where none is given.
        n: How many items each stands for: found from the loader's `batch_size` and the batch itself where that is certain;
            else a number, a function of the batch, or None: not known.  Nothing per item is printed where it is not.
        attributes: Of the events.
    """
    from powermeter.marking.each import DETECT
    from powermeter.marking.each import each as make

    if name is NAMED:
        name = attributes.pop("name", "item")
    return make(items, name, DETECT if n is _DETECT else n, attributes)


class _Idle:
    """What a compiler that follows the code sees instead of an event, which cannot be part of a graph."""

    count = None

    def __enter__(self) -> _Idle:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __setitem__(self, key: str, value: typing.Any) -> None:
        return None

    def __getitem__(self, key: str) -> None:
        return None

    def measure(self, /, **values: typing.Any) -> None:
        """Take results and do nothing."""


def _compiled_event(name: str = "", /, n: float | None = 1, **attributes: typing.Any) -> _Idle:
    return _Idle()


def _compiled_mark(name: str = "", /, **attributes: typing.Any) -> None:
    return None


event._torchdynamo_inline = _compiled_event  # type: ignore[attr-defined]
mark._torchdynamo_inline = _compiled_mark  # type: ignore[attr-defined]
