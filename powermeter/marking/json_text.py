"""Attributes as JSON, without importing `json`: it is heavy, and an import may stand half-done when a process forks."""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted
from itertools import islice

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEEPEST = 6
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
LONGEST = (8000, 2000, 400, 60)
"""Characters that are kept of a text, a quarter as many of a value which is not JSON's own and items of a list; fewer where all do not fit."""
_SHORT = 60
_FEW = 8  # so many pairs of short texts fit, whatever their letters are
ROOM = 11_900
"""Bytes of an object: beside it a mark has a name."""
CUT = "@cut"
"""The attribute that states how many others are cut, or left out."""
_FOR_PARTS = ROOM - 30  # the braces, and `,"@cut":` with a number of up to twenty digits
MOST_VALUES = ROOM // 2
"""Values that are looked at inside of others, however they nest: more do not fit."""


class _Room:
    """What is left for one object, and how many of its values are cut."""

    __slots__ = ("cuts", "longest", "values")

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.values = MOST_VALUES * longest // LONGEST[0]
        self.cuts = 0

    def take(self, size: int) -> int:
        """Return how many of a value's items are kept, and count it as cut where they are not all."""
        kept = min(size, self.longest // 4, self.values)
        self.values -= kept
        self.cuts += kept < size
        return kept


def encode(values: Mapping[str, Any]) -> bytes:
    """Return a JSON object in ASCII, `ROOM` bytes at most; what cannot be written is named in its place, never raised."""
    if (usual := _of_short_values(values)) is not None:
        return usual.encode("ascii")
    for longest in LONGEST:
        room = _Room(longest)
        parts = [
            f"{quoted(key if key.__class__ is str and len(key) < _SHORT else _shortened(as_text(key), longest, room))}"
            f":{_value(value, DEEPEST, room)}"
            for key, value in list(values.items())
        ]
        text = ",".join(parts)
        if len(text) < _FOR_PARTS:
            break
    else:
        kept = _that_fit(parts)
        room.cuts += len(parts) - len(kept)
        text = ",".join(kept)
    if room.cuts:
        text += f'{"," if text else ""}"{CUT}":{room.cuts}'
    return ("{" + text + "}").encode("ascii")


def _of_short_values(values: Mapping[str, Any]) -> str | None:
    """Return the object of a few short texts and whole numbers, which is the rule, in half the time; None for any other."""
    items = list(values.items())
    if len(items) > _FEW:
        return None
    parts = []
    for key, value in items:
        if key.__class__ is not str or len(key) >= _SHORT:
            return None
        kind = value.__class__
        if kind is str and len(value) < _SHORT:
            parts.append(f"{quoted(key)}:{quoted(value)}")
        elif kind is int and -(1 << 63) <= value < 1 << 63:
            parts.append(f"{quoted(key)}:{value}")
        else:
            return None
    return f"{{{','.join(parts)}}}"


def _that_fit(parts: list[str]) -> list[str]:
    size = 0
    for count, part in enumerate(parts):
        size += len(part) + 1
        if size >= _FOR_PARTS:
            return parts[:count]
    return parts


def _shortened(text: str, longest: int, room: _Room) -> str:
    """Return a text; one that is too long ends in its length and checksum, so that two of them stay two."""
    if len(text) <= longest:
        return text
    from binascii import crc32

    room.cuts += 1
    return f"{text[:longest]}\u2026 (cut, {len(text)} characters, {crc32(text.encode('utf-8', 'backslashreplace')):08x})"


def as_text(value: object) -> str:
    """Return a value's text, or the name of its type where it has none."""
    try:
        return value if value.__class__ is str else str(value)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 – somebody else's __str__
        return f"<{type(value).__name__}>"


def _value(value: Any, depth: int, room: _Room) -> str:
    kind = value.__class__
    if kind is str:
        return quoted(value if len(value) < _SHORT else _shortened(value, room.longest, room))
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is int:
        return str(value) if -(1 << 63) <= value < 1 << 63 else _as_quoted(value, room)
    if kind is float:
        return _NOT_FINITE.get(repr(value)) or repr(value)
    try:
        if isinstance(value, _CONTAINERS):
            return _of_several(value, depth - 1, room)
        if getattr(value, "shape", None) == () or kind.__module__ == "numpy":
            plain = value.item()  # a scalar of numpy, torch, jax
            if plain.__class__ in (int, float, bool):
                return _value(plain, 0, room)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 – somebody else's object
        return _as_quoted(value, room)
    return _as_quoted(value, room)


_CONTAINERS = (dict, list, tuple, set, frozenset, bytes, bytearray)


def _as_quoted(value: object, room: _Room) -> str:
    return quoted(_shortened(as_text(value), room.longest // 4, room))


def _of_several(value: Any, depth: int, room: _Room) -> str:
    """Return what is kept of a value that holds others: what lies too deep is named, as its text may take for ever."""
    size = len(value)
    if not isinstance(value, (dict, list, tuple)):
        return _as_quoted(value, room) if size <= room.longest // 4 else _named(value, size, room)
    if size and (depth < 0 or not room.values):
        return _named(value, size, room)
    kept = room.take(size)
    if isinstance(value, dict):
        found = (
            f"{quoted(_shortened(as_text(k), room.longest, room))}:{_value(v, depth, room)}"
            for k, v in list(islice(value.items(), kept))
        )
        return "{" + ",".join(found) + "}"
    return "[" + ",".join(_value(v, depth, room) for v in value[:kept]) + "]"


def _named(value: Any, size: int, room: _Room) -> str:
    room.cuts += 1
    if isinstance(value, (bytes, bytearray)):
        return quoted(_shortened(value.decode("latin-1"), room.longest // 4, room))
    return quoted(f"<{type(value).__name__} of {size}>")
