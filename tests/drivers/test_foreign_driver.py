"""A driver for an invented meter, written from CONTRIBUTING.md alone, in a package of its own."""

from __future__ import annotations

import inspect
import struct
import sys
from importlib.metadata import EntryPoint

import pytest
import volta

from powermeter import registry
from powermeter.drivers.meters.stream import StreamMeter
from powermeter.testing.contract import Case, DriverContract, simulated
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter


class SimulatedVolta(SimulatedMeter):
    """Sends a frame each 2 ms between `S` and `X`."""

    kind = "volta"
    tick_s = 0.002
    flags_overload = True

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self.restart()

    def restart(self) -> None:
        self.on, self.number, self.next_ms = False, 0, 0

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        answers = []
        for line in data.split(b"\n"):
            if line == b"ID":
                answers.append(b"VOLTA-9 v1.2\n")
            elif line == b"S":
                self.on, self.next_ms = True, int(now_s * 1000)
            elif line == b"X":
                self.on = False
        return answers

    def send(self, now_s: float) -> list[bytes]:
        frames = []
        while self.on and self.next_ms <= now_s * 1000:
            current = round(float(self.load.power_w(self.next_ms / 1000)) / self.volts * 1e5)
            body = b"\x7e\x55" + struct.pack(
                "<BIHiB", self.number & 255, self.next_ms, 5000, current, int(self.overloaded)
            )
            frames.append(body + bytes([volta.crc8(body)]))
            self.number, self.next_ms = self.number + 1, self.next_ms + 2
        return frames


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
class TestVolta(DriverContract):
    case = Case(
        "volta", "volta://{port}", simulated(SimulatedVolta), "volta:///dev/ttyNobody7", driver=volta.Volta
    )


class Deaf(volta.Volta):
    """Passes no flag on."""

    def rows(self, reading, arrival_ns):
        return [row._replace(flags=0) for row in super().rows(reading, arrival_ns)]


class Endless(volta.Volta):
    """Never stops the meter."""

    stop_message = b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize(
    ("driver", "promise"), [(Deaf, "test_an_overload_is_flagged"), (Endless, "test_what_it_started_it_stops")]
)
def test_the_suite_sees_ignored_flags_and_a_missing_stop_message(driver, promise, tmp_path, monkeypatch):
    from powermeter.testing import contract

    monkeypatch.setattr(contract, "SETTLE_S", 0.3)
    monkeypatch.setattr(contract, "SPEAKS_S", 0.1)
    suite = DriverContract()
    suite.case = Case("volta", "volta://{port}", simulated(SimulatedVolta), driver=driver)
    with pytest.raises(AssertionError, match=r"overload|goes on sending"):
        getattr(suite, promise)(tmp_path)


def test_it_is_short_and_overrides_nothing_private():
    assert len(inspect.getsource(volta).splitlines()) <= 110
    assert not [
        name
        for name in vars(volta.Volta)
        if name.startswith("_") and name in dir(StreamMeter) and name[1] != "_" and name != "_abc_impl"
    ]


def test_an_entry_point_is_all_that_makes_it_known(monkeypatch):
    entry = EntryPoint("volta", "volta:Volta", "powermeter.drivers")
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: [entry] if group.endswith("drivers") else []
    )
    assert registry.source("volta:///dev/ttyACM0").scheme == "volta"
