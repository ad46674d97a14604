"""Nordic's .ppk2 and its CSV: current, logic inputs, lost samples, bombs."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, Kind, Quantity
from powermeter.errors import DataError


def pairs(byte):
    """The session file's two bits per pin: 01 low, 10 high (Nordic's saveFile and bitConversion)."""
    return sum((2 if byte >> pin & 1 else 1) << 2 * pin for pin in range(8))


def ppk2(path, currents, logic=None, rate=100_000, started=1_700_000_000_000, name="session.raw"):
    logic = logic or [0] * len(currents)
    raw = b"".join(
        struct.pack("<f", c) + struct.pack(">H", pairs(b)) for c, b in zip(currents, logic, strict=True)
    )
    meta = {"metadata": {"samplesPerSecond": rate, "startSystemTime": started}, "formatVersion": 2}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
        archive.writestr("metadata.json", json.dumps(meta))
    return path


def test_ppk2_file_current_markers_and_clock(tmp_path):
    logic = [0] * 10 + [1] * 20 + [0] * 30 + [0b101] * 40
    path = ppk2(tmp_path / "m.ppk2", [1000.25] * 100, logic)
    log, recording = convert(path, tmp_path, voltage_v=3.0)
    with recording:
        channels = {channel.name: channel for channel in recording.sources[0].channels}
        current = channels["supply.current"]
        samples = recording.samples(1)
        assert samples.values(current).tolist() == pytest.approx([1000.25e-6] * 100, rel=1e-12)
        assert current.kind is Kind.MEAN and current.accuracy.gain == 0.10
        assert channels["logic"].quantity is Quantity.MARKER
        assert samples.codes["logic"].tolist() == logic
        assert samples.times_ns[0] == 1_700_000_000_000_010_000
        assert (np.diff(samples.times_ns) == 10_000).all()
        found = analyse(recording)
        assert found.energy.value == pytest.approx(3.0 * 1000.25e-6 * 1e-3, rel=1e-9)
        assert found.charge.value == pytest.approx(1000.25e-6 * 1e-3, rel=1e-9)
    first = samples.times_ns[0]
    assert [(e.name, (e.start_ns - first) // 10_000, (e.end_ns - first) // 10_000) for e in log.events] == [
        ("D0", 10, 30),
        ("D0", 60, 99),
        ("D2", 60, 99),
    ]


def test_ppk2_without_a_voltage_gives_charge_only_and_says_so(tmp_path):
    log, recording = convert(ppk2(tmp_path / "m.ppk2", [10.0] * 100), tmp_path)
    with recording:
        assert recording.sources[0].channels[0].rail.nominal_v is None
    assert any("--voltage" in note for note in log.warnings)


def test_ppk2_lost_samples_are_missing(tmp_path):
    log, recording = convert(ppk2(tmp_path / "m.ppk2", [10.0, float("nan"), 10.0]), tmp_path)
    with recording:
        assert recording.samples(1).codes["supply.current"].tolist()[1] == MISSING
    assert any("1 sample was lost" in note for note in log.warnings)


@pytest.mark.thorough
def test_a_zip_bomb_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr("powermeter.importers.ppk2.MAX_BYTES", 1 << 20)
    path = ppk2(tmp_path / "m.ppk2", [0.0])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.raw", b"\0" * (40 << 20))
        archive.writestr("metadata.json", '{"metadata": {"samplesPerSecond": 1000}}')
    with pytest.raises(DataError, match="larger than 1 MiB"):
        convert(path, tmp_path)


@pytest.mark.thorough
def test_a_gzip_bomb_is_cut_off(tmp_path, monkeypatch):
    import gzip

    monkeypatch.setattr("powermeter.importers.files.MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as stream:
        stream.write(b"time (s),power (W)\n" + b"1.00000000000,1.0000000000\n" * 50_000)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match="more than 1 MiB"):
        convert(path, tmp_path)
    assert not (tmp_path / "out.power").exists()


@pytest.mark.parametrize(
    "build",
    [
        lambda p: p.write_bytes(b"PK\x03\x04 and then nothing of a zip session.raw"),
        lambda p: ppk2(p, [1.0], name="other.raw"),
        lambda p: ppk2(p, [1.0], rate=0),
        lambda p: ppk2(p, [1.0], rate="fast"),
        lambda p: ppk2(p, [1e30]),
        lambda p: ppk2(p, [float("nan")]),
    ],
)
def test_broken_ppk2_files_are_refused(tmp_path, build):
    build(tmp_path / "m.ppk2")
    with pytest.raises(DataError):
        convert(tmp_path / "m.ppk2", tmp_path)


def test_ppk2_csv_export(tmp_path):
    path = tmp_path / "ppk.csv"
    path.write_text(
        "Timestamp(ms),Current(uA),D0-D7\n"
        + "".join(f"{i / 100},{1000 + i}.500,{'1' if 5 <= i < 8 else '0'}0000000\n" for i in range(10))
    )
    log, recording = convert(path, tmp_path, voltage_v=3.3)
    with recording:
        samples = recording.samples(1)
        assert samples.times_ns.tolist() == [i * 10_000 for i in range(10)]
        current = samples.values(recording.sources[0].channel("supply.current"))
        assert current.tolist() == pytest.approx([(1000.5 + i) * 1e-6 for i in range(10)])
    assert [(e.name, e.start_ns, e.end_ns) for e in log.events] == [("D0", 50_000, 80_000)]


@pytest.mark.parametrize("spike", [2e6, -2e6])
def test_a_spike_beyond_the_range_of_either_sign_is_missing(tmp_path, spike):
    """The PPK2 measures up to 1 A; one sample in a hundred is left out, two in a hundred are damage."""
    currents = [1000.0] * 100
    currents[41] = spike
    log, recording = convert(ppk2(tmp_path / "m.ppk2", currents), tmp_path)
    with recording:
        codes = recording.samples(1).codes["supply.current"]
        assert np.flatnonzero(codes == MISSING).tolist() == [41]
    assert any("1 implausible sample" in note and "(samples 42)" in note for note in log.warnings)
    currents[42] = spike
    with pytest.raises(DataError, match="2 of 100"):
        convert(ppk2(tmp_path / "n.ppk2", currents), tmp_path)


@pytest.mark.parametrize(("current", "kept"), [(1.19e6, True), (1.21e6, False), (-1.19e6, True)])
def test_a_fifth_above_the_range_is_still_measured(tmp_path, current, kept):
    _, recording = convert(ppk2(tmp_path / "m.ppk2", [current] + [1000.0] * 99), tmp_path)
    with recording:
        assert (recording.samples(1).codes["supply.current"][0] != MISSING) == kept
