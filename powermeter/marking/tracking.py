"""`track`: each call of anything that can be called is an event.

A coroutine or a generator is one event from its first step to its end; in a generator that includes what its
consumer does meanwhile, but the events of the consumer are not inside it.  What `contextlib.contextmanager` makes of a
generator is one from the entry of its block to the exit.  A call that returns a future is one until that is done.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import types
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from powermeter.errors import ConfigurationError
from powermeter.marking.context_managers import Function, as_generator, makes_generators, taken_apart
from powermeter.marking.futures import end_with
from powermeter.marking.generators import GO_ON, async_generator, coroutine, generator
from powermeter.marking.span import Span, attached, span

F = TypeVar("F", bound=Callable[..., Any])
Attributes = dict[str, Any]


def tracked(function: Any, name: str | None, n: Any, attributes: Attributes) -> Any:
    """Return a stand-in for something callable, each call of which is an event.

    Args:
        function: A function, method, partial, module of torch, or any other object that can be called.
        name: The event's name; the function's own where None.
        n: How many items a call stands for: a number, None where not known, or a function of the call's arguments.
        attributes: Of the events.

    Raises:
        ConfigurationError: It cannot be called, or it is a class.
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(tracked(function.__func__, name, n, attributes))
    if isinstance(function, functools.partialmethod):
        label = name if name is not None else name_of(function.func)
        inner = tracked(function.func, label, n, attributes)
        return functools.partialmethod(inner, *function.args, **function.keywords)
    if isinstance(function, type) or not callable(function):
        raise ConfigurationError(
            f"track takes a function or something else that is called, not {function!r:.80}; for a class, track its methods"
        )
    label = name if name is not None else name_of(function)
    if isinstance(function, _FUNCTIONS):
        return decorated(function, label, n, attributes)
    torch = sys.modules.get("torch")
    is_module = torch is not None and isinstance(function, torch.nn.Module)
    if torch is not None and is_module and not isinstance(function, torch.jit.ScriptModule):  # without hooks
        return _hook(function, _Make(label, n, attributes))
    return stand_in(function, label, n, attributes)


_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    functools.partial,
)


def name_of(function: Any) -> str:
    """Return what to call the event of something callable."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__name__
    return str(name)


def decorated(function: F, name: object, n: Any, attributes: Attributes) -> F:
    """Return a function that does what `function` does, as an event of this name."""
    if managed := taken_apart(function):
        return cast(F, managed[0](_block(*managed, _Make(name, n, attributes))))
    make = _Make(name, n, attributes)
    wrapper: Any
    if inspect.iscoroutinefunction(function):
        wrapper = coroutine(lambda args, kwargs: (function(*args, **kwargs), make(args, kwargs)))
    elif inspect.isgeneratorfunction(function):
        wrapper = generator(lambda args, kwargs: (function(*args, **kwargs), make(args, kwargs)))
    elif inspect.isasyncgenfunction(function):
        wrapper = async_generator(lambda args, kwargs: (function(*args, **kwargs), make(args, kwargs)))
    else:
        wrapper = _plain(function, make)
    wrapper = functools.wraps(function)(wrapper)
    # A compiler that follows the code goes to the function itself: torch.compile by the first, torch.jit.script
    # by the others.
    wrapper._torchdynamo_inline = function
    wrapper.__original_fn = function
    setattr(wrapper, "__script_if_tracing_wrapper", True)
    return wrapper  # type: ignore[no-any-return]


class _Make:
    """Makes the event of a call.

    Args:
        name, n, attributes: As in `tracked`.
    """

    def __init__(self, name: object, n: Any, attributes: Attributes) -> None:
        self.name = name
        self.n = n
        self.attributes = attributes

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Span:
        n = self.n
        if callable(n):
            try:
                n = n(*args, **kwargs)
            except Exception:  # noqa: BLE001 – the measured program must never notice
                n = None
        return span(self.name, n, dict(self.attributes))


def _plain(function: Callable[..., Any], make: _Make) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if attached() is None:
            return function(*args, **kwargs)
        event = make(args, kwargs)
        event.__enter__()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            event.__exit__(type(error), error, None)
            raise
        go_on = GO_ON.get(type(result))
        if go_on is None:
            end_with(event, result)
            return result
        event.suspend()
        return go_on(lambda *_: (result, event))()

    return call


def _block(make_manager: Function, function: Function, make: _Make) -> Function:
    """Return what a context manager is made of instead of `function`: its event begins with the block, whatever is called before."""
    if makes_generators(function):
        return decorated(function, make.name, make.n, make.attributes)

    def call(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        inner = as_generator(made, make_manager)
        if inner is None:
            return made
        go_on = generator if hasattr(inner, "throw") else async_generator
        return go_on(lambda *_: (inner, make(args, kwargs)))()

    return functools.wraps(function)(call)


class Tracked:
    """Stands in for an object that can be called; each call is an event, everything else is the object's own."""

    def __init__(self, inner: Any, name: object, n: Any, attributes: Attributes) -> None:
        object.__setattr__(self, "_tracked", (inner, name, n, attributes))
        object.__setattr__(self, "_call", decorated(inner, name, n, attributes))

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The object's own, so that it is an instance of that."""
        return type(self._tracked[0])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return what is called on an instance, where the object itself would be bound to it: a method with a cache."""
        if instance is None or not hasattr(type(self._tracked[0]), "__get__"):
            return self
        return types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_tracked")[0], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._tracked[0], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._tracked[0], name)

    def __repr__(self) -> str:
        return repr(self._tracked[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return stand_in, self._tracked


_OPERATORS = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
)
_OF_TYPES = (
    *("eq", "ne", "lt", "le", "gt", "ge", "hash", "bool", "neg", "pos", "abs", "invert"),
    *("str", "bytes", "format", "fspath", "dir", "int", "float", "complex", "index", "round", "array"),
    *("len", "length_hint", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem"),
    *("enter", "exit", "aenter", "aexit", "aiter", "anext", "await"),
    *_OPERATORS,
    *(f"r{one}" for one in _OPERATORS),
)
"""The methods that Python looks up in an object's type, past `__getattr__`; those that change it in place are `_IN_PLACE`."""
_IN_PLACE = tuple(one for one in _OPERATORS if one != "divmod")


