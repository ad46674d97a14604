"""What `powermeter show` prints of a current without a voltage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from powermeter.analysis.charge_only import charge_only
from powermeter.channel import Channel, Quantity, Rail
from powermeter.cli.show import show
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.charge_text import charge_record
from powermeter.result import Result


def _recorded(path: Path, events: Sequence[Event] = ()) -> Path:
    with Writer.create(path, {}) as writer:
        source = writer.add_source(
            "sim://x", "x", "sim", (Channel("i", Quantity.CURRENT, 1e-3, Rail("VIN")),), {}
        )
        writer.append(source, np.arange(361) * 10**10, np.full((361, 1), 400, np.int64))
        writer.add_events(list(events))
    return path


def test_show_prints_the_charge_and_what_an_energy_needs(tmp_path: Path) -> None:
    path = _recorded(tmp_path / "i.power")
    found = CliRunner().invoke(show, [str(path), "--battery", "4Ah"])
    assert found.exit_code == 0, found.output
    assert "--rail-voltage" in found.output
    lines = [" ".join(line.split()) for line in found.output.splitlines()]
    for line in (
        "charge 400.0 mAh",
        "mean current 400.0 mA peak 400 mA",
        "battery 10.00 % of one charge of 4 Ah",
        "lasts 10.00 h at this current",
    ):
        assert line in lines


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
    assert plain["charge"]["parts"], "the one form of a result"


def test_an_open_end_of_a_charge_is_null_in_json(tmp_path: Path) -> None:
    with Recording.open(_recorded(tmp_path / "i.power")) as recording:
        found = charge_only(recording)
    assert found is not None
    record = charge_record(replace(found, charge=Result.at_most(2.0, "C")))
    assert record["charge"]["low"] is None and json.loads(json.dumps(record, allow_nan=False))


def test_each_label_has_its_charge_per_item_and_in_all(tmp_path: Path) -> None:
    """400 mA for two events of 40 s, four items each: 4.444 mAh an event, 8.889 mAh in all, 1.111 mAh an item."""
    path = _recorded(
        tmp_path / "i.power",
        (
            Event("infer", 10**11, 14 * 10**10, uid=1, count=4),
            Event("infer", 2 * 10**11, 24 * 10**10, uid=2, count=4),
        ),
    )
    printed = CliRunner().invoke(show, [str(path)]).output
    (line,) = (line.split() for line in printed.splitlines() if line.startswith("infer"))
    assert line[1] == "2"
    each, whole = " ".join(line[2:]).split(" (", 1)
    assert each.startswith("1.111") and each.endswith(" mAh")
    assert whole.startswith("8.889") and whole.endswith(" mAh)")
    (row,) = json.loads(CliRunner().invoke(show, [str(path), "--json"]).output)["labels"]
    assert (row["label"], row["events"]) == ("infer", 2)
    assert row["charge"]["value"] == pytest.approx(32.0) and row["charge_per_item"]["value"] == pytest.approx(
        4.0
    )
