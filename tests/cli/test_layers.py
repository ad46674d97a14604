"""`powermeter layers`, as a user calls it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from verb_schema import keeps_to_schema

from powermeter.analysis import layers as analysis_layers
from powermeter.analysis.layer_energies import Layer, Layers
from powermeter.cli import cli
from powermeter.result import Result
from powermeter.result.notes import Note


def _result(value: float) -> Result:
    return Result.of(value, "J", {"noise:x": value / 50})


FOUND = Layers(
    "net",
    500,
    _result(0.4),
    (
        Layer(("net.a",), _result(0.1), 0.01, 1.0, 0.25),
        Layer(("net.b", "net.c"), _result(0.28), 0.02, 2.0, 0.7),
    ),
    Layer(("(between layers)",), _result(0.02), 0.001, 0.0, 0.05),
    (Note.warning("layers-merged", "2 of 3 layers cannot be distinguished"),),
)


@pytest.fixture
def asked(monkeypatch):
    calls = []

    def layers(recording, label=None, *, rail=None):
        calls.append((str(recording), label, rail))
        return FOUND

    monkeypatch.setattr(analysis_layers, "layers", layers)
    return calls


def test_a_row_for_each_layer(asked):
    done = CliRunner().invoke(cli, ["layers", "run.power", "--label", "net", "--rail", "VIN"])
    assert done.exit_code == 0 and asked == [("run.power", "net", "VIN")]
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["net", "net.a", "net.b", "(between"]
    assert "net.b … net.c" in done.output and lines[-1] == FOUND.notes[0]


def test_unrounded_for_programs(asked):
    done = CliRunner().invoke(cli, ["layers", "run.power", "--json"])
    record = json.loads(done.output)
    keeps_to_schema("layers", record)
    assert [one["code"] for one in record["remarks"]] == ["layers-merged"]
    assert record["passes"] == 500 and [one["names"] for one in record["layers"]][1] == ["net.b", "net.c"]
    assert sum(one["energy"]["value"] for one in record["layers"]) == pytest.approx(record["whole"]["value"])


def test_a_recording_that_is_not_there():
    done = CliRunner().invoke(cli, ["layers", "absent.power"])
    assert done.exit_code != 0 and "Traceback" not in done.output
