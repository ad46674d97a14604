"""`each`: what a loop does with each item of a loader is one event, with the size of the batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from powermeter.marking.batches import Sizer
from powermeter.marking.span import span

T = TypeVar("T")


class _Detect:
    def __repr__(self) -> str:
        return "the size of the batch"


DETECT: Any = _Detect()
"""The `n` of `each` that stands for what the batch itself holds."""


def each(items: Any, name: str, n: Any, attributes: Mapping[str, Any]) -> Each[Any]:
    """Return the items with events around what the loop does with them; it has a length where they have one."""
    return (_Sized if hasattr(type(items), "__len__") else Each)(items, name, n, attributes)


class Each(Generic[T]):
    """The items of a loader, each with an event around what the loop does with it; may be looped over again.

    Args:
        items, name, n, attributes: As in `powermeter.each`.
    """

    def __init__(self, items: Iterable[T], name: str, n: Any, attributes: Mapping[str, Any]) -> None:
        self._items: Any = items
        self._name = name
        self._n = n
        self._attributes = attributes
        self._sizer = Sizer(items)

    def __iter__(self) -> Iterator[T]:
        for item in self._items:
            with span(self._name, self._count(item), dict(self._attributes)):
                yield item

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in self._items:
            with span(self._name, self._count(item), dict(self._attributes)):
                yield item

    def __getattr__(self, name: str) -> Any:
        if name == "_items":
            raise AttributeError(name)
        return getattr(self._items, name)

    def _count(self, item: Any) -> Any:
        if self._n is DETECT:
            return self._sizer.size(item)
        if callable(self._n):
            try:
                return self._n(item)
            except Exception:  # noqa: BLE001 – the measured program must never notice
                return None
        return self._n


class _Sized(Each[T]):
    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return True
