"""`show`, `report` and `export` from the command line: what is printed, written and refused."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import pytest

from powermeter import cli
from powermeter.reports.terminal_text import summary_text

SECOND = 1_000_000_000


def test_summary_for_the_api(run_power):
    text = summary_text(run_power, battery="4Ah", place="FRA")
    assert "infer" in text and "France" in text and "\x1b" not in text


def test_what_is_no_recording(tmp_path, capsys):
    path = tmp_path / "notes.power"
    path.write_text("hello")
    assert cli.run(["show", str(path)]) == 7
    assert cli.run(["report", str(path)]) == 7
    assert "notes.power" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("verb", ["show", "report", "export", "budget", "footprint", "lifetime"])
def test_help_opens_with_an_example(verb, capsys):
    assert cli.run([verb, "--help"]) == 0
    assert f"powermeter {verb} run.power" in capsys.readouterr().out


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.thorough
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
