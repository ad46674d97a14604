"""Whether the recorder that wrote a note about itself is still running on this boot."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROGRAM_GONE = "the measured program is gone"
RECORD_GONE = "powermeter record is gone"
"""What a recording states as its end (`ended`) where who started it was killed: the program itself, or the command
beside which the program may have gone on."""

CUT_OFF = "the program closed the pipes to its recorder"
"""The same where it lives on, and the recorder was left without orders."""


def boot_id() -> str | None:
    """Return what distinguishes one boot of this machine from another, where the system reports it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def started(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot, where the system reports it.

    It distinguishes a process from a later one that got the same id.
    """
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else None  # field 22 of proc(5); the state is field 3


def is_alive(note: Mapping[str, Any]) -> bool:
    """Return whether the process in a recorder's note (`pid`, `boot_id`, `started`) still runs here."""
    pid = note.get("pid")
    if not isinstance(pid, int) or pid <= 0 or note.get("boot_id") != boot_id():
        return False
    if not is_running(pid):
        return False
    now = started(pid)
    return now is None or note.get("started") in (None, now)


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return False
    return _stat(pid)[:1] not in (["Z"], ["X"])


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the program's name; none where they cannot be read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
