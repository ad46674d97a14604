"""How long a measured program is held up at its end by its recorder, and when the recorder is left behind."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

HELD_UP_S = 0.8
"""How long the measured program waits for a recorder that is held up by something else."""
LEFT_BEHIND_S = 0.1
"""How long, after that, for what it had still reported: both are less than the second that a program is held up at most."""
WORKING_S = 8.0
"""The same for one that is at work: it writes, or waits for its turn on a busy machine."""
ANSWERS_S = 5.0
"""How long to wait for what a recorder that has ended had still reported."""


def wait(
    process: subprocess.Popen[bytes], held_up_by: Callable[[], str], progressed_s: Callable[[], float]
) -> str:
    """Wait for the recorder to end; return why it is left behind, or nothing where it ended.

    Args:
        process: The recorder.
        held_up_by: Returns what it reports to be waiting for (a full disk); nothing where it does not.
        progressed_s: Returns when it last reported progress, in s of the monotonic clock.
    """
    began = time.monotonic()
    while True:
        try:
            process.wait(0.02)
            return ""
        except subprocess.TimeoutExpired:
            passed = time.monotonic() - began
        cause = held_up_by()
        is_at_work = is_working(process.pid) or time.monotonic() - progressed_s() < HELD_UP_S
        if passed > WORKING_S or (passed > HELD_UP_S and (cause or not is_at_work)):
            return cause or "it does not answer"


def is_working(pid: int) -> bool:
    """Return whether a process's main thread runs or waits for the disk, as far as the system shows it.

    The main thread closes the file.  The others do not count: a reading thread that hangs in its driver, or
    goes round in it, would hold the program up for `WORKING_S`; the one that writes events reports its progress.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in (b"R", b"D")
