"""A long recording of which few readings are held gives the energies, intervals and peaks of one that is held whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from powermeter import Recording, analyse
from powermeter.analysis import energy_from_instants
from powermeter.analysis.energy import Analysis
from powermeter.channel import MISSING, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.recording.writer import append_to
from powermeter.result import Result
from powermeter.signals import decimation, one_pass
from powermeter.signals.correction import Correction
from powermeter.source import REPEAT, SATURATED, Gap

NS = 1_000_000_000
MS = 1_000_000
ROWS = 400_000
SEED = 20261126


def _load(t: np.ndarray) -> np.ndarray:
    """Return a load in W that idles, works in bursts and has rare spikes."""
    rng = np.random.default_rng(SEED)
    watts = 2 + 3 * (((t // (20 * MS)) % 10) == 3) + 1.5 * (((t // (7 * NS)) % 3) == 1)
    return watts * (1 + rng.normal(0, 0.01, t.size)) + 20 * (rng.random(t.size) < 2e-5)


def _record(
    path: Path, columns: dict[Channel, np.ndarray], t: np.ndarray, flags: np.ndarray | None = None
) -> Path:
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://meter", "meter", "sim", tuple(columns), {})
        codes = np.column_stack([np.rint(codes) for codes in columns.values()]).astype(np.int64)
        for first in range(0, t.size, 100_000):
            part = slice(first, first + 100_000)
            writer.append(source, t[part], codes[part], None if flags is None else flags[part])
        gap = np.flatnonzero(np.diff(t) > 100 * MS)
        if gap.size:
            writer.add_gap(source, Gap(int(t[gap[0]]), int(t[gap[0] + 1]), "lost setup", "unplugged"))
        starts = [int((0.2 * i + 0.0596) * NS) for i in range(5, 1900)]
        events = [Event("infer", a, a + 20 * MS, process=1, uid=i + 1) for i, a in enumerate(starts)]
        events += [
            Event("epoch", int(a * NS), int((a + 60) * NS), process=1, uid=9000 + a) for a in (10, 80, 250)
        ]
        writer.add_events(sorted(events, key=lambda event: event.start_ns))
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return recordings of one load at 1 kHz, 400 s, with a hole of 3 s, by four kinds of meter."""
    folder = tmp_path_factory.mktemp("long")
    rng = np.random.default_rng(SEED)
    t = np.arange(ROWS, dtype=np.int64) * MS + rng.integers(-100_000, 100_000, ROWS)
    t = np.sort(t[(t < 190 * NS) | (t > 193 * NS)])
    watts, rail = _load(t), Rail("VIN")
    volts = 5 - watts / 100
    amps = watts / volts
    joules = np.cumsum(watts * np.diff(t, prepend=t[0] - MS) * 1e-9)
    top = int(4.9 / 1e-4)
    return {
        "volts and amps": _record(
            folder / "vi.power",
            {
                Channel("v", Quantity.VOLTAGE, 1e-3, rail): volts * 1e3,
                Channel("i", Quantity.CURRENT, 1e-4, rail): amps * 1e4,
            },
            t,
        ),
        "means": _record(
            folder / "mean.power", {Channel("p", Quantity.POWER, 1e-3, rail, Kind.MEAN): watts * 1e3}, t
        ),
        "counter": _record(
            folder / "counter.power",
            {Channel("e", Quantity.ENERGY, 1e-6, rail, Kind.COUNTER, wrap=1 << 28): joules * 1e6 % (1 << 28)},
            t,
        ),
        "clipped": _record(
            folder / "clipped.power",
            {
                Channel("v", Quantity.VOLTAGE, 1e-3, rail): volts * 1e3,
                Channel("i", Quantity.CURRENT, 1e-4, rail, high_code=top): np.minimum(amps * 1e4, top),
            },
            t,
        ),
    }


def _of_holes(found: Result) -> float:
    """Return a fiftieth of what holes leave open: what is read beside a long one is taken over spans that end between readings that are held."""
    return 0.02 * found.by_kind().get("gaps", 0.0)


