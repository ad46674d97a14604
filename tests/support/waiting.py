"""Waiting for the event itself, with a ceiling that only a hang reaches: no test here trusts a machine's speed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.recorder.parent import Listener, Recorder
from powermeter.recording import Recording
from powermeter.source import Gap

CEILING_S = 100.0
"""Far above what anything here takes on a machine ten times slower, and below pytest's own limit."""

THE_MACHINES = ("machine was stalled", "one read took")
"""Words of gaps that a recorder lists where it was not let run: between two reads, or in one."""


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
    try:
        with Recording.open(path) as recording:
            return len(recording.samples(source).times_ns) if recording.sources else 0
    except DataError:  # it is being created
        return 0


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


def unlisted_holes(
    times_ns: NDArray[np.int64], gaps: Sequence[Gap], longer_than_s: float = 0.1
) -> list[tuple[int, int]]:
    """Return the pauses between readings that are longer than that and no gap covers.

    A recorder that the machine did not let run lists the pause itself; a hole that nobody lists is a lost reading.
    """
    listed = {(gap.start_ns, gap.end_ns) for gap in gaps}
    pauses = [(int(a), int(b)) for a, b in pairwise(times_ns)]
    return [pause for pause in pauses if pause[1] - pause[0] > longer_than_s * 1e9 and pause not in listed]


def not_the_machines(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps without those that a busy machine makes by not letting the recorder run.

    What is simulated takes no time to read: a read that took long was one in which the recorder did not run.
    """
    return [gap for gap in gaps if not any(words in gap.detail for words in THE_MACHINES)]


def assert_hole_listed(path: Path, begun_ns: int, ended_ns: int) -> list[Gap]:
    """Return the gaps that list a time in which a recorder was not let run.

    Where it was stopped in the middle of a read, that reading has the read's middle as its stamp and parts the hole in two.
    """
    with Recording.open(path) as recording:
        times, gaps = recording.samples(1).times_ns, recording.gaps(1)
    first, last = int(times[times <= begun_ns][-1]), int(times[times >= ended_ns][0])
    inside = times[(times > first) & (times < last)]
    assert len(inside) <= 1, "readings came while it was stopped"
    listed = [gap for gap in gaps if gap.start_ns >= first and gap.end_ns <= last]
    assert unlisted_holes(np.array([first, *inside, last]), listed) == [], (begun_ns, ended_ns, gaps)
    assert not_the_machines(listed) == []
    return listed


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


class Heard:
    """What a recorder reports: one message after each time that it has tried to write."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self.listener = Listener(on_status=self.messages.append, status_s=0.01)

    def wait_for_tries(self, tries: int = 2) -> None:
        """Return once the recorder has tried to write so many times since this call; the first may have begun before."""
        before = len(self.messages)
        wait_until(lambda: len(self.messages) >= before + tries, "the recorder does not try to write")


def started(path: Path, *urls: str, heard: Heard | None = None, **options: Any) -> Recorder:
    """Return a running recorder of some sources."""
    if heard is not None:
        options["listener"] = heard.listener
    recorder = Recorder(path, urls, **options)
    recorder.start()
    return recorder


def assert_all_written(path: Path, source: int = 1, longer_than_s: float = 0.1) -> None:
    """Every reading that the recorder took is in the file, and no hole longer than ten intervals is without its gap."""
    with Recording.open(path) as recording:
        times, gaps = recording.samples(source).times_ns, recording.gaps(source)
        assert recording.warnings == [] and not_the_machines(gaps) == []
        taken = recording.facts("recorder")[-1]["sources"][str(source)]["samples"]
    assert taken == len(times) > 0
    assert unlisted_holes(times, gaps, longer_than_s) == []
