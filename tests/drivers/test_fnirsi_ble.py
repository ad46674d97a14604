"""Meters over Bluetooth LE: captured segments, and the link over a stand-in for bleak."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from vendor_fakes import FakeClient, bleak_of

from powermeter import registry
from powermeter.drivers import fnirsi_ble
from powermeter.drivers.links.ble import BleLink
from powermeter.errors import DataError, ReadError
from powermeter.testing.line_meters import SimulatedAtorch
from powermeter.testing.load import Load
from powermeter.testing.request_meters import SimulatedTC66

# osnwt/ha-fnirsi-fnb58: tests/test_parser.py
LINES = bytes.fromhex("aa0606e30ce30c050069")
COARSE = bytes.fromhex("aa07042d4fd9070a")
MEASUREMENT = bytes.fromhex("aa040ccb170300824e00006937060024")


def test_captured_segments() -> None:
    assert fnirsi_ble.decode(MEASUREMENT) == fnirsi_ble.Measurement(202699, 20098, 407401)
    assert fnirsi_ble.decode(COARSE) is fnirsi_ble.decode(LINES) is None  # not recorded
    for command in (fnirsi_ble.GREETING, fnirsi_ble.START, fnirsi_ble.STOP):
        assert fnirsi_ble.check_of(command[:-1]) == command[-1]


@pytest.mark.parametrize("segment", [MEASUREMENT, COARSE, LINES])
def test_damaged_segments_are_refused(segment: bytes) -> None:
    for length in range(len(segment)):
        with pytest.raises(DataError):
            fnirsi_ble.decode(segment[:length])
    for at in range(len(segment)):
        for bit in range(8):
            bad = bytearray(segment)
            bad[at] ^= 1 << bit
            with pytest.raises(DataError):
                fnirsi_ble.decode(bytes(bad))


def test_segments_are_cut_wherever_notifications_split_them() -> None:
    stream = b"\x00\xaa" + LINES + COARSE + MEASUREMENT[:-1] + b"\x00" + MEASUREMENT + b"\xaa\x04"
    for size in (1, 3, 7, 100):
        buffer, found = bytearray(), []
        for at in range(0, len(stream), size):
            buffer += stream[at : at + size]
            found += fnirsi_ble.cut(buffer)[0]
        assert found == [LINES, COARSE, MEASUREMENT] and bytes(buffer) == b"\xaa\x04"


@pytest.fixture
def bleak(monkeypatch: pytest.MonkeyPatch) -> type[FakeClient]:
    for name, module in bleak_of(FakeClient).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(FakeClient, "offered", {0xFFE4, 0xFFE9})
    monkeypatch.setattr(FakeClient, "meter", staticmethod(lambda data: []))
    return FakeClient


def test_fnirsi_over_bluetooth(bleak: type[FakeClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fnirsi_ble.time, "sleep", lambda _: None)
    bleak.meter = staticmethod(lambda data: [LINES + MEASUREMENT] if data == fnirsi_ble.START else [])
    source: Any = registry.source("fnirsi-ble://00:11:22:33:44:55")
    source.open()
    block = source.read_block(0.2)
    assert block.codes[0, :3].tolist() == [202699, 20098, 407401]
    assert bleak.last.written == [fnirsi_ble.GREETING, fnirsi_ble.START]
    bleak.last.dropped(None)
    with pytest.raises(ReadError, match="out of reach"):
        source.read_block(0.2)
    source.close()
    source.close()


def test_tc66c_over_bluetooth(bleak: type[FakeClient]) -> None:
    pytest.importorskip("cryptography", reason="a TC66 encrypts its answers")
    meter = SimulatedTC66(Load("constant", 2.0, 2.0))
    bleak.offered = {0xFFE1, 0xFFE2}
    bleak.meter = staticmethod(lambda data: meter.receive(data, 1.0) if data == b"bgetva\r\n" else [])
    source: Any = registry.source("tc66://ble:00:11:22:33:44:55")
    source.open()
    assert source.sample().codes[:3] == [50_000, 40_000, 20_000]
    assert set(bleak.last.written) == {b"bgetva\r\n"}
    source.close()


def test_atorch_over_bluetooth_never_writes(bleak: type[FakeClient]) -> None:
    meter = SimulatedAtorch(Load("constant", 2.0, 2.0))
    bleak.offered = {0xFFE1, 0xFFE2}
    link = BleLink("00:11:22:33:44:55", ((0xFFE1, 0xFFE2),), instrument="meter")
    bleak.last.handler(None, bytearray(meter.report(1.0)[:20]))
    bleak.last.handler(None, bytearray(meter.report(1.0)[20:]))
    assert link.read_exactly(36, 0.5) == meter.report(1.0) and bleak.last.written == []
    assert link.read(10, 0.01) == b""
    link.close()
