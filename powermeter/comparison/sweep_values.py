"""How the events of a sweep hold the value that they are of, so that each value's can be asked for."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from powermeter.errors import ConfigurationError


def stated_values(parameter: str, values: Sequence[Any]) -> list[Any]:
    """Return what the events of each value of a sweep hold as its attribute: the value itself or its text, numbered where that
    cannot be typed after a label or stands for two.

    Raises:
        ConfigurationError: There are fewer than two, or two are equal, or one cannot be looked up by.
    """
    try:
        different = len(set(values))
    except TypeError:
        raise ConfigurationError(
            f"{parameter}: a value is looked up by in what sweep returns, as in a dict; write tuples, not lists"
        ) from None
    if different < max(2, len(values)):
        raise ConfigurationError(f"{parameter}: two or more different values are needed")
    plain = [_plain(value) for value in values]
    texts = [str(value) for value in plain]
    return [
        value
        if is_plain(text) and texts.count(text) == 1
        else f"{number} {''.join(c for c in text[:40] if c not in '[]=,')}".strip()
        for number, (value, text) in enumerate(zip(plain, texts, strict=True), 1)
    ]


def _plain(value: Any) -> Any:
    """Return a value as an attribute can hold it."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) and math.isfinite(value) else str(value)


def is_plain(text: str) -> bool:
    """Return whether a text may stand in `label[name=text]`."""
    return text == text.strip() != "" and text.isprintable() and not set("[]=,") & set(text)
