"""A recorder that never ends is ended, and only one that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from faults import URL
from waiting import CEILING_S, is_alive, started, wait_for_readings, wait_until

from powermeter.recorder import left_behind, waiting_at_end
from powermeter.recording import Recording
from powermeter.recording.salvage import salvage

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are shown by Linux's /proc"),
]

HOLDS_THE_LOCK = """
import ctypes, os
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recorder import held_interpreter
from powermeter.source import Option, PolledSource, Row

class Holding(PolledSource):
    scheme, summary, example, default_period_s = "holding", "for this test", "holding://", 0.01
    OPTIONS = {"note": Option(str, "", "where it writes down that it is about to")}

    def open(self):
        self.channels = (Channel("p", Quantity.POWER, 1e-3, Rail("R")),)

    def sample(self):
        if os.path.exists(self.options["note"]):
            held_interpreter.end_after_death(3)  # in place of a minute
            ctypes.PyDLL(None).sleep(1000)
        return Row([5000])
"""


@pytest.fixture
def installed(tmp_path) -> Path:
    """Return a folder in which a package with a driver that holds the interpreter's lock is installed."""
    folder = tmp_path / "installed" / "holding-0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: holding\nVersion: 0\n")
    (folder / "entry_points.txt").write_text("[powermeter.drivers]\nholding = holding:Holding\n")
    (folder.parent / "holding.py").write_text(textwrap.dedent(HOLDS_THE_LOCK))
    return folder.parent


def test_a_driver_that_holds_the_interpreter_leaves_no_recorder_behind(tmp_path, installed, monkeypatch):
    """It ran for ever: neither an order nor SIGTERM reaches an interpreter whose lock is held."""
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setattr(left_behind, "PATIENCE_S", 1.0)
    monkeypatch.setattr(waiting_at_end, "HELD_UP_S", 0.1)
    path, note = tmp_path / "run.power", tmp_path / "note"
    recorder = started(path, URL, f"holding://?note={note}")
    wait_for_readings(path, source=2)
    note.touch()
    wait_until(lambda: is_quiet(path))
    assert not recorder.stop()
    told_ns = time.monotonic_ns()
    assert "it does not answer" in recorder.problem and "ended after 1 s in which" in recorder.problem
    wait_until(lambda: not recorder.is_running)
    assert recorder.watchdog is not None and recorder.watchdog.wait(CEILING_S) == 0
    salvage(path, tmp_path / "whole.power")
    with Recording.open(tmp_path / "whole.power") as whole:
        for source in (1, 2):
            last = whole.gaps(source)[-1]
            assert "it does not answer" in last.detail and last.end_ns >= told_ns - 10**9


PROGRAM = """
import signal, sys, time
import powermeter

signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
with powermeter.Meter(*sys.argv[1:3], path=sys.argv[3]):
    while True:
        with powermeter.event("step"):
            time.sleep(0.01)
"""


def test_where_the_program_is_killed_too_the_kernel_ends_the_recorder_and_the_rest_is_listed(
    tmp_path, installed
):
    """It stayed until somebody ended it; that the program ignores alarms and blocks them is inherited."""
    path, note = tmp_path / "run.power", tmp_path / "note"
    command = [sys.executable, "-c", PROGRAM, URL, f"holding://?note={note}", path]
    program = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(installed)})
    wait_for_readings(path, source=2)
    note.touch()
    wait_until(lambda: is_quiet(path))
    killed_ns = time.monotonic_ns()
    program.kill()
    program.wait()
    with Recording.open(path) as recording:
        recorder, held_ns = (
            int(recording.facts("recorder")[-1]["pid"]),
            int(recording.samples(1).times_ns[-1]),
        )
    wait_until(lambda: not is_alive(recorder))
    salvage(path, tmp_path / "whole.power")
    with Recording.open(tmp_path / "whole.power") as whole:
        assert int(whole.samples(1).times_ns[-1]) >= held_ns
        assert max(event.end_ns or 0 for event in whole.events()) >= killed_ns - 10**9
        last = whole.gaps(1)[-1]
        assert last.start_ns <= held_ns + 10**9 and last.end_ns >= killed_ns - 10**9


def is_quiet(path: Path) -> bool:
    """Return whether a recording does not grow for two commits of its recorder."""
    before = left_behind.written(str(path))
    time.sleep(1.2)
    return left_behind.written(str(path)) == before


def end(process: subprocess.Popen[bytes], path: Path, began: str | None = None) -> None:
    left_behind.end(process.pid, began or left_behind.began_at(process.pid), str(path), 0.1)


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "100"])
    yield process
    process.kill()
    process.wait()


def test_one_that_writes_is_left_until_it_no_longer_does(sleeper, tmp_path, monkeypatch):
    path, steps = tmp_path / "run.power", []

    def sleep(step_s: float) -> None:
        steps.append(is_alive(sleeper.pid))
        if len(steps) < 5:
            path.write_bytes(bytes(len(steps)))

    monkeypatch.setattr(left_behind.time, "sleep", sleep)
    left_behind.end(sleeper.pid, left_behind.began_at(sleeper.pid), str(path), 2 * left_behind.STEP_S)
    assert steps == [True] * 6 and sleeper.wait(CEILING_S) == -9


def test_a_later_process_of_the_same_id_is_not_meant(sleeper, tmp_path):
    end(sleeper, tmp_path / "run.power", began="1")
    assert is_alive(sleeper.pid)
