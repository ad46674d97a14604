"""What the watched models of all frameworks share: names, counts, facts, and calls inside calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.marking import span as spans
from powermeter.marking.batches import Sizer, is_image


class Count(Enum):
    """How items are counted where `watch` is given no `n`."""

    FROM_BATCH = "the size of the batch"

    def __repr__(self) -> str:
        return str(self.value)


FACTS = "model"
"""The mark that notes what is known of a model."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What was asked of `watch`; see there."""

    name: str | None = None
    layers: bool | int | str | Sequence[str] = False
    n: Any = Count.FROM_BATCH
    example: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Calls:
    """The calls of one model.

    Args:
        label: The events' name.
        n: As in `watch`.
        facts: What is known of the model.
        size: Number of items from the call's arguments; `batch_of` where None.
    """

    def __init__(
        self,
        label: str,
        n: Any,
        facts: Mapping[str, Any],
        size: Callable[..., float | None] | None = None,
    ) -> None:
        self.label = label
        self.facts = dict(facts)
        self.n = n
        self.size: Callable[..., Any] | None = (
            (size or batch_of) if n is Count.FROM_BATCH else n if callable(n) else None
        )
        self.noted: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "noted": None}

    def count(self, *args: Any, **kwargs: Any) -> Any:
        """Return the number of items of a call; notes the facts the first time in each recording."""
        if self.noted is not spans.attached() and self.facts:
            self.note()
        return self.n if self.size is None else self.size(*args, **kwargs)

    def note(self, facts: Callable[[], Mapping[str, Any]] | None = None) -> None:
        """Note the facts in the recording that runs, once.

        Args:
            facts: Finds them, where they change with training; the model's own otherwise.
        """
        log = spans.attached()
        if log is not None and log is not self.noted:
            self.noted = log
            found = self.facts if facts is None else facts()
            if found:
                spans.instant(FACTS, {FACTS: self.label, **found}, log)


def batch_of(*args: Any, **kwargs: Any) -> int | None:
    """Return the leading dimension that all arrays of a call share; None where that may be something else.

    An array of one dimension may be one item with so many values, or so many items; one of 3 × height × width, one image.
    """
    if len(args) == 1 and not kwargs:
        shape = getattr(args[0], "shape", None)
        if shape is not None:
            return (
                int(shape[0]) if len(shape) > 1 and not is_image(tuple(shape), channels_last=False) else None
            )
        return Sizer(are_batches=True).size(args[0])
    return Sizer(are_batches=True).size({**{str(i): value for i, value in enumerate(args)}, **kwargs})


@dataclass(frozen=True, slots=True)
class CallKind:
    """What the event of a call is.

    Attributes:
        name: Its label.
        count: Number of items from the call's arguments.
        attributes: Free values.
        runs: Takes (start_ns, end_ns, uid) of each call, where somebody asks for them.
    """

    name: str
    count: Callable[..., Any]
    attributes: Mapping[str, Any]
    runs: list[tuple[int, int, int]] | None = None


_inside: ContextVar[tuple[int, ...]] = ContextVar("powermeter_watched", default=())


def call(
    owner: Any,
    function: Callable[..., Any],
    kind: CallKind,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Call a method as an event, unless another watched method of the same object is calling it."""
    if spans.attached() is None or (this := id(owner)) in (inside := _inside.get()):
        return function(*args, **kwargs)
    try:
        n = kind.count(*args, **kwargs)
    except Exception:  # noqa: BLE001 – the measured program must never notice
        n = None
    token = _inside.set((*inside, this))
    try:
        with spans.span(kind.name, n, {**kind.attributes}) as made:
            result = function(*args, **kwargs)
        if kind.runs is not None:
            kind.runs.append((made.start_ns, made.end_ns, made.uid))
        return result
    finally:
        _inside.reset(token)


def wrap_methods(
    owner: Any,
    methods: Sequence[str],
    calls: Mapping[str, Calls],
    attributes: Mapping[str, Any],
    runs: list[tuple[int, int, int]] | None = None,
) -> None:
    """Have calls of an object's methods be events.

    Args:
        methods: Those that are there are wrapped.
        calls: Method → its events.
        runs: As of `Kind`.
    """
    for method in methods:
        inner = getattr(owner, method, None)
        if callable(inner):
            object.__setattr__(owner, method, _wrapped(owner, inner, calls[method], attributes, runs))


def _wrapped(
    owner: Any,
    inner: Callable[..., Any],
    calls: Calls,
    attributes: Mapping[str, Any],
    runs: list[tuple[int, int, int]] | None,
) -> Callable[..., Any]:
    """Return a method whose calls are events: `call`, laid out flat, since each function on the way costs a short one."""
    attached, make, this = spans.attached, spans.span, id(owner)
    label, size, n = calls.label, calls.size, calls.n

    @functools.wraps(inner)
    def method(*args: Any, **kwargs: Any) -> Any:
        log = attached()
        if log is None or this in (inside := _inside.get()):
            return inner(*args, **kwargs)
        if calls.noted is not log and calls.facts:
            calls.note()
        try:
            count = n if size is None else size(*args, **kwargs)
        except Exception:  # noqa: BLE001 – the measured program must never notice
            count = None
        token = _inside.set((*inside, this))
        try:
            with make(label, count, {**attributes}) as made:
                result = inner(*args, **kwargs)
            if runs is not None:
                runs.append((made.start_ns, made.end_ns, made.uid))
            return result
        finally:
            _inside.reset(token)

    return method


def chosen(layers: bool | int | str | Sequence[str], names: Sequence[str], kind: str) -> list[str]:
    """Return the names of the layers asked for; of a module and its parts, only the module.

    Args:
        layers: All leaves, a depth, a pattern or several.
        names: Dotted, a module before its parts.
        kind: The model's, for messages.

    Raises:
        ConfigurationError: None matches.
    """
    if layers is True:
        holders = {name.rpartition(".")[0] for name in names}
        return [name for name in names if name not in holders]
    if isinstance(layers, int):
        wanted = [name for name in names if name.count(".") < layers]
        holders = {name.rpartition(".")[0] for name in wanted}
        return [name for name in wanted if name not in holders]
    patterns = [layers] if isinstance(layers, str) else list(layers)
    found: list[str] = []
    for name in names:
        within = any(name.startswith(f"{one}.") for one in found)
        if not within and any(fnmatchcase(name, pattern) for pattern in patterns):
            found.append(name)
    if not found:
        raise ConfigurationError(
            f"no layer of {kind} matches {', '.join(patterns)}; it has {', '.join(names[:12])}"
        )
    return found


def size_of(path: Any) -> int | None:
    """Return the size of a model's file in byte; None where there is none."""
    try:
        return Path(path).stat().st_size
    except (OSError, TypeError, ValueError):
        return None


def known(**facts: Any) -> dict[str, Any]:
    """Return the facts that are known."""
    return {name: value for name, value in facts.items() if value is not None}
