"""What an hour at 1 kHz of voltage and current costs on disk, and to read.

    python benchmarks/storage.py [--minutes 60] [--events 100000] [--keep FILE]

Written as the recorder writes it, in half-second chunks.  Beside it: the same numbers as CSV, which most
loggers write, and as an uncompressed numpy file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from powermeter import registry
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.report_data import gather

RATE_HZ = 1000
CHUNK = RATE_HZ // 2
START_NS = 5 * 10**12


def make(seconds: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return stamps with the jitter of a real recorder and the codes of a noisy, switching load.

    Voltage in mV with 2 codes of noise; current in 10 µA steps, 1 W and 5 W at 5 V, with 0.2 % of noise, as an
    INA228 or a virtual:// gives them.
    """
    random = np.random.default_rng(1)
    n = seconds * RATE_HZ
    times = START_NS + np.arange(n) * 1_000_000 + random.normal(0, 15_000, n).astype(np.int64)
    times = np.maximum.accumulate(times // 1000 * 1000)
    high = np.sin(np.arange(n) / 700) > 0
    current = np.where(high, 100_000, 20_000) * (1 + random.normal(0, 0.002, n))
    voltage = 5000 - current / 10_000 + random.normal(0, 2, n)
    return times, np.stack([np.round(voltage), np.round(current)], axis=1).astype(np.int64)


def write(path: Path, times: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], events: int) -> None:
    """Write them as the recorder would, with events spread over them."""
    source = registry.source("virtual://?rate=1kHz")
    source.open()
    span = int(times[-1] - times[0])
    starts = START_NS + np.linspace(0, span - 20_000_000, events).astype(np.int64)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        identity = writer.add_source("virtual://?rate=1kHz", "meter", "virtual", source.channels)
        for low in range(0, len(times), CHUNK):
            part = slice(low, low + CHUNK)
            writer.append(identity, times[part], codes[part], None, 20_000)
        writer.add_clock_pair(START_NS, 1_700_000_000 * 10**9)
        writer.add_events(
            Event("infer" if i % 2 else "load", int(start), int(start) + 15_000_000, 1, 1, i + 1)
            for i, start in enumerate(starts)
        )


def stored_bytes(path: Path) -> int:
    """Return the bytes the samples alone take: chunks, blocks and levels, without the events."""
    import sqlite3

    connection = sqlite3.connect(path)
    tables = ("chunk", "block", "level", "event")
    try:
        sizes = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
        return sum(size for name, size in sizes.items() if name in tables[:3])
    except sqlite3.OperationalError:  # SQLite was built without dbstat
        rows = connection.execute("SELECT sum(length(data)) FROM block").fetchone()[0]
        rows += connection.execute("SELECT count(*) * 130 FROM chunk").fetchone()[0]
        return int(rows)
    finally:
        connection.close()


def others(folder: Path, times: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> list[tuple[str, float]]:
    """Return the bytes a sample of other ways to keep it, from the first ten minutes."""
    n = min(len(times), 600 * RATE_HZ)
    table = np.column_stack([times[:n] / 1e9, codes[:n, 0] * 1e-3, codes[:n, 1] * 1e-5])
    np.savetxt(folder / "x.csv", table, fmt=("%.6f", "%.3f", "%.5f"), delimiter=",")
    np.save(folder / "x.npy", table)
    found = [
        ("CSV", (folder / "x.csv").stat().st_size / n),
        ("numpy float64", (folder / "x.npy").stat().st_size / n),
    ]
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        return found
    names = ["t", "v", "i"]
    columns = [times[:n], codes[:n, 0].astype(np.int32), codes[:n, 1].astype(np.int32)]
    parquet.write_table(
        arrow.table(dict(zip(names, columns, strict=True))), folder / "x.parquet", compression="zstd"
    )
    return [*found, ("Parquet, zstd, raw codes", (folder / "x.parquet").stat().st_size / n)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="keep the recording here")
    options = parser.parse_args()
    times, codes = make(options.minutes * 60)
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "hour.power"
        start = time.perf_counter()
        write(path, times, codes, options.events)
        print(
            f"written: {len(times):,} samples and {options.events:,} events in {time.perf_counter() - start:.1f} s"
        )
        print(
            f"file {path.stat().st_size / 1e6:.1f} MB; samples {stored_bytes(path) / len(times):.2f} B each (target 4)"
        )
        for name, size in others(Path(folder), times, codes):
            print(f"  as {name}: {size:.1f} B each")
        read(path, codes)


def read(path: Path, codes: np.ndarray[Any, Any]) -> None:
    """Open, integrate and render three times, and print the least of each.

    Processor time beside the clock's tells how much of it was another program's.
    """
    html = registry.load(registry.REPORTS["html"])
    steps: dict[str, list[tuple[float, float]]] = {}
    for _ in range(3):
        marks = [(time.perf_counter(), time.process_time())]
        with Recording.open(path) as recording:
            marks.append((time.perf_counter(), time.process_time()))
            story = gather(recording)
            marks.append((time.perf_counter(), time.process_time()))
            page = html().render(story)
            marks.append((time.perf_counter(), time.process_time()))
        for name, begin, end in (("open", 0, 1), ("integrate", 1, 2), ("render", 2, 3), ("all", 0, 3)):
            spent = (marks[end][0] - marks[begin][0], marks[end][1] - marks[begin][1])
            steps.setdefault(name, []).append(spent)
    rows = story.analysis.rows
    print(
        f"{sum(row.events for row in rows):,} events of {len(rows)} kinds; a page of {len(page) / 1e3:.0f} kB"
    )
    print(f"  {'':12} {'clock':>8} {'processor':>10}   (target: 3 s for all)")
    for name, spent in steps.items():
        print(f"  {name:12} {min(s[0] for s in spent):6.2f} s {min(s[1] for s in spent):8.2f} s")


if __name__ == "__main__":
    main()
