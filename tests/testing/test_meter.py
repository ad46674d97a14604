"""What every simulated meter is: something that senses a load, answers bytes and sends some unasked: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_link import LOAD, MemoryLink

from powermeter import registry
from powermeter.channel import Kind, Quantity
from powermeter.drivers.lines import Lines
from powermeter.drivers.meters import stream
from powermeter.drivers.meters.stream import StreamRow
from powermeter.errors import OpenError
from powermeter.source import now_ns
from powermeter.testing.meter import SimulatedMeter


def lines(options: str) -> Lines:
    source = registry.source(f"lines:///dev/x?{options}")
    assert isinstance(source, Lines)
    return source


def test_silence_is_an_open_error(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="is this the UM25C's port"):
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
    source.drain = lambda link: None  # type: ignore[method-assign]
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
    source.drain = lambda link: None  # type: ignore[method-assign]
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
