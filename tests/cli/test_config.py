"""`powermeter config`: which file holds here, and what it sets where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter import registry
from powermeter.cli import run


def test_what_a_file_sets_is_printed_each_option_with_where_it_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path
    monkeypatch.chdir(project)
    monkeypatch.delenv("POWERMETER_CONFIG", raising=False)
    assert run(["config"]) == 0
    assert "every option has its default" in capsys.readouterr().out
    (project / "powermeter.toml").write_text('place = "FRA"\n[show]\nby = "model"\n')
    assert run(["config", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == str(project / "powermeter.toml")
    rows = {(row["verb"], row["option"]): (row["value"], row["where"]) for row in found["options"]}
    lines = {(row["verb"], row["option"]): row["line"] for row in found["options"]}
    assert lines["show", "--by"] == 3 and lines["report", "--place"] == lines["lifetime", "--home"] == 1
    assert rows["show", "--by"] == ("model", "[show]") and rows["report", "--place"] == ("FRA", "top")
    assert ("report", "--by") not in rows


def test_an_option_is_printed_as_one_types_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POWERMETER_CONFIG", raising=False)
    (tmp_path / "powermeter.toml").write_text(
        'private = true\ndither = false\nplace = "FRA"\nsource = ["virtual://", "ppk2:///dev/my port"]\n'
    )
    assert run(["config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "every other option has its default; powermeter config --show lists them"
    assert "  record --private  (top, line 1)" in lines and "  record --no-dither  (top, line 2)" in lines
    assert "  show --place FRA  (top, line 3)" in lines
    assert "  record --source virtual:// --source 'ppk2:///dev/my port'  (top, line 4)" in lines


def test_show_lists_every_option_with_its_default_and_where_each_value_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POWERMETER_CONFIG", raising=False)
    (tmp_path / "powermeter.toml").write_text('[record]\nbattery = "2Ah"\n')
    assert run(["config", "--show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for line in (
        "  record --battery 2Ah  ([record], line 2)",
        "  record --dither  (default)",
        "  record --place –  (default)",
        "  record without --quiet  (default)",
        "  lifetime --years 4  (default)",
    ):
        assert line in lines, line
    assert run(["config", "--show", "--json"]) == 0
    rows = {(row["verb"], row["option"]): row for row in json.loads(capsys.readouterr().out)["options"]}
    assert rows["lifetime", "--years"] == {
        "verb": "lifetime",
        "option": "--years",
        "value": 4,
        "where": "default",
        "line": None,
    }
    options = [one for verb in registry.VERBS.values() for one in registry.load(verb).params]
    named = [one for one in options if any(name.startswith("--") for name in one.opts)]
    assert len(rows) == len(named) > 300
