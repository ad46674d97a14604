"""Registers as a chip holds them: sign first, then the shift; what is encoded is what is decoded."""

from __future__ import annotations

import pytest

from powermeter.drivers.ina.datasheet import Register


@pytest.mark.parametrize(
    ("register", "raw", "code"),
    [
        (Register(1, 1.0), 0x7FFF, 32767),
        (Register(1, 1.0), 0x8000, -32768),
        (Register(1, 1.0), 0xFFFF, -1),
        (Register(2, 1.0, signed=False), 0xFFFF, 65535),
        (Register(1, 1.0, shift=4), 0x7FF0, 2047),  # INA234: 12 bit in the upper part of 16
        (Register(1, 1.0, shift=4), 0x8000, -2048),
        (Register(4, 1.0, size=3, shift=4), 0x7FFFF0, 524287),  # INA228: 20 bit in the upper part of 24
        (Register(4, 1.0, size=3, shift=4), 0xFFFFF0, -1),
        (Register(9, 1.0, size=5, signed=False), 0xFFFFFFFFFF, 2**40 - 1),
    ],
)
def test_a_register_reads_back_what_it_holds(register, raw, code) -> None:
    assert register.decode(raw) == code and register.encode(code) == raw
    assert register.low <= code <= register.high


def test_the_ends_of_a_register() -> None:
    assert (Register(1, 1.0).low, Register(1, 1.0).high) == (-32768, 32767)
    assert (Register(2, 1.0, signed=False).low, Register(2, 1.0, signed=False).high) == (0, 65535)
    assert (Register(1, 1.0, size=3, shift=4).low, Register(1, 1.0, size=3, shift=4).high) == (
        -524288,
        524287,
    )
