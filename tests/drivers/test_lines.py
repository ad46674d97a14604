"""Anything that prints its readings a line at a time: a microcontroller with CSV or JSON on a serial port: what it promises."""

from __future__ import annotations

import pytest

from powermeter.drivers.lines import Lines, parse_columns, parse_number, without_check
from powermeter.errors import DataError


def test_lines_parts() -> None:
    assert [column.rail for column in parse_columns("cpu.mW,gpu.mW", keyed=False)] == ["cpu", "gpu"]
    assert parse_number("1e5") == 1e5 and parse_number("0x10") is None and parse_number(True) is None
    assert parse_number("\x1d1") == 1.0 and parse_number(10**400) is None, "found by fuzzing"
    assert parse_number("1_000") is None and parse_number(float("inf")) is None
    assert without_check(b"$GPGGA*56", "xor") == b"GPGGA"


@pytest.mark.parametrize(
    ("watts", "fits"), [(10.0, True), (12.0, True), (12.03, False), (8.0, True), (7.97, False), (-10.0, True)]
)
def test_a_power_must_be_its_voltage_times_its_current(watts, fits) -> None:
    """5 V × 2 A: within a fifth and 20 mW of 10 W, whatever the sign; where one of the three is not there, nothing is judged."""
    source = object.__new__(Lines)
    source._values = parse_columns("V,A,W", keyed=False)
    if fits:
        source._agree([5.0, 2.0, watts])
    else:
        with pytest.raises(DataError, match="is not voltage × current = 10 W"):
            source._agree([5.0, 2.0, watts])
    source._agree([5.0, None, 99.0])
    source._values = parse_columns("mV,mA,mW", keyed=False)
    source._agree([5000.0, 2000.0, 10_000.0])
