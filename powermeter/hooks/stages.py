"""The open events of a trainer that calls back: epochs, steps, evaluations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from powermeter.marking.span import Span, span


class Stages:
    """Events that begin in one callback and end in another.

    Args:
        attributes: Of all of them.
    """

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = dict(attributes)
        self._open: dict[str, Span] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_attributes": self._attributes, "_open": {}}  # a copy, or a worker, has begun none of them

    def __contains__(self, name: str) -> bool:
        return name in self._open

    def begin(self, name: str, n: float | None = None, **attributes: Any) -> None:
        """Begin an event; one of the same name that was left open has failed, it is not known when: it never ends, which is listed."""
        if name in self._open:
            for left in list(reversed(self._open)):  # and what began inside of it
                self._open.pop(left).suspend()
                if left == name:
                    break
        made = span(name, n, {**self._attributes, **attributes})
        made.__enter__()
        self._open[name] = made

    def measure(self, name: str, values: Mapping[str, Any] | None) -> None:
        """Note results on an event that runs."""
        made = self._open.get(name)
        found = numbers(values)
        if made is not None and found:
            made.measure(**found)

    def end(
        self,
        name: str,
        values: Mapping[str, Any] | None = None,
        n: float | None = None,
        error: BaseException | None = None,
    ) -> None:
        """End an event, with its results.

        Args:
            n: The number of items, where it is known only now.
            error: What ended it.
        """
        self.measure(name, values)
        made = self._open.pop(name, None)
        if made is not None:
            if n is not None:
                made.count = n
            made.__exit__(None if error is None else type(error), error, None)

    def end_all(self, error: BaseException | None = None) -> None:
        """End what is open, the innermost first."""
        for name in list(reversed(self._open)):
            self._open.pop(name).__exit__(None if error is None else type(error), error, None)


def numbers(values: Mapping[str, Any] | None) -> dict[str, float]:
    """Return those values that are finite numbers, or scalars of a framework."""
    found = {}
    for name, value in (values or {}).items():
        number = _number(value)
        if number is not None and math.isfinite(number):
            found[str(name)] = number
    return found


def _number(value: Any) -> float | None:
    try:
        return value if isinstance(value, (int, float)) else float(value.item())
    except Exception:  # noqa: BLE001 – text, None, or an array of many
        return None


class BatchSizes:
    """How many samples each batch of an epoch holds, where the last may hold fewer.

    Args:
        samples: Of one epoch.
        batch_size: Of a full batch.
    """

    def __init__(self, samples: int | None, batch_size: int | None) -> None:
        self.samples, self.batch_size = samples, batch_size

    def of(self, index: int, batches: int = 1) -> int | None:
        """Return the samples of `batches` batches from the one at `index` on; None where not known."""
        if self.samples is None or self.batch_size is None:
            return None
        left = self.samples - index * self.batch_size
        return min(batches * self.batch_size, left) if left > 0 else None
