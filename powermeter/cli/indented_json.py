"""JSON with an indent, as `json.dumps(value, indent=2, default=str)` writes it: that leaves C for Python, half of what many labels cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any


def indented(value: Any, margin: str = "\n") -> str:
    """Return plain values as JSON, two spaces a level, all in ASCII.

    Args:
        margin: What begins the line that the value's end stands on.
    """
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain(value)
    inner = margin + "  "
    if isinstance(value, dict):
        items = [f"{_key(key)}: {indented(one, inner)}" for key, one in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{margin}}}" if items else "{}"
    if isinstance(value, (list, tuple)):
        items = [indented(one, inner) for one in value]
        return f"[{inner}{f',{inner}'.join(items)}{margin}]" if items else "[]"
    return json.dumps(value, default=str)


def _key(key: Any) -> str:
    return encode_basestring_ascii(key) if type(key) is str else json.dumps({key: 0})[1:-4]


_PLAIN: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    int: int.__repr__,
    float: lambda number: float.__repr__(number) if isfinite(number) else json.dumps(number),
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
}
