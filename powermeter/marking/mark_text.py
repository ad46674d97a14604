"""What the text of a mark holds: its name, attributes and measures; and its number of items."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any

from powermeter.marking.json_text import CUT

MEASURES, UNREADABLE = "@measures", "@unreadable"
"""Attributes of ours: results beside the energy, and attributes that are not a JSON object."""


def as_count(number: float) -> int | float | None:
    """Return a number of items; None where it is not known, below 0 where it is none."""
    if math.isnan(number):
        return None
    if not 0 <= number < math.inf:
        return -1
    return int(number) if number == int(number) and number < 1 << 63 else number


@lru_cache(maxsize=4096)
def read_text(text: bytes) -> tuple[str, str | None, str | None, bool]:
    """Return name, attributes and measures, and whether some are cut."""
    name, _, attributes = text.partition(b"\0")
    return (name.decode("utf-8", "replace"), *attributes_and_measures(attributes, b""))


@lru_cache(maxsize=4096)
def attributes_and_measures(first: bytes, second: bytes) -> tuple[str | None, str | None, bool]:
    """Return the attributes of begin and end together, and the measures among them, as JSON, None where there are none; and whether some are cut."""
    found: dict[str, Any] = {}
    for text in (first, second):
        if text:
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                value = None
            found.update(
                value if isinstance(value, dict) else {UNREADABLE: text[:200].decode("utf-8", "replace")}
            )
    measures, is_cut = found.pop(MEASURES, None), bool(found.pop(CUT, 0)) or UNREADABLE in found
    measured = json.dumps(measures) if isinstance(measures, dict) else None
    return json.dumps(found) if found else None, measured, is_cut
