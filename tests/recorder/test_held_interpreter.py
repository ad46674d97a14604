"""A recorder whose program was killed: the kernel ends it where its interpreter is held (`test_left_behind.py`), and only then."""

from __future__ import annotations

import subprocess
import sys

from waiting import wait_until

LASTS_LONGER = """
import os, sys, time
from powermeter.recorder import held_interpreter

held_interpreter.LOOK_S = 0.3
held_interpreter.PATIENCE_S = 1
held_interpreter.watch(os.getppid())
print(os.getpid(), flush=True)
time.sleep(4)
open(sys.argv[1], "w").close()
"""


def test_one_whose_interpreter_runs_outlives_a_program_that_was_killed(tmp_path):
    """A closing may take longer than the alarm that the program's death starts."""
    started_by = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {LASTS_LONGER!r}, sys.argv[1]])"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", started_by, tmp_path / "closed"], stdout=subprocess.PIPE
    )
    assert program.stdout is not None
    int(program.stdout.readline())
    program.kill()
    program.wait()
    wait_until((tmp_path / "closed").exists)
