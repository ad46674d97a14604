"""What readings cost to write, to keep, to read and to find, beside JLS, Parquet and CSV.

    python benchmarks/storage.py [--rows 8000000] [--repeats 3] [--folder FOLDER]

Two workloads of a voltage and a current: a recorder at 1 kHz whose stamps jitter, and a meter at 100 kHz whose
stamps are even.  A reading is one value of one channel; stamps come on top.  Time is processor time of this process
(all threads), the least of the repeats, so that another program on the machine does not count.  JLS keeps 32-bit
floats at an even rate and no stamps; the jitter of the first workload is lost there, which is said in the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter import Event
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer, event_batches, file

BLOCK = 1 << 17
START_NS = 5 * 10**12
RAIL = Rail("VIN", nominal_v=5.0)
CHANNELS = (
    Channel("voltage", Quantity.VOLTAGE, 1e-3, RAIL),
    Channel("current", Quantity.CURRENT, 1e-5, RAIL),
)
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Load:
    """Readings to store: stamps and codes of voltage (mV) and current (10 µA)."""

    name: str
    rate_hz: int
    times_ns: Codes
    codes: Codes

    def blocks(self) -> Iterator[tuple[Codes, Codes]]:
        """Yield them as a writer gets them."""
        for first in range(0, len(self.times_ns), BLOCK):
            yield self.times_ns[first : first + BLOCK], self.codes[first : first + BLOCK]

    @property
    def readings(self) -> int:
        """Number of values."""
        return int(self.codes.size)


def load(rows: int, rate_hz: int, jitter_ns: float) -> Load:
    """Return a noisy, switching load: 1 W and 5 W at 5 V, 0.2 % noise, 2 mV of noise on the voltage."""
    random = np.random.default_rng(1)
    step = 10**9 // rate_hz
    times = START_NS + np.arange(rows) * step
    if jitter_ns:
        times = np.maximum.accumulate(
            (times + random.normal(0, jitter_ns, rows).astype(np.int64)) // 1000 * 1000
        )
    high = np.sin(np.arange(rows) / 700) > 0
    current = np.where(high, 100_000, 20_000) * (1 + random.normal(0, 0.002, rows))
    voltage = 5000 - current / 10_000 + random.normal(0, 2, rows)
    name = f"{rate_hz / 1000:g} kHz, {'jittering' if jitter_ns else 'even'} stamps"
    return Load(
        name, rate_hz, times, np.stack([np.round(voltage), np.round(current)], axis=1).astype(np.int64)
    )


# Formats: each writes a load, reads all of it in pieces, and finds a millisecond and an overview -------


class Ours:
    """A recording."""

    name, note = "powermeter", ""
    suffix = ".power"

    def write(self, load: Load, path: Path) -> None:
        with Writer.create(path, {"clock": "monotonic"}) as writer:
            source = writer.add_source("x://", "meter", "x", CHANNELS)
            for times, codes in load.blocks():
                writer.append(source, times, codes)

    def read(self, path: Path) -> int:
        with Recording.open(path) as recording:
            return sum(len(piece) for piece in recording.stream(1))

    def window(self, path: Path, start_ns: int, end_ns: int) -> int:
        with Recording.open(path) as recording:
            return len(recording.slice(1, start_ns, end_ns))

    def overview(self, path: Path) -> int:
        with Recording.open(path) as recording:
            return len(recording.overview(1, 1000))


class Parquet:
    """Apache Parquet, zstd, raw codes as int32, stamps as delta-coded int64, row groups of 131 072."""

    name, note = "Parquet (zstd)", "no overview; a window by row-group statistics"
    suffix = ".parquet"

    def write(self, load: Load, path: Path) -> None:
        import pyarrow as arrow
        from pyarrow import parquet

        schema = arrow.schema([("t", arrow.int64()), ("v", arrow.int32()), ("i", arrow.int32())])
        options: dict[str, Any] = {"compression": "zstd", "use_dictionary": False}
        options["column_encoding"] = dict.fromkeys(("t", "v", "i"), "DELTA_BINARY_PACKED")
        with parquet.ParquetWriter(path, schema, **options) as writer:
            for times, codes in load.blocks():
                columns = [times, codes[:, 0].astype(np.int32), codes[:, 1].astype(np.int32)]
                writer.write_batch(arrow.record_batch(columns, schema=schema))

    def read(self, path: Path) -> int:
        from pyarrow import parquet

        count = 0
        for batch in parquet.ParquetFile(path).iter_batches(BLOCK):
            count += len(batch.column(0).to_numpy()) + 0 * len(batch.column(2).to_numpy())
        return count

    def window(self, path: Path, start_ns: int, end_ns: int) -> int:
        from pyarrow import parquet

        return int(parquet.read_table(path, filters=[("t", ">=", start_ns), ("t", "<=", end_ns)]).num_rows)


class Jls:
    """Joulescope's own format, through its own library: two 32-bit float signals."""

    name, note = "JLS (pyjls)", "32-bit floats, even rate, no stamps"
    suffix = ".jls"

    def write(self, load: Load, path: Path) -> None:
        from pyjls import SignalType, Writer

        with Writer(str(path)) as writer:
            writer.source_def(1, name="meter", vendor="x", model="x", version="1", serial_number="1")
            for signal, (name, units) in enumerate((("voltage", "V"), ("current", "A")), 1):
                writer.signal_def(
                    signal,
                    source_id=1,
                    signal_type=SignalType.FSR,
                    data_type="f32",
                    sample_rate=load.rate_hz,
                    name=name,
                    units=units,
                )
            position = 0
            for times, codes in load.blocks():
                writer.fsr_f32(1, position, (codes[:, 0] * 1e-3).astype(np.float32))
                writer.fsr_f32(2, position, (codes[:, 1] * 1e-5).astype(np.float32))
                position += len(times)

    def read(self, path: Path) -> int:
        from pyjls import Reader

        with Reader(str(path)) as reader:
            total = reader.signals[1].length
            for first in range(0, total, BLOCK):
                for signal in (1, 2):
                    reader.fsr(signal, first, min(BLOCK, total - first))
        return int(total)

    def window(self, path: Path, start_ns: int, end_ns: int) -> int:
        from pyjls import Reader

        with Reader(str(path)) as reader:
            rate = reader.signals[1].sample_rate
            first = int((start_ns - START_NS) * rate / 1e9)
            count = max(1, int((end_ns - start_ns) * rate / 1e9))
            return len(reader.fsr(1, first, count)) + 0 * len(reader.fsr(2, first, count))

    def overview(self, path: Path) -> int:
        from pyjls import Reader

        with Reader(str(path)) as reader:
            total = reader.signals[1].length
            each = max(1, total // 1000)
            return len(reader.fsr_statistics(1, 0, each, 1000)) + 0 * len(
                reader.fsr_statistics(2, 0, each, 1000)
            )


class Csv:
    """Comma-separated text with pandas, a fortieth of the rows."""

    name, note = "CSV (pandas)", "no window and no overview without reading all"
    suffix = ".csv"

    def write(self, load: Load, path: Path) -> None:
        import pandas

        for position, (times, codes) in enumerate(load.blocks()):
            table = pandas.DataFrame({"t": times / 1e9, "v": codes[:, 0] * 1e-3, "i": codes[:, 1] * 1e-5})
            table.to_csv(path, mode="a", header=not position, index=False, float_format="%.6f")

    def read(self, path: Path) -> int:
        import pandas

        return sum(len(part) for part in pandas.read_csv(path, chunksize=BLOCK))


@dataclass
class Row:
    """What was measured of one format: seconds of processor time, bytes."""

    name: str
    note: str
    readings: int
    size: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def least(action: Callable[[], Any], repeats: int) -> float:
    """Return the least processor time of an action in seconds."""
    found = []
    for _ in range(repeats):
        before = time.process_time()
        action()
        found.append(time.process_time() - before)
    return min(found)


def measure(kind: Any, load: Load, folder: Path, repeats: int) -> Row:
    """Write, read, find a millisecond in the middle, and look at the whole."""
    path = folder / f"x{kind.suffix}"
    row = Row(kind.name, kind.note, load.readings)

    def write() -> None:
        path.unlink(missing_ok=True)
        kind.write(load, path)

    row.seconds["write"] = least(write, repeats)
    row.size = path.stat().st_size
    assert kind.read(path) == len(load.times_ns), f"{kind.name} lost rows"
    row.seconds["read"] = least(lambda: kind.read(path), repeats)
    middle = int(load.times_ns[len(load.times_ns) // 2])
    if hasattr(kind, "window"):
        row.seconds["window"] = least(lambda: kind.window(path, middle, middle + 20_000_000), repeats)
    if hasattr(kind, "overview"):
        row.seconds["overview"] = least(lambda: kind.overview(path), repeats)
    path.unlink()
    return row


def limits(load: Load, folder: Path) -> str:
    """Return what the machine can do at best with as many bytes: copy memory, write and read a file, inflate."""
    raw = load.codes.astype(np.int32).tobytes()[: 1 << 27]
    path, size = folder / "raw", len(raw)

    def rate(action: Callable[[], Any]) -> float:
        before = time.perf_counter()
        action()
        return size / 1e6 / (time.perf_counter() - before)

    def write() -> None:
        with path.open("wb") as out:
            out.write(raw)
            os.fsync(out.fileno())

    packed = zlib.compress(raw[: 1 << 24], 1)
    inflated = (1 << 24) / size * rate(lambda: zlib.decompress(packed))
    return (
        f"memory copy {rate(lambda: bytearray(raw)):,.0f} MB/s, write and fsync {rate(write):,.0f} MB/s, "
        f"pread {rate(path.read_bytes):,.0f} MB/s (cached), inflate {inflated:,.0f} MB/s out"
    )


def events(folder: Path, count: int) -> str:
    """Return what an event costs to write and to read back, in microseconds."""
    path = folder / "events.power"
    Writer.create(path, force=True).close()
    random = np.random.default_rng(2)
    starts = np.cumsum(random.integers(900_000, 1_100_000, count)).tolist()
    lengths = random.integers(400_000, 600_000, count).tolist()
    rows = [
        (1, i + 1, None, "infer" if i % 3 else "load", start, start + length, 1, None, 9999)
        for i, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]
    connection = file.open_to_append(path)

    def write() -> None:
        for first in range(0, count, 5000):
            connection.execute("BEGIN IMMEDIATE")
            event_batches.insert(connection, 1, rows[first : first + 5000])
            connection.execute("COMMIT")

    written = least(write, 1)
    connection.close()
    size = path.stat().st_size
    with Recording.open(path) as recording:
        table = least(recording.event_table, 3)
        listed = least(recording.events, 1)
        assert isinstance(recording.events()[0], Event)
    each = 1e6 / count
    return (
        f"{count:,} events: {written * each:.2f} µs each to write, {table * each:.2f} to read as columns, "
        f"{listed * each:.2f} as objects; {size / count:.1f} bytes each"
    )


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, numpy {np.__version__}"
    )
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for made in (load(options.rows, 1000, 15_000.0), load(options.rows, 100_000, 0.0)):
            print(f"\n{made.name}, {made.readings:,} readings ({limits(made, folder)})\n")
            print(
                "| format | write, M readings/s | read, M readings/s | bytes a reading | 20 ms in the middle | overview of 1000 | |"
            )
            print("|---|---|---|---|---|---|---|")
            part = Load(
                made.name, made.rate_hz, made.times_ns[: options.rows // 40], made.codes[: options.rows // 40]
            )
            for kind in (Ours(), Jls(), Parquet(), Csv()):
                try:
                    row = measure(kind, part if isinstance(kind, Csv) else made, folder, options.repeats)
                except ImportError as error:
                    print(f"| {kind.name} | not installed ({error.name}) | | | | | |")
                    continue
                cells = [f"{row.readings / row.seconds[step] / 1e6:.1f}" for step in ("write", "read")]
                cells.append(f"{row.size / row.readings:.2f}")
                for step in ("window", "overview"):
                    cells.append(f"{row.seconds[step] * 1e3:.1f} ms" if step in row.seconds else "–")
                print(f"| {row.name} | {' | '.join(cells)} | {row.note} |", flush=True)
        print(f"\n{events(folder, 1_000_000)}")


if __name__ == "__main__":
    main()
