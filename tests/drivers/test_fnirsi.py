"""FNIRSI FNB48, C1, FNB48S, FNB48P and FNB58 USB testers over HID: 100 samples a second, four a report: what it promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from memory_link import LOAD, MemoryLink
from meter_frames import fnirsi_report, refused

from powermeter import registry
from powermeter.drivers import fnirsi
from powermeter.drivers.meters import stream
from powermeter.source import now_ns
from powermeter.testing.hid_meters import SimulatedFnirsi
from powermeter.testing.meter import SimulatedMeter


def test_fnirsi_commands() -> None:
    """fnirsi-usb-power-data-logger: the check of the three commands it sends."""
    assert [fnirsi.command(code)[-1] for code in (0x81, 0x82, 0x83)] == [0x8E, 0x96, 0x9E]
    assert len(fnirsi.command(0x81)) == 64 and fnirsi.command(0x81)[:2] == b"\xaa\x81"


def test_the_link_is_the_tester_that_is_named(monkeypatch) -> None:
    asked, link = [], MemoryLink(SimulatedFnirsi(LOAD))

    def opened(*given: object) -> tuple[object, object]:
        asked.append(given)
        return link, SimpleNamespace(usb=SimpleNamespace(title="FNB48"))

    monkeypatch.setattr(fnirsi, "open_hid", opened)
    source: Any = registry.source("fnirsi:///dev/hidraw3")
    assert source.connect() is link
    assert asked == [(source.address.location, fnirsi.USB, source.title)]


@pytest.mark.parametrize(
    "masks",
    [
        (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF),
        pytest.param(range(1, 256), marks=pytest.mark.thorough),
    ],
    ids=["one bit", "any bits"],
)
def test_fnirsi_data_report(masks: Iterable[int]) -> None:
    good = fnirsi_report()
    assert fnirsi.decode(good) == [fnirsi.Sample(0, 11, 305)] * 4
    assert fnirsi.decode(fnirsi.command(0x03)) == []  # another type is passed over
    for length in range(64):
        assert refused(fnirsi.decode, good[:length])
    for at in range(64):
        for mask in masks:
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(fnirsi.decode, bytes(bad))


def test_fnirsi_refuses_the_garbage_first_report() -> None:
    sample = (18870000).to_bytes(4, "little") + (17040000).to_bytes(4, "little") + bytes(7)
    report = b"\xaa\x04" + sample * 4 + b"\x00"
    assert refused(fnirsi.decode, report + bytes([fnirsi.check_of(report[1:])]))  # 188.7 V, 170.4 A


def test_fnirsi_reports_that_never_came_are_noticed(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = connect("fnirsi://x", MemoryLink(SimulatedFnirsi(LOAD)))
    source.link.meter = SimulatedMeter(LOAD)  # silent: the test itself sends
    report = SimulatedFnirsi(LOAD).report(1.0)
    source.read_block(0.0)
    arrival = [now_ns()]
    monkeypatch.setattr(stream, "now_ns", lambda: arrival[0])
    gaps = []
    for number in range(100):
        arrival[0] += 40_000_000 * (4 if number == 40 else 1)  # three reports are missing here
        source.link.waiting[:] = report
        block = source.read_block(0.0)
        gaps += block.gaps if block is not None else []
    assert source.counts()["samples_lost"] == 12  # four in a report
    assert [gap.lost for gap in gaps if gap.reason == "dropped"] == [12]
