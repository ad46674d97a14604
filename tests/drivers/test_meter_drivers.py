"""The drivers of USB and bench meters around their decoders: retries, totals, clocks, losses, discovery."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from driver_cases import METER_CASES

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.drivers import atorch, fnirsi, km003c, km003c_stream, korad, ppk2, rdtech_um, scpi, witrn
from powermeter.drivers.lines import Lines
from powermeter.drivers.links import serial_port as serial_link
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import linked, request_response, stream
from powermeter.drivers.meters.stream import StreamRow
from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason
from powermeter.source import PolledSource, StreamingSource, now_ns
from powermeter.testing.hid_meters import SimulatedFnirsi
from powermeter.testing.line_meters import SimulatedAtorch, SimulatedKorad, SimulatedScpi
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.ppk2 import SimulatedPPK2
from powermeter.testing.request_meters import SimulatedKM003C, SimulatedUM25C

LOAD = Load("sine", 1.0, 4.0, 10.0)
SCHEMES = sorted({case.scheme for case in METER_CASES})


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


# The meter's own totals


def test_totals_carry_over_a_reconnection(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = MemoryLink(SimulatedUM25C(Load("constant", 3.0, 3.0)))
    source = connect("um25c://x", link)
    place = [channel.name for channel in source.channels].index("energy")
    before = source.sample().codes[place]
    source.close()
    assert link.closed
    link.now_s += 3600.0
    monkeypatch.setattr(rdtech_um, "now_ns", lambda: now_ns() + 3600 * 10**9)  # on the driver's clock too
    source.open()
    assert (source.sample().codes[place] - before) * 3.6 == pytest.approx(3.0 * 3600, abs=3.7)


# Frames


def damaged(*which: int) -> Callable[[int, bytes], bytes]:
    return lambda number, data: data[:-1] + bytes([data[-1] ^ 0x55]) if number in which else data


@pytest.mark.parametrize("lost", [0, 7])
def test_km003c_queue_is_placed_by_its_sequence(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setitem(sys.modules, "km003c", None)  # nothing to unlock it with: this one needs none
    meter = SimulatedKM003C(LOAD)
    link = MemoryLink(meter)
    monkeypatch.setattr(km003c_stream.time, "sleep", lambda _: setattr(link, "now_s", link.now_s + 0.03))
    source = connect("km003c-stream:///dev/hidraw7?rate=1000Hz", link)
    rows, gaps, times = [], [], []
    for number in range(20):
        if number == 10:
            meter._sent_ms += lost
        block = source.read_block(0.1)
        if block is not None:
            rows += block.codes.tolist()
            gaps += list(block.gaps)
            times += block.times_ns.tolist()
    assert len(rows) >= 400 and rows[0][0] == 5_000_000
    assert [gap.lost for gap in gaps] == ([lost] if lost else []) and source.counts()["samples_lost"] == lost
    assert (np.diff(times) >= 0).all()
    source.close()
    assert link.written[-1][0] == 0x0F


def test_km003c_queue_that_stays_empty_says_what_to_do(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "km003c", None)
    monkeypatch.setattr(km003c_stream, "SILENCE_S", 0.05)
    meter = SimulatedKM003C(LOAD)
    monkeypatch.setattr(meter, "queue", lambda number, now_s: bytes.fromhex("4101820202000005"))
    with pytest.raises(OpenError, match="pip install km003c, or read it by km003c://"):
        connect("km003c-stream:///dev/hidraw7", MemoryLink(meter))


# ATORCH


class Scrambled(SimulatedAtorch):
    """A firmware whose last byte means nothing."""

    def report(self, now_s: float) -> bytes:
        return super().report(now_s)[:-1] + bytes([int(now_s * 7919) & 0xFF])


# Clocks


# HID


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
    assert source.counts()["reports_lost"] == 3
    assert [gap.lost for gap in gaps if gap.reason == "dropped"] == [12]


# Lines


def lines(options: str) -> Lines:
    source = registry.source(f"lines:///dev/x?{options}")
    assert isinstance(source, Lines)
    return source


@pytest.mark.parametrize(
    ("options", "line", "row"),
    [
        ("columns=t_us,mV,mA", b"100,5000,12.5", ([50_000_000, 125_000], 100)),
        ("columns=mV,-,mA", b"5000,x,12.5", ([50_000_000, 125_000], None)),
        ("columns=mV,mA&separator=tab", b"5000\t1", ([50_000_000, 10_000], None)),
        ("columns=mV,mA&separator=space", b"  5000   1 ", ([50_000_000, 10_000], None)),
        ("columns=V,A", b"5.0,ovf", ([50_000, MISSING], None)),
        ("columns=V,A", b"5.0,nan", ([50_000, MISSING], None)),
        ("columns=V,A", b"5.0,", ([50_000, MISSING], None)),
        ("columns=cpu.W,gpu.W", b"1.5,2.5", ([15_000, 25_000], None)),
        ("columns=V,A&check=xor", b"$5,1*28", ([50_000, 10_000], None)),
    ],
)
def test_lines_csv(options: str, line: bytes, row: tuple[list[int], int | None]) -> None:
    source = lines(options)
    assert source.rows(source.decode(line), 1) == [StreamRow(row[0], tick=row[1])]


@pytest.mark.parametrize(
    "line", [b"", b"# comment", b"ets Jul 29 2019", b"rst:0x1 (POWERON_RESET),boot:0x13", b"mV,mA", b"   "]
)
def test_lines_that_are_no_readings_are_passed_over(line: bytes) -> None:
    source = lines("columns=mV,mA")
    try:
        assert source.decode(line) is None
    except DataError as error:
        assert "no value" in str(error) or "columns" in str(error)  # noted as refused: never a row


@pytest.mark.parametrize(
    ("options", "line", "why"),
    [
        ("columns=t_us,mV,mA", b"17,5000", "a line of 2 columns"),
        ("columns=mV,mA", b"\xff\xfe5000,1", "not plain text"),
        ("columns=V,A,W", b"5,1,17", "is not voltage"),
        ("columns=mV,mA", b"1e30,1", "cannot be"),
        ("columns=t_us,mV", b"x,5000", "no time"),
        ("columns=V&check=xor", b"$5,1*2E", "check is wrong"),
        ("columns=V&check=sum", b"5,1", "no check"),
        ("columns=a=A&json=yes", b'{"a": 1', "not a JSON"),
        ("columns=a=A&json=yes", b"{" * 4000, "not a JSON"),
    ],
)
def test_lines_that_cannot_be_trusted(options: str, line: bytes, why: str) -> None:
    source = lines(options)
    with pytest.raises(DataError, match=why):
        source.decode(line)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "columns=",
        "columns=x",
        "columns=t_us",
        "columns=mV,V",
        "columns=mV&baud=fast",
        "columns=mV&bits=99",
        "columns=mV&json=yes",
        "columns=mV&check=crc",
    ],
)
def test_lines_options_that_are_not_usable(options: str) -> None:
    with pytest.raises(ConfigurationError):
        registry.source(f"lines:///dev/x?{options}")


# SCPI and Korad


def test_scpi_supply_is_asked_only(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedScpi(Load("constant", 1.5, 1.5)))
    source = connect("scpi://x?family=supply-power", link)
    assert source.sample().codes == [5 * 10**9, 3 * 10**8, 15 * 10**8]
    assert all(command.rstrip().endswith(b"?") for command in link.written)
    assert source.info()["serial"] == "0001" and source.info()["firmware"] == "1.0"


def test_korad_has_no_line_ends(connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(korad, "PAUSE_S", 0.0)
    monkeypatch.setattr(korad, "ANSWER_S", 0.01)
    link = MemoryLink(SimulatedKorad(Load("constant", 2.3347, 2.3347), volts=5.12))
    source = connect("korad://x", link)
    assert source.sample().codes == [512, 456]
    assert source.info() == {"model": "KORADKA3005P", "firmware": "2.0", "serial": None}
    link.spoil = lambda _, data: b"\xff" + data[1:]
    with pytest.raises(ReadError, match="is not a reading"):
        source.sample()
    assert source.counts()["answers_refused"] == 3


# PPK2


def test_ppk2_sends_what_was_asked_for_and_stops_at_the_end(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedPPK2(LOAD))
    link.waiting += b"\x00" * 17412  # a crashed program left it streaming
    source = connect("ppk2://?mode=source&voltage=3.3V", link)
    assert link.written[:2] == [b"\x07", b"\x19"]
    # Off, its voltage, its mode, on: never the last user's voltage; not started before someone reads.
    assert link.written[2:] == [b"\x0c\x00", b"\x0d\x0c\xe4", b"\x11\x02", b"\x0c\x01"]
    link.now_s += 0.01
    source.read_block(0.01)
    assert link.written[6] == b"\x06"
    source.close()
    assert link.written[-1] == b"\x07"
    assert source.channels[0].rail is not None and source.channels[0].rail.nominal_v == 3.3


def test_ppk2_between_a_supply_and_its_load_takes_the_voltage_that_it_reports(
    connect: Callable[..., Any],
) -> None:
    """`VDD: 3300` is in millivolts."""
    source = connect("ppk2://?mode=ampere", MemoryLink(SimulatedPPK2(LOAD, volts=3.3)))
    assert source.channels[0].rail is not None
    assert source.channels[0].rail.nominal_v == pytest.approx(3.3)


def test_ppk2_as_a_source_needs_its_voltage() -> None:
    for url in (
        "ppk2://?mode=source",
        "ppk2://?mode=source&voltage=12V",
        "ppk2://?voltage=3.3A",
        "ppk2://?mode=amp",
    ):
        with pytest.raises(ConfigurationError):
            registry.source(url)


def test_ppk2_something_else_answers(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="first port of a PPK2"):
        connect("ppk2://", MemoryLink(SimulatedMeter(LOAD)))
    with pytest.raises(OpenError, match="do not end in END") as caught:
        connect("ppk2://", MemoryLink(SimulatedPPK2(LOAD), lambda _, data: data[:100]))
    assert caught.value.reason is Reason.BAD_DATA


def test_ppk2_logic_inputs_are_events_on_the_currents_clock(connect: Callable[..., Any]) -> None:
    """D0 is high while the load is high: 0.1 s of each 0.2 s."""
    source = connect("ppk2://?mode=source&voltage=3.3V&events=D0:infer", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(Load("square", 0.01, 0.2, 0.2))
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    events, times, current = [], [], []
    for number in range(150):
        words = meter.words(number * 0.01, 1000)
        block = source._block(words.astype("<u4").tobytes(), 10**9 + (number + 1) * 10_000_000)
        if block is not None:
            events += list(block.events)
            times.append(block.times_ns)
            current.append(block.codes[:, 0])
    assert len(events) >= 5 and {event.name for event in events} == {"infer"}
    at, amperes = np.concatenate(times), np.concatenate(current) * 1e-9
    for event in events:
        assert event.end_ns - event.start_ns == pytest.approx(100_000_000, abs=25_000)
        inside = amperes[(at >= event.start_ns) & (at < event.end_ns)]
        assert inside.mean() == pytest.approx(0.2 / 3.3, rel=0.01) and inside[4:].min() > 0.05


def test_ppk2_a_loss_of_64_is_found_by_the_clock(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter cannot show 640 samples; 6.4 ms of lasting lateness do."""
    source = connect("ppk2://?mode=source&voltage=3.3V", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(LOAD)
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    clock_s = [100.0]
    monkeypatch.setattr(ppk2.time, "monotonic", lambda: clock_s[0])
    found = []
    for number in range(63):
        if number == 23:
            meter.words(0.0, 640)
        clock_s[0] = 100.0 + number * 0.1
        block = source._block(
            meter.words(0.0, 10_000).astype("<u4").tobytes(),
            round((clock_s[0] + 0.1) * 1e9) + (6_400_000 if number >= 23 else 0),
        )
        found += list(block.gaps) if block is not None else []
    assert [(gap.reason, gap.lost) for gap in found] == [("dropped", 640)]


# All of them


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_driver_is_described_and_finds_nothing_here(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = registry.driver_class(scheme)
    assert (
        driver.scheme == scheme
        and driver.__doc__
        and driver.summary
        and driver.example.startswith(f"{scheme}://")
    )
    assert issubclass(driver, (PolledSource, StreamingSource))
    registry.source(driver.example)
    monkeypatch.setattr(serial_link, "list_ports", list)
    assert [found.url for found in driver.discover() if found.certainty != "guess"] == []


def usb_port(device: str, vid: int, pid: int) -> Any:
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number="S1", location="1-1:1.0", product="x", description="x"
    )


@pytest.mark.parametrize(
    ("scheme", "vid", "pid", "url", "certainty"),
    [
        ("ppk2", 0x1915, 0xC00A, "ppk2://S1?voltage=3.3V", "sure"),
        ("km003c", 0x5FC9, 0x0063, "km003c:///dev/ttyACM5", "sure"),
        ("avhzy", 0x0483, 0xFFFF, "avhzy:///dev/ttyACM5", "guess"),
    ],
)
def test_serial_meters_are_found_by_their_ids(
    scheme: str, vid: int, pid: int, url: str, certainty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        serial_link, "list_ports", lambda: [usb_port("/dev/ttyACM5", vid, pid), usb_port("/dev/x", 1, 2)]
    )
    (found,) = registry.driver_class(scheme).discover()
    assert (found.url, found.certainty) == (url, certainty)
    assert "no permission" in found.problem or not found.problem
    registry.source(url)


def test_um_refresh_is_told() -> None:
    source = registry.source("um25c:///dev/rfcomm0")
    assert isinstance(source, rdtech_um.UM25C) and source.stale_when_equal
    assert atorch.Atorch.example == "atorch:///dev/rfcomm0"
