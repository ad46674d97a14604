"""Simulated meters that answer one binary request with one frame: UM, TC66, KM003C, AVHzY: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.drivers import fnirsi, km003c, km003c_stream, korad, ppk2, scpi, witrn
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import linked, request_response, stream
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.request_meters import SimulatedKM003C, SimulatedUM25C, SimulatedUM34C

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


def damaged(*which: int) -> Callable[[int, bytes], bytes]:
    return lambda number, data: data[:-1] + bytes([data[-1] ^ 0x55]) if number in which else data


def test_a_damaged_answer_is_asked_for_again(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedUM34C(LOAD, volts=5.12), damaged(1, 2))
    source = connect("um34c://x", link)
    row = source.sample().codes
    assert row[0] == 512 and source.counts()["frames_refused"] == 2
    assert set(b"".join(link.written)) == {0xF0}  # nothing but the request for data


def test_an_answer_that_stays_damaged_or_short_is_a_read_error(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedUM34C(LOAD), lambda number, data: data if number == 0 else data[:-1] + b"\x00")
    source = connect("um34c://x", link)
    with pytest.raises(ReadError, match="its check fails") as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA
    link.spoil = lambda _, data: data[:100]
    with pytest.raises(ReadError, match="100 of 130 bytes") as caught:
        source.sample()
    assert caught.value.reason is Reason.NO_ANSWER


def test_another_model_is_refused_with_its_name(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="a UM34C answers; write um34c:// instead") as caught:
        connect("um25c://x", MemoryLink(SimulatedUM34C(LOAD)))
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_um_values_contradicting_each_other_are_refused(connect: Callable[..., Any]) -> None:
    def shift_voltage(number: int, data: bytes) -> bytes:
        return data if number == 0 else data[:2] + (9000).to_bytes(2, "big") + data[4:]

    source = connect("um25c://x", MemoryLink(SimulatedUM25C(LOAD), shift_voltage))
    with pytest.raises(ReadError, match=r"is not 9\.000 V"):
        source.sample()


def test_km003c_answers_must_carry_their_request_number(connect: Callable[..., Any]) -> None:
    def stale(number: int, data: bytes) -> bytes:
        return data if number != 1 else data[:1] + b"\xee" + data[2:]

    link = MemoryLink(SimulatedKM003C(LOAD))
    source = connect("km003c:///dev/hidraw7", link)
    link.spoil = stale
    assert source.sample().codes[0] == 5_000_000 and source.counts()["frames_refused"] == 1
    no_temperature = lambda _, data: data[:32] + b"\x00\x80" + data[34:]
    link.spoil = no_temperature
    assert source.sample().codes[2] == MISSING
