"""Anything that prints its readings a line at a time: a microcontroller with CSV or JSON on a serial port: what it promises."""

from __future__ import annotations

import pytest

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.drivers.lines import Lines
from powermeter.drivers.meters.line_columns import parse_columns, parse_number, without_check
from powermeter.drivers.meters.stream import StreamRow
from powermeter.errors import ConfigurationError, DataError


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
    source = lines("columns=V,A,W")
    if fits:
        assert source.decode(f"5,2,{watts}".encode()) is not None
    else:
        with pytest.raises(DataError, match="is not voltage × current = 10 W"):
            source.decode(f"5,2,{watts}".encode())
    assert source.decode(b"5,,99") is not None
    assert lines("columns=mV,mA,mW").decode(b"5000,2000,10000") is not None


def lines(options: str) -> Lines:
    source = registry.source(f"lines:///dev/x?{options}")
    assert isinstance(source, Lines)
    return source


@pytest.mark.parametrize(
    ("options", "line", "row"),
    [
        ("columns=t_us,mV,mA", b"100,5000,12.5", ([50_000_000, 125_000], 100)),
        ("columns=mV,-,mA", b"5000,x,12.5", ([50_000_000, 125_000], None)),
        ("columns=mV,mA&separator=tab", b"5000\t1", ([50_000_000, 10_000], None)),
        ("columns=mV,mA&separator=space", b"  5000   1 ", ([50_000_000, 10_000], None)),
        ("columns=V,A", b"5.0,ovf", ([50_000, MISSING], None)),
        ("columns=V,A", b"5.0,nan", ([50_000, MISSING], None)),
        ("columns=V,A", b"5.0,", ([50_000, MISSING], None)),
        ("columns=cpu.W,gpu.W", b"1.5,2.5", ([15_000, 25_000], None)),
        ("columns=V,A&check=xor", b"$5,1*28", ([50_000, 10_000], None)),
    ],
)
def test_lines_csv(options: str, line: bytes, row: tuple[list[int], int | None]) -> None:
    source = lines(options)
    assert source.rows(source.decode(line), 1) == [StreamRow(row[0], tick=row[1])]


@pytest.mark.parametrize(
    "line", [b"", b"# comment", b"ets Jul 29 2019", b"rst:0x1 (POWERON_RESET),boot:0x13", b"mV,mA", b"   "]
)
def test_lines_that_are_no_readings_are_passed_over(line: bytes) -> None:
    source = lines("columns=mV,mA")
    try:
        assert source.decode(line) is None
    except DataError as error:
        assert "no value" in str(error) or "columns" in str(error)  # noted as refused: never a row


@pytest.mark.parametrize(
    ("options", "line", "why"),
    [
        ("columns=t_us,mV,mA", b"17,5000", "a line of 2 columns"),
        ("columns=mV,mA", b"\xff\xfe5000,1", "not plain text"),
        ("columns=V,A,W", b"5,1,17", "is not voltage"),
        ("columns=mV,mA", b"1e30,1", "cannot be"),
        ("columns=t_us,mV", b"x,5000", "no time"),
        ("columns=V&check=xor", b"$5,1*2E", "check is wrong"),
        ("columns=V&check=sum", b"5,1", "no check"),
        ("columns=a=A&json=yes", b'{"a": 1', "not a JSON"),
        ("columns=a=A&json=yes", b"{" * 4000, "not a JSON"),
    ],
)
def test_lines_that_cannot_be_trusted(options: str, line: bytes, why: str) -> None:
    source = lines(options)
    with pytest.raises(DataError, match=why):
        source.decode(line)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "columns=",
        "columns=x",
        "columns=t_us",
        "columns=mV,V",
        "columns=mV&baud=fast",
        "columns=mV&bits=99",
        "columns=mV&json=yes",
        "columns=mV&check=crc",
    ],
)
def test_lines_options_that_are_not_usable(options: str) -> None:
    with pytest.raises(ConfigurationError):
        registry.source(f"lines:///dev/x?{options}")
