"""The loop of meters that send: cutting, losses by sequence, flags, start and stop, and their clock."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import count
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import stream
from powermeter.drivers.meters.stream import StreamMeter, StreamRow
from powermeter.errors import DataError, OpenError, ReadError
from powermeter.source import INTERPOLATED_TIME, SATURATED, Address, Block

MS = 1_000_000


class Wire(Link):
    """A link that the test lays frames on, with the arrival of each."""

    def __init__(self, time: Time) -> None:
        self.where, self.facts = "wire", {"serial": "7"}
        self.time = time
        self.frames: list[tuple[int, bytes]] = []
        self.written: list[bytes] = []
        self.closed = False

    def read(self, limit: int, timeout_s: float) -> bytes:
        if not self.frames:
            self.time.at += round(timeout_s * 1e9)
            return b""
        arrival, data = self.frames.pop(0)
        self.time.at = max(self.time.at, arrival)
        return data

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def clear(self) -> None:
        return

    def wait_until_quiet(self, quiet_s: float = 0.2, limit_s: float = 2.0) -> bool:
        self.frames = [one for one in self.frames if one[0] >= self.time.at]
        return True

    def close(self) -> None:
        self.closed = True


class Time:
    """The host's clock; it stands where the last frame came."""

    def __init__(self) -> None:
        self.at = 10**12


def frame(number: int, tick: int, milliwatt: int, *, good: bool = True) -> bytes:
    """Return A5 5A, number, tick, milliwatt, and the sum of these bytes."""
    body = b"\xa5\x5a" + struct.pack("<BIH", number & 0xFF, tick & 0xFFFFFFFF, milliwatt)
    return body + bytes([sum(body) + (not good) & 0xFF])


class Meter(StreamMeter):
    """The meter of this test."""

    scheme = "meter"
    title = "test meter"
    summary = "a meter of frames"
    example = "meter:///dev/x"
    head, frame_length = b"\xa5\x5a", 10
    start_message, stop_message = b"GO", b"STOP"
    tick_ns, tick_wrap, number_wrap = 1e6, 2**32, 256
    identity = b"test"

    def identify(self, link: Link) -> None:
        link.write(b"ID?")
        if self.identity != b"test":
            raise OpenError("another meter")

    def decode(self, data: bytes) -> tuple[int, int, int] | None:
        if len(data) != 10 or data[-1] != sum(data[:-1]) & 0xFF:
            raise DataError("the sum is wrong")
        return struct.unpack("<BIH", data[2:-1])

    def describe(self, reading: tuple[int, int, int]) -> None:
        self.channels = (Channel("power", Quantity.POWER, 1e-3, self.rail),)

    def rows(self, reading: tuple[int, int, int], arrival_ns: int) -> list[StreamRow]:
        number, tick, milliwatt = reading
        return [StreamRow([milliwatt], SATURATED if milliwatt == 0xFFFF else 0, tick, number)]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    time = Time()
    found = Wire(time)
    monkeypatch.setattr(stream, "now_ns", lambda: time.at)
    monkeypatch.setattr(Meter, "connect", lambda self: found)
    yield found


def opened(wire: Wire, first: bytes = frame(0, 0, 1), late_ms: int = 0) -> Meter:
    wire.frames.append((wire.time.at + late_ms * MS, first))
    meter = Meter(Address.parse("meter:///dev/x"))
    meter.open()
    return meter


def drained(meter: Meter, wire: Wire) -> tuple[np.ndarray, list[list[int]], list[int], list[Any]]:
    blocks: list[Block] = []
    while wire.frames:
        block = meter.read_block(0.0)
        blocks += [] if block is None else [block]
    wire.time.at += 10**9
    block = meter.read_block(0.0)
    blocks += [] if block is None else [block]
    times = np.concatenate([block.times_ns for block in blocks])
    codes = [row for block in blocks for row in block.codes.tolist()]
    flags = [flag for block in blocks for flag in (block.flags.tolist() if block.flags is not None else [])]
    return times, codes, flags, [gap for block in blocks for gap in block.gaps]


