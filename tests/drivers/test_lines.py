"""Anything that prints its readings a line at a time: a microcontroller with CSV or JSON on a serial port: what it promises."""

from __future__ import annotations

from powermeter.drivers.lines import parse_columns, parse_number, without_check


def test_lines_parts() -> None:
    assert [column.rail for column in parse_columns("cpu.mW,gpu.mW", keyed=False)] == ["cpu", "gpu"]
    assert parse_number("1e5") == 1e5 and parse_number("0x10") is None and parse_number(True) is None
    assert parse_number("\x1d1") == 1.0 and parse_number(10**400) is None, "found by fuzzing"
    assert parse_number("1_000") is None and parse_number(float("inf")) is None
    assert without_check(b"$GPGGA*56", "xor") == b"GPGGA"
