"""The loop of meters that send: cutting, losses by sequence, flags, start and stop, and their clock."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity
from powermeter.drivers.links.link import Link
from powermeter.drivers.meters import stream
from powermeter.drivers.meters.stream import StreamMeter, StreamRow, cut_frames
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


def opened(wire: Wire, first: bytes = frame(0, 0, 1)) -> Meter:
    wire.frames.append((wire.time.at, first))
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
    wire.time.at += 90 * MS
    meter = opened(wire)
    sent_ns = wire.time.at - 90 * MS
    wire.frames += [
        (max(sent_ns + n * 5 * MS + MS, sent_ns + 90 * MS), frame(n, n * 5, 1)) for n in range(1, 400)
    ]
    times, _, _, gaps = drained(meter, wire)
    steps = np.diff(times) / MS
    assert not gaps and len(times) == 400
    assert steps.min() == pytest.approx(5, abs=0.6) and steps.max() == pytest.approx(5, abs=0.6)
    assert times[-1] - times[0] == pytest.approx(399 * 5 * MS, abs=1 * MS)
    assert abs(times[0] - sent_ns) <= 2 * MS, "its own moment, not its arrival"


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


@pytest.mark.parametrize(
    ("data", "frames", "skipped", "left"),
    [
        (b"..HxyzHuvw", [b"Hxyz", b"Huvw"], 2, b""),
        (b"HxyzHuv", [b"Hxyz"], 0, b"Huv"),
        (b"HxHuvw", [b"Huvw"], 2, b""),
        (b"....", [], 4, b""),
        (b"", [], 0, b""),
    ],
)
def test_frames_are_cut_from_a_stream_that_starts_anywhere(data, frames, skipped, left):
    buffer = bytearray(data)
    assert cut_frames(buffer, b"H", 4, lambda one: one.rfind(b"H") == 0) == (frames, skipped)
    assert bytes(buffer) == left


def test_half_a_head_at_the_end_is_kept():
    buffer = bytearray(b"..\xa5")
    assert cut_frames(buffer, b"\xa5\x5a", 10, lambda one: True) == ([], 2) and buffer == b"\xa5"


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
