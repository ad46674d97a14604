"""What every simulated meter is: something that senses a load, answers bytes and sends some unasked: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powermeter import registry
from powermeter.channel import Kind, Quantity
from powermeter.drivers import fnirsi, km003c, km003c_stream, korad, ppk2, scpi, witrn
from powermeter.drivers.lines import Lines
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import linked, request_response, stream
from powermeter.drivers.meters.stream import StreamRow
from powermeter.errors import OpenError
from powermeter.source import now_ns
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


def lines(options: str) -> Lines:
    source = registry.source(f"lines:///dev/x?{options}")
    assert isinstance(source, Lines)
    return source


def test_silence_is_an_open_error(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="is this port a UM25C"):
        connect("um25c://x", MemoryLink(SimulatedMeter(LOAD)))


def test_lines_friedcircuits_json() -> None:
    """learn.friedcircuits.us, USB tester protocol page."""
    text = (
        b'{ "a":{ "max":1.20, "min":0.70, "avg":0.95}, "v":{ "max":5.00, "min":5.00, "avg":5.00}, "mah":0.01,'
        b' "mwh":0.04, "shunt":0.07, "dp":1.06, "dm":1.08, "ram":1420, "time":24200}'
    )
    source = lines("json=yes&columns=v.avg=V,a.avg=A,mah=mAh,mwh=mWh,time=t_ms")
    assert source.rows(source.decode(text), 1) == [StreamRow([50_000, 9_500, 100, 400], tick=24200)]
    link = MemoryLink(SimulatedMeter(LOAD))
    link.waiting += text + b"\r\n"
    source.connect = lambda: link  # type: ignore[method-assign]
    source.open()
    assert [(c.quantity, c.kind) for c in source.channels][2:] == [
        (Quantity.CHARGE, Kind.COUNTER),
        (Quantity.ENERGY, Kind.COUNTER),
    ]
    assert source.channels[3].scale * 400 == pytest.approx(0.04e-3 * 3600)


def test_lines_first_line_may_be_cut_in_half_and_device_time_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    source = lines("columns=t_us,mV,mA")
    source.settle_s = 0.0
    link = MemoryLink(SimulatedMeter(LOAD))
    source.connect = lambda: link  # type: ignore[method-assign]
    link.waiting += b"00,12.5\n%d,5000,12.5\n" % (2**32 - 1000)
    source.open()
    arrival = [now_ns()]
    monkeypatch.setattr(stream, "now_ns", lambda: arrival[0])
    first = source.read_block(0.0)
    link.waiting += b"4000,5000,12.5\n"
    arrival[0] += 5_000_000
    second = source.read_block(0.0)
    assert first is not None and second is not None and not first.gaps and not second.gaps
    assert second.times_ns[0] - first.times_ns[0] == pytest.approx(4_996_000, abs=10_000)
