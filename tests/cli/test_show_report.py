"""`show`, `report` and `export` from the command line: what is printed, written and refused."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import datetime

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.reports.text import summary_text

SECOND = 1_000_000_000


@pytest.fixture
def run_power(tmp_path):
    """2 W at 5 V for 4 s, 100 samples a second, and eight events of 0.25 s."""
    path = tmp_path / "run.power"
    rail = Rail("VDD_IN", covers="the whole board")
    channels = (
        Channel("voltage", Quantity.VOLTAGE, 1e-3, rail),
        Channel("current", Quantity.CURRENT, 1e-3, rail),
    )
    times = 5 * SECOND + np.arange(401, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels)
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (401, 1)))
        writer.add_clock_pair(5 * SECOND, 1_700_000_000 * SECOND)
        writer.add_events(
            [
                Event(
                    "infer",
                    5 * SECOND + i * SECOND // 2,
                    5 * SECOND + i * SECOND // 2 + SECOND // 4,
                    uid=i + 1,
                    attributes={"model": "ab"[i % 2]},
                )
                for i in range(8)
            ]
        )
    return path


def test_show_fits_eighty_columns_and_a_pipe(run_power, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run(["show", str(run_power), "--place", "FRA"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text and "\x1b" not in text
    for wanted in ("8.000 J", "500.0 mJ", "measured", "the whole board", "infer", "10.00 h", "444.4 µAh"):
        assert wanted in text, wanted


def test_show_as_json_has_the_same_numbers(run_power, capsys):
    assert cli.run(["show", str(run_power), "--json", "--by", "model"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["run"]["energy"]["value"] == pytest.approx(8.0)
    assert [row["group"]["model"] for row in data["labels"]] == ["a", "b"]
    assert data["battery"]["hours"]["value"] == pytest.approx(10.0)


def test_show_survives_a_terminal_that_knows_no_unicode(run_power):
    done = subprocess.run(
        [sys.executable, "-m", "powermeter", "show", str(run_power)],
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "COLUMNS": "80"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"infer" in done.stdout


def test_summary_for_the_api(run_power):
    text = summary_text(run_power, battery="4Ah", place="FRA")
    assert "infer" in text and "France" in text and "\x1b" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--battery", "four"], 2, "battery"),
        (["--place", "Atlantis"], 2, "no country"),
        (["--rail", "nope"], 2, "there are"),
        (["--by", "model,,batch"], 2, "commas"),
        (["--rail-voltage", "0V"], 2, "above zero"),
        (["--baseline", "nothing"], 2, "neither a power"),
    ],
)
def test_unusable_options_are_one_line(run_power, capsys, arguments, status, said):
    assert cli.run(["show", str(run_power), *arguments]) == status
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_what_is_no_recording(tmp_path, capsys):
    path = tmp_path / "notes.power"
    path.write_text("hello")
    assert cli.run(["show", str(path)]) == 7
    assert cli.run(["report", str(path)]) == 7
    assert "notes.power" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_report_writes_and_says_so_last(run_power, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert cli.run(["report", str(run_power), "-o", str(out)]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"wrote {out}"
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_report_names_its_file_after_the_recording(run_power):
    assert cli.run(["report", str(run_power), "--kind", "markdown"]) == 0
    assert run_power.with_suffix(".md").exists() and run_power.with_suffix(".svg").exists()


def test_report_replaces_nothing_without_force(run_power, tmp_path, capsys):
    out = tmp_path / "report.md"
    figure = tmp_path / "report.svg"
    figure.write_text("mine")
    assert cli.run(["report", str(run_power), "-o", str(out)]) == 3
    assert figure.read_text() == "mine" and not out.exists()  # nothing half-written
    assert "--force" in capsys.readouterr().err
    assert cli.run(["report", str(run_power), "-o", str(out), "--force"]) == 0
    assert figure.read_text() != "mine"


def test_report_never_overwrites_the_recording(run_power):
    before = run_power.read_bytes()
    assert cli.run(["report", str(run_power), "-o", str(run_power), "--kind", "html", "--force"]) == 2
    assert run_power.read_bytes() == before


def test_report_of_unknown_kind_or_ending(run_power, tmp_path, capsys):
    assert cli.run(["report", str(run_power), "--kind", "fax"]) == 2
    assert cli.run(["report", str(run_power), "-o", str(tmp_path / "report.doc")]) == 2
    assert "html" in capsys.readouterr().err
    assert cli.run(["report", str(run_power), "-o", str(tmp_path / "no" / "such" / "folder.html")]) == 2


def test_report_lists_its_kinds(capsys):
    assert cli.run(["report", "--kinds"]) == 0
    assert {"html", "markdown", "pdf"} <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}


@pytest.mark.parametrize("verb", ["show", "report", "export"])
def test_help_opens_with_an_example(verb, capsys):
    assert cli.run([verb, "--help"]) == 0
    assert f"powermeter {verb} run.power" in capsys.readouterr().out


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


def test_export_to_joulescope_and_back(run_power, tmp_path, capsys):
    pytest.importorskip("pyjls")
    out, back = tmp_path / "run.jls", tmp_path / "back.power"
    assert cli.run(["export", str(run_power), "-o", str(out)]) == 0
    assert cli.run(["import", str(out), "-o", str(back)]) == 0
    capsys.readouterr()
    assert cli.run(["show", str(back), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["run"]["energy"]["value"] == pytest.approx(
        8.0, rel=0.005
    )  # means over 10 ms lose half a sample
    started = datetime.fromisoformat(data["started_utc"])
    assert started.timestamp() == pytest.approx(
        1_700_000_000, abs=0.011
    )  # a mean begins one interval earlier


def test_export_refuses_what_a_format_cannot_hold(run_power, tmp_path):
    assert cli.run(["export", str(run_power), "-o", str(tmp_path / "e.jls"), "--what", "events"]) == 2
    assert cli.run(["export", str(run_power), "-o", str(tmp_path / "e.xlsx")]) == 2
    assert cli.run(["export", str(run_power), "-o", str(run_power)]) == 2


def test_a_dash_writes_to_standard_output(run_power, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["export", str(run_power), "-o", "-", "--format", "csv"]) == 0
    written = capfd.readouterr()
    assert written.out.startswith("time_s,") and written.err == ""
    assert cli.run(["report", str(run_power), "-o", "-", "--kind", "markdown"]) == 0
    assert capfd.readouterr().out.startswith("# Energy of ")
    assert cli.run(["export", str(run_power), "-o", "-"]) == 2
    assert cli.run(["report", str(run_power), "-o", "-"]) == 2
    assert cli.run(["export", str(run_power), "-o", "-", "--format", "jls"]) == 2
    assert sorted(tmp_path.iterdir()) == [run_power]
