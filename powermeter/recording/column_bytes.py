"""Integer columns in few bytes: frame of reference or delta, byte planes, each plane coded as it pays.

A column is `mode, width, base, low, step` (`<BBqqq`), then for mode bit 4 a length-prefixed bitmap of
the missing values, then the residuals: unsigned, little-endian, `width` bytes each, stored shuffled (first the
lowest byte of each, then the second of each …).

====  =======================================================================================
mode  value[i]
====  =======================================================================================
0     `base` for every i; nothing follows
1     `base` + `step` × residual[i]
2     `base` for i = 0, then value[i-1] + `low` + `step` × residual[i-1]
====  =======================================================================================

Sums are modulo 2**64, so every int64 column survives.  Without mode bit 5 the residuals are one zlib stream; with
it, one plane after the other, each with a method and a length (`<BI`) before it: noise is stored as it is, which
is what makes reading and writing fast.
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
_PLANE = struct.Struct("<BI")
_CONSTANT, _OFFSET, _DELTA, _HAS_MISSING, _HAS_PLANES = 0, 1, 2, 0x10, 0x20
_SAME, _AS_IS, _ZLIB = 0, 1, 2
"""Methods of a plane: one byte that stands for all, the bytes themselves, a zlib stream."""

_UNSIGNED: dict[int, np.dtype[Any]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<u8"),
}
_LEVEL = 1
_PROBE = 8192
"""Bytes of a plane that are tried before it is decided how the plane is coded."""

_WORTH = 0.85
"""A plane is compressed where that leaves less than this share of it."""

_HUFFMAN_GAIN = 1.1
"""Entropy coding alone is twice as fast as a search for repeats, which must therefore gain this much."""

MAX_COUNT = 1 << 17
"""The most values one column may hold; bounds what a damaged file can make a reader allocate."""


def encode(values: NDArray[np.int64]) -> bytes:
    """Return the bytes of a column of 1 to `MAX_COUNT` int64 values."""
    bitmap = b""
    missing = values == MISSING
    if missing.any():
        bits = zlib.compress(np.packbits(missing).tobytes(), _LEVEL)
        bitmap = _LENGTH.pack(len(bits)) + bits
        values = _fill(values, missing)
    marks = _HAS_MISSING if bitmap else 0
    first = int(values[0])
    low, high = int(values.min()), int(values.max())
    if low == high:
        return _HEADER.pack(_CONSTANT | marks, 0, first, 0, 1) + bitmap
    steps = np.diff(values)
    step_low, step_high = int(steps.min()), int(steps.max())
    if _prefers_delta(values, steps, high - low, step_high - step_low):
        residuals, base, offset, mode = steps - np.int64(step_low), first, step_low, _DELTA
        span = step_high - step_low
    else:
        residuals, base, offset, mode = values - np.int64(low), low, 0, _OFFSET
        span = high - low
    step = _common_step(residuals) if span < 1 << 62 else 1
    width = _width(span // step)
    header = _HEADER.pack(mode | marks | _HAS_PLANES, width, base, offset, step)
    narrow = (residuals // step if step > 1 else residuals).astype(_UNSIGNED[width])
    bytewise = narrow.view(np.uint8).reshape(-1, width)
    return header + bitmap + b"".join(_plane(bytewise[:, byte]) for byte in range(width))


def _common_step(residuals: NDArray[np.int64]) -> int:
    """Return the largest number that divides all residuals; the first few mostly show that there is none."""
    step = max(1, int(np.gcd.reduce(residuals[:512])))
    if step > 1 or not residuals[:512].any():
        step = max(1, int(np.gcd.reduce(residuals)))
    return step


def _plane(column: NDArray[np.uint8]) -> bytes:
    """Return one plane with its method and length."""
    first = column[0]
    if (column == first).all():
        return _PLANE.pack(_SAME, 1) + bytes([first])
    raw = column.tobytes()
    middle = max(0, (len(raw) - _PROBE) // 2)
    probe = raw[middle : middle + _PROBE]
    searched, coded = len(zlib.compress(probe, _LEVEL)), len(_huffman(probe))
    if min(searched, coded) < _WORTH * len(probe):
        packed = zlib.compress(raw, _LEVEL) if searched * _HUFFMAN_GAIN < coded else _huffman(raw)
        if len(packed) < len(raw):
            return _PLANE.pack(_ZLIB, len(packed)) + packed
    return _PLANE.pack(_AS_IS, len(raw)) + raw


def _huffman(data: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(data) + compressor.flush()


def _fill(values: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Replace missing values by the last one before, or by the first present one, or 0."""
    present = np.flatnonzero(~missing)
    if present.size == 0:
        return np.zeros_like(values)
    before = np.searchsorted(present, np.arange(values.size), side="right") - 1
    filled: NDArray[np.int64] = values[present[np.maximum(before, 0)]]
    return filled


