"""Attributes as JSON, without importing `json`: it is heavy, and an import may stand half-done when a process forks."""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEEPEST = 6
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
LONGEST = (8000, 2000, 400, 60)
"""Characters that are kept of a text, a quarter as many of a value which is not JSON's own and items of a list; fewer where all do not fit."""
_SHORT = 60
ROOM = 11_900
"""Bytes of an object: beside it a mark has a name."""
CUT = "@cut"
"""The attribute that states how many others are cut, or left out."""
_FOR_PARTS = ROOM - 30  # the braces, and `,"@cut":` with a number of up to twenty digits


def encode(values: Mapping[str, Any]) -> bytes:
    """Return a JSON object in ASCII, `ROOM` bytes at most; what cannot be written is named in its place, never raised."""
    for longest in LONGEST:
        cuts: list[int] = []
        parts = [
            f"{quoted(key if key.__class__ is str and len(key) < _SHORT else _shortened(as_text(key), longest, cuts))}"
            f":{_value(value, DEEPEST, longest, cuts)}"
            for key, value in list(values.items())
        ]
        text = ",".join(parts)
        if len(text) < _FOR_PARTS:
            break
    else:
        kept = _that_fit(parts)
        cuts.append(len(parts) - len(kept))
        text = ",".join(kept)
    if cuts:
        text += f'{"," if text else ""}"{CUT}":{sum(cuts)}'
    return ("{" + text + "}").encode("ascii")


def _that_fit(parts: list[str]) -> list[str]:
    size = 0
    for count, part in enumerate(parts):
        size += len(part) + 1
        if size >= _FOR_PARTS:
            return parts[:count]
    return parts


def _shortened(text: str, longest: int, cuts: list[int]) -> str:
    """Return a text; one that is too long ends in its length and checksum, so that two of them stay two."""
    if len(text) <= longest:
        return text
    from binascii import crc32

    cuts.append(1)
    return f"{text[:longest]}\u2026 (cut, {len(text)} characters, {crc32(text.encode('utf-8', 'backslashreplace')):08x})"


def as_text(value: object) -> str:
    """Return a value's text, or the name of its type where it has none."""
    try:
        return value if value.__class__ is str else str(value)
    except Exception:  # noqa: BLE001 – somebody else's __str__
        return f"<{type(value).__name__}>"


def _value(value: Any, depth: int, longest: int, cuts: list[int]) -> str:
    kind = value.__class__
    if kind is str:
        return quoted(value if len(value) < _SHORT else _shortened(value, longest, cuts))
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is int:
        return str(value) if -(1 << 63) <= value < 1 << 63 else _as_quoted(value, longest, cuts)
    if kind is float:
        return _NOT_FINITE.get(repr(value)) or repr(value)
    try:
        if depth and isinstance(value, (dict, list, tuple)):
            return _of_several(value, depth - 1, longest, cuts)
        if getattr(value, "shape", None) == () or kind.__module__ == "numpy":
            plain = value.item()  # a scalar of numpy, torch, jax
            if plain.__class__ in (int, float, bool):
                return _value(plain, 0, longest, cuts)
    except Exception:  # noqa: BLE001 – somebody else's object
        return _as_quoted(value, longest, cuts)
    return _as_quoted(value, longest, cuts)


def _as_quoted(value: object, longest: int, cuts: list[int]) -> str:
    return quoted(_shortened(as_text(value), longest // 4, cuts))


def _of_several(value: Any, depth: int, longest: int, cuts: list[int]) -> str:
    if len(value) > longest // 4:
        cuts.append(1)
    if isinstance(value, dict):
        items = list(value.items())[: longest // 4]
        found = (
            f"{quoted(_shortened(as_text(k), longest, cuts))}:{_value(v, depth, longest, cuts)}"
            for k, v in items
        )
        return "{" + ",".join(found) + "}"
    return "[" + ",".join(_value(v, depth, longest, cuts) for v in value[: longest // 4]) + "]"
