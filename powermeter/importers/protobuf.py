"""Reads protobuf's wire format: fields by number, nothing generated, always within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from powermeter.errors import DataError

Field = tuple[int, int, int | bytes]
"""(number, wire type, value): an unsigned integer, or bytes."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return (value, place behind it) of a varint.

    Raises:
        DataError: It is cut or longer than ten bytes.
    """
    value = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), place + 1
        shift += 7
    raise DataError("a number is cut")


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message.

    Raises:
        DataError: The message is cut or not in this format.
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, kind, value
        elif kind == BYTES:
            length, at = varint(data, at)
            if at + length > end:
                raise DataError("a field is cut")
            yield number, kind, data[at : at + length]
            at += length
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
            if at + length > end:
                raise DataError("a field is cut")
            yield number, kind, data[at : at + length]
            at += length
        else:
            raise DataError(f"wire type {kind} is none")
        if not number:
            raise DataError("field number 0 is none")


def signed(value: int | bytes) -> int:
    """Return a varint as the int64 or int32 that it stands for."""
    number = unsigned(value)
    return number - 2**64 if number >= 2**63 else number


def unsigned(value: int | bytes) -> int:
    """Return an integer field's value; fixed ones are little-endian.

    Raises:
        DataError: It is not an integer.
    """
    if isinstance(value, int):
        return value
    if len(value) in (4, 8):
        return int.from_bytes(value, "little")
    raise DataError("a number was expected")


def text(value: int | bytes, longest: int = 200) -> str:
    """Return a string field, cut to its longest length."""
    if isinstance(value, int):
        raise DataError("a text was expected")
    return value[: 4 * longest].decode("utf-8", errors="replace")[:longest]


def message(value: int | bytes) -> bytes:
    """Return an embedded message.

    Raises:
        DataError: It is a number.
    """
    if isinstance(value, int):
        raise DataError("a message was expected")
    return value


def real(value: int | bytes) -> float:
    """Return a float or a double."""
    if isinstance(value, int) or len(value) not in (4, 8):
        raise DataError("a real number was expected")
    found: float = struct.unpack("<f" if len(value) == 4 else "<d", value)[0]
    return found
