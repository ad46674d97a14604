"""A recorder whose program was killed: the kernel ends it where its interpreter is held (`test_left_behind.py`), and only then."""

from __future__ import annotations

import subprocess
import sys

import pytest
from waiting import wait_until

pytestmark = pytest.mark.thorough

LASTS_LONGER = """
import os, signal, sys, time
from pathlib import Path
from powermeter.recorder import held_interpreter

held_interpreter.LOOK_S = 0.3
held_interpreter.PATIENCE_S = 3
held_interpreter.watch(os.getppid())
print(flush=True)
time.sleep(4.5)
Path(sys.argv[1]).write_text("alarm runs" if signal.getitimer(signal.ITIMER_REAL)[0] else "no alarm")
"""
STARTS_IT = """
import subprocess, sys, threading

def start():
    begun.append(subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.PIPE))
    begun[0].stdout.readline()

begun = []
starts = threading.Thread(target=start)
starts.start()
starts.join()
print(flush=True)
begun[0].wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the death of a parent")
@pytest.mark.parametrize(("killed", "left"), [(True, "alarm runs"), (False, "no alarm")])
def test_one_whose_interpreter_runs_outlives_a_killed_program_and_the_thread_that_began_it(
    tmp_path, killed, left
):
    """A closing may take longer than the alarm that the death starts; to the kernel, the thread that began it is its parent."""
    closed = tmp_path / "closed"
    program = subprocess.Popen(
        [sys.executable, "-c", STARTS_IT, LASTS_LONGER, closed], stdout=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.readline()
    if killed:
        program.kill()
    program.wait()
    wait_until(lambda: closed.exists() and closed.read_text())
    assert closed.read_text() == left
