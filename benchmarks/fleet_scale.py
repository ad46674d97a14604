"""Time and memory of a fleet: many simulated devices, an hour each at 10 Hz, collected and asked on DuckDB and on Spark.

    python benchmarks/fleet_scale.py FOLDER --devices 100 [--spark 'local-cluster[2,1,1024]'] [--steps make,collect,duckdb,spark,merge,duckdb,spark,check]

Each step is a process of its own, so that its peak memory (with that of its children, JVMs included) is its own.  Prints a line of JSON a step.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

NS = 1_000_000_000
SECONDS, RATE_HZ, EVERY_S = 3600, 10, 10.0


def make(folder: Path, devices: int) -> dict[str, Any]:
    """Write the recordings that are not there yet: an inference each ten seconds, devices and sensors of their own."""
    from powermeter import Event, Grade
    from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
    from powermeter.recording import Writer

    folder.mkdir(parents=True, exist_ok=True)
    rail = Rail("input", boundary=Boundary.BOARD, covers="everything the device draws", nominal_v=5.0)
    stated = Accuracy(gain=0.01, step=1e-3, source="simulated meter")
    for number in range(devices):
        path = folder / f"device-{number:04}.power"
        if path.exists():
            continue
        random = np.random.default_rng(number)
        gain, size = 1 + random.uniform(-0.01, 0.01), 1 + 0.03 * random.standard_normal()
        n = SECONDS * RATE_HZ
        times = (np.arange(n) + random.random(n)) / RATE_HZ
        inside = (times % EVERY_S) < 2.0
        watts = np.where(inside, 3.0 * size, 1.2) * (1 + 0.02 * random.standard_normal(n)) * gain
        start = (1 + number) * 10**12
        metadata = {
            "simulated": True,
            "clock": "monotonic",
            "host": {"name": f"device-{number:04}", "board": "simulated board", "cpu": "none"},
            "attributes": {"version": "1.0" if number % 2 else "1.1", "model": "tiny"},
            "battery": "4Ah@3.7V",
            "place": ("FRA", "DEU", "USA-CA")[number % 3],
        }
        with Writer.create(path, metadata) as writer:
            channel = Channel("power", Quantity.POWER, 1e-3, rail, grade=Grade.SIMULATED, accuracy=stated)
            source = writer.add_source("virtual://", "meter", "virtual", [channel], {"simulated": True})
            times_ns = start + np.round(times * NS).astype(np.int64)
            writer.append(source, times_ns, np.round(watts * 1000).astype(np.int64))
            for at in (start, int(times_ns[-1])):
                writer.add_clock_pair(at, 1_791_000_000 * NS + at - start)
            writer.add_events(
                Event("infer", start + int(t * NS), start + int((t + 2) * NS), 1, 1, i + 1, None, 8)
                for i, t in enumerate(np.arange(EVERY_S, SECONDS - EVERY_S, EVERY_S).tolist())
            )
    return {"bytes": sum(path.stat().st_size for path in folder.glob("*.power"))}


def collect(folder: Path, devices: int) -> dict[str, Any]:
    """Collect them with all readings."""
    from powermeter.fleet.collect import collect as run
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import Folder

    found = run(Folder(folder / "recordings"), Dataset(folder / "dataset"), "all")
    size = sum(path.stat().st_size for path in (folder / "dataset").rglob("*.parquet"))
    return {"added": len(found.added), "known": len(found.known), "left": len(found.left), "bytes": size}


def merge(folder: Path, devices: int) -> dict[str, Any]:
    """Merge the files of single recordings."""
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.merging import merge as run

    return run(Dataset(folder / "dataset")).to_dict()


def ask(folder: Path, engine: str, master: str | None) -> dict[str, Any]:
    """Ask everything, then compute all event energies anew; write the answers for the check."""
    import pyarrow as pa
    from pyarrow import parquet

    from powermeter.fleet.answers import FleetOptions, answers
    from powermeter.fleet.engines import engine_of
    from powermeter.fleet.recompute import event_energies

    questions = ("energies", "outliers", "regressions", "totals", "life")
    begun = time.monotonic()
    with engine_of(engine, folder / "dataset", master=master) as opened:
        started = time.monotonic()
        told = answers(opened, FleetOptions(questions)).to_dict()
        asked = time.monotonic()
        events = pa.concat_tables(list(event_energies(opened)))
        done = time.monotonic()
    (folder / f"{engine}.json").write_text(json.dumps({k: v for k, v in told.items() if k != "engine"}))
    parquet.write_table(
        events.sort_by([("recording", "ascending"), ("number", "ascending")]), folder / f"{engine}.parquet"
    )
    return {
        "start_s": round(started - begun, 1),
        "questions_s": round(asked - started, 1),
        "recompute_s": round(done - asked, 1),
        "events": events.num_rows,
    }


def check(folder: Path, devices: int) -> dict[str, Any]:
    """Compare both engines with each other, and with `analyse` on ten files."""
    from pyarrow import parquet

    from powermeter import analyse
    from powermeter.fleet.engines import DuckDB

    left, right = (json.loads((folder / f"{name}.json").read_text()) for name in ("duckdb", "spark"))
    tables = [parquet.read_table(folder / f"{name}.parquet") for name in ("duckdb", "spark")]
    found: dict[str, Any] = {"questions": furthest(left, right)}
    columns = [np.array(table["energy_j"].to_pylist()) for table in tables]
    found["events"] = float(np.max(np.abs(columns[0] / columns[1] - 1)))
    with DuckDB(folder / "dataset") as engine:
        files = {
            row["file"]: row["recording"]
            for row in engine.rows(engine.table("recordings").select("file", "recording"))
        }
    by_name = np.array(tables[0]["recording"].to_pylist())
    worst = 0.0
    for name in sorted(files)[:: max(1, len(files) // 10)][:10]:
        a = analyse(folder / "recordings" / name)
        mine = columns[0][by_name == files[name]]
        worst = max(worst, float(np.max(np.abs(mine / a.energies.value - 1))))
    found["against_analyse"] = worst
    return found


def furthest(left: Any, right: Any) -> float:
    """Return the largest relative difference of two structures of numbers; infinite where they differ otherwise."""
    if isinstance(left, dict) and isinstance(right, dict) and set(left) == set(right):
        return max((furthest(left[k], right[k]) for k in left), default=0.0)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return max((furthest(a, b) for a, b in zip(left, right, strict=True)), default=0.0)
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) / max(abs(left), abs(right), 1e-300) if left != right else 0.0
    return 0.0 if left == right else math.inf


def peak_of(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return the peak resident memory of a process and of its children (MB), read ten times a second until it ends."""
    import psutil

    peaks = [0.0, 0.0]

    def watch() -> None:
        while process.poll() is None:
            try:
                own = psutil.Process(process.pid)
                children = own.children(recursive=True)
                sizes = [own.memory_info().rss, sum(child.memory_info().rss for child in children)]
                for i, size in enumerate(sizes):
                    peaks[i] = max(peaks[i], size / 1e6)
            except psutil.Error:
                pass
            time.sleep(0.1)

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    return peaks[0], peaks[1]


