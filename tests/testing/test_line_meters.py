"""Simulated instruments that speak in lines or push reports: SCPI, Korad, SmartPower3, a microcontroller, ATORCH: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_link import LOAD, MemoryLink

from powermeter.channel import MISSING
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import SATURATED, Row
from powermeter.testing.line_meters import SimulatedAtorch, SimulatedMultimeter


class Scrambled(SimulatedAtorch):
    """A firmware whose last byte means nothing."""

    def report(self, now_s: float) -> bytes:
        return super().report(now_s)[:-1] + bytes([int(now_s * 7919) & 0xFF])


@pytest.mark.parametrize(
    ("meter", "rule"), [(SimulatedAtorch(LOAD), 1), (Scrambled(LOAD), None)], ids=["checked", "meaningless"]
)
def test_atorch_learns_its_check(
    connect: Callable[..., Any], meter: SimulatedAtorch, rule: int | None
) -> None:
    link = MemoryLink(meter)
    source = connect("atorch://x", link)
    assert source._rule == rule
    assert [channel.name for channel in source.channels] == [
        "voltage",
        "current",
        "charge",
        "energy",
        "temperature",
    ]
    source._reading = True
    block = None
    while block is None:
        block = source.read_block(0.5)
    assert (block.codes[:, 0] == 500).all()
    link.spoil = lambda _, data: data[:4] + b"\x09" + data[5:]
    before = source.refused
    assert source.read_block(2.0) is None or rule is None
    source.read_block(2.0)
    assert source.refused > before  # refused by its check, or as a voltage no such meter can show


def test_atorch_refused_frames_are_listed_as_a_gap(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedAtorch(LOAD))
    source = connect("atorch://x", link)
    source.read_block(0.5)
    good, bad = link.meter.report(20.0), bytearray(link.meter.report(21.0))  # type: ignore[attr-defined]
    bad[20] ^= 1
    source._buffer += good + bad + link.meter.report(22.0)  # type: ignore[attr-defined]
    link.waiting += b"\x00"
    block = source.read_block(0.0)
    assert len(block.times_ns) == 2
    assert [(gap.reason, gap.lost) for gap in block.gaps] == [("bad data", 1)]
    assert block.gaps[0].start_ns == block.times_ns[0] and block.gaps[0].end_ns == block.times_ns[1]


@pytest.mark.parametrize(
    ("answer", "row", "flags"),
    [(b"9.9E37\n", [MISSING], SATURATED), (b"+9.91E37\n", [MISSING], 0), (b"-1.5E-3 V\r\n", [-1_500_000], 0)],
)
def test_scpi_special_numbers(connect: Callable[..., Any], answer: bytes, row: list[int], flags: int) -> None:
    link = MemoryLink(SimulatedMultimeter(LOAD))
    source = connect("scpi://x", link)
    link.spoil = lambda _, data: answer
    assert source.sample() == Row(row, flags)
    link.spoil = lambda _, data: b"+1.0E\n"
    with pytest.raises(ReadError, match="is not a number"):
        source.sample()


@pytest.mark.parametrize("function", ['"VOLT:AC +1.0E+01"', '"RES +1.0E+03"', '"CURR:AC"', "ACV", '"FREQ"'])
def test_scpi_meter_set_to_something_else(connect: Callable[..., Any], function: str) -> None:
    meter = SimulatedMultimeter(LOAD)
    meter.function = function
    with pytest.raises(OpenError, match="set it to direct voltage or current") as caught:
        connect("scpi://x", MemoryLink(meter))
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_scpi_meter_measures_one_quantity(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="one quantity at a time"):
        connect("scpi://x?measure=current", MemoryLink(SimulatedMultimeter(LOAD)))