def test_it_is_identified_started_and_stopped(wire):
    meter = opened(wire)
    assert wire.written == [b"ID?", b"GO"] and meter.info()["serial"] == "7"
    meter.close()
    meter.close()
    assert wire.written[-1] == b"STOP" and wire.written.count(b"STOP") == 1 and wire.closed


def test_another_instrument_is_refused_and_let_go(wire, monkeypatch):
    monkeypatch.setattr(Meter, "identity", b"other")
    with pytest.raises(OpenError, match="another meter"):
        opened(wire)
    assert wire.closed


def test_a_flag_belongs_to_its_reading(wire):
    meter = opened(wire)
    start = wire.time.at
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, 0xFFFF if n == 2 else n)) for n in range(1, 5)]
    _, codes, flags, gaps = drained(meter, wire)
    assert codes == [[1], [1], [0xFFFF], [3], [4]] and not gaps
    assert [flag & SATURATED for flag in flags] == [0, 0, SATURATED, 0, 0]
    assert all(flag & INTERPOLATED_TIME for flag in flags)


def test_samples_that_never_came_are_counted_by_their_numbers(wire):
    meter = opened(wire)
    start = wire.time.at
    sent = [n for n in range(1, 600) if n not in (7, 8, 9, 300)]
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, 1)) for n in sent]
    times, _, _, gaps = drained(meter, wire)
    assert [(gap.reason, gap.lost) for gap in gaps] == [("dropped", 3), ("dropped", 1)]
    assert meter.counts()["samples_lost"] == 4
    assert gaps[0].start_ns in times and gaps[0].end_ns in times


def test_a_refused_frame_is_a_gap_where_it_stood(wire):
    meter = opened(wire)
    start = wire.time.at
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, n, good=n != 3)) for n in range(1, 6)]
    times, codes, _, gaps = drained(meter, wire)
    assert codes == [[1], [1], [2], [4], [5]]
    (gap,) = gaps
    assert (gap.start_ns, gap.end_ns, gap.reason, gap.lost) == (times[2], times[3], "bad data", 1)
    assert meter.counts()["frames_refused"] == 1


def test_a_first_frame_that_is_late_does_not_squeeze_those_after_it(wire):
    """200 frames a second; the first is under way for 90 ms, the others for 1 ms."""
    sent_ns = wire.time.at
    meter = opened(wire, late_ms=90)
    wire.frames += [
        (max(sent_ns + n * 5 * MS + MS, sent_ns + 90 * MS), frame(n, n * 5, 1)) for n in range(1, 400)
    ]
    times, _, _, gaps = drained(meter, wire)
    steps = np.diff(times) / MS
    assert not gaps and len(times) == 400
    assert steps.min() == pytest.approx(5, abs=0.6) and steps.max() == pytest.approx(5, abs=0.6)
    assert times[-1] - times[0] == pytest.approx(399 * 5 * MS, abs=1 * MS)
    assert abs(times[0] - sent_ns) <= 2 * MS, "its own moment, not its arrival"


