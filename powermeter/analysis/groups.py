"""Which row each event belongs to: its label and the attributes asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError, nearest
from powermeter.events import Event


def groups_of(
    events: Sequence[Event], by: tuple[str, ...], metadata: Any
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """Return the keys of the rows, (name, values of `by` …), and for each event the number of its row.

    Args:
        events: In any order.
        by: Attributes that split a row; the run's own stand in where an event has none.
        metadata: Of the recording.

    Raises:
        ConfigurationError: No event, nor the run, carries one of the attributes.
    """
    run = metadata.get("attributes") or {}
    known = dict.fromkeys([name for e in events for name in e.attributes] + list(run))
    for name in by:
        if events and name not in known:
            raise ConfigurationError(f"no event carries an attribute {name!r}; {nearest(name, known)}")
    numbers: dict[tuple[Any, ...], int] = {}
    group = np.empty(len(events), np.int64)
    for i, e in enumerate(events):
        key = (e.name, *(_plain(e.attributes.get(name, run.get(name))) for name in by))
        group[i] = numbers.setdefault(key, len(numbers))
    return list(numbers), group


def members_of(group: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Return the positions of the events of each of so many groups, rising."""
    order = np.argsort(group, kind="stable")
    return np.split(order, np.searchsorted(group[order], np.arange(size + 1)))[1:-1]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
