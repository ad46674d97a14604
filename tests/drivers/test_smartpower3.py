"""Hardkernel ODROID SmartPower3: a bench supply that prints a checked line per interval on its USB port: what it promises."""

from __future__ import annotations

import pytest
from meter_frames import SMARTPOWER3, refused

from powermeter.drivers import smartpower3
from powermeter.source import Address, Gap
from powermeter.testing.line_meters import SimulatedSmartPower3
from powermeter.testing.load import Load


def test_smartpower3_lines() -> None:
    """osp3 library: log test."""
    line = smartpower3.decode(SMARTPOWER3[0])
    assert line.time_ms == 815169 and line.input == smartpower3.Port(15296, 36, 550)
    assert line.outputs == (smartpower3.Port(0, 0, 0),) * 2
    assert smartpower3.decode(SMARTPOWER3[1]).input.power_mw == 1103
    assert smartpower3.decode(SMARTPOWER3[2]).time_ms == 343732207
    assert refused(smartpower3.decode, SMARTPOWER3[0].replace(b",14,12", b",15,12"))
    assert refused(smartpower3.decode, SMARTPOWER3[0].replace(b",14,12", b",14,13"))
    for good in SMARTPOWER3:
        for length in range(len(good)):
            assert refused(smartpower3.decode, good[:length])
        for at in range(len(good)):
            for mask in range(1, 256):
                bad = bytearray(good)
                bad[at] ^= mask
                assert refused(smartpower3.decode, bytes(bad)), f"{at} {mask}"


def test_each_number_of_a_line_is_what_its_place_states() -> None:
    """Input, then both outputs: mV, mA, mW, on or off, and of an output its interrupt bits in hexadecimal."""
    body = b"0000815169,15296,1036,15847,1,05012,0211,01057,0,a5,12345,2345,28949,1,3c,"
    xor = 0
    for byte in body:
        xor ^= byte
    line = smartpower3.decode(body + b"%02x,%02x" % (-sum(body) & 0xFF, xor))
    assert line.time_ms == 815_169 and line.input == smartpower3.Port(15_296, 1036, 15_847)
    assert line.outputs == (
        smartpower3.Port(5012, 211, 1057),
        smartpower3.Port(12_345, 2345, 28_949),
    )
    meter = smartpower3.SmartPower3(Address.parse("smartpower3:///dev/ttyUSB0"))
    meter.describe(line)
    (row,) = meter.rows(line, 0)
    assert row.tick == 815_169
    shown = {c.name: code * c.scale for c, code in zip(meter.channels, row.codes, strict=True)}
    for rail, volts, amperes, watts in (
        ("input", 15.296, 1.036, 15.847),
        ("out0", 5.012, 0.211, 1.057),
        ("out1", 12.345, 2.345, 28.949),
    ):
        found = [shown[f"{rail}.{name}"] for name in ("voltage", "current", "power")]
        assert found == pytest.approx([volts, amperes, watts])


def test_a_line_that_never_came_is_a_gap() -> None:
    """A supply numbers nothing, but its milliseconds go on: every tenth line of those 10 ms apart is left out."""

    class Line:
        def __init__(self) -> None:
            twin = SimulatedSmartPower3(Load("constant", high_w=1.0))
            self.left = [twin.line(10 * n) for n in range(100) if n % 10 != 5]

        def read(self, limit: int, timeout_s: float) -> bytes:
            return self.left.pop(0) if self.left else b""

        def clear(self) -> None:
            return

    meter = smartpower3.SmartPower3(Address.parse("smartpower3:///dev/ttyUSB0"))
    wire = Line()
    meter.link, meter.settle_s = wire, 0.0  # type: ignore[assignment]
    gaps: list[Gap] = []
    meter.describe(meter.first_reading())
    while wire.left:
        block = meter.read_block(0.0)
        gaps += block.gaps if block is not None else []
    assert meter.counts()["samples_lost"] == 10
    assert [(gap.reason, gap.lost) for gap in gaps] == [("dropped", 1)] * 10
