"""RuiDeng's CSV and its database of sessions."""

import sqlite3

import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse
from powermeter.channel import Kind
from powermeter.errors import ConfigurationError
from powermeter.source import INTERPOLATED_TIME

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


@pytest.mark.thorough
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
