"""Ends a recorder that was left behind and does nothing any more: a driver that holds the interpreter's lock stops all of its threads.

The program that left it may end, so a process of its own waits; it runs this file by its path, alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 60.0
"""How long a recorder may write nothing after it was to end; a full disk or a lock it gives up itself after 30 s."""
STEP_S = 0.5


def watch(process: int, path: Path) -> subprocess.Popen[bytes] | None:
    """Start what ends a recorder that neither ends nor writes; return None where the system shows no processes.

    Args:
        process: The recorder.
        path: What it writes.
    """
    began = began_at(process)
    if not began:
        return None
    command = [
        sys.executable,
        "-I",
        "-S",
        __file__,
        str(process),
        began,
        str(path.absolute()),
        str(PATIENCE_S),
    ]
    with suppress(OSError):
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    return None


def stated(path: Path, why: str, process: int | None, is_watched: bool) -> str:
    """Return what becomes of a recording whose recorder was left behind, in a sentence."""
    then = f", and is ended after {PATIENCE_S:.0f} s in which it writes nothing" if is_watched else ""
    return f"{path} is not closed yet ({why}); the recorder (process {process}) writes what is left as soon as it can{then}"


def end(process: int, began: str, path: str, patience_s: float) -> None:
    """Kill a process that has not ended after so long in which it could run and wrote nothing.

    Args:
        process: Its id.
        began: When it started, as `began_at`: another process may get its id.
        path: What it writes.
        patience_s: In s; counted in steps, so that time in which both of them are suspended is none.
    """
    left, before = patience_s / STEP_S, written(path)
    while left > 0 and began_at(process) == began:
        time.sleep(STEP_S)
        now = written(path)
        left = patience_s / STEP_S if now != before else left - (_fields(process)[:1] != ["T"])
        before = now
    if began_at(process) == began:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)


def written(path: str) -> list[tuple[int, int]]:
    """Return size and time of the last change (ns) of a recording and of its log, as far as they are there."""
    found = []
    for one in (path, f"{path}-wal"):
        with suppress(OSError):
            status = Path(one).stat()
            found.append((status.st_size, status.st_mtime_ns))
    return found


def began_at(process: int) -> str:
    """Return when a process started, in the system's ticks; empty where it has ended or the system does not show it."""
    fields = _fields(process)
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""


def _fields(process: int) -> list[str]:
    """Return the fields of proc(5)'s `stat` from the state on."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


if __name__ == "__main__":
    end(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))
