"""What `powermeter show` prints of a current without a voltage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from powermeter.channel import Channel, Quantity, Rail
from powermeter.cli.show import show
from powermeter.recording import Writer


def _recorded(path: Path) -> Path:
    with Writer.create(path, {}) as writer:
        source = writer.add_source(
            "sim://x", "x", "sim", (Channel("i", Quantity.CURRENT, 1e-3, Rail("VIN")),), {}
        )
        writer.append(source, np.arange(361) * 10**10, np.full((361, 1), 400, np.int64))
    return path


def test_show_prints_the_charge_and_what_an_energy_needs(tmp_path: Path) -> None:
    path = _recorded(tmp_path / "i.power")
    found = CliRunner().invoke(show, [str(path), "--battery", "4Ah"])
    assert found.exit_code == 0, found.output
    assert "400" in found.output and "mAh" in found.output
    assert "--rail-voltage" in found.output
    assert "10.00" in found.output and "%" in found.output


def test_show_prints_an_energy_where_the_voltage_is_given(tmp_path: Path) -> None:
    path = _recorded(tmp_path / "i.power")
    found = CliRunner().invoke(show, [str(path), "--rail-voltage", "5V", "--json"])
    assert found.exit_code == 0, found.output
    assert abs(json.loads(found.output)["run"]["energy"]["value"] - 7200) < 1


def test_json_states_no_energy_and_why(tmp_path: Path) -> None:
    path = _recorded(tmp_path / "i.power")
    found = CliRunner().invoke(show, [str(path), "--json"])
    plain = json.loads(found.output)
    assert plain["energy"] is None and plain["why_no_energy"]["code"] == "no-voltage"
    assert abs(plain["charge"]["value"] - 1440) < 1
