"""CodeCarbon's emissions.csv."""

import pytest
from tool_log import load

from powermeter.importers import open_log


def test_codecarbon_without_parts(tmp_path):
    text = "timestamp,project_name,duration,emissions,energy_consumed\n2026-01-02T03:04:05,demo,31.5,0.001,0.0035\n"
    _, energies, _ = load(tmp_path, text, "emissions.csv")
    assert energies == {"machine": pytest.approx(12600.0)}


def test_later_totals_of_one_run_are_counted_and_what_they_double_is_stated(tmp_path):
    """Totals of 1, 2 and 3 mWh of one run, then a run that began later under the same id: 3 + 1 mWh, not 7."""
    path = tmp_path / "emissions.csv"
    rows = [("09:00:15", 15, 1e-6), ("09:00:30", 30, 2e-6), ("09:00:46", 45, 3e-6), ("09:02:00", 15, 1e-6)]
    lines = [f"2025-03-14T{at},a,one,{s},0,{kwh},{kwh}" for at, s, kwh in rows]
    path.write_text(
        "\n".join(["timestamp,project_name,run_id,duration,emissions,cpu_energy,energy_consumed", *lines])
    )
    (note,) = (note for note in open_log(path).warnings if note.code == "later-totals")
    assert "2 rows of the same run_id" in str(note) and "it is 14.40 J, here 25.20 J" in str(note)


def test_runs_without_an_id_or_with_one_each_are_no_later_totals(tmp_path):
    path = tmp_path / "emissions.csv"
    lines = [
        f"2025-03-14T09:0{i}:00,a,{run},{60 * i + 1},0,{i}e-6,{i}e-6"
        for i, run in enumerate(["", "", "b", "c"])
    ]
    path.write_text(
        "\n".join(["timestamp,project_name,run_id,duration,emissions,cpu_energy,energy_consumed", *lines])
    )
    assert not [note for note in open_log(path).warnings if note.code == "later-totals"]
