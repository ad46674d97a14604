"""What a long recording costs in memory: measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

ROWS, MS = 3_000_000, 1_000_000
DAY, HALF_A_GIGABYTE = 86_400_000, 512 << 10
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


def written(path: Path, rows: int, events: int, *, uneven_ns: int = 0) -> float:
    """Write rows of noisy volts and amperes at 1 kHz with events of 15 ms at random among them; return the joules."""
    rng = np.random.default_rng(8)
    rail, joules = Rail("VIN"), 0.0
    channels = (
        Channel("v", Quantity.VOLTAGE, 1e-3, rail),
        Channel("i", Quantity.CURRENT, 1e-5, rail),
    )
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://x", "x", "sim", channels, {})
        for first in range(0, rows, 400_000):
            t = np.arange(first, min(first + 400_000, rows)) * MS
            volts, amps = rng.integers(4990, 5010, t.size), rng.integers(19_000, 21_000, t.size)
            joules += float(np.sum(volts * 1e-3 * amps * 1e-5)) * 1e-3
            late = rng.integers(0, uneven_ns, t.size) if uneven_ns else 0
            writer.append(source, t + late, np.column_stack([volts, amps]))
        starts = np.sort(rng.integers(0, (rows - 100) * MS, events)).tolist()
        writer.add_events(
            [Event("infer", a, a + 15 * MS, process=1, uid=i + 1) for i, a in enumerate(starts)]
        )
    return joules


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v")
def test_a_day_is_shown_and_reported_where_a_process_gets_half_a_gigabyte(tmp_path: Path) -> None:
    """86.4 million rows and 100 000 events under `ulimit -v 524288`: what a board of 512 MB has at the very most."""
    path, page = tmp_path / "day.power", tmp_path / "day.html"
    joules = written(path, DAY, 100_000, uneven_ns=MS // 2)
    for words in (["show", path, "--json"], ["report", path, "-o", page]):
        limited = f'ulimit -v {HALF_A_GIGABYTE} && exec "$@"'
        command = ["sh", "-c", limited, "sh", sys.executable, "-m", "powermeter", *map(str, words)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        if words[0] == "show":
            shown = json.loads(done.stdout)
            assert abs(shown["run"]["energy"]["value"] / joules - 1) < 1e-4
            assert sum(row["events"] for row in shown["labels"]) == 100_000
    assert page.stat().st_size > 100_000


@pytest.mark.thorough
def test_an_hour_takes_what_its_events_need(tmp_path: Path) -> None:
    path = tmp_path / "hour.power"
    joules = written(path, ROWS, 3000)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    megabytes, energy = (float(word) for word in done.stdout.split())
    assert abs(energy / joules - 1) < 1e-6
    assert megabytes < MOST_MB
