"""What a long recording costs in memory: measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

ROWS, MS = 3_000_000, 1_000_000
MOST_MB = 75
"""For 3 million rows of two channels on top of what imports take; holding all of them takes 210."""

PROGRAM = """
import resource, sys
import scipy.special
from powermeter import Recording, analyse
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = used()
with Recording.open(sys.argv[1]) as recording:
    found = analyse(recording)
print(used() - before, found.energy.value)
"""


@pytest.mark.thorough
def test_an_hour_takes_what_its_events_need(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    rail, path = Rail("VIN"), tmp_path / "hour.power"
    channels = (
        Channel("v", Quantity.VOLTAGE, 1e-3, rail),
        Channel("i", Quantity.CURRENT, 1e-5, rail),
    )
    joules = 0.0
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", channels, {})
        for first in range(0, ROWS, 500_000):
            t = np.arange(first, first + 500_000) * MS
            volts, amps = rng.integers(4990, 5010, t.size), rng.integers(19_000, 21_000, t.size)
            joules += float(np.sum(volts * 1e-3 * amps * 1e-5)) * 1e-3
            writer.append(source, t, np.column_stack([volts, amps]))
        starts = np.sort(rng.integers(0, (ROWS - 100) * MS, 3000)).tolist()
        writer.add_events(
            [Event("infer", a, a + 15 * MS, process=1, uid=i + 1) for i, a in enumerate(starts)]
        )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    megabytes, energy = (float(word) for word in done.stdout.split())
    assert abs(energy / joules - 1) < 1e-6
    assert megabytes < MOST_MB
