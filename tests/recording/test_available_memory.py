"""Memory does not grow with the length of a recording, whatever is done with all of it.

The quick form compares a recording with one four times as long; `-m slow` a day at 1 kHz within 250 MB.
"""

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

RAIL = Rail("VIN", nominal_v=5.0)
CHANNELS = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-5, RAIL))
BLOCK = 1 << 16

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peak memory is read from /proc"
)
# getrusage would tell the peak of the process that forked this one.

STEPS = {
    "overview": "opened.overview(1)",
    "sums": "opened.summaries(1), opened.gaps(1)",
    "samples": "[len(piece) for piece in opened.stream(1)]",
    "repair": "salvage(path, path + '.repaired', force=True)",
    "join": "join(opened, Recording.open(path), Path(path + '.joined'), {'offset_ns': 0.0}, force=True)",
    "verify": "verify(path)",
    "export": "write_csv(sample_tables(opened), open(os.devnull, 'wb'))",
}
PROGRAM = """
import json, os, sys, time
from pathlib import Path
import numpy
from powermeter.recording import Recording
from powermeter.recording.joining import join
from powermeter.recording.salvage import salvage
from powermeter.recording.verification import verify
from powermeter.reports.table_formats import write_csv
from powermeter.reports.sample_tables import sample_tables

def take(step, path):
    before = time.process_time()
    with Recording.open(path) as opened:
        exec(step)
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
    print(json.dumps([peak, time.process_time() - before]), flush=True)

for step in sys.argv[2:]:  # each in a process of its own, whose peak begins at what is imported
    if not os.fork():
        take(step, sys.argv[1])
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"failed: {step}")
"""


def write(path: Path, rows: int, events: int = 0) -> None:
    random = np.random.default_rng(1)
    codes = np.stack([random.integers(4990, 5010, BLOCK), random.integers(0, 90_000, BLOCK)], axis=1)
    steps = np.cumsum(random.integers(990_000, 1_010_000, BLOCK))
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", CHANNELS)
        for first in range(0, rows // BLOCK, 64):
            with writer.transaction():
                for block in range(first, min(first + 64, rows // BLOCK)):
                    writer.append(source, 10**12 + block * BLOCK * 1_010_000 + steps, codes)
        for first in range(0, events, 20_000):
            writer.add_events(
                Event("infer", 10**12 + i * 10**6, 10**12 + i * 10**6 + 10**5, 1, 1, i + 1)
                for i in range(first, min(first + 20_000, events))
            )


def costs(path: Path, *steps: str) -> list[tuple[float, float]]:
    """Return the peak of resident memory in MB and the processor time in seconds of each step."""
    asked = [STEPS[step] for step in steps]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *asked], capture_output=True, text=True, check=True
    )
    return [(peak, seconds) for peak, seconds in map(json.loads, done.stdout.splitlines())]


@pytest.mark.thorough
def test_four_times_the_length_takes_no_more_memory(tmp_path):
    steps = [step for step in STEPS if step not in ("export", "join")]
    for name, blocks in (("short", 4), ("long", 16)):
        write(tmp_path / f"{name}.power", blocks * BLOCK)
    held = 12 * BLOCK * 4 * 8 / 1e6  # what the additional samples would take as arrays
    short, long = (costs(tmp_path / f"{name}.power", *steps) for name in ("short", "long"))
    for step, (few, _), (many, _) in zip(steps, short, long, strict=True):
        assert many - few < held / 3, f"{step}: {few:.0f} MB, then {many:.0f} MB"
        assert many < 120, step


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("step", list(STEPS))
def test_an_hour_at_1_khz_takes_120_mb(tmp_path, step):
    write(tmp_path / "hour.power", 3_600_000, 100_000)
    ((peak, seconds),) = costs(tmp_path / "hour.power", step)
    print(f"{step}: {peak:.0f} MB, {seconds:.2f} s")
    assert peak < 120


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("rows", [86_400_000, 360_000_000], ids=["a day at 1 kHz", "an hour at 100 kHz"])
def test_a_day_at_1_khz_and_an_hour_at_100_khz_take_250_mb(tmp_path, rows):
    write(tmp_path / "long.power", rows, 100_000)
    steps = ("overview", "sums", "samples", "verify", "repair")
    for step, (peak, seconds) in zip(steps, costs(tmp_path / "long.power", *steps), strict=True):
        print(f"{step}: {peak:.0f} MB, {seconds:.2f} s")
        assert peak < 250
        assert step != "overview" or seconds < 0.05
