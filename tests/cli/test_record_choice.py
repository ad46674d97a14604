"""`powermeter record` with nothing named, and with a meter that is read by eye on a terminal."""

from __future__ import annotations

import os
import select
import sys
import time

import pytest
from waiting import CEILING_S

from powermeter.channel import Boundary
from powermeter.recorder.discovery import search
from powermeter.recorder.source_choice import choose
from powermeter.recording import Recording

RECORD = [sys.executable, "-m", "powermeter", "record", "--quiet", "--no-live"]


@pytest.mark.thorough
def test_a_bare_machine_takes_the_estimate_and_says_so_in_one_line(here, tmp_path):
    chosen = choose(search().findings)
    assert chosen is not None
    if chosen.urls != ("estimate://",):
        pytest.skip(f"this machine has something better: {chosen.urls[0]}")
    path = tmp_path / "run.power"
    done = here(*RECORD[3:], "-o", path, "--", sys.executable, "-c", "print(sum(range(3_000_000)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(sum(range(3_000_000)))
    said = [line for line in done.stderr.splitlines() if "an estimate, not a measurement" in line]
    assert len(said) == 1
    assert "USB power meter" in done.stderr
    with Recording.open(path) as recording:
        (source,) = recording.sources
        assert source.url.startswith("estimate://")
        assert {channel.rail.boundary for channel in source.channels if channel.rail} == {Boundary.MODEL}


@pytest.mark.thorough
def test_readings_by_eye_are_asked_for_on_the_terminal(tmp_path):
    pty = pytest.importorskip("pty", reason="no terminals here")
    path = tmp_path / "run.power"
    command = [*RECORD, "-o", str(path), "-s", "manual://?unit=W&step=0.1W", "--", sys.executable, "-c", ""]
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other side of the fork
        os.execv(command[0], command)
    answers = [b"6.3\n", b"six\n", b"6.1 W\n"]
    screen = b""
    asked = 0
    deadline = time.monotonic() + CEILING_S
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        screen += data
        if screen.count(b"Enter: ") > asked and asked < len(answers):
            os.write(terminal, answers[asked])
            asked += 1
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, screen.decode()
    assert b"'six' is not a reading" in screen and b"needs a run of" in screen
    with Recording.open(path) as recording:
        samples = recording.samples(recording.sources[0].id)
        assert samples.codes["display"].tolist() == [6_300_000, 6_100_000]
