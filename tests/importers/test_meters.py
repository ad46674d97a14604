"""Exports of meters with a clock of their own: values, clocks, quirks, and that they still must be aligned."""

import io
import json
import sqlite3
import struct
import zipfile
from itertools import pairwise

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, Kind, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording
from powermeter.source import INTERPOLATED_TIME

RECORDINGS = "data/recordings"


def convert(path, tmp_path, **said):
    out = tmp_path / "out.power"
    log = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return log, Recording.open(out)


# POWER-Z KM003C --------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 1])
def test_km003c_gives_charge_and_energy(shared, tmp_path, index):
    folder = shared / RECORDINGS / "usb_meter"
    expected = json.loads((folder / "expected.json").read_text())[index]
    log, recording = convert(folder / expected["file"], tmp_path)
    with recording:
        samples = recording.samples(1)
        volts = samples.values(recording.sources[0].channel("vbus.voltage"))
        amps = samples.values(recording.sources[0].channel("vbus.current"))
        found = analyse(recording)
        assert recording.metadata["clock_aligned"] is False
        assert any("not aligned" in note for note in recording.metadata["import_warnings"])
    assert len(volts) == expected["rows"]
    assert samples.times_ns[0] == round(expected["first_t"] * 1e9)
    assert samples.times_ns[-1] == round(expected["last_t"] * 1e9)
    assert (volts.max(), amps.max()) == pytest.approx((expected["v_max"], expected["i_max"]))
    assert found.plain_energy / 3.6 == pytest.approx(expected["energy_mWh_trapezoid"], abs=1e-5)
    assert found.charge_integral.running[-1] / 3.6 == pytest.approx(
        expected["charge_mAh_trapezoid"], abs=1e-5
    )
    steps = np.diff(samples.times_ns)
    assert int((steps <= 0).sum()) == expected["non_increasing_steps"]
    assert any(f"{expected['non_increasing_steps']} steps of 0 s" in note for note in log.warnings)


def test_the_same_values_as_a_csv_without_units_are_asked_about_and_then_agree(shared, tmp_path):
    folder = shared / RECORDINGS / "usb_meter"
    path = folder / "km003c_export_pd_chart.csv"
    with pytest.raises(ConfigurationError, match="--column Time=s"):
        convert(path, tmp_path)
    with pytest.raises(
        ConfigurationError, match="unit of 'VBUS', 'IBUS', for example --column VBUS=V --column IBUS=A"
    ):
        convert(path, tmp_path, columns={"Time": "s"})
    said = {"Time": "s", "VBUS": "V", "IBUS": "A", "CC1": "-", "CC2": "-"}
    _, recording = convert(path, tmp_path, columns=said)
    with recording:
        rails = {channel.rail.name for channel in recording.sources[0].channels}
    assert rails == {
        "input"
    }  # one voltage and one current in a file belong together, whatever they are called


def make_km003c(path, rows):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE pd_chart(Time real, VBUS real, IBUS real, CC1 real, CC2 real)")
        connection.executemany("INSERT INTO pd_chart VALUES (?, ?, ?, 0, 0)", rows)
    connection.close()


def test_km003c_rows_that_run_back_are_left_out_and_text_is_missing(tmp_path):
    rows = [(i / 10, 5.0, 1.0) for i in range(30)]
    rows[10] = (0.2, 5.0, 9.0)
    rows[20] = (2.0, "five", 1.0)
    make_km003c(tmp_path / "m.sqlite", rows)
    log, recording = convert(tmp_path / "m.sqlite", tmp_path)
    with recording:
        samples = recording.samples(1)
        assert len(samples.times_ns) == 29
        assert samples.values(recording.sources[0].channel("vbus.current")).max() == 1.0
        assert (samples.codes["vbus.voltage"] == MISSING).sum() == 1
    assert any("before an earlier row" in note for note in log.warnings)


def test_a_view_that_counts_for_ever_is_no_table(tmp_path):
    path = tmp_path / "evil.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE VIEW pd_chart AS WITH RECURSIVE n(Time, VBUS, IBUS) AS (SELECT 1, 1, 1 UNION ALL "
            "SELECT Time + 1, VBUS, IBUS FROM n) SELECT * FROM n"
        )
    connection.close()
    with pytest.raises(DataError, match="no table pd_chart"):
        convert(path, tmp_path)


