"""A driver for an invented meter, written from CONTRIBUTING.md alone, in a package of its own."""

from __future__ import annotations

import inspect
import struct
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest
import volta

from powermeter import registry
from powermeter.drivers.meters.stream import StreamMeter
from powermeter.testing.contract import UNDER_WAY_S, Case, DriverContract, simulated
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter

pytestmark = pytest.mark.thorough


def crc8_by_division(data: bytes) -> int:
    """Return the rest of a frame's polynomial by x⁸ + x² + x + 1."""
    rest = int.from_bytes(data, "big") << 8
    for bit in range(rest.bit_length() - 1, 7, -1):
        rest ^= 0x107 << bit - 8 if rest >> bit & 1 else 0
    return rest


class SimulatedVolta(SimulatedMeter):
    """Sends a frame each 2 ms between `S` and `X`; the first 32 hold its reference."""

    kind = "volta"
    tick_s = 0.002
    flags_overload = shows_losses = both_ways = True

    def __init__(self, load: Load, *, volts: float = 5.0) -> None:
        super().__init__(load, volts=volts)
        self.restart()

    def restart(self) -> None:
        self.on, self.number, self.next_ms, self.left, self.settling = False, 0, 0, 0, False

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        answers = []
        for line in data.split(b"\n"):
            if line == b"ID":
                answers.append(b"VOLTA-9 v1.2\n")
            elif line == b"S":
                self.on, self.next_ms, self.left = True, int(now_s * 1000), 32
            elif line == b"X":
                self.on = False
        return answers

    def send(self, now_s: float) -> list[bytes]:
        frames = []
        while self.on and self.next_ms <= now_s * 1000:
            if frames and self.settling != (self.left > 0):
                break  # `settling` is that of all frames returned
            self.settling = self.left > 0
            current = round(float(self.load.power_w(self.next_ms / 1000)) / self.volts * 1e5)
            body = b"\x7e\x55" + struct.pack("<BIHiB", self.number & 255, self.next_ms, *self.sensed(current))
            frames.append(body + bytes([crc8_by_division(body)]))
            self.number, self.next_ms = self.number + 1, self.next_ms + 2
            self.left = max(0, self.left - 1)
        return frames

    def sensed(self, current: int) -> tuple[int, int, int]:
        """Return millivolt, 10 µA and status."""
        return (1250, 50_000, volta.SETTLING) if self.settling else (5000, current, int(self.overloaded))


class SimulatedSlowVolta(SimulatedVolta):
    """One that sends a frame each 100 ms."""

    tick_s = 0.1

    def send(self, now_s: float) -> list[bytes]:
        due = self.on and self.next_ms <= now_s * 1000
        frames = super().send(now_s)[:1]
        self.next_ms = int(now_s * 1000) + 100 if due else self.next_ms
        return frames


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
class TestVolta(DriverContract):
    case = Case(
        "volta", "volta://{port}", simulated(SimulatedVolta), "volta:///dev/ttyNobody7", driver=volta.Volta
    )


class SimulatedPlainVolta(SimulatedVolta):
    """One whose reference is as large as the load: only the status shows that it settles."""

    def sensed(self, current: int) -> tuple[int, int, int]:
        return 5000, current, volta.SETTLING if self.settling else 0


class SimulatedRangedVolta(SimulatedVolta):
    """One that sends what is under 1 mA in steps of 10 nA, with bit 1 of its status set."""

    def sensed(self, current: int) -> tuple[int, int, int]:
        volts, code, status = super().sensed(current)
        small = abs(code) < 100
        return volts, code * 1000 if small else code, status | 2 * small


class Ranged(volta.Volta):
    """Counts in steps of 10 nA in either range, as it should."""

    def describe(self, reading):
        super().describe(reading)
        self.channels = (self.channels[0], replace(self.channels[1], scale=1e-8))

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        return [row._replace(codes=[row.codes[0], row.codes[1] * (1 if reading.status & 2 else 1000)])]


class UnsignedWhereFine(Ranged):
    """Takes the current of its fine range for a number without a sign, as large as it is."""

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        return [row._replace(codes=[row.codes[0], abs(row.codes[1]) if reading.status & 2 else row.codes[1]])]


