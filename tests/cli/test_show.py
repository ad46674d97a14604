"""`powermeter show`, run as a person would."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

SECOND = 1_000_000_000


@pytest.fixture
def run_power(tmp_path):
    """2 W at 5 V for 4 s, 100 samples a second, and eight events of 0.25 s."""
    path = tmp_path / "run.power"
    rail = Rail("VDD_IN", covers="the whole board")
    channels = (
        Channel("voltage", Quantity.VOLTAGE, 1e-3, rail),
        Channel("current", Quantity.CURRENT, 1e-3, rail),
    )
    times = 5 * SECOND + np.arange(401, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels)
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (401, 1)))
        writer.add_clock_pair(5 * SECOND, 1_700_000_000 * SECOND)
        writer.add_events(
            [
                Event(
                    "infer",
                    5 * SECOND + i * SECOND // 2,
                    5 * SECOND + i * SECOND // 2 + SECOND // 4,
                    uid=i + 1,
                    attributes={"model": "ab"[i % 2]},
                )
                for i in range(8)
            ]
        )
    return path


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


def test_show_survives_a_terminal_that_knows_no_unicode(run_power):
    done = subprocess.run(
        [sys.executable, "-m", "powermeter", "show", str(run_power)],
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "COLUMNS": "80"},
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