@pytest.mark.parametrize("each", [20, 2])
def test_no_stamp_is_later_than_its_arrival_where_all_came_late_at_first(wire, each):
    """For 0.6 s frames are under way for 19 ms, those after it for 0: stamps came 17 ms after their arrival."""
    sent_ns, late = wire.time.at, range(600 // each)
    meter = opened(wire, late_ms=19)
    come_ns = [sent_ns + n * each * MS + 19 * MS * (n in late) for n in range(1500 // each)]
    come_ns = np.maximum.accumulate(come_ns).tolist()
    wire.frames += [(at, frame(n, n * each, 1)) for n, at in enumerate(come_ns) if n]
    times, _, _, gaps = drained(meter, wire)
    assert not gaps and len(times) == len(come_ns)
    assert (times <= come_ns).all() and (np.diff(times) >= 0).all()
    assert np.diff(times)[len(late) + 20 // each :].min() == each * MS, "made up for at once"


@pytest.mark.thorough
@pytest.mark.parametrize("ppm", [100, -100])
def test_a_clock_that_runs_fast_or_slow_is_put_right(wire, ppm):
    """Ten minutes of 20 frames a second, up to 20 ms under way: stamps stay within 3 ms of the truth."""
    seed = 11
    print("seed", seed)
    dice = np.random.default_rng(seed)
    meter = opened(wire)
    start = wire.time.at
    truth = start + np.arange(1, 12_000) * 50 * MS
    ticks = (np.arange(1, 12_000) * 50 * (1 + ppm * 1e-6)).round().astype(int)
    late = np.minimum(dice.exponential(3e6, truth.size), 20e6).astype(int)
    wire.frames += [
        (int(t + d), frame(n, int(k), 1))
        for n, (t, d, k) in enumerate(zip(truth, late, ticks, strict=True), 1)
    ]
    times, _, _, gaps = drained(meter, wire)
    error = (times[1:] - truth) / 1e6
    assert not gaps and np.abs(error).max() < 3, (error.min(), error.max())


def test_an_instrument_that_restarts_goes_on_with_a_new_clock(wire):
    meter = opened(wire)
    start = wire.time.at
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, 1)) for n in range(1, 200)]
    wire.frames += [(start + (n + 600) * 5 * MS, frame(n, n * 5, 1)) for n in range(200)]
    times, _, _, _ = drained(meter, wire)
    assert times[-1] - start == pytest.approx(799 * 5 * MS, abs=6 * MS)
    assert (np.diff(times) >= 0).all()


def test_a_silent_meter_is_reported_after_its_time(wire, monkeypatch):
    meter = opened(wire)
    meter.read_block(0.0)
    monkeypatch.setattr(meter, "silence_s", 0.0)
    with pytest.raises(ReadError, match="nothing usable"):
        for _ in range(3):
            meter.read_block(0.0)


def test_ticks_of_another_rate_are_refused_aloud_and_then_not_used(wire):
    """The tick is stated as 1 ms and is 10 ms: one error that says what to do, and stamps of arrival after it."""
    meter, start = opened(wire), wire.time.at
    wire.frames += [(start + n * 10 * MS, frame(n, n, n)) for n in range(1, 500)]
    with pytest.raises(
        ReadError,
        match=r"ticks count 0\.\d+ s in [23][.\d]* s.* where its URL states a rate or a unit of time",
    ):
        drained(meter, wire)
    meter.close()
    wire.frames = []
    start = wire.time.at
    meter = reopened(meter, wire, frame(0, 0, 1))
    wire.frames += [(start + n * 10 * MS, frame(n, n, n)) for n in range(1, 500)]
    times, _, flags, _ = drained(meter, wire)
    assert times[-1] - times[0] == 499 * 10 * MS and not flags[-1] & INTERPOLATED_TIME


def reopened(meter: Meter, wire: Wire, first: bytes) -> Meter:
    wire.frames.append((wire.time.at, first))
    meter.open()
    return meter


def test_a_tick_stated_by_the_meter_at_its_identification_holds_from_the_first_opening(wire, monkeypatch):
    """A tick of 10 ms read in `identify`; frames in batches of ten: 10 ms from stamp to stamp."""
    monkeypatch.setattr(Meter, "tick_ns", None)
    monkeypatch.setattr(Meter, "identify", lambda self, link: setattr(self, "tick_ns", 1e7))
    meter, start = opened(wire), wire.time.at
    for batch in range(1, 20):
        data = [frame(n, n, n) for n in range(batch * 10 - 9, batch * 10 + 1)]
        wire.frames.append((start + batch * 100 * MS, b"".join(data)))
    times, _, _, _ = drained(meter, wire)
    assert set(np.diff(times[20:]).tolist()) == {10 * MS}


@pytest.mark.parametrize("holed", [False, True])
def test_what_the_meter_kept_before_it_was_opened_is_no_sample(wire, holed):
    """It comes at once: 3 s of frames up to the opening, or 0.5 s of them that are 13 s old; then those of now."""
    first = wire.time.at - 100 * 20 * MS
    kept = range(1, 25) if holed else range(1, 100)
    shift = 13_000 if holed else 0
    frames = [(wire.time.at, frame(n, n * 20 - shift, 1)) for n in kept]
    frames += [(first + n * 20 * MS, frame(n, n * 20, 2)) for n in range(101, 300)]
    meter = opened(wire, b"".join(data for _, data in frames[:1]))
    wire.frames = frames[1:]
    times, codes, _, gaps = drained(meter, wire)
    assert not gaps and codes == [[2]] * 199
    assert abs(times - np.arange(first + 101 * 20 * MS, first + 300 * 20 * MS, 20 * MS)).max() <= 2 * MS


def test_a_stream_is_read_empty_before_it_is_believed(wire, monkeypatch):
    """A meter without a clock: what lies in its buffer is thrown away before it is identified."""
    monkeypatch.setattr(Meter, "tick_ns", None)
    wire.frames = [(wire.time.at - 1, frame(n, 0, 7)) for n in range(5)]
    block = opened(wire, frame(9, 0, 1)).read_block(0.0)
    assert block is not None and block.codes.tolist() == [[1]]


def test_a_frame_that_came_twice_or_late_is_no_sample(wire):
    meter = opened(wire)
    start = wire.time.at
    numbers = [1, 2, 2, 3, 5, 6, 4, 7]
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, n)) for n in numbers]
    _, codes, _, gaps = drained(meter, wire)
    assert [code for (code,) in codes] == [1, 1, 2, 3, 5, 6, 7]
    assert [gap.lost for gap in gaps] == [1]
    assert meter.counts() == {
        "frames_refused": 0,
        "bytes_skipped": 0,
        "samples_lost": 1,
        "frames_out_of_turn": 2,
    }


