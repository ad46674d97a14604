"""`powermeter export`, run as a person would."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.result import Grade

SECOND = 1_000_000_000


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_export_samples_as_csv_in_si(run_power, tmp_path, capsys):
    out = tmp_path / "samples.csv"
    assert cli.run(["export", str(run_power), "-o", str(out)]) == 0
    rows = read(out)
    assert len(rows) == 401
    assert list(rows[0]) == ["time_s", "utc", "meter/voltage_v", "meter/current_a", "meter/flags"]
    assert float(rows[100]["time_s"]) == 1.0 and rows[100]["utc"] == "2023-11-14T22:13:21.000000Z"
    assert float(rows[7]["meter/voltage_v"]) == 5.0 and float(rows[7]["meter/current_a"]) == 0.4
    assert "wrote" in capsys.readouterr().err.splitlines()[-1]
    assert cli.run(["export", str(run_power), "-o", str(out)]) == 3


def test_a_table_without_a_row_is_noted(run_power, tmp_path, capsys):
    out = tmp_path / "tokens.csv"
    assert cli.run(["export", str(run_power), "-o", str(out), "--what", "tokens"]) == 0
    assert read(out) == [] and f"note: no tokens in {run_power.name}" in capsys.readouterr().err


def test_export_events_with_their_energies(run_power, tmp_path):
    out = tmp_path / "events.csv"
    assert cli.run(["export", str(run_power), "-o", str(out), "--what", "events"]) == 0
    rows = read(out)
    assert len(rows) == 8 and float(rows[3]["energy_j"]) == pytest.approx(0.5)
    assert float(rows[3]["duration_s"]) == 0.25 and rows[3]["model"] == "b"


def test_export_labels_as_json(run_power, tmp_path):
    out = tmp_path / "labels.json"
    assert cli.run(["export", str(run_power), "-o", str(out), "--what", "labels"]) == 0
    (row,) = json.loads(out.read_text())
    assert row["label"] == "infer" and row["energy_j"] == pytest.approx(4.0) and row["events"] == 8


def test_a_hostile_label_is_no_formula_for_a_spreadsheet(tmp_path):
    path, out = tmp_path / "evil.power", tmp_path / "evil.csv"
    rail = Rail("R")
    with Writer.create(path, {}) as writer:
        source = writer.add_source("t://", "t", "t", (Channel("p", Quantity.POWER, 1.0, rail),))
        writer.append(source, np.array([0, SECOND], np.int64), np.array([[1], [1]], np.int64))
        writer.add_event(Event('=cmd|"/c calc"!A1', 0, SECOND, uid=1))
    assert cli.run(["export", str(path), "-o", str(out), "--what", "events"]) == 0
    assert read(out)[0]["label"].startswith("'=")


def test_export_to_parquet(run_power, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "samples.parquet"
    assert cli.run(["export", str(run_power), "-o", str(out)]) == 0
    table = parquet.read_table(out)
    assert table.num_rows == 401 and table.column("meter/current_a")[5].as_py() == pytest.approx(0.4)


def test_export_without_pyarrow_names_the_extra(run_power, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert cli.run(["export", str(run_power), "-o", str(tmp_path / "s.parquet")]) == 4
    assert "powermeter[parquet]" in capsys.readouterr().err
    assert not (tmp_path / "s.parquet").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "a.power", "-o", "b.power", "--kind", "html"),
        ("export", "a.power", "-o", "b.power", "--format", "csv"),
        ("export", "a.power", "-o", "b.csv"),
        ("compare", "a.power", "a2.power", "-o", "b.csv"),
        ("compare", "a.power", "a2.power", "-o", "b.md"),
        ("table", ".", "-o", "b.csv"),
    ],
)
def test_a_recording_is_never_replaced_by_what_is_none(run_power, tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    for name in ("a.power", "a2.power", "b.power", "b.csv", "b.md"):
        if run_power.name != name:
            (tmp_path / name).write_bytes(run_power.read_bytes())
    target = tmp_path / arguments[arguments.index("-o") + 1]
    before = target.read_bytes()
    status = cli.run([*arguments, "--force"])
    assert status == 2 and target.read_bytes() == before
    message = capsys.readouterr().err
    assert "recording" in message or "unknown file extension" in message


def test_export_refuses_what_a_format_cannot_hold(run_power, tmp_path):
    assert cli.run(["export", str(run_power), "-o", str(tmp_path / "e.jls"), "--what", "events"]) == 2
    assert cli.run(["export", str(run_power), "-o", str(tmp_path / "e.xlsx")]) == 2
    assert cli.run(["export", str(run_power), "-o", str(run_power)]) == 2


def test_a_copy_that_is_a_recording_names_the_option_it_needs(tmp_path, capsys):
    path = tmp_path / "a.power"
    path.write_bytes(b"")
    assert cli.run(["export", str(path), "-o", str(tmp_path / "b.power")]) != 0
    assert "--share" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".csv", ".json", "emissions"])
def test_a_simulated_recording_stays_simulated_when_it_is_exported_and_imported(tmp_path, ending):
    path, back = tmp_path / "made.power", tmp_path / "back.power"
    rail = Rail("R")
    with Writer.create(path, {}) as writer:
        channel = Channel("p", Quantity.POWER, 1.0, rail, grade=Grade.SIMULATED)
        source = writer.add_source("ina219://1", "bench", "ina219", (channel,))
        writer.append(source, np.arange(20) * SECOND, np.full((20, 1), 2, np.int64))
    out = tmp_path / (f"{ending}.csv" if ending == "emissions" else f"table{ending}")
    format_ = ["--format", "codecarbon"] if ending == "emissions" else []
    assert cli.run(["export", str(path), "-o", str(out), *format_]) == 0
    assert cli.run(["import", str(out), "-o", str(back)]) == 0
    with Recording.open(back) as recording:
        assert {c.grade for s in recording.sources for c in s.channels} == {Grade.SIMULATED}
