"""Waiting for the event itself, with a ceiling that only a hang reaches: no test here trusts a machine's speed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from powermeter.recording import Recording
from powermeter.source import Gap

CEILING_S = 100.0
"""Far above what anything here takes on a machine ten times slower, and below pytest's own limit."""


def wait_until(condition: Callable[[], object], what: str = "it did not happen") -> None:
    """Return as soon as a condition holds.

    Raises:
        AssertionError: It did not within `CEILING_S`.
    """
    deadline = time.monotonic() + CEILING_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def readings(path: Path, source: int = 1) -> int:
    """Return how many readings of a source a recording that grows holds by now; 0 where it is not there yet."""
    if not path.exists() or not path.stat().st_size:
        return 0
    with Recording.open(path) as recording:
        return len(recording.samples(source).times_ns) if recording.sources else 0


def wait_for_readings(path: Path, more_than: int = 20, source: int = 1) -> None:
    """Return once a recording that grows holds more than so many readings of a source."""
    wait_until(lambda: readings(path, source) > more_than, f"no {more_than} readings came")


def newest_ns(path: Path, source: int = 1) -> int:
    """Return the stamp of the newest reading that is written; 0 where there is none."""
    with Recording.open(path) as recording:
        times = recording.samples(source).times_ns
        return int(times[-1]) if times.size else 0


def wait_for_a_reading_after(path: Path, at_ns: int, source: int = 1) -> None:
    """Return once a reading that was taken after a moment is written."""
    wait_until(lambda: newest_ns(path, source) > at_ns, "no reading came after that")


def not_the_machines(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps without those that a busy machine makes by not letting the recorder run."""
    return [gap for gap in gaps if "machine was stalled" not in gap.detail]


def is_alive(process: int) -> bool:
    """Return whether a process is there and not a zombie."""
    try:
        os.kill(process, 0)
        return state(process) != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def state(process: int) -> str:
    """Return a process's state as Linux names it: R, S, D, T, Z; empty where the system does not show it."""
    if not Path("/proc/self/stat").exists():
        return ""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
