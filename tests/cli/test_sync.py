"""`powermeter sync`: the moments of a pattern are kept as they lie in their event."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from two_clocks import EVENT

from powermeter import cli
from powermeter.calibration import pattern as pattern_module
from powermeter.calibration import switched_load as load_module
from powermeter.calibration.waveform import pattern_waveforms
from powermeter.cli import run, sync
from powermeter.recording import Recording


class Span(dict):
    """What an event keeps; with a start where something is recorded."""


@pytest.fixture
def spans(monkeypatch):
    made = []

    @contextmanager
    def event(name, **attributes):
        span = made[-1]
        span.update(attributes, name=name)
        yield span

    @contextmanager
    def machine(kind):
        yield type("Machine", (), {"switch": None})

    facts = {"start_ns": 1_500, "edges_ns": [0, 20, 70], "levels": [1, 0, 1], "chip_s": 0.02, "chips": 31}
    monkeypatch.setattr(load_module, "load", machine)
    monkeypatch.setattr(pattern_module, "play", lambda pattern, switch: facts)
    monkeypatch.setattr(sync.instrumentation, "event", event)
    return made


def test_edges_count_from_the_start_of_their_event(spans):
    """The pattern began 500 ns after the event did."""
    span = Span()
    span.start_ns = 1_000
    spans.append(span)
    sync.play_once(pattern_module.Pattern((1, 0, 1), 0.02), "processor")
    assert span["edges_ns"] == [500, 520, 570]
    assert (span["name"], span["load"]) == (pattern_module.EVENT, "processor")
    assert (span["levels"], span["chip_s"], span["chips"]) == ([1, 0, 1], 0.02, 31)


def test_where_nothing_is_recorded_they_stay_as_they_were_played(spans):
    spans.append(Span())
    sync.play_once(pattern_module.Pattern((1, 0, 1), 0.02), "processor")
    assert spans[0]["edges_ns"] == [0, 20, 70]


@pytest.mark.parametrize(("command", "times"), [((), 1), (("--", "true"), 2)])
def test_what_is_played_and_how_often(command, times, capsys):
    """31 chips and more, each longer than the meter's interval of half a second; around a command twice."""
    assert run(["sync", "--meter", "2Hz", "--dry-run", "--json", *command]) == 0
    out = capsys.readouterr()
    said = json.loads(out.out)
    assert said["played"] == times and said["chip_s"] > 0.5
    assert said["seconds"] == pytest.approx(said["chips"] * said["chip_s"], rel=0.2)
    assert ("played twice" in out.err) is (times == 2) and ("played once" in out.err) is (times == 1)


@pytest.mark.thorough
def test_sync_marks_its_pattern_and_keeps_the_commands_exit_status(tmp_path):
    path = tmp_path / "host.power"
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    status = cli.run(
        [
            "record",
            "-q",
            "-o",
            str(path),
            "-s",
            "virtual://?rate=20Hz",
            "--",
            sys.executable,
            "-m",
            "powermeter",
            "sync",
            "--meter",
            "1kHz",
            "--",
            *command,
        ]
    )
    assert status == 3
    with Recording.open(path) as recording:
        first, last = recording.events()
    for event in (first, last):
        edges, levels = event.attributes["edges_ns"], event.attributes["levels"]
        assert event.name == EVENT and event.attributes["load"] == "processor"
        assert len(edges) == len(levels) == 64 and all(np.diff(edges) > 0)
        assert event.duration_s == pytest.approx(127 * event.attributes["chip_s"], rel=0.1)
    assert pattern_waveforms([first, last])


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--meter", "2Hz"], 2, "nothing is being recorded"),
        (["--meter", "2"], 2, "has no unit"),
        (["--meter", "2Hz", "--end", "--", "true"], 2, "--end"),
        (["--meter", "2Hz", "--dry-run"], 0, "63 chips of 1.309 s takes 82.47 s"),
    ],
)
def test_sync_says_what_it_needs(capsys, arguments, status, said):
    assert cli.run(["sync", *arguments]) == status
    assert said in capsys.readouterr().err


def test_around_a_command_the_second_pattern_is_the_first_backwards(monkeypatch):
    """So that `align` distinguishes the end of a run from its beginning."""
    played = []
    monkeypatch.setattr(sync, "attached", object)
    monkeypatch.setattr(sync, "run_command", lambda command: 3)
    monkeypatch.setattr(sync, "play_once", lambda pattern, kind: played.append(pattern.bits))
    assert cli.run(["sync", "--meter", "1kHz", "--", "any"]) == 3
    first, last = played
    assert tuple(last) == tuple(first)[::-1] != tuple(first)