def main() -> None:
    """Run the steps, each in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--spark", default="local-cluster[2,1,1024]")
    parser.add_argument("--steps", default="make,collect,duckdb,spark,merge,duckdb,spark,check")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    typed = parser.parse_args()
    if typed.step:
        run = {
            "make": lambda: make(typed.folder / "recordings", typed.devices),
            "collect": lambda: collect(typed.folder, typed.devices),
            "merge": lambda: merge(typed.folder, typed.devices),
            "duckdb": lambda: ask(typed.folder, "duckdb", None),
            "spark": lambda: ask(typed.folder, "spark", typed.spark),
            "check": lambda: check(typed.folder, typed.devices),
        }[typed.step]
        print(json.dumps(run()))
        return
    for step in typed.steps.split(","):
        begun = time.monotonic()
        command = [
            sys.executable,
            __file__,
            str(typed.folder),
            "--devices",
            str(typed.devices),
            "--spark",
            typed.spark,
            "--step",
            step,
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        own, children = peak_of(process)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = process.stdout.read().strip().splitlines() if process.stdout else []
        told = json.loads(said[-1]) if said and not process.returncode else {"status": process.returncode}
        line = {
            "devices": typed.devices,
            "step": step,
            "seconds": round(time.monotonic() - begun, 1),
            "processor_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
            "mb": round(own),
            "children_mb": round(children),
        }
        print(json.dumps({**line, **told}), flush=True)


if __name__ == "__main__":
    main()
