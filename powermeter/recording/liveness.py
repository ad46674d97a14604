"""Whether the recorder that wrote a note about itself is still running on this boot."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def boot_id() -> str | None:
    """Give what tells one boot of this machine from another, where the system says."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def is_alive(note: Mapping[str, Any]) -> bool:
    """Tell whether the process in a recorder's note (`pid`, `boot_id`) still runs here."""
    pid = note.get("pid")
    if not isinstance(pid, int) or pid <= 0 or note.get("boot_id") != boot_id():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    except OSError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]