def stand_in(inner: Any, name: object, n: Any, attributes: Attributes) -> Any:
    """Return what stands for an object that can be called, with what its type does in Python's own operations."""
    kind = type(inner)
    found = {
        method: getattr(kind, method, None)
        for method in (f"__{one}__" for one in _OF_TYPES)
        if hasattr(kind, method)
    }
    passed_on = {method: None if own is None else _passed_on(method) for method, own in found.items()}
    passed_on |= {f"__i{one}__": _in_place(one) for one in _IN_PLACE if _has_in_place(kind, one)}
    made: type[Tracked] = type("Tracked", (Tracked,), passed_on)
    return made(inner, name, n, attributes)


def _passed_on(method: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **named: Any) -> Any:
        return getattr(self._tracked[0], method)(*(_bare(value) for value in args), **named)

    return call


def _has_in_place(kind: type, one: str) -> bool:
    return hasattr(kind, f"__i{one}__") or hasattr(kind, f"__{one}__")


def _in_place(one: str) -> Callable[..., Any]:
    """Return what an operator such as `+=` does: what it makes of the object is tracked as the object was."""
    operate = getattr(operator, f"__i{one}__")

    def call(self: Any, value: Any) -> Any:
        inner, *how = self._tracked
        result = operate(inner, _bare(value))
        if result is inner:
            return self
        return stand_in(result, *how) if isinstance(result, type(inner)) else result

    return call


def _bare(value: Any) -> Any:
    """Return what a stand-in stands for, and anything else as it is."""
    return value._tracked[0] if issubclass(type(value), Tracked) else value


_ModuleCall = tuple[int, Span, BaseException | None]
"""A module's id, the event of its call, and what exception was handled around it already."""
_modules_running: ContextVar[tuple[_ModuleCall, ...]] = ContextVar("powermeter_modules", default=())


class _ModuleEvents:
    """Hooks of a module of torch whose calls are events; they are copied, moved and saved along with it."""

    def __init__(self, make: _Make) -> None:
        self._make = make
        self.name = make.name

    def before(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Begin the event of a call."""
        if attached() is not None and not _is_traced():
            event = self._make(args, kwargs)
            event.__enter__()
            _modules_running.set((*_modules_running.get(), (id(module), event, sys.exc_info()[1])))

    def after(self, module: Any, args: Any, result: Any) -> None:
        """End it, also where the call has raised: torch calls this while it handles the exception, and does not pass it."""
        if attached() is None:
            return
        running = _modules_running.get()
        if running and running[-1][0] == id(module):
            _modules_running.set(running[:-1])
            _, event, around = running[-1]
            error = sys.exc_info()[1]
            if error is None or error is around:
                event.__exit__(None, None, None)
            else:
                event.__exit__(type(error), error, None)


def _is_traced() -> bool:
    """Return whether torch follows this call to write a graph (`torch.jit.trace`): it stands for no inference."""
    torch = sys.modules.get("torch")
    return torch is not None and torch._C._get_tracing_state() is not None


def _hook(module: Any, make: _Make) -> Any:
    events = _ModuleEvents(make)
    mine = [getattr(hook, "__self__", None) for hook in module._forward_pre_hooks.values()]
    if any(isinstance(one, _ModuleEvents) and one.name == events.name for one in mine):
        return module  # it is tracked by this name already
    module.register_forward_pre_hook(events.before, with_kwargs=True, prepend=True)
    module.register_forward_hook(events.after, always_call=True)
    return module
