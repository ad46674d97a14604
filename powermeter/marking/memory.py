"""Resident memory of a process over time, read from outside; None where the system does not show it."""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path

KEPT = 2048
"""Samples of a process that are kept: at twenty a second, the last hundred seconds."""


def resident(process: int | str = "self") -> tuple[int | None, int | None]:
    """Return a process's resident memory in byte: now, and its own highest so far (VmRSS, VmHWM)."""
    now = highest = None
    try:
        with Path(f"/proc/{process}/status").open("rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    highest = int(line.split()[1]) * 1024
                elif line.startswith(b"VmRSS:"):
                    now = int(line.split()[1]) * 1024
                    break
    except (OSError, ValueError, IndexError):
        return None, None
    return now, highest


def peak_memory() -> int | None:
    """Return this process's own peak resident memory in byte, where the system shows it.

    Not `ru_maxrss`: on Linux a new program inherits it from the process that started it.
    """
    highest = resident()[1]
    if highest is not None or os.path.exists("/proc/self/status"):
        return highest
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


class Memory:
    """The resident memory of one process, sampled while it leaves marks.

    Args:
        process: Its id.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=KEPT)

    def sample(self, at_ns: int) -> None:
        """Read it now."""
        now, highest = resident(self._process)
        if now is not None and highest is not None:
            self._samples.append((at_ns, now, highest))

    def peak(self, start_ns: int, end_ns: int) -> int | None:
        """Return the highest seen from the last sample before a stretch to the first after it.

        Where the process reached a new high between the two, it is that high.
        """
        inside: list[tuple[int, int, int]] = []
        for found in reversed(self._samples):
            if found[0] > end_ns:
                inside = [found]
                continue
            inside.append(found)
            if found[0] < start_ns:
                break
        if not inside:
            return None
        newest, oldest = inside[0], inside[-1]
        return max([newest[2] if newest[2] > oldest[2] else 0, *(now for _, now, _ in inside)])
