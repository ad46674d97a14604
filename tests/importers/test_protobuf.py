"""Reads protobuf's wire format: fields by number, nothing generated, always within bounds: what it promises."""

import pytest

from powermeter.errors import DataError
from powermeter.importers.protobuf import fields, real, signed, varint


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


def test_the_wire_format():
    assert varint(number(300), 0) == (300, 2)
    assert signed(varint(number(-5), 0)[0]) == -5
    assert [(n, v) for n, _, v in fields(message((1, 7), (2, "a")))] == [(1, 7), (2, b"a")]
    with pytest.raises(DataError, match="cut"):
        list(fields(b"\x0a\x05ab"))


@pytest.mark.parametrize(
    ("data", "value"), [("0000c03f", 1.5), ("000000000000f83f", 1.5), ("000020c1", -10.0)]
)
def test_a_real_number_is_four_or_eight_bytes(data, value):
    """IEEE 754: 1.5 is 3fc00000 and 3ff8000000000000, -10 is c1200000; little-endian on the wire."""
    assert real(bytes.fromhex(data)) == value


@pytest.mark.parametrize("value", [1, b"", b"abc", b"abcde", b"123456789"])
def test_what_is_no_real_number_is_refused(value):
    with pytest.raises(DataError, match="real number"):
        real(value)