# Joulescope ------------------------------------------------------------------------------------


def test_joulescope_gives_energy_charge_and_the_very_floats(shared, tmp_path):
    pyjls = pytest.importorskip("pyjls", reason="pyjls is not installed (extra: joulescope)")
    folder = shared / RECORDINGS / "joulescope_jls"
    expected = json.loads((folder / "expected.json").read_text())
    _, recording = convert(folder / "event-B.jls", tmp_path)
    with recording:
        source = recording.sources[0]
        samples = recording.samples(1)
        found = analyse(recording)
        with pyjls.Reader(str(folder / "event-B.jls")) as reader:
            for signal in (s for s in reader.signals.values() if s.name in expected["signals"]):
                values = samples.values(source.channel(f"supply.{signal.name}"))
                truth = expected["signals"][signal.name]
                assert values.astype(np.float32).tolist() == reader.fsr(signal.signal_id, 0, 6000).tolist()
                assert values.mean() == pytest.approx(truth["mean"], rel=1e-6)
                assert (values.min(), values.max()) == pytest.approx((truth["min"], truth["max"]), rel=1e-7)
        assert (samples.values(source.channel("supply.power")) < 0).sum() == expected[
            "negative_power_samples"
        ]
        assert (np.diff(samples.times_ns) == 1000).all()
        assert recording.metadata["clock"] == "utc"
    assert found.plain_energy * 1e6 == pytest.approx(expected["energy_uJ_sum_power"], rel=1e-7)
    whole = np.array([found.charge_integral.start_ns]), np.array([found.charge_integral.end_ns])
    assert found.charge_integral.between(*whole)[0] * 1e6 == pytest.approx(
        expected["charge_uC_sum_current"], rel=1e-7
    )
    # 2026-04-15, as the capture's own notes say.
    assert 1_776_200_000 < samples.times_ns[0] / 1e9 < 1_776_300_000


def test_a_cut_jls_file_is_an_error_and_not_a_crash(shared, tmp_path):
    pytest.importorskip("pyjls", reason="pyjls is not installed (extra: joulescope)")
    whole = (shared / RECORDINGS / "joulescope_jls" / "event-B.jls").read_bytes()
    (tmp_path / "cut.jls").write_bytes(whole[:40])
    with pytest.raises(DataError):
        convert(tmp_path / "cut.jls", tmp_path)


# Nordic Power Profiler Kit 2 --------------------------------------------------------------------


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
    assert any("1 samples were lost" in note for note in log.warnings)


def test_a_zip_bomb_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr("powermeter.importers.ppk2.MAX_BYTES", 1 << 20)
    path = ppk2(tmp_path / "m.ppk2", [0.0])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.raw", b"\0" * (40 << 20))
        archive.writestr("metadata.json", '{"metadata": {"samplesPerSecond": 1000}}')
    with pytest.raises(DataError, match="larger than 1 MiB"):
        convert(path, tmp_path)


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


# rd-usb ------------------------------------------------------------------------------------------

RD_HEADER = (
    "Time,Voltage (V),Current (A),Power (W),Temperature (°C),Data+ (V),Data- (V),Resistance (Ω),"
    "Accumulated current (mAh),Accumulated power (mWh),Accumulated time (seconds),Run time,Run time (seconds),"
    "Unix time,Zerod accumulated current (mAh),Zerod accumulated power (mWh),Zerod accumulated time (seconds)\n"
)


def test_rd_usb_csv_spreads_whole_seconds_and_never_uses_the_meters_totals(tmp_path):
    path = tmp_path / "rd.csv"
    path.write_text(
        RD_HEADER
        + "".join(
            f"2024-01-01 00:00:0{i // 2},5.0{i},1.0,5.0,30,0,0,5,{7000 + i},{900 + i},1,,1,{1704067200 + i // 2},0,0,0\n"
            for i in range(8)
        )
    )
    _, recording = convert(path, tmp_path)
    with recording:
        samples = recording.samples(1)
        channels = {c.name: c for c in recording.sources[0].channels}
        assert (samples.flags & INTERPOLATED_TIME).all()
        assert samples.times_ns[0] == 1_704_067_200 * 10**9 and samples.times_ns[-1] == 1_704_067_203 * 10**9
        assert channels["meter.charge"].rail is None and channels["meter.charge"].kind is Kind.COUNTER
        assert samples.values(channels["meter.energy"])[0] == pytest.approx(900 * 3.6)
        assert analyse(recording).energy.value == pytest.approx(15.0)


