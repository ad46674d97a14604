"""Which row each event belongs to: its label and the attributes asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError
from powermeter.events import Event


def groups_of(
    events: Sequence[Event], by: tuple[str, ...], metadata: Any
) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    run = metadata.get("attributes") or {}
    known = dict.fromkeys([name for e in events for name in e.attributes] + list(run))
    for name in by:
        if events and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else f"there are: {', '.join(list(known)[:12]) or 'none'}"
            )
            raise ConfigurationError(f"no event carries an attribute {name!r}; {hint}")
    numbers: dict[tuple[Any, ...], int] = {}
    group = np.empty(len(events), np.int64)
    for i, e in enumerate(events):
        key = (e.name, *(_plain(e.attributes.get(name, run.get(name))) for name in by))
        group[i] = numbers.setdefault(key, len(numbers))
    return list(numbers), group


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
