"""`powermeter devices`: what can be measured on this machine, and what is missing to do better: what it promises."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from powermeter.cli import cli
from powermeter.cli.devices import devices
from powermeter.recorder import discovery
from powermeter.result.notes import Note
from powermeter.source import Found


def test_devices_prints_a_table_and_the_choice():
    result = CliRunner().invoke(devices, [])
    assert result.exit_code == 0, result.output
    assert "estimate://" in result.output and "without --source this is recorded" in result.output


def test_devices_gives_the_same_as_json():
    result = CliRunner().invoke(devices, ["--json"])
    data = json.loads(result.output)
    entry = next(device for device in data["devices"] if device["url"] == "estimate://")
    assert entry["grade"] == "estimated" and entry["usable"] is True and entry["problem"] is None
    assert data["choice"]["urls"] and data["choice"]["why"]
    assert data["seconds"] <= 2.5


@pytest.mark.parametrize("columns", ["40", "100"])
def test_a_source_is_named_whole_at_any_width(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    done = CliRunner().invoke(cli, ["devices"])
    url = json.loads(CliRunner().invoke(cli, ["devices", "--json"]).output)["devices"][0]["url"]
    assert any(url in line for line in done.output.splitlines())
    assert max(map(len, done.output.splitlines())) <= int(columns)


def test_what_fails_in_the_same_words_is_named_in_one_line(monkeypatch):
    """On a loaded machine thirty lines stated that a driver had not answered."""
    late = {name: Note.warning("no-answer", "did not answer within 2 s") for name in ("ina", "iio", "ssh")}
    failures = {**late, "usb": Note.warning("other", "no such bus")}
    monkeypatch.setattr(discovery, "search", lambda: discovery.Search((), failures, 2.0))
    lines = CliRunner().invoke(devices, []).output.splitlines()
    assert "ina, iio, ssh: did not answer within 2 s" in lines and "usb: no such bus" in lines


def test_a_remedy_is_what_to_do_of_a_problem_and_what_is_better_without_one(monkeypatch):
    found = (
        discovery.Finding("one", Found("one://", "A meter", remedy="ask it faster")),
        discovery.Finding("two", Found("two://", "Another", problem="no permission", remedy="join a group")),
    )
    monkeypatch.setattr(discovery, "search", lambda: discovery.Search(found, {}, 0.1))
    monkeypatch.setenv("COLUMNS", "100")
    lines = [line.strip() for line in CliRunner().invoke(devices, []).output.splitlines()]
    words = [line.split("  ")[-1].strip() for line in lines]
    assert [word for word in words if word.startswith(("better: ", "problem: ", "to do: "))] == [
        "better: ask it faster",
        "problem: no permission",
        "to do: join a group",
    ]
