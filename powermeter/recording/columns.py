"""Integer columns in few bytes: frame of reference or delta, byte shuffle, zlib.

A column is `mode, width, base, low, step` (`<BBqqq`), then for mode bit 4 a length-prefixed bitmap of
the missing values, then the zlib-compressed, byte-shuffled, unsigned little-endian residuals.

====  =======================================================================================
mode  value[i]
====  =======================================================================================
0     `base` for every i; nothing follows
1     `base` + `step` × residual[i]
2     `base` for i = 0, then value[i-1] + `low` + `step` × residual[i-1]
====  =======================================================================================

Sums are modulo 2**64, so every int64 column survives.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import DataError

_HEADER = struct.Struct("<BBqqq")
_LENGTH = struct.Struct("<I")
_CONSTANT, _OFFSET, _DELTA, _HAS_MISSING = 0, 1, 2, 0x10
_UNSIGNED: dict[int, np.dtype[Any]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<u8"),
}
_LEVEL = 1

MAX_COUNT = 1 << 22
"""The most values one column may hold; bounds what a damaged file can make a reader allocate."""


def encode(values: NDArray[np.int64]) -> bytes:
    """Return the bytes of a column of 1 to `MAX_COUNT` int64 values."""
    bitmap = b""
    missing = values == MISSING
    if missing.any():
        bits = zlib.compress(np.packbits(missing).tobytes(), _LEVEL)
        bitmap = _LENGTH.pack(len(bits)) + bits
        values = _fill(values, missing)
    first = int(values[0])
    low, high = int(values.min()), int(values.max())
    if low == high:
        return _HEADER.pack(_CONSTANT | (_HAS_MISSING if bitmap else 0), 0, first, 0, 1) + bitmap
    steps = np.diff(values)
    step_low, step_high = int(steps.min()), int(steps.max())
    if _prefers_delta(values, steps, high - low, step_high - step_low):
        residuals, base, offset, mode = steps - np.int64(step_low), first, step_low, _DELTA
        span = step_high - step_low
    else:
        residuals, base, offset, mode = values - np.int64(low), low, 0, _OFFSET
        span = high - low
    step = max(1, int(np.gcd.reduce(residuals))) if 0 <= span < 1 << 62 else 1
    width = _width(span // step)
    header = _HEADER.pack(mode | (_HAS_MISSING if bitmap else 0), width, base, offset, step)
    narrow = (residuals // step if step > 1 else residuals).astype(_UNSIGNED[width])
    shuffled = np.frombuffer(narrow.tobytes(), np.uint8).reshape(-1, width).T.tobytes()
    return header + bitmap + zlib.compress(shuffled, _LEVEL)


def _fill(values: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Replace missing values by the last one before, or by the first present one, or 0."""
    present = np.flatnonzero(~missing)
    if present.size == 0:
        return np.zeros_like(values)
    before = np.searchsorted(present, np.arange(values.size), side="right") - 1
    filled: NDArray[np.int64] = values[present[np.maximum(before, 0)]]
    return filled


def _prefers_delta(values: NDArray[np.int64], steps: NDArray[np.int64], span: int, step_span: int) -> bool:
    if span < 0 or span >= 1 << 62 or step_span < 0:  # a difference overflowed int64
        return False
    if _width(step_span) != _width(span) and step_span * 16 < span:
        return True
    middle = np.float64(values.mean())
    return bool(np.abs(steps - np.float64(steps.mean())).mean() < np.abs(values - middle).mean() * 0.7)


def _width(span: int) -> int:
    if span < 1 << 8:
        return 1
    if span < 1 << 16:
        return 2
    return 4 if span < 1 << 32 else 8


def decode(data: bytes | memoryview, count: int) -> NDArray[np.int64]:
    """Return back the `count` int64 values of a column.

    Raises:
        DataError: The bytes are not such a column.
    """
    if not 0 < count <= MAX_COUNT:
        raise DataError(f"a column of {count} values is not plausible")
    if len(data) < _HEADER.size:
        raise DataError("a column is cut short")
    mode, width, base, low, step = _HEADER.unpack_from(data)
    position = _HEADER.size
    missing: NDArray[np.bool_] | None = None
    if mode & _HAS_MISSING:
        bits, position = _take(data, position)
        packed = np.frombuffer(_inflate(bits, (count + 7) // 8), np.uint8)
        missing = np.unpackbits(packed, count=count).astype(bool)
        mode &= ~_HAS_MISSING
    if mode == _CONSTANT:
        values = np.full(count, base, np.int64)
    elif mode in (_OFFSET, _DELTA) and width in _UNSIGNED:
        n = count - (mode == _DELTA)
        raw = _inflate(data[position:], n * width)
        straight = np.frombuffer(raw, np.uint8).reshape(width, n).T.tobytes()
        residuals = np.frombuffer(straight, _UNSIGNED[width]).astype(np.int64)
        if step != 1:
            residuals *= np.int64(step)
        if mode == _OFFSET:
            values = residuals + np.int64(base)
        else:
            values = np.empty(count, np.int64)
            values[0] = base
            np.cumsum(residuals + np.int64(low), out=values[1:])
            values[1:] += np.int64(base)
    else:
        raise DataError(f"a column has unknown mode {mode} or width {width}")
    if missing is not None:
        values[missing] = MISSING
    return values


def join(parts: list[bytes]) -> bytes:
    """Return length-prefixed columns in one piece."""
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def split(data: bytes) -> list[memoryview]:
    """Take `join`'s result apart without copying.

    Raises:
        DataError: A length runs past the end.
    """
    view, parts, position = memoryview(data), [], 0
    while position < len(view):
        part, position = _take(view, position)
        parts.append(part)
    return parts


def _take(data: bytes | memoryview, position: int) -> tuple[memoryview, int]:
    if position + _LENGTH.size > len(data):
        raise DataError("a column is cut short")
    (length,) = _LENGTH.unpack_from(data, position)
    start = position + _LENGTH.size
    if start + length > len(data):
        raise DataError("a column is cut short")
    return memoryview(data)[start : start + length], start + length


def _inflate(data: bytes | memoryview, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, size + 1)
    except zlib.error as error:
        raise DataError(f"a column does not decompress: {error}") from None
    if len(raw) != size:
        raise DataError(f"a column has {len(raw)} bytes where {size} belong")
    return raw