class Zeroing(Meter):
    """A frame of 0xFFFF holds its reference, no reading."""

    def decode(self, data: bytes) -> tuple[int, int, int] | None:
        found = super().decode(data)
        return None if found is None or found[2] == 0xFFFF else found


def zeroing(wire: Wire, numbers: range) -> Zeroing:
    wire.frames += [(wire.time.at + n * 5 * MS, frame(n, n * 5, 0xFFFF)) for n in numbers]
    return Zeroing(Address.parse("meter:///dev/x"))


def test_frames_that_hold_no_reading_are_a_gap_and_not_lost(wire):
    meter, start = zeroing(wire, range(0)), wire.time.at
    wire.frames.append((start, frame(0, 0, 1)))
    meter.open()
    wire.frames += [(start + n * 5 * MS, frame(n, n * 5, 0xFFFF if 5 <= n < 9 else 1)) for n in range(1, 20)]
    times, _, _, gaps = drained(meter, wire)
    assert [(gap.reason, gap.detail, gap.lost) for gap in gaps] == [
        ("dropped", "4 frames held no reading", 0)
    ]
    assert len(times) == 16 and meter.counts()["samples_lost"] == 0


def test_a_meter_that_settles_is_waited_for_longer_than_one_that_is_silent(wire, monkeypatch):
    """The first reading comes when `first_s` is over; meanwhile frames come that hold none."""
    monkeypatch.setattr(Zeroing, "first_s", 0.1)
    meter = zeroing(wire, range(0))
    began = monotonic()
    read, number = wire.read, count()

    def settling(limit: int, timeout_s: float) -> bytes:
        if monotonic() - began < 0.3:
            sleep(0.01)
            return frame(next(number), 0, 0xFFFF)
        wire.frames.append((wire.time.at, frame(next(number), 0, 5)))
        return read(limit, timeout_s)

    monkeypatch.setattr(wire, "read", settling)
    meter.open()
    assert meter.first[0][2] == 5


