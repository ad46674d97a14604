"""Water withdrawn stands beside water consumed in every report where the cooling systems are given, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter.cli import run
from powermeter.testing.boards import Run, simulate_run

COOLING = """
nuclear = {tower = 0.5, once_through = 0.5}
gas = {tower = 1.0}
coal = {tower = 1.0}
oil = {tower = 1.0}
bioenergy = {tower = 1.0}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    simulate_run("run.power", "pi-4", Run(inferences=20))
    (tmp_path / "cooling.toml").write_text(COOLING)
    return tmp_path


@pytest.mark.parametrize("suffix", ["html", "md", "tex"])
def test_reports_have_both_waters(folder: Path, suffix: str) -> None:
    options = ["--place", "FRA", "--cooling", "cooling.toml", "-o", f"out.{suffix}"]
    assert run(["report", "run.power", *options]) == 0
    text = (folder / f"out.{suffix}").read_text(encoding="utf-8").lower()
    assert "water consumed" in text and "water withdrawn" in text


def test_the_terminal_and_json_have_both_and_without_cooling_neither_is_made_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "run.power", "--place", "FRA", "--cooling", "cooling.toml"]) == 0
    assert "water withdrawn" in capsys.readouterr().out
    assert run(["show", "run.power", "--place", "FRA"]) == 0
    printed = capsys.readouterr().out
    assert "water consumed" in printed and "water withdrawn" not in printed


def test_withdrawal_is_the_plants_median_times_energy_at_the_plant(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`powermeter footprint` prints 58.1454 L/kWh for these systems in France, and 7 % lost on the way: 62.52 L for 1 kWh."""
    arguments = ["footprint", "--energy", "1kWh", "--place", "FRA", "--cooling", "cooling.toml", "--json"]
    assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert "62.5" in json.dumps(found) or "62.52" in json.dumps(found)
