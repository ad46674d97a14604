"""How many items an event stands for, as a ring holds it.  Every instrumented program imports this file, so it imports next to nothing."""

from __future__ import annotations

NAN, INFINITY = float("nan"), float("inf")
ODD = -1.0
"""Stands in a ring for a count that is not a number of items: it is noted, and nothing is stated per item."""


def as_count(value: object) -> float:
    """Return a number of items as a float; NaN where it is not known, `ODD` where it is not a number of items."""
    if value is None:
        return NAN
    if isinstance(value, int):
        try:
            return (
                value * 1.0 if value >= 0 else ODD
            )  # not a call: there the exceptions of signals' handlers come out
        except OverflowError:
            return ODD
    try:
        number = float(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 – somebody else's object
        return ODD
    return number if 0 <= number < INFINITY else ODD