class Reversed(volta.Volta):
    """Counts what flows into the device below 0."""

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        return [row._replace(codes=[row.codes[0], -row.codes[1]])]


class Shifted(volta.Volta):
    """Takes each channel for the next one."""

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        return [row._replace(codes=row.codes[1:] + row.codes[:1])]


class Unsigned(volta.Volta):
    """Takes its current for a number without a sign."""

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        return [row._replace(codes=[row.codes[0], row.codes[1] & 0xFFFFFFFF])]


class Stale(volta.Volta):
    """Hands on each reading when the next one comes, also the last one of before it was opened again."""

    kept = None

    def rows(self, reading, arrival_ns):
        row = super().rows(reading, arrival_ns)[0]
        before, self.kept = self.kept or row, row
        return [row._replace(codes=before.codes)]


class OnArrival(volta.Volta):
    """Stamps each reading when it comes, though its frames state when it was taken."""

    tick_ns = None

    def _latest(self, held):
        return [one.arrival_ns for one in held]


class Counting(volta.Volta):
    """Counts the frames that came, 2 ms each, in place of their milliseconds."""

    count = 0

    def rows(self, reading, arrival_ns):
        self.count += 2
        return [row._replace(tick=self.count) for row in super().rows(reading, arrival_ns)]


class Deaf(volta.Volta):
    """Passes no flag on."""

    def rows(self, reading, arrival_ns):
        return [row._replace(flags=0) for row in super().rows(reading, arrival_ns)]


class Endless(volta.Volta):
    """Never stops the meter."""

    stop_message = b""


class Trusting(volta.Volta):
    """Ignores the CRC."""

    def decode(self, frame):
        return super().decode(frame[:-1] + bytes([crc8_by_division(frame[:-1])]))


class Eager(volta.Volta):
    """Records the frames of its settling."""

    def decode(self, frame):
        body = frame[:-2] + bytes([frame[-2] & ~volta.SETTLING])
        return super().decode(body + bytes([crc8_by_division(body)]))


class Once(Eager):
    """Knows that it settles, but not that it does so each time it is opened."""

    settled = 0

    def rows(self, reading, arrival_ns):
        self.settled += 1
        return super().rows(reading, arrival_ns) if self.settled > 32 else []


class CountedOnce(Once):
    """Counts them, and has counted all of them before it is opened again."""

    settled = 32


class Hasty(volta.Volta):
    """Asks a meter that may be sending, instead of stopping it first."""

    def identify(self, link):
        link.write(b"ID\n")
        self.firmware = link.read_line(64, 1.0).decode("latin-1").strip().removeprefix("VOLTA-9 v")


class HastyLater(Hasty):
    """The same, of a link that takes longer to open than a frame is on its way."""

    def connect(self):
        time.sleep(1.6 * UNDER_WAY_S)
        return super().connect()


class Slow(volta.Volta):
    """Takes its milliseconds for tenths of them."""

    tick_ns = 1e5


class Fast(volta.Volta):
    """Takes its milliseconds for hundredths of seconds."""

    tick_ns = 1e7


class Unnumbered(volta.Volta):
    """Does not state that its frames are numbered."""

    number_wrap = None


class Doubling(volta.Volta):
    """Numbers its frames itself, so that none ever came twice."""

    count = 0

    def rows(self, reading, arrival_ns):
        self.count += 1
        return [row._replace(number=self.count % 256) for row in super().rows(reading, arrival_ns)]


class Whole(volta.Volta):
    """Takes a read for a whole number of frames."""

    def cut(self, buffer):
        frames, skipped = super().cut(buffer)
        buffer.clear()
        return frames, skipped


