"""When a polled instrument is really read, what that costs, and what it does to loads in step with the meter.

    python benchmarks/dither.py [--seconds 10] [--runs 10]

Three tables, all through the real recorder: how far readings lie from their interval of the grid, the
recorder's share of a core, and a load that is high in half of each interval of the meter.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from powermeter.recorder.parent import Recorder
from powermeter.recording import Recording

RATES = (("1kHz", 1e-3), ("100Hz", 1e-2), ("10Hz", 0.1))


def record(folder: Path, options: str, seconds: float, *, dither: bool) -> Path:
    """Record the simulated meter for some seconds and return the recording."""
    path = folder / f"{time.monotonic_ns()}.power"
    recorder = Recorder(path, [f"virtual://?noise=0&{options}"], dither=dither)
    recorder.start()
    time.sleep(seconds)
    recorder.stop()
    return path


def deviation_table(folder: Path, seconds: float) -> None:
    """Print how far readings lie from the interval that asked for them."""
    print("| rate | asked | readings | in their interval | p99 of the deviation | missed | one core |")
    print("|---|---|---|---|---|---|---|")
    for rate, period_s in RATES:
        for dither in (True, False):
            path = record(folder, f"shape=constant&rate={rate}", seconds, dither=dither)
            with Recording.open(path) as recording:
                times = recording.samples(1).times_ns
                note = recording.facts("recorder")[-1]
            health = note["sources"]["1"]
            period = round(period_s * 1e9)
            # The first reading opens the grid; the one at the end is taken because the recording ends.
            inner = times[1:-1] if dither else times[:-1]
            late = inner - times[0]
            if (
                dither
            ):  # one that slept past the end of its interval stands in the next one, before that one's own
                place = np.floor_divide(late, period)
                second = np.append(place[1:] == place[:-1], False)
                deviation = np.where(second, late - place * period, 0)
            else:
                deviation = np.abs(late - np.round(late / period) * period)
            inside = np.count_nonzero(deviation == 0) / max(1, len(deviation)) if dither else None
            p99 = np.percentile(deviation, 99) / 1e3
            share = note["cpu_s"] / seconds
            asked = "dithered" if dither else "on the grid"
            print(
                f"| {rate} | {asked} | {len(times)} | {'–' if inside is None else f'{inside:.2%}'} | {p99:.0f} µs | "
                f"{health['missed']} | {share:.1%} |",
                flush=True,
            )


def step_table(folder: Path, seconds: float, runs: int) -> None:
    """Print the mean power seen of loads of 5 W mean that run in step with a meter of 100 Hz."""
    print("\n| load against a meter of 100 Hz | dithered: mean, rms error | on the grid: mean, rms error |")
    print("|---|---|---|")
    for name, period in (
        ("the same period", "10ms"),
        ("half of it", "5ms"),
        ("twice of it", "20ms"),
        ("1 % off", "10.1ms"),
    ):
        cells = []
        for dither in (True, False):
            seen = []
            for _ in range(runs):
                path = record(
                    folder, f"shape=square&low=0W&high=10W&period={period}&rate=100Hz", seconds, dither=dither
                )
                with Recording.open(path) as recording:
                    samples = recording.samples(1)
                watts = samples.codes["virtual.voltage"] * 1e-3 * samples.codes["virtual.current"] * 1e-5
                seconds_seen = np.diff(samples.times_ns) * 1e-9
                energy = float(np.sum((watts[1:] + watts[:-1]) / 2 * seconds_seen))
                seen.append(energy / float(np.sum(seconds_seen)))
            error = np.array(seen) / 5.0 - 1
            cells.append(f"{np.mean(seen):.2f} W, {np.sqrt(np.mean(error**2)):.1%}")
        print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        deviation_table(Path(folder), arguments.seconds)
        step_table(Path(folder), arguments.seconds / 2, arguments.runs)


if __name__ == "__main__":
    main()