def _prefers_delta(values: NDArray[np.int64], steps: NDArray[np.int64], span: int, step_span: int) -> bool:
    if span >= 1 << 62:  # a difference may have overflowed int64
        return False
    if _width(step_span) != _width(span) and step_span * 16 < span:
        return True
    if len(values) > 4096:  # a part shows it as well
        values, steps = values[::15], steps[::15]
    spread = np.abs(values - np.float64(values.mean())).mean()
    return bool(np.abs(steps - np.float64(steps.mean())).mean() < spread * 0.7)


def _width(span: int) -> int:
    if span < 1 << 8:
        return 1
    if span < 1 << 16:
        return 2
    return 4 if span < 1 << 32 else 8


def decode(data: bytes | memoryview, count: int, out: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the `count` int64 values of a column, in `out` where that is given.

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
    has_planes, mode = bool(mode & _HAS_PLANES), mode & ~(_HAS_MISSING | _HAS_PLANES)
    values = np.empty(count, np.int64) if out is None else out
    if mode == _CONSTANT:
        values[:] = base
    elif mode in (_OFFSET, _DELTA) and width in _UNSIGNED:
        n = count - (mode == _DELTA)
        read = _planes if has_planes else _shuffled
        target = values[count - n :]
        target[:] = read(data[position:], n, width)
        if step != 1:
            target *= np.int64(step)
        if mode == _OFFSET:
            target += np.int64(base)
        else:
            values[0] = base
            if low:
                target += np.int64(low)
            np.cumsum(values, out=values)
    else:
        raise DataError(f"a column has unknown mode {mode} or width {width}")
    if missing is not None:
        values[missing] = MISSING
    return values


def _shuffled(data: bytes | memoryview, n: int, width: int) -> NDArray[Any]:
    """Return residuals that are one zlib stream."""
    planes = np.frombuffer(_inflate(data, n * width), np.uint8).reshape(width, n)
    return np.ascontiguousarray(planes.T).reshape(-1).view(_UNSIGNED[width])


def _planes(data: bytes | memoryview, n: int, width: int) -> NDArray[Any]:
    """Return residuals that are stored plane by plane."""
    residuals: NDArray[Any] | None = None
    position = same = 0
    for byte in range(width):
        if position + _PLANE.size > len(data):
            raise DataError("a column is cut short")
        method, length = _PLANE.unpack_from(data, position)
        position += _PLANE.size
        part = data[position : position + length]
        position += length
        if len(part) != length or length != {_SAME: 1, _AS_IS: n}.get(method, length):
            raise DataError("a plane of a column has the wrong length")
        if method == _SAME:
            same |= part[0] << 8 * byte
        elif method in (_AS_IS, _ZLIB):
            raw = part if method == _AS_IS else _inflate(part, n)
            plane = np.frombuffer(raw, np.uint8)
            if width > 1:
                plane = plane.astype(_UNSIGNED[width])
            if byte:
                np.left_shift(plane, 8 * byte, out=plane)
            residuals = plane if residuals is None else np.bitwise_or(residuals, plane, out=plane)
        else:
            raise DataError(f"a plane of a column has unknown method {method}")
    if residuals is None:
        return np.full(n, same, _UNSIGNED[width])
    return residuals | _UNSIGNED[width].type(same) if same else residuals


def join(parts: list[bytes]) -> bytes:
    """Return length-prefixed columns in one piece."""
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def split(data: bytes, most: int = 1 << 16) -> list[memoryview]:
    """Take `join`'s result apart without copying.

    Raises:
        DataError: A length runs past the end, or there are more than `most` parts.
    """
    view, position = memoryview(data), 0
    parts: list[memoryview] = []
    while position < len(view):
        if len(parts) == most:
            raise DataError(f"there are more than {most} columns")
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
