"""What we write as JLS, the Joulescope maker's own reader opens and reads back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.importers import open_log
from powermeter.recording import Recording, Writer
from powermeter.reports import jls
from powermeter.reports.jls import write_clock, write_jls
from powermeter.result import Grade
from powermeter.source import Gap

pyjls = pytest.importorskip("pyjls", reason="pip install pyjls, the maker's reader")

RAIL = Rail("input")
START_NS = 5_000_000_000
UTC_NS = 1_760_000_000_000_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of 1 kHz with one hole, and a meter of two samples a second."""
    path = tmp_path / "run.power"
    with Writer.create(path, {}) as writer:
        channels = (
            Channel("current", Quantity.CURRENT, 1e-6, RAIL),
            Channel("voltage", Quantity.VOLTAGE, 1e-3, RAIL),
            Channel("logic", Quantity.MARKER, 1.0),
        )
        fast = writer.add_source("ppk2://", "ppk2", "ppk2", channels, {"model": "PPK2", "serial": "S1"})
        times = START_NS + np.arange(1000, dtype=np.int64) * 1_000_000
        codes = np.stack([np.arange(1000) * 100, np.full(1000, 3300), np.arange(1000) // 500], axis=1).astype(
            np.int64
        )
        codes[10, 1] = MISSING
        writer.append(fast, times, codes)
        writer.add_gap(fast, Gap(START_NS + 200_500_000, START_NS + 210_500_000, "dropped"))
        slow = writer.add_source("um25c:///dev/x", "um25c", "um25c", channels[:1], {})
        writer.append(slow, times[::500], np.array([[1000], [3000]], np.int64))
        writer.add_source("empty://", "empty", "empty", channels[:1], {})
        writer.add_clock_pair(START_NS, UTC_NS)
        writer.add_event(Event("infer", START_NS + 100_000_000, START_NS + 300_000_000, uid=1))
        writer.add_event(Event("tick\x1b[31m", START_NS + 500_000_000, START_NS + 500_000_000, uid=2))
    return path


def test_the_makers_reader_opens_it(recording: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.jls"
    with Recording.open(recording) as opened:
        assert write_jls(opened, target) == 4
    reader = pyjls.Reader(str(target))
    try:
        signals = {(s.source_id, s.name): s for s in reader.signals.values() if s.signal_id}
        assert {key: (s.units, s.sample_rate) for key, s in signals.items()} == {
            (1, "current"): ("A", 1000),
            (1, "voltage"): ("V", 1000),
            (1, "logic"): ("", 1000),
            (2, "current"): ("A", 2),
        }
        assert [(s.name, s.model, s.serial_number) for s in reader.sources.values() if s.source_id == 1] == [
            ("ppk2", "PPK2", "S1")
        ]
        current = reader.fsr(signals[1, "current"].signal_id, 0, 1000)
        expected = np.arange(1000) * 100e-6
        assert np.flatnonzero(np.isnan(current)).tolist() == list(range(201, 211))
        np.testing.assert_allclose(
            np.delete(current, range(201, 211)), np.delete(expected, range(201, 211)), rtol=1e-6
        )
        voltage = reader.fsr(signals[1, "voltage"].signal_id, 0, 1000)
        assert np.isnan(voltage[10])  # missing: nothing is made up between its neighbours
        logic = reader.fsr(signals[1, "logic"].signal_id, 0, 1000)
        assert logic[[0, 499, 500, 999]].tolist() == [0, 0, 1, 1]
        seconds = reader.sample_id_to_timestamp(signals[1, "current"].signal_id, 0) / 2**30
        assert seconds + 1_514_764_800 == pytest.approx(UTC_NS / 1e9, abs=1e-6)
        found: list[tuple[int, str]] = []
        reader.annotations(
            signals[1, "current"].signal_id,
            0,
            lambda at, y, kind, group, text: bool(found.append((at, text))) and False,
        )
        assert [text for _, text in found] == ["infer begins", "infer ends", "tick\ufffd[31m"]
    finally:
        reader.close()


def uneven(path: Path, clock: bool, count: int = 700) -> tuple[np.ndarray, np.ndarray]:
    """Write readings at a random moment of each tenth of a second; return their times and codes."""
    seed = 16
    generator = np.random.default_rng(seed)
    times = START_NS + (np.arange(count) * 100_000_000 + generator.integers(0, 100_000_000, count))
    codes = generator.integers(1, 1 << 20, count)
    with Writer.create(path, {}) as writer:
        channel = Channel("current", Quantity.CURRENT, 1e-6, RAIL, grade=Grade.SIMULATED)
        source = writer.add_source("ina219://", "ina219", "ina219", (channel,), {})
        writer.append(source, times.astype(np.int64), codes[:, None].astype(np.int64))
        if clock:
            writer.add_clock_pair(START_NS, UTC_NS)
        writer.add_event(Event("infer", int(times[count // 2]), int(times[count // 2 + 1]), uid=1))
    return times, codes


@pytest.mark.thorough
def test_readings_at_uneven_moments_are_all_kept_with_their_times(tmp_path: Path) -> None:
    times, codes = uneven(tmp_path / "u.power", clock=True)
    target = tmp_path / "u.jls"
    with Recording.open(tmp_path / "u.power") as opened:
        write_jls(opened, target)
    reader = pyjls.Reader(str(target))
    try:
        (signal,) = [s for s in reader.signals.values() if s.signal_id]
        assert signal.length == len(codes)
        assert np.rint(reader.fsr(signal.signal_id, 0, signal.length) / 1e-6).tolist() == codes.tolist()
        marks: list[int] = []
        reader.annotations(signal.signal_id, 0, lambda at, *_: bool(marks.append(at)) and False)
        assert marks == [350, 351]
    finally:
        reader.close()
    (rows,) = open_log(target).sources
    (channel,) = rows.channels
    assert channel.grade is Grade.SIMULATED and channel.kind is Kind.INSTANT
    assert np.rint(np.array(rows.codes[0]) * channel.scale / 1e-6).tolist() == codes.tolist()
    lasted = rows.times_ns - rows.times_ns[0]
    assert np.abs(lasted - (times - times[0])).max() <= 2  # a tick of JLS is 0.93 ns


def test_a_stretch_after_a_pause_keeps_its_times(tmp_path: Path) -> None:
    """A clock that runs 20 ppm fast for 300 readings, pauses without a gap, and goes on."""
    times = np.concatenate([np.arange(300) * 999_980, 2_000_000_000 + np.arange(300) * 999_980]) + START_NS
    with Writer.create(tmp_path / "p.power", {}) as writer:
        source = writer.add_source("x://", "x", "x", (Channel("power", Quantity.POWER, 1.0, RAIL),), {})
        writer.append(source, times.astype(np.int64), np.arange(600, dtype=np.int64)[:, None])
        writer.add_clock_pair(START_NS, UTC_NS)
    with Recording.open(tmp_path / "p.power") as opened:
        write_jls(opened, tmp_path / "p.jls")
    reader = pyjls.Reader(str(tmp_path / "p.jls"))
    try:
        assert reader.fsr(1, 0, 600).tolist() == list(range(600))
        ticks = np.array(reader.sample_id_to_timestamp(1, np.arange(600)))
        assert np.abs((ticks - ticks[0]) * (1e9 / 2**30) - (times - times[0])).max() <= 102
        assert reader.time_map_length(1) < 600  # the straight parts need no entry for each reading
    finally:
        reader.close()


def test_uneven_readings_without_a_time_of_day_are_refused_and_what_to_use_is_named(tmp_path: Path) -> None:
    uneven(tmp_path / "u.power", clock=False, count=20)
    with (
        Recording.open(tmp_path / "u.power") as opened,
        pytest.raises(DataError, match=r"unevenly spaced.*no time of day.*use \.parquet, \.arrow or \.csv"),
    ):
        write_jls(opened, tmp_path / "u.jls")
    assert not (tmp_path / "u.jls").exists()


def test_too_many_times_are_refused_before_they_are_all_held(tmp_path: Path, monkeypatch) -> None:
    """A day at 1 kHz on a busy machine took 5 GB before it was refused."""
    monkeypatch.setattr(jls, "MAX_ENTRIES", 1000)
    with Writer.create(tmp_path / "run.power") as writer:
        source = writer.add_source("x://", "x", "x", [Channel("current", Quantity.CURRENT, 1e-6, RAIL)])
        steps = np.random.default_rng(1).integers(900_000, 1_100_000, 400_000)
        for first in range(0, 400_000, 50_000):
            times = np.cumsum(steps)[first : first + 50_000]
            writer.append(source, times, np.zeros((50_000, 1), np.int64))
        writer.add_clock_pair(0, UTC_NS)
    seen: list[int] = []
    stream = Recording.stream

    def counted(self, source, **options):
        for piece in stream(self, source, **options):
            seen.append(0 if options else len(piece))
            yield piece

    monkeypatch.setattr(Recording, "stream", counted)
    with (
        Recording.open(tmp_path / "run.power") as opened,
        pytest.raises(DataError, match="more than 1,000 times"),
    ):
        write_jls(opened, tmp_path / "run.jls")
    assert 0 < sum(seen) <= 1 << 16, "it read on after it knew"


def test_nothing_to_write(tmp_path: Path) -> None:
    with Writer.create(tmp_path / "empty.power", {}) as writer:
        writer.add_source("x://", "x", "x", (Channel("current", Quantity.CURRENT, 1.0, RAIL),), {})
    with (
        Recording.open(tmp_path / "empty.power") as opened,
        pytest.raises(DataError, match="nothing to write"),
    ):
        write_jls(opened, tmp_path / "empty.jls")
    assert not (tmp_path / "empty.jls").exists()


def test_readings_behind_a_hole_keep_their_number(tmp_path: Path) -> None:
    """Ten a second, of which the four from 0.8 to 1.1 s were lost: the ninth that is there is number 12."""
    at = np.array([*range(8), *range(12, 20)], dtype=np.int64)
    with Writer.create(tmp_path / "h.power", {}) as writer:
        channel = Channel("current", Quantity.CURRENT, 1e-6, RAIL)
        source = writer.add_source("ina219://", "ina219", "ina219", (channel,), {})
        writer.append(source, START_NS + at * 100_000_000, (at[:, None] + 1) * 1000)
        writer.add_gap(source, Gap(START_NS + 700_000_000, START_NS + 1_200_000_000, "dropped"))
    with Recording.open(tmp_path / "h.power") as opened:
        write_jls(opened, tmp_path / "h.jls")
    reader = pyjls.Reader(str(tmp_path / "h.jls"))
    try:
        (signal,) = [s for s in reader.signals.values() if s.signal_id]
        assert signal.length == 20
        values = reader.fsr(signal.signal_id, 0, 20)
        assert np.isnan(values[8:12]).all() and values[at] == pytest.approx((at + 1) * 1e-3)
    finally:
        reader.close()


@pytest.mark.thorough
def test_every_entry_of_a_long_clock_track_is_written_once_and_in_order() -> None:
    """140 000 entries, more than twice the 65 536 that are turned into numbers at a time."""
    written: list[tuple[int, int, int]] = []
    points = np.arange(140_000)
    write_clock(SimpleNamespace(utc=lambda *entry: written.append(entry)), 7, points, 3 * points + 1)
    assert written == [(7, k, 3 * k + 1) for k in range(140_000)]


@pytest.mark.thorough
def test_what_an_import_needs_again_is_kept(tmp_path: Path) -> None:
    """Names with the rail before them, 20 readings, no time of day: grade, limits and rail come back as they were."""
    limits = Accuracy(gain=0.01, offset=0.002, source="a simulated load")
    rail = Rail("vdd", "vin", Boundary.PART)
    channels = (
        Channel("vdd.power", Quantity.POWER, 1e-3, rail, Kind.HELD, grade=Grade.SIMULATED, accuracy=limits),
        Channel("vdd.temperature", Quantity.TEMPERATURE, 0.1),
    )
    times = START_NS + np.arange(20, dtype=np.int64) * 100_000_000
    with Writer.create(tmp_path / "s.power", {}) as writer:
        source = writer.add_source("virtual:///", "virtual", "virtual", channels, {})
        writer.append(source, times, np.stack([np.arange(20) * 1000] * 2, axis=1).astype(np.int64))
        beside = writer.add_source("estimate:///", "estimate", "estimate", channels[:1], {})
        writer.append(beside, times + 37_000_000, np.full((20, 1), 9000, np.int64))
    with Recording.open(tmp_path / "s.power") as opened:
        write_jls(opened, tmp_path / "s.jls")
    log = open_log(tmp_path / "s.jls")
    (rows,) = log.sources
    (channel,) = rows.channels  # the other source's readings have other times
    assert (channel.grade, channel.accuracy, channel.rail, channel.kind) == (
        Grade.SIMULATED,
        limits,
        rail,
        Kind.HELD,
    )
    assert (np.array(rows.codes[0]) * channel.scale).tolist() == pytest.approx(list(range(20)), rel=1e-6)
    assert [str(note) for note in log.warnings] == ["signals left out: vdd.temperature, vdd.power"]
