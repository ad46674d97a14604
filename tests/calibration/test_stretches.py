"""A long recording read stretch by stretch gives the place and the points that it gives read at once."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from alignment_scene import S, host_of, scene, seen_by

from powermeter.calibration import channels, steady_points, trace_to_align
from powermeter.calibration.align import AlignOptions, place
from powermeter.calibration.channels import SourceChannel, read
from powermeter.calibration.steady_points import steady_points as points_of
from powermeter.calibration.stretches import RecordingPart, Stretches, bounds
from powermeter.calibration.trace_to_align import what_was_seen
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording, Writer
from powermeter.recording.stored_summaries import Summaries
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import SimulatedPowerMeter, Truth


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every recording of more than 500 readings for a long one."""
    for module in (trace_to_align, channels, steady_points):
        monkeypatch.setattr(module, "HELD", 500)


def read_at_once_and_in_stretches(seed: int, kind: Kind, pattern: bool, monkeypatch, rate: float = 100.0):
    rng = np.random.default_rng([seed, 26])
    truth, events = scene(rng, rate, pattern=pattern)
    recording, offset, drift = seen_by(rng, truth, rate, kind)
    options = AlignOptions(by="pattern" if pattern else "activity")
    once = place(host_of(events), recording, recording.sources, options)
    monkeypatch.setattr(trace_to_align, "HELD", 500 if pattern else 4000)
    monkeypatch.setattr("powermeter.calibration.correlate.PIECE", 700)
    return once, place(host_of(events), recording, recording.sources, options), offset, drift, recording


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
@pytest.mark.parametrize("pattern", [True, False], ids=["pattern", "activity"])
def test_the_place_is_the_same_within_a_twentieth_of_a_sample(kind: Kind, pattern: bool, monkeypatch) -> None:
    once, long, offset, drift, _ = read_at_once_and_in_stretches(3, kind, pattern, monkeypatch)
    origin = once.alignment.origin_ns
    apart = float(once.alignment.to_host([origin])[0] - long.alignment.to_host([origin])[0])
    true = origin + offset + drift * origin
    error = float(long.alignment.to_host([origin])[0]) - true
    assert long.interval_ns == once.interval_ns
    if pattern:
        assert abs(apart) < 0.05 * S / 100 and abs(error) < 0.1 * S / 100
    else:
        assert abs(error) < 0.2 * S / 100
    assert long.alignment.method == once.alignment.method


def test_some_sources_begin_with_the_first_piece_and_end_with_the_last_of_any() -> None:
    def pieces(starts: list[int], ends: list[int]) -> Summaries:
        count = np.ones(len(starts), np.int64)
        return Summaries(np.array(starts), np.array(ends), count, (), (), np.empty((len(starts), 0)))

    found = {
        1: pieces([10, 12], [11, 20]),
        2: pieces([5, 9], [8, 15]),
        3: pieces([], []),
        4: pieces([1], [99]),
    }
    recording = SimpleNamespace(summaries=found.get)
    sources = [SimpleNamespace(id=number) for number in found]
    assert bounds(recording, sources[:3]) == (5, 20)
    assert bounds(recording, sources[1:2]) == (5, 15)
    with pytest.raises(DataError, match="no sample"):
        bounds(recording, sources[2:3])


@pytest.mark.parametrize(("overlap", "first", "last"), [(0, [0, 10], [80, 90]), (10, [0, 10, 20], [80, 90])])
def test_pieces_meet_without_a_reading_twice_unless_they_overlap(overlap, first, last) -> None:
    """Readings each 10 ns in pieces of 20 ns: a piece begins where the one before has ended."""
    times = range(0, 100, 10)
    whole = Stretches(None, 0, 90, lambda low, high: [t for t in times if low <= t <= high] or None)
    found = list(whole.pieces(20, overlap))
    assert (found[0], found[-1], len(found)) == (first, last, 5)
    assert overlap or [t for piece in found for t in piece] == list(times)


def test_a_part_in_which_there_is_nothing_is_refused(tiny: None) -> None:
    rng = np.random.default_rng(5)
    truth, events = scene(rng, 100.0, pattern=True)
    recording, _, _ = seen_by(rng, truth, 100.0)
    with pytest.raises(ConfigurationError, match="no sample in that part"):
        place(host_of(events), recording, recording.sources, AlignOptions(between_s=(1e6, 2e6)))


