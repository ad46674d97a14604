"""Simulated HID meters: FNIRSI testers and a WITRN meter, as 64-byte reports: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from powermeter import registry
from powermeter.drivers import fnirsi, km003c, km003c_stream, korad, ppk2, scpi, witrn
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import linked, request_response, stream
from powermeter.source import REPEAT
from powermeter.testing.hid_meters import SimulatedFnirsi, SimulatedWitrn
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter

LOAD = Load("sine", 1.0, 4.0, 10.0)


class MemoryLink(Link):
    """A simulated meter at the other end of a call; `spoil` may change what arrives, answer by answer."""

    def __init__(
        self, meter: SimulatedMeter, spoil: Callable[[int, bytes], bytes] = lambda _, data: data
    ) -> None:
        self.where, self.facts = "memory", {}
        self.meter, self.spoil = meter, spoil
        self.now_s = 1.0
        self.count = 0
        self.cleared = 0
        self.written: list[bytes] = []
        self.waiting = bytearray()
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)
        for answer in self.meter.receive(data, self.now_s):
            self.waiting += self.spoil(self.count, answer)
            self.count += 1

    def read(self, limit: int, timeout_s: float) -> bytes:
        for frame in self.meter.send(self.now_s):
            self.waiting += self.spoil(self.count, frame)
            self.count += 1
        data = bytes(self.waiting[:limit])
        del self.waiting[:limit]
        if not data and timeout_s:
            self.now_s += timeout_s  # time passes only while we wait
        return data

    def clear(self) -> None:
        self.cleared += 1
        self.waiting.clear()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Open a driver on a MemoryLink."""

    def opened(url: str, link: MemoryLink) -> Any:
        for module in (linked, scpi, korad, ppk2):
            monkeypatch.setattr(module, "open_link", lambda *_, **__: link)
        for module in (fnirsi, witrn, km003c, km003c_stream):
            monkeypatch.setattr(module, "open_hid", lambda *_, **__: (link, None))
        for module in (request_response.RequestMeter, scpi.Scpi, korad.Korad):
            monkeypatch.setattr(module, "answer_s", 0.01, raising=False)
        monkeypatch.setattr(stream.StreamMeter, "settle_s", 0.0)
        monkeypatch.setattr(ppk2, "METADATA_S", 0.05)
        monkeypatch.setattr(fnirsi, "START_S", 0.05)
        monkeypatch.setattr(fnirsi, "COMMAND_SPACING_S", 0.0)
        source = registry.source(url)
        source.open()
        return source

    return opened


def test_fnirsi_starts_gently_and_marks_repeats(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedFnirsi(LOAD))
    source = connect("fnirsi://x", link)
    assert [data[1] for data in link.written] == [
        0x83,
        0x82,
        0x82,
        0x81,
        0x82,
        0x82,
    ]  # 81 last: it can reboot it
    source._reading = True
    rows, flags, times = [], [], []
    for _ in range(20):
        block = source.read_block(0.05)
        if block is not None:
            rows += block.codes.tolist()
            flags += block.flags.tolist()
            times += block.times_ns.tolist()
    assert len(rows) >= 40 and rows[0][0] == 500_000
    assert sum(bool(flag & REPEAT) for flag in flags) == pytest.approx(
        len(rows) / 2, abs=3
    )  # refresh 20 ms, sent 10
    assert (np.diff(times) >= 0).all()


def test_witrn_holds_the_meter_to_its_check_only_if_it_follows_it(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedWitrn(LOAD))
    source = connect("witrn://x", link)
    assert source.info()["check"] == "held to it"
    kept = MemoryLink(SimulatedWitrn(LOAD), lambda _, data: data[:62] + b"\x00\x00")
    assert "not used" in connect("witrn://x", kept).info()["check"]
