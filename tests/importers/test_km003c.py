"""Exports of the KM003C: values, clocks, rows that run back."""

import json
import sqlite3

import numpy as np
import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError, DataError

RECORDINGS = "data/recordings"


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


@pytest.mark.thorough
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
