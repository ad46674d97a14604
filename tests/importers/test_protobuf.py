"""Reads protobuf's wire format: fields by number, nothing generated, always within bounds: what it promises."""

import pytest
from protobuf_bytes import message, number

from powermeter.errors import DataError
from powermeter.importers.protobuf import fields, real, signed, varint


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
