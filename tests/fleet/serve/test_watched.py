"""Looking at a recording: its newest, growing, broken or absent; a counter never falls; little of a core."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from class_of_forty import record
from faults import URL
from waiting import started, wait_for_readings, wait_until

from powermeter import analyse
from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.cli import serve
from powermeter.errors import ConfigurationError
from powermeter.fleet.serve import watched as watched_module
from powermeter.fleet.serve.watched import Look, Watched
from powermeter.recording import Writer


def test_a_folder_stands_for_its_newest_recording(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    assert "no recording yet" in watched.look().problem
    old, new = record(tmp_path / "old.power", "", 1), record(tmp_path / "new.power", "", 2)
    os.utime(old, (1, 1))
    assert watched.look(now=True).path == new
    os.utime(new, (0, 0))
    assert watched.look(now=True).path == old


def test_a_broken_file_is_named_and_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.power"
    path.write_text("nothing")
    watched = Watched(path)
    look = watched.look()
    assert not look.shown and "a.power" in look.problem
    path.unlink()
    record(path, "", 1)
    assert watched.look(now=True).shown
    with pytest.raises(ConfigurationError, match="not there"):
        Watched(tmp_path / "none.power")


def test_a_look_is_kept_for_twenty_times_what_it_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(watched_module.time, "monotonic", lambda: clock[0])
    watched = Watched(record(tmp_path / "a.power", "", 1))
    read = watched._read

    def costly() -> Look:
        clock[0] += 3.0
        return read()

    monkeypatch.setattr(watched, "_read", costly)
    first = watched.look()
    for clock[0] in (3.0, 30.0, 62.9):
        assert watched.look() is first
    clock[0] = 63.1
    assert watched.look() is not first


@pytest.mark.thorough
def test_a_counter_never_falls(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "", 1)
    watched = Watched(path)

    def energy() -> float:
        return next(one.value for one in watched.look(now=True).shown if one.name == "energy_joules_total")

    before = energy()
    path.unlink()
    record(path, "", 1, scale=0.5)
    assert energy() == before


@pytest.mark.thorough
def test_another_recording_under_the_same_name_begins_anew(tmp_path: Path) -> None:
    """Recording again with --force: the number shown is that of the new run, not the larger one of the old."""
    path = record(tmp_path / "a.power", "", 1)
    watched = Watched(path)

    def energy() -> float:
        return next(one.value for one in watched.look(now=True).shown if one.name == "energy_joules_total")

    energy()
    path.unlink()
    record(path, "", 2, scale=0.5)
    assert energy() == analyse(path).energy.value


def test_the_newest_reading_is_the_last_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.power"
    channels = (Channel("p", Quantity.POWER, 1e-3, Rail("VIN")), Channel("t", Quantity.TEMPERATURE, 0.1))
    with Writer.create(path, {}) as writer:
        source = writer.add_source("x://", "m", "x", channels)
        codes = np.array([[2000, MISSING], [2500, MISSING], [MISSING, MISSING]])
        writer.append(source, np.arange(3, dtype=np.int64) * 10**8, codes)
    found = {
        one.labels["channel"]: one.value for one in Watched(path).look().shown if "channel" in one.labels
    }
    assert found == {"p": 2.5}


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped by signals")
def test_after_its_recorder_was_killed_it_no_longer_grows_and_keeps_its_totals(tmp_path: Path) -> None:
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    watched = Watched(path)
    before = watched.look(now=True)
    assert before.growing
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    after = watched.look(now=True)
    assert not after.growing and not after.problem
    assert {one.value for one in after.shown if one.name == "recording_growing"} == {0.0}
    totals = [
        {one.name: one.value for one in look.shown if one.name.endswith("_total")} for look in (before, after)
    ]
    assert totals[0].keys() == totals[1].keys() and totals[0]
    assert all(totals[1][name] >= value for name, value in totals[0].items()) and max(totals[0].values()) > 0
    serve.run_until(
        threading.Event(), None, [watched], [], until_closed=True
    )  # it ends: nothing more will come
    recorder.stop()
