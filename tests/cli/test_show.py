"""`powermeter show`, run as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from powermeter import cli

SECOND = 1_000_000_000


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


@pytest.mark.thorough
def test_show_survives_a_terminal_that_knows_no_unicode(run_power):
    done = subprocess.run(
        [sys.executable, "-m", "powermeter", "show", str(run_power)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PATH": "", "COLUMNS": "80"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"infer" in done.stdout


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
