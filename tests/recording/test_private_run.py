"""A private recording, run as a user runs it, holds nothing that names machine, program or path; a secret never."""

from __future__ import annotations

import os
import platform
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import is_alive, state, wait_for_readings, wait_until

from powermeter.marking import recordings
from powermeter.recording import Recording
from powermeter.recording.salvage import salvage

SCRIPT = "import powermeter\nfor i in range(3):\n    with powermeter.event('infer'): pass\n"


def texts(path):
    """Every text of every row of every table."""
    with sqlite3.connect(path) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = [row for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
    connection.close()
    cells = [cell for row in rows for cell in row if isinstance(cell, str | bytes)]
    return "\n".join(cell if isinstance(cell, str) else cell.decode("latin-1") for cell in cells)


@pytest.mark.thorough
@pytest.mark.parametrize("private", [True, False])
def test_the_program_is_left_out_or_its_secret_masked(private, tmp_path):
    (tmp_path / "clandestine.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "powermeter", "record", "-q", "-o", "run.power", "-s", "virtual://"]
    command += [
        *(["--private"] if private else []),
        "--",
        sys.executable,
        "clandestine.py",
        "--api-key=hunter2",
    ]
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=120)
    held = texts(tmp_path / "run.power")
    with Recording.open(tmp_path / "run.power") as recording:
        assert len(recording.events()) == 3
    assert "hunter2" not in held
    names = ("clandestine", str(tmp_path), "/dev/shm", platform.release())
    if private:
        assert [name for name in names if name in held] == []
    else:
        assert "clandestine.py --api-key=***" in held


LATE = """
import pathlib, time, powermeter
while not pathlib.Path("go").exists():
    time.sleep(0.01)
for i in range(5):
    with powermeter.event("late", n=2):
        pass
pathlib.Path("marked").touch()
time.sleep(600)
"""


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="the events lie in shared memory")
def test_events_that_a_crash_left_in_the_rings_are_found_without_a_path(tmp_path):
    """Recorder and program are both killed before the recorder has taken the events in."""
    path = tmp_path / "run.power"
    (tmp_path / "clandestine.py").write_text(LATE)
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "-o",
        str(path),
        "-s",
        "virtual://",
        "--private",
    ]
    program = subprocess.Popen(
        [*command, "--", sys.executable, "clandestine.py"], cwd=tmp_path, start_new_session=True
    )
    recorder, marks = 0, ""
    try:
        wait_for_readings(path)
        with Recording.open(path) as recording:
            recorder = recording.facts("recorder")[-1]["pid"]
            marks = recording.metadata["marks"]
        os.kill(recorder, signal.SIGSTOP)
        wait_until(lambda: state(recorder) == "T")
        (tmp_path / "go").touch()
        wait_until((tmp_path / "marked").exists)
        os.kill(recorder, signal.SIGKILL)
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        wait_until(lambda: not is_alive(recorder))
        assert "/" not in marks and "clandestine" not in texts(path)
        with Recording.open(path) as recording:
            assert [(event.name, event.count) for event in recording.events()] == [("late", 2)] * 5
        salvage(path, tmp_path / "whole.power")
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        if recorder and is_alive(recorder):
            os.kill(recorder, signal.SIGKILL)
        if marks:
            recordings.withdraw(f"{recordings.home()}/{marks}")
    with Recording.open(tmp_path / "whole.power") as recording:
        assert [event.name for event in recording.events()] == ["late"] * 5
    assert str(tmp_path) not in texts(tmp_path / "whole.power")
