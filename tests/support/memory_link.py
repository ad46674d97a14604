"""A simulated meter in place of a wire: what a driver writes it answers, without a port and without waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powermeter import registry
from powermeter.drivers import fnirsi, km003c, korad, ppk2, scpi, witrn
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import linked, request_response, stream
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
        for module in (fnirsi, witrn, km003c):
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
