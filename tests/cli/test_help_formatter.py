"""Help cuts no sentence, at any width."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from powermeter import cli, registry


def said(capsys, monkeypatch, columns, *words):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.run([*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_every_verb_is_listed_with_its_whole_sentence(capsys, monkeypatch, columns):
    text = said(capsys, monkeypatch, columns)
    flat = " ".join(text.split())
    for name, target in registry.VERBS.items():
        sentence = registry.load(target).get_short_help_str(limit=400)
        assert f"{name} {sentence}" in flat
    listed = text[text.index("Measure:") :].splitlines()
    assert max(map(len, listed)) <= columns


def test_each_verb_is_in_one_place():
    placed = [verb for verbs in cli.SECTIONS.values() for verb in verbs]
    assert len(set(placed)) == len(placed) and set(placed) <= set(registry.VERBS)


def test_the_marks_of_other_languages_are_listed_whole(capsys, monkeypatch):
    commands = said(capsys, monkeypatch, 80, "mark").partition("Commands:")[2]
    assert commands and "..." not in commands


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_nothing_is_wider_than_a_narrow_terminal(tmp_path):
    """The help of each verb, and what some print; all of them at each width by the command in that module."""
    runner = [sys.executable, str(ROOT / "tests/support/every_verb.py"), str(tmp_path), "--quick"]
    done = subprocess.run(runner, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_folded_example_is_one_command(capsys, monkeypatch):
    text = said(capsys, monkeypatch, 40, "budget")
    lines = [" ".join(line.split()) for line in text.replace("\\\n", "").splitlines()]
    assert "powermeter budget run.power --stage infer=4Ah --stage train=4Ah --stage '*=4Ah'" in lines


@pytest.mark.parametrize("terminal", [True, False])
def test_an_error_is_wrapped_on_a_terminal_and_else_one_line(capsys, monkeypatch, tmp_path, terminal):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert cli.run(["report", "a.power", "-o", "x.htm"]) == 2
    text = capsys.readouterr().err
    assert (max(map(len, text.splitlines())) <= 40) == terminal
    assert (
        text.count("\n") > 1
    ) == terminal and "unknown file extension; did you mean x.html? or use --kind" in " ".join(text.split())


def test_a_verb_with_verbs_of_its_own_prints_its_help_alone(capsys):
    assert cli.run(["mark"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.lstrip().lower().startswith("usage: powermeter mark")
    assert not err.rstrip().endswith("(powermeter mark --help)")