def rd_database(path):
    with sqlite3.connect(path) as c:
        c.execute(
            "CREATE TABLE measurements (id INTEGER PRIMARY KEY, name TEXT, timestamp INTEGER, voltage REAL, current REAL,"
            " power REAL, temperature REAL, data_plus REAL, data_minus REAL, mode_id INTEGER, mode_name TEXT,"
            " accumulated_current INTEGER, accumulated_power INTEGER, accumulated_time INTEGER, resistance REAL,"
            " session_id INTEGER)"
        )
        c.execute(
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, version TEXT, name TEXT, timestamp INTEGER)"
        )
        for session, name, watts in ((1, "idle", 2.0), (2, "load", 6.0)):
            c.execute("INSERT INTO sessions VALUES (?, 'UM25C', ?, 0)", (session, name))
            c.executemany(
                "INSERT INTO measurements (timestamp, voltage, current, power, accumulated_current, accumulated_power,"
                " session_id) VALUES (?, 5, ?, ?, 0, 0, ?)",
                [(1_704_067_200 + i + 1000 * session, watts / 5, watts, session) for i in range(5)],
            )
    c.close()
    return path


def test_rd_usb_database_asks_for_the_session(tmp_path):
    path = rd_database(tmp_path / "data.db")
    with pytest.raises(ConfigurationError, match="--session: idle, load"):
        convert(path, tmp_path)
    with pytest.raises(ConfigurationError, match="no session 'nap'"):
        convert(path, tmp_path, session="nap")
    _, recording = convert(path, tmp_path, session="load")
    with recording:
        assert recording.sources[0].name == "UM25C"
        assert analyse(recording).energy.value == pytest.approx(24.0)


# Monsoon and Otii --------------------------------------------------------------------------------


def test_monsoon_seconds_under_a_header_of_milliseconds(tmp_path):
    path = tmp_path / "m.csv"
    lines = [f"{i // 10 * 0.002:.4f},500.0,4.0,\n" for i in range(200)]  # packets of ten, 5 kHz
    path.write_text("Time(ms),Main(mA),Main Voltage(V),\n" + "".join(lines))
    log, recording = convert(path, tmp_path)
    with recording:
        samples = recording.samples(1)
        assert (samples.times_ns[-1] - samples.times_ns[0]) / 1e9 == pytest.approx(0.038)
        assert (np.diff(samples.times_ns) > 0).all()
        assert analyse(recording).plain_energy == pytest.approx(2.0 * 0.038)
    assert any("seconds, although the header states ms" in note for note in log.warnings)


def test_monsoon_milliseconds_are_believed_where_they_can_be(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(
        "Time(ms),USB(mA),Aux(mA),USB Voltage(V),\n" + "".join(f"{i},100,0,5,\n" for i in range(50))
    )
    log, recording = convert(path, tmp_path)
    with recording:
        assert analyse(recording, rail="usb").plain_energy == pytest.approx(0.5 * 0.049)
    assert any("import again with --column 'Time(ms)=s'" in note for note in log.warnings)
    _, recording = convert(path, tmp_path, columns={"Time(ms)": "s"})
    with recording:
        assert analyse(recording, rail="usb").plain_energy == pytest.approx(0.5 * 49)


def test_otii_export(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text(
        '"Wall-clock time (UTC)","Arc Main Current (A)","Arc Main Voltage (V)","Arc Main Energy (J)"\n'
        + "".join(f'"2024-01-01T00:00:00.{i:03d}Z","0.0{i}5","3.3","{i}"\n' for i in range(10))
    )
    log, recording = convert(path, tmp_path)
    assert log.format == "otii"
    with recording:
        found = analyse(recording)
        assert found.line.rail.name == "Arc Main"
        amps = [0.005 + 0.01 * i for i in range(10)]
        expected = sum((a + b) / 2 for a, b in pairwise(amps)) * 3.3e-3
        assert found.plain_energy == pytest.approx(expected)
        assert recording.metadata["clock_aligned"] is False
