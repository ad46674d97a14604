"""Messages of protobuf, written by its specification."""

from __future__ import annotations


def number(value):
    value &= 2**64 - 1
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def put(field, value):
    if isinstance(value, int):
        return number(field << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(field << 3 | 2) + number(len(data)) + data


def message(*pairs):
    return b"".join(put(field, value) for field, value in pairs)
