"""Logs of batteries that charge: what flows in is never counted as used, nor taken from it."""

import re
import subprocess

import pytest

import powermeter
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import convert, open_log
from powermeter.importers.log import Choices


def log(path, states, column="status", header="power_W"):
    rows = [f"{second},4.0,{state}\n" for second, state in enumerate(states)]
    path.write_text(f"time_s,{header},{column}\n" + "".join(rows))
    return path


@pytest.mark.parametrize("column", ["status", "Battery_State", "charging state"])
def test_a_log_that_charges_and_discharges_is_refused_with_the_line_to_cut_at(tmp_path, column):
    path = log(tmp_path / "b.csv", ["Discharging"] * 11 + ["Charging"] * 10, column)
    with pytest.raises(
        ConfigurationError, match=r"10 rows \(lines 13–22\) and discharges in 11 rows \(lines 2–12\)"
    ):
        convert(path, tmp_path / "b.power")
    assert not (tmp_path / "b.power").exists()


def test_one_that_only_charges_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="never discharges"):
        convert(log(tmp_path / "b.csv", ["Charging"] * 9 + ["Full"] * 2), tmp_path / "b.power")


def test_one_that_discharges_and_one_whose_state_is_left_out_are_read(tmp_path):
    """4 W for 20 s are 80 J."""
    states = ["Discharging"] * 21
    convert(log(tmp_path / "d.csv", states), tmp_path / "d.power")
    mixed = log(tmp_path / "m.csv", states[:11] + ["Charging"] * 10)
    convert(mixed, tmp_path / "m.power", choices=Choices(columns={"status": "-"}))
    for name in ("d", "m"):
        assert powermeter.analyse(tmp_path / f"{name}.power").plain_energy == pytest.approx(80.0)


def test_a_column_of_other_states_means_nothing(tmp_path):
    convert(log(tmp_path / "o.csv", ["ok"] * 21), tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("column", "used", "other"),
    [
        ("battery_status", "3", "2"),
        ("batteryStatus", "3", "5"),
        ("battery status", "3", "4"),
        ("charge_state", "D", "C"),
        ("charging state", "DSG", "CHG"),
        ("status", "Discharging", "Full"),
        ("state", "discharging", "fully-charged"),
        ("status", "Discharging", "Not charging"),
        ("is_charging", "false", "true"),
        ("charging", "0", "1"),
    ],
)
def test_the_command_that_is_named_cuts_a_stretch_that_discharges(tmp_path, column, used, other):
    """Three stretches of use; the longest is named, and what the message says to type is a log of 4 W · 9 s."""
    mixed = log(tmp_path / "b c.csv", [used] * 4 + [other] * 5 + [used] * 10 + [other] * 2 + [used], column)
    with pytest.raises(ConfigurationError, match=r"discharges in 15 rows \(lines 2–5, 11–20, 23\)") as error:
        convert(mixed, tmp_path / "b.power")
    command = re.search(r"sed -n .* > part\.csv", str(error.value))[0]
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, timeout=60)
    convert(tmp_path / "part.csv", tmp_path / "p.power")
    assert powermeter.analyse(tmp_path / "p.power").plain_energy == pytest.approx(36.0)


@pytest.mark.parametrize(
    ("column", "states"), [("status", "23"), ("state", "CD"), ("state", ["idle", "full"])]
)
def test_numbers_letters_and_words_of_other_things_mean_nothing(tmp_path, column, states):
    convert(log(tmp_path / "o.csv", [states[i % 2] for i in range(21)], column), tmp_path / "o.power")
    assert powermeter.analyse(tmp_path / "o.power").plain_energy == pytest.approx(80.0)


@pytest.mark.parametrize(("back", "aloud"), [(0.4, True), (0.01, False)])
def test_what_flows_both_ways_is_reported_where_it_matters(tmp_path, back, aloud):
    path = tmp_path / "w.csv"
    path.write_text(
        "time_s,voltage_V,current_A\n" + "".join(f"{i},4,{0.5 if i % 2 else -back}\n" for i in range(20))
    )
    notes = convert(path, tmp_path / "w.power").warnings
    assert any("10 of 20 readings are below 0" in note for note in notes) is aloud


def test_a_table_without_a_number_is_refused_for_that(tmp_path):
    """An inventory of batteries was asked to leave its column of states out, and then held nothing."""
    rows = "".join(f"2025-01-31 14:42:{i:02d},{'Charging' if i % 2 else 'Idle'},\n" for i in range(20))
    path = tmp_path / "t.csv"
    path.write_text("Timestamp,Status,Charged mAh\n" + rows)
    with pytest.raises(DataError, match="none of 20 rows holds a number"):
        open_log(path)


@pytest.mark.parametrize(
    ("column", "out", "into"),
    [
        ("Status", "Entladen", "Laden"),
        ("Zustand", "entlädt", "lädt"),
        ("Etat", "Décharge", "En charge"),
        ("Estado", "Descargando", "Cargando"),
        ("Stato batteria", "In scarica", "In carica"),
    ],
)
def test_states_are_known_in_other_languages(tmp_path, column, out, into):
    path = log(tmp_path / "s.csv", [out] * 11 + [into] * 10, column)
    with pytest.raises(ConfigurationError, match=r"charges in 10 rows \(lines 13–22\) and discharges in 11"):
        open_log(path)
