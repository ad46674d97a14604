"""What every test of a fault asks of the recording that is left."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from powermeter.recording import Recording

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=200Hz"


def contents(path: Path):
    with Recording.open(path) as recording:
        return recording.samples(1).times_ns, recording.gaps(1), list(recording.warnings)


def assert_nothing_unlisted(path: Path, end_ns: int, *, slack_s: float = 0.5) -> None:
    """Every pause of more than half a second, up to the end, lies in a gap."""
    times, gaps, _ = contents(path)
    marks = np.append(times, end_ns)
    for before, after in itertools.pairwise(marks):
        if after - before > slack_s * 1e9:
            covered = sum(max(0, min(g.end_ns, after) - max(g.start_ns, before)) for g in gaps)
            assert covered >= (after - before) - slack_s * 1e9, (before, after, gaps)