def test_a_meter_that_never_has_a_reading_is_described_as_such(wire, monkeypatch):
    monkeypatch.setattr(Zeroing, "first_s", 0.02)
    monkeypatch.setattr(Zeroing, "settling_s", 0.05)
    meter = zeroing(wire, range(0))
    monkeypatch.setattr(wire, "read", lambda limit, timeout_s: frame(1, 0, 0xFFFF))
    with pytest.raises(OpenError, match="that holds a reading, though others come"):
        meter.open()


def test_frames_without_a_reading_are_no_silence_until_they_never_end(wire, monkeypatch):
    meter = zeroing(wire, range(0))
    wire.frames.append((wire.time.at, frame(0, 0, 1)))
    meter.open()
    meter.read_block(0.0)
    monkeypatch.setattr(meter, "silence_s", 0.05)
    began = monotonic()
    while monotonic() - began < 0.1:
        wire.frames.append((wire.time.at, frame(1, 5, 0xFFFF)))
        meter.read_block(0.0)
    monkeypatch.setattr(meter, "settling_s", 0.0)
    with pytest.raises(ReadError, match="nothing usable"):
        while monotonic() - began < 5.0:
            wire.frames.append((wire.time.at, frame(2, 10, 0xFFFF)))
            meter.read_block(0.0)


def test_ticks_of_another_rate_are_refused_at_the_end_of_a_short_reading(wire):
    """1.5 s of ticks of 10 ms, stated as 1 ms: too short to be sure of while it lasts."""
    meter, start = opened(wire), wire.time.at
    wire.frames += [(start + n * 10 * MS, frame(n, n, n)) for n in range(1, 150)]
    while wire.frames:
        meter.read_block(0.0)
    with pytest.raises(
        ReadError, match=r"ticks count 0\.1\d* s in 1[.\d]* s, so what was recorded is timed wrongly"
    ):
        meter.finish()


def test_what_is_found_of_a_meter_names_its_rails(tmp_path):
    class Two(StreamMeter):
        scheme = "two"

    port = str(tmp_path / "port")
    found = Two.found_on(port, "TWO", rate_hz=100.0, resolution_w=0.01, rank=12, rails=("a", "b"))
    assert (found.url, found.rails) == (f"two://{port}", ("a", "b"))
    assert Two.found_on(port, "TWO", rate_hz=100.0, resolution_w=0.01, rank=12).rails == ("input",)


@pytest.mark.parametrize("held_ms", [100, 300, 800, 2000, 3000])
def test_first_frames_that_are_held_and_come_at_once_keep_their_moments(wire, monkeypatch, held_ms):
    """50 frames a second whose number is their clock, 20 ms each, and wraps at 256."""
    monkeypatch.setattr(Meter, "tick_ns", 2e7)
    monkeypatch.setattr(Meter, "tick_wrap", 256)
    begun = wire.time.at
    meter = opened(wire, frame(250, 250, 1), late_ms=held_ms)
    come = [(begun + max(n * 20, held_ms) * MS, frame(n + 250, n + 250 & 255, 1)) for n in range(1, 400)]
    wire.frames += come
    times, _, _, gaps = drained(meter, wire)
    assert not gaps and set(np.diff(times).tolist()) == {20 * MS}
    assert times[0] == begun and len(times) == 400


def test_a_burst_of_frames_that_state_no_time_is_no_moment(wire, monkeypatch):
    """A frame each 50 ms, which no frame and nothing else states; for 0.5 s none is handed on."""
    monkeypatch.setattr(Meter, "tick_ns", None)
    meter, start = opened(wire), wire.time.at
    at_ms = [n * 50 if n <= 10 else max(n * 50, 1050) for n in range(1, 40)]
    for late_ms in sorted(set(at_ms)):
        data = b"".join(frame(n, 0, n) for n, came in enumerate(at_ms, 1) if came == late_ms)
        wire.frames.append((start + late_ms * MS, data))
    times, codes, flags, _ = drained(meter, wire)
    assert len(codes) == 40 and set(np.diff(times).tolist()) == {50 * MS}
    assert flags[15] & INTERPOLATED_TIME and not flags[30] & INTERPOLATED_TIME
    assert "samples_at_one_moment" not in meter.counts()
