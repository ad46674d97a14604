"""Attributes as JSON, without importing `json`: it is heavy, and an import may stand half-done when a process forks."""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEEPEST = 6
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
LONGEST = 2000
"""Characters that are kept of a value which is not JSON's own, and items of a list or object."""


def encode(values: Mapping[str, Any]) -> bytes:
    """Return a JSON object in ASCII; what cannot be written is named in its place, never raised."""
    parts = [
        f"{quoted(as_text(key))}:{_value(value, DEEPEST)}" for key, value in list(values.items())[:LONGEST]
    ]
    return ("{" + ",".join(parts) + "}").encode("ascii")


def as_text(value: object) -> str:
    """Return a value's text, or the name of its type where it has none."""
    try:
        return value if value.__class__ is str else str(value)
    except Exception:  # noqa: BLE001 – somebody else's __str__
        return f"<{type(value).__name__}>"


def _value(value: Any, depth: int) -> str:
    kind = value.__class__
    if kind is str:
        return quoted(value[: LONGEST * 4])
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is int:
        return str(value) if -(1 << 63) <= value < 1 << 63 else quoted(as_text(value)[:LONGEST])
    if kind is float:
        return _NOT_FINITE.get(repr(value)) or repr(value)
    try:
        if depth and isinstance(value, dict):
            items = list(value.items())[:LONGEST]
            return "{" + ",".join(f"{quoted(as_text(k))}:{_value(v, depth - 1)}" for k, v in items) + "}"
        if depth and isinstance(value, (list, tuple)):
            return "[" + ",".join(_value(v, depth - 1) for v in value[:LONGEST]) + "]"
        if getattr(value, "shape", None) == () or kind.__module__ == "numpy":
            plain = value.item()  # a scalar of numpy, torch, jax
            if plain.__class__ in (int, float, bool):
                return _value(plain, 0)
        return quoted(as_text(value)[:LONGEST])
    except Exception:  # noqa: BLE001 – somebody else's object
        return quoted(as_text(value)[:LONGEST])