def _both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Analysis, Analysis]:
    with Recording.open(path) as recording:
        held = analyse(recording)
    monkeypatch.setattr(one_pass, "LONG", 1000)
    monkeypatch.setattr(decimation, "STRETCHES", 6)
    monkeypatch.setattr(decimation, "SPARSE", 20_000)
    monkeypatch.setattr(decimation, "INSIDE", 30_000)
    monkeypatch.setattr(energy_from_instants, "INSIDE", 30_000)
    with Recording.open(path) as recording:
        thin = analyse(recording)
    return held, thin


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["volts and amps", "means", "counter", "clipped"])
def test_nothing_is_lost_by_what_is_not_held(
    recordings: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, thin = _both(recordings[name], monkeypatch)
    assert thin.power_trace.kept is not None and held.power_trace.kept is None
    assert len(thin.power_trace) < 0.55 * len(held.power_trace)
    assert thin.power_trace.readings == len(held.power_trace)
    # What a hole took of an event is what other events did: of a long run, those that are held.
    assert thin.energy.value == pytest.approx(
        held.energy.value, rel=1e-9 if name in ("means", "counter") else 3e-5, abs=_of_holes(held.energy)
    )
    assert thin.peak_w == held.peak_w
    assert thin.gap_s == pytest.approx(held.gap_s, abs=1e-5)
    assert thin.power_trace.saturated == held.power_trace.saturated
    assert thin.energy.high == pytest.approx(held.energy.high, rel=2e-3)
    assert thin.energy.grade is held.energy.grade
    if held.charge is not None:
        assert thin.charge is not None
        assert thin.charge.value == pytest.approx(held.charge.value, rel=1e-9, abs=_of_holes(held.charge))
    for label in ("infer", "epoch"):
        one, other = held.row(label), thin.row(label)
        assert one.energy is not None and other.energy is not None
        # Where readings do not resolve an edge, what is usual beside events is taken from other readings beside them.
        half = one.energy.value - one.energy.low
        assert other.energy.value == pytest.approx(one.energy.value, abs=0.25 * half)
        assert other.energy.grade is one.energy.grade
        assert other.events == one.events
        if np.isfinite(one.energy.high):
            assert 0.7 < (other.energy.high - other.energy.low) / (one.energy.high - one.energy.low) < 1.5
        else:
            assert np.isinf(other.energy.high)


@pytest.mark.thorough
def test_a_window_of_the_run_has_the_same_energy(
    recordings: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, thin = _both(recordings["volts and amps"], monkeypatch)
    start, end = int(20.5 * NS), int(171.25 * NS)
    assert thin.window(start, end)[0].value == pytest.approx(held.window(start, end)[0].value, rel=1e-3)


@pytest.mark.parametrize("strange", ["an instant that repeats", "a row that lacks a reading"])
def test_readings_that_must_be_seen_in_a_row_are_held(
    tmp_path: Path, strange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(SEED)
    t = np.arange(20_000, dtype=np.int64) * MS
    codes = 2000 + rng.integers(0, 100, (t.size, 2))
    flags = np.zeros(t.size, np.uint8)
    if strange == "an instant that repeats":
        flags[5000] = REPEAT
    else:
        codes[5000, 1] = MISSING
    channels = [Channel(name, Quantity.POWER, 1e-3, Rail(name)) for name in ("p", "q")]
    with Writer.create(tmp_path / "x.power", {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", channels, {})
        writer.append(source, t, codes, flags)
    monkeypatch.setattr(one_pass, "LONG", 1000)
    with Recording.open(tmp_path / "x.power") as recording:
        assert analyse(recording).power_trace.kept is None


@pytest.mark.thorough
@pytest.mark.parametrize("shown", [0, MISSING])
def test_rows_over_range_of_a_long_recording_are_bounded_from_below_only(
    tmp_path: Path, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bursts between 3 and 12 W over 2 W, of a meter that ends at 8.5 W."""
    rng = np.random.default_rng(SEED)
    t = np.arange(60_000, dtype=np.int64) * MS
    load = np.where(t // MS % 30 < 10, rng.integers(3000, 12_000, t.size), 2000)
    channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
    monkeypatch.setattr(one_pass, "LONG", 1000)
    for codes, over in ((np.where(load > 8500, shown, load), True), (load, False)):
        path = tmp_path / f"{over}.power"
        with Writer.create(path, {}) as writer:
            source = writer.add_source("sim://x", "x", "sim", [channel], {})
            for first in range(0, t.size, 7000):
                part = slice(first, first + 7000)
                writer.append(source, t[part], codes[part, None])
        with Recording.open(path) as recording:
            found = analyse(recording)
        assert (found.power_trace.kept is None) is over
        assert np.isinf(found.energy.high) == over
        assert found.energy.low <= float(load.sum()) * 1e-6


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN, Kind.COUNTER])
def test_rows_without_a_reading_and_counters_that_repeat_are_left_out(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(SEED)
    n = 150_000
    t = np.arange(n, dtype=np.int64) * MS
    codes = 2000 + rng.integers(0, 1000, n)
    flags = np.zeros(n, np.uint8)
    if kind is not Kind.INSTANT:
        flags[(np.arange(n) % 10) != 0] = REPEAT
        codes = codes[np.arange(n) // 10 * 10]
    codes = np.cumsum(codes) if kind is Kind.COUNTER else codes
    if kind is Kind.COUNTER:
        codes = codes[np.arange(n) // 10 * 10]
    codes[70_000:70_003] = MISSING
    channel = Channel(
        "p", Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER, 1e-3, Rail("VIN"), kind
    )
    path = tmp_path / "x.power"
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", (channel,), {})
        for first in range(0, n, 50_000):
            part = slice(first, first + 50_000)
            writer.append(source, t[part], codes[part, None], flags[part])
        starts = np.sort(rng.integers(0, 149_000, 40)).tolist()
        writer.add_events(
            [Event("infer", a * MS, (a + 300) * MS, process=1, uid=i + 1) for i, a in enumerate(starts)]
        )
    held, thin = _both(path, monkeypatch)
    assert thin.power_trace.kept is not None
    assert thin.power_trace.repeats == held.power_trace.repeats
    assert thin.power_trace.interval_ns == held.power_trace.interval_ns
    assert thin.energy.value == pytest.approx(held.energy.value, rel=1e-9, abs=_of_holes(held.energy))
    one, other = held.row("infer").energy, thin.row("infer").energy
    assert one is not None and other is not None
    assert other.value == pytest.approx(one.value, abs=0.25 * (one.value - one.low))


def test_flags_are_counted_without_the_samples(tmp_path: Path) -> None:
    flags = np.zeros(3000, np.uint8)
    flags[10:20], flags[15:18] = REPEAT, REPEAT | SATURATED
    with Writer.create(tmp_path / "x.power", {}) as writer:
        source = writer.add_source(
            "sim://x", "x", "sim", (Channel("p", Quantity.POWER, 1e-3, Rail("VIN")),), {}
        )
        writer.append(source, np.arange(3000) * MS, np.ones((3000, 1), np.int64), flags)
    with Recording.open(tmp_path / "x.power") as recording:
        assert recording.flag_counts(source) == {0: 2990, REPEAT: 7, REPEAT | SATURATED: 3}


@pytest.mark.thorough
def test_memory_is_bounded_by_events_and_not_by_readings(
    recordings: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_pass, "LONG", 1000)
    monkeypatch.setattr(decimation, "STRETCHES", 2)
    monkeypatch.setattr(decimation, "SPARSE", 5000)
    around = decimation.Around(np.array([50 * NS]), np.array([50 * NS + 20 * MS]), np.array([0]))
    with Recording.open(recordings["means"]) as recording:
        found = one_pass.thinned(recording, recording.sources[0], [], around)
    assert found is not None
    (trace,) = (traces[Quantity.POWER] for traces in found.values())
    assert len(trace) < 2 * 4096 + 5000 + 100 + 2 * 256 + 2 * 7


@pytest.mark.thorough
def test_a_calibration_and_an_alignment_act_on_every_reading(
    recordings: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vi.power"
    shutil.copy(recordings["volts and amps"], path)
    correction = Correction("i", (0.01, 1.04, 0.02), ((1e-8, 0, 0), (0, 4e-8, 0), (0, 0, 1e-8)), 0.2, 1.0)
    with append_to(path) as writer:
        writer.add_fact("calibration", {**correction.to_dict(), "source": 1})
        writer.add_fact(
            "alignment",
            {"source": 1, "offset_ns": 2.5e6, "drift": 80e-6, "origin_ns": 200 * NS, "offset_u_ns": 3e5},
        )
    held, thin = _both(path, monkeypatch)
    assert thin.power_trace.kept is not None
    assert thin.energy.value == pytest.approx(held.energy.value, rel=1e-9, abs=_of_holes(held.energy))
    assert thin.start_ns == held.start_ns and thin.end_ns == held.end_ns
    assert thin.notes == held.notes, "as many readings lie outside the calibrated range"
    for label in ("infer", "epoch"):
        one, other = held.row(label).energy, thin.row(label).energy
        assert one is not None and other is not None
        assert other.value == pytest.approx(one.value, abs=0.05 * (one.value - one.low))
        assert other.by_kind().get("clock", 0) == pytest.approx(one.by_kind()["clock"], rel=0.05)
        assert other.by_kind()["gain"] == pytest.approx(one.by_kind()["gain"], rel=0.05)
