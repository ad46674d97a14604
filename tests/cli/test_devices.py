"""`powermeter devices`: what can be measured on this machine, and what is missing to do better: what it promises."""

from __future__ import annotations

import json

from click.testing import CliRunner

from powermeter.cli.devices import devices


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