CONSTANT = "test_a_constant_load_reads_constant"
AGAIN = "test_opened_again_it_reads_the_load_of_then"
STEP = "test_a_step_of_the_load_is_stamped_when_it_was"
HELD = "test_first_frames_that_are_held_keep_their_moments"
SETTLING = "test_frames_of_settling_are_no_samples"
LOSSES = "test_losses_are_counted_and_doubled_frames_are_not_stored"
FAULTY = [
    (Deaf, "test_an_overload_is_flagged", "overload"),
    (Endless, "test_what_it_started_it_stops", "goes on sending"),
    (Trusting, "test_damaged_frames_are_refused", "damage at byte"),
    (Eager, CONSTANT, "is that frame a reading"),
    (Once, AGAIN, "sent when it was opened again"),
    (Reversed, CONSTANT, "current reads -0.4 for 0.4 A"),
    (Shifted, CONSTANT, "voltage reads 40 for 5 V; current reads 0.05 for 0.4 A"),
    (Unsigned, AGAIN, "of a current without its sign"),
    (Stale, AGAIN, "sent when it was opened again"),
    (OnArrival, STEP, r"0\.\d+ s too late: are the frames stamped by the times"),
    (OnArrival, HELD, r"readings share a moment with the one before"),
    (Counting, STEP, r"s too early: is its time made up"),
    (Hasty, "test_one_that_sends_already_is_opened_all_the_same", "does `identify` stop it"),
    (Slow, CONSTANT, "its ticks count"),
    (Fast, CONSTANT, "its ticks count"),
    (Unnumbered, LOSSES, "frames were lost, 0 are counted"),
    (Doubling, LOSSES, "frames were lost, 0 are counted"),
    (Whole, "test_frames_may_come_in_pieces", "leave an unfinished one"),
]
"""A driver with a fault, the promise that it breaks, and what the suite prints of it."""


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize(
    ("driver", "promise", "printed"), FAULTY, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_suite_finds_the_fault_of_a_driver(driver, promise, printed, tmp_path, monkeypatch):
    found(driver, SimulatedVolta, promise, printed, tmp_path, monkeypatch)


OF_OTHERS = [
    (Eager, SimulatedPlainVolta, SETTLING, "become samples"),
    (CountedOnce, SimulatedPlainVolta, SETTLING, "does `restarted` set the count back"),
    (UnsignedWhereFine, SimulatedRangedVolta, AGAIN, "reads 0.0004 for -0.0004 A.*without its sign"),
    (volta.Volta, SimulatedRangedVolta, AGAIN, "reads 0.4 for 0.0004 A.*another unit"),
]
"""The same of two meters of the kind."""


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize(("driver", "meter", "promise", "printed"), OF_OTHERS)
def test_the_suite_finds_what_other_meters_would_show(driver, meter, promise, printed, tmp_path, monkeypatch):
    found(driver, meter, promise, printed, tmp_path, monkeypatch)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize(
    ("driver", "meter", "promise"),
    [(volta.Volta, SimulatedPlainVolta, SETTLING), (Ranged, SimulatedRangedVolta, AGAIN)],
)
def test_a_right_driver_of_those_meters_passes(driver, meter, promise, tmp_path):
    suite = DriverContract()
    suite.case = Case("volta", "volta://{port}", simulated(meter), driver=driver)
    getattr(suite, promise)(tmp_path)


def found(driver, meter, promise, printed, tmp_path, monkeypatch):
    """Expect the suite to print a driver's fault."""
    from powermeter.testing import contract

    monkeypatch.setattr(contract, "SETTLE_S", 0.3)
    monkeypatch.setattr(contract, "SPEAKS_S", 0.1)
    suite = DriverContract()
    suite.case = Case("volta", "volta://{port}", simulated(meter), driver=driver)
    with pytest.raises(AssertionError, match=printed):
        getattr(suite, promise)(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize("driver", [Hasty, HastyLater, volta.Volta], ids=lambda one: one.__name__)
def test_that_it_asks_one_that_sends_is_found_however_seldom_that_sends(driver, tmp_path):
    """Its frame had come before it was asked, where the opening took longer than that was under way: green."""
    suite = DriverContract()
    suite.case = Case("volta", "volta://{port}", simulated(SimulatedSlowVolta), driver=driver)
    finds = pytest.raises(AssertionError, match="does `identify` stop it")
    with nullcontext() if driver is volta.Volta else finds:
        suite.test_one_that_sends_already_is_opened_all_the_same(tmp_path)


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
