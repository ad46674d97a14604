"""Help cuts no sentence, at any width."""

from __future__ import annotations

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
