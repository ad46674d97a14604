"""The times of lists in JSON that have none beside them: from the interval or the rate that stands next to the lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powermeter.channel import Quantity
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import heading

TIME_NAME = "time (s)"
"""How the column is called."""

_INTERVALS = frozenset(("interval", "period", "dt", "step"))
_RATES = frozenset(("rate", "fs", "frequency", "freq"))
_OF_SAMPLES = frozenset(("sample", "samples", "sampling", "fs"))


def times_of(data: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> list[float] | None:
    """Return the times of the lists of an object, in seconds from the first; None where they have their own, or none is stated once."""
    if any(heading(name).is_time for name in lists):
        return None
    periods = [
        period
        for name, value in data.items()
        if type(value) in (int, float) and 0 < value < 1e9 and (period := _period_s(name, value))
    ]
    if len(periods) != 1:
        return None
    return [round(i * periods[0], 9) for i in range(len(next(iter(lists.values()))))]


def _period_s(name: str, value: float) -> float | None:
    named = heading(name)
    found = {*named.words}
    if named.quantity == TIME and named.unit is not None and found & _INTERVALS:
        return value * named.factor
    if named.unit is None and found & _INTERVALS and named.words[-1] == "s":
        return value
    if named.quantity is Quantity.FREQUENCY and found & _RATES and found & _OF_SAMPLES:
        return 1 / (value * named.factor)
    return None