@pytest.mark.parametrize("long", [False, True])
def test_a_part_is_counted_from_the_first_reading(long: bool, monkeypatch) -> None:
    """From 3 s to 11 s of it, read at once or stretch by stretch."""
    if long:
        for module in (trace_to_align, channels, steady_points):
            monkeypatch.setattr(module, "HELD", 500)
    rng = np.random.default_rng(5)
    truth, _ = scene(rng, 100.0, pattern=True)
    recording, _, _ = seen_by(rng, truth, 100.0)
    first = int(recording.data[1].times_ns[0])
    found = what_was_seen(recording, recording.sources, between_s=(3.0, 11.0))
    assert (found.long is not None) is long
    near = (1.0 if long else 0.2) * S  # a long one is read in pieces
    assert found.trace.start_ns - first == pytest.approx(3 * S, abs=near)
    assert found.trace.end_ns - first == pytest.approx(11 * S, abs=near)


def stairs(rng: np.random.Generator):
    truth = Truth.steps(np.arange(9) * 4.0, rng.uniform(1.0, 9.0, 8))
    return SimulatedPowerMeter(100.0, Kind.INSTANT, accuracy=Accuracy(noise=0.01, step=0.002)).record(
        truth, [], rng
    )


def test_the_points_of_a_calibration_are_the_same_to_the_last_digit(tiny: None, monkeypatch) -> None:
    rng = np.random.default_rng(6)
    mine, theirs = stairs(rng), stairs(rng)
    (source,) = mine.sources
    channel = SourceChannel(source, source.channels[0])
    assert channel.channel.quantity is Quantity.POWER
    long = read(mine, channel, corrected=False)
    assert isinstance(long, Stretches) and long.unit == "W"
    lower = read(theirs, SourceChannel(theirs.sources[0], theirs.sources[0].channels[0]), corrected=False)
    monkeypatch.setattr(channels, "HELD", 10**9)
    once = read(mine, channel, corrected=False)
    other = read(theirs, SourceChannel(theirs.sources[0], theirs.sources[0].channels[0]), corrected=False)
    assert isinstance(once, Trace) and (once.start_ns, once.end_ns) == (long.start_ns, long.end_ns)
    expected, found = points_of(once, other, temperature=once), points_of(long, lower, temperature=long)
    assert np.array_equal(expected.seen, found.seen) and np.array_equal(expected.true, found.true)
    assert np.array_equal(expected.seen_u, found.seen_u) and np.array_equal(expected.true_u, found.true_u)
    assert expected.temperature_c is not None and found.temperature_c is not None
    assert found.temperature_c == pytest.approx(expected.temperature_c, rel=1e-12)


def test_a_part_holds_only_what_lies_in_it() -> None:
    recording = stairs(np.random.default_rng(7))
    times = recording.data[1].times_ns
    part = RecordingPart(recording, int(times[100]), int(times[199]))
    assert np.array_equal(part.samples(1).times_ns, times[100:200])
    assert sum(len(piece) for piece in part.stream(1)) == 100
    assert part.sources == recording.sources and part.path is recording.path


def kilohertz(path, seconds: int):
    """A file with that many seconds at 1 kHz."""
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"))
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("virtual://", "m", "virtual", (channel,))
        for block in range(seconds // 100):
            times = 10**12 + (np.arange(100_000) + block * 100_000) * 1_000_000
            writer.append(source, times, np.full((100_000, 1), 3000 + block % 7))
    return Recording.open(path)


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_recording(tiny: None, tmp_path: Path) -> None:
    peaks = []
    for seconds in (100, 1000):
        with kilohertz(tmp_path / f"{seconds}.power", seconds) as recording:
            tracemalloc.start()
            seen = what_was_seen(recording, recording.sources)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert seen.long is not None and len(seen.trace) <= 2 * 500
            assert seen.trace.values.mean() == pytest.approx(3.0 + 0.003 * (seconds > 100), abs=2e-3)
    assert peaks[1] < 0.7 * 16 * 1_000_000, "a time and a value of each reading would take more"
    assert peaks[1] < 3 * peaks[0]
