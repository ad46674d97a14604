"""Resident memory of a process over time, read from outside; None where the system does not show it."""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
        self.samples: deque[tuple[int, int, int]] = deque(maxlen=KEPT)

    def sample(self, at_ns: int) -> None:
        """Read it now."""
        now, highest = resident(self._process)
        if now is not None and highest is not None:
            self.samples.append((at_ns, now, highest))

    def peaks(self, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> list[int | None]:
        """Return, for each stretch, the highest seen from the last sample before it to the first after it.

        Where the process reached a new high between the two, it is that high.
        """
        if not self.samples:
            return [None] * len(start_ns)
        samples = list(self.samples)
        times = np.array([at_ns for at_ns, _, _ in samples], np.int64)
        first = np.maximum(np.searchsorted(times, start_ns, "right") - 1, 0).tolist()
        last = np.minimum(np.searchsorted(times, end_ns, "left"), len(samples) - 1).tolist()
        known: dict[tuple[int, int], int] = {}
        for pair in zip(first, last, strict=True):
            if pair not in known:
                known[pair] = _highest(samples[pair[0] : pair[1] + 1])
        return [known[pair] for pair in zip(first, last, strict=True)]


def _highest(samples: list[tuple[int, int, int]]) -> int:
    oldest, newest = samples[0], samples[-1]
    return max([newest[2] if newest[2] > oldest[2] else 0, *(now for _, now, _ in samples)])
