"""A recorder on a shelf: is memory flat, is latency flat, is every reading there, is the file as large as promised?

    python benchmarks/soak.py life [--speed 100]       26 h of a Pi Zero W, played back at 100x: 16 minutes
    python benchmarks/soak.py sources [--minutes 60]   four sources at 1 kHz, 100 Hz, 10 Hz and 100 kHz

`life` writes 26 hours of one reading in 0.1 s (idle at 0.6 W, an inference of 2 s at 1.4 W each 10 s by day, a radio's burst each
five minutes, asleep at 0.1 W by night), plays them back through the real recorder and marks each inference as it comes by.  What is
played back must arrive to the last code.  `sources` reads three simulated meters and plays a 100 kHz trace back; a constant load's
energy and the number of readings are known.  Every line is a tenth of the run: resident memory of program and recorder, the time
to enter and leave an event, how far the file is behind, processor time.  Status 1 where something is missing or grows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import powermeter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer

HOURS, RATE_HZ, EACH_S, INFERENCE_S = 26, 10, 10, 2.0
FAST_HZ = 100_000
GROWTH_MB, BYTES_A_READING = 6.0, 4.0
CHANNELS = (
    Channel("voltage", Quantity.VOLTAGE, 1e-3, Rail("VIN", nominal_v=5.0)),
    Channel("current", Quantity.CURRENT, 1e-5, Rail("VIN", nominal_v=5.0)),
)
Codes = NDArray[np.int64]


def write(path: Path, rows: int, rate_hz: int, watts: NDArray[np.float64]) -> None:
    """Write a recording of a load at 5 V with 0.2 % of noise, the load repeated as often as it takes."""
    random = np.random.default_rng(1)
    with Writer.create(path, {"clock": "monotonic"}, force=True) as writer:
        source = writer.add_source("x://", "meter", "x", CHANNELS)
        for first in range(0, rows, 1 << 17):
            at = np.arange(first, min(first + (1 << 17), rows))
            load = watts[at % len(watts)] * (1 + random.normal(0, 0.002, len(at)))
            codes = np.stack([5000 - np.round(load * 20), np.round(load / 5 / 1e-5)], axis=1)
            writer.append(source, at * (10**9 // rate_hz) + 10**12, codes.astype(np.int64))


def life() -> NDArray[np.float64]:
    """Return the watts of 26 hours of a Pi Zero W, one value in 0.1 s; asleep from hour 18 to hour 24."""
    seconds = np.arange(HOURS * 3600 * RATE_HZ) / RATE_HZ
    watts = np.full(len(seconds), 0.6)
    watts[seconds % EACH_S < INFERENCE_S] = 1.4
    watts[seconds % 300 < 3] += 0.35
    asleep = (seconds >= 18 * 3600) & (seconds < 24 * 3600)
    watts[asleep] = 0.1
    return watts


def resident_mb(process: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_s(process: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def recorders() -> list[int]:
    """Return the processes that this one started."""
    return [int(n) for n in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def behind_s(path: Path) -> float:
    """Return how far the newest written reading of the first source is behind now."""
    now = time.monotonic_ns()
    try:
        with Recording.open(path) as recording:
            span = recording.span_ns(recording.sources[0].id)
    except powermeter.DataError:
        return float("nan")
    return (now - span[1]) / 1e9 if span else float("nan")


@dataclass
class Tenth:
    """What was seen in a tenth of a run."""

    own_mb: list[float] = field(default_factory=list)
    recorder_mb: list[float] = field(default_factory=list)
    enter_us: list[float] = field(default_factory=list)
    behind_s: list[float] = field(default_factory=list)
    recorder_s: float = 0.0

    def line(self, number: int, length_s: float) -> str:
        """Return its row of the table."""
        marks = np.array(self.enter_us or [np.nan])
        return (
            f"| {number} | {statistics.median(self.own_mb):.1f} | {statistics.median(self.recorder_mb):.1f}"
            f" | {np.median(marks):.1f} | {np.percentile(marks, 99):.0f}"
            f" | {np.nanmedian(self.behind_s):.2f} | {100 * self.recorder_s / length_s:.1f} |"
        )


def watch(meter: powermeter.Meter, path: Path, length_s: float, each_s: float) -> tuple[list[Tenth], int]:
    """Mark an event each `each_s` for a while and return what was seen, tenth by tenth, and how many events."""
    (recorder,) = recorders()
    tenths = [Tenth() for _ in range(10)]
    start, count, looked = time.monotonic(), 0, 0.0
    spent = processor_s(recorder)
    print(
        "| tenth | program, MB | recorder, MB | event, µs | 99 % | file behind, s | recorder, % of a core |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    shown = 0
    while (elapsed := time.monotonic() - start) < length_s:
        number = min(9, int(10 * elapsed / length_s))
        tenth = tenths[number]
        if number > shown:
            spent = close_tenth(tenths, shown, recorder, spent, length_s)
            shown = number
        begun = time.perf_counter()
        with meter.event("infer"):
            inside = time.perf_counter()
            time.sleep(0.2 * each_s)
            left = time.perf_counter()
        tenth.enter_us.append((inside - begun + time.perf_counter() - left) * 1e6)
        count += 1
        if elapsed - looked > length_s / 200:
            looked = elapsed
            tenth.own_mb.append(resident_mb(os.getpid()))
            tenth.recorder_mb.append(resident_mb(recorder))
            tenth.behind_s.append(behind_s(path))
        time.sleep(max(0.0, start + count * each_s - time.monotonic()))
    close_tenth(tenths, shown, recorder, spent, length_s)
    return tenths, count


def close_tenth(tenths: list[Tenth], shown: int, recorder: int, spent: float, length_s: float) -> float:
    """Print a tenth that is over; return the recorder's processor time at its end."""
    now = processor_s(recorder)
    tenths[shown].recorder_s = now - spent
    print(tenths[shown].line(shown + 1, length_s / 10), flush=True)
    return now


def flat(tenths: list[Tenth]) -> list[str]:
    """Return what grew from the second tenth (the first one warms up) to the last one."""
    found = []
    for name in ("own_mb", "recorder_mb"):
        early, late = (statistics.median(getattr(tenths[i], name)) for i in (1, 9))
        if late - early > GROWTH_MB:
            found.append(f"{name}: {early:.1f} MB in the second tenth, {late:.1f} in the last")
    return found


def columns(path: Path, source: int) -> Iterator[Codes]:
    """Yield the codes of all channels of a source, piece by piece."""
    with Recording.open(path) as recording:
        names = [channel.name for channel in recording.source(source).channels]
        for piece in recording.stream(source):
            yield np.stack([piece.codes[name] for name in names], axis=1)


def first_difference(wanted: Iterator[Codes], found: Iterator[Codes], rows: int) -> str:
    """Return where two streams of codes differ first, within the first so many rows; nothing where they do not."""
    left = right = np.zeros((0, 2), np.int64)
    done = 0
    while done < rows:
        if not len(left):
            left = next(wanted, left)
        if not len(right):
            right = next(found, right)
        count = min(len(left), len(right), rows - done)
        if not count:
            return f"only {done} of {rows} rows"
        if not np.array_equal(left[:count], right[:count]):
            return f"another code within rows {done} to {done + count}"
        left, right, done = left[count:], right[count:], done + count
    return ""


def report(path: Path, events: int, problems: list[str]) -> int:
    """Print what the file holds and what is wrong; return the status."""
    with Recording.open(path) as recording:
        kept = recording.event_table()
        if len(kept) != events:
            problems.append(f"{len(kept)} events of {events}")
        readings = sum(recording.count(s.id) * len(s.channels) for s in recording.sources)
        for source in recording.sources:
            gaps = recording.gaps(source.id)
            span = recording.span_ns(source.id) or (0, 0)
            print(
                f"{source.name}: {recording.count(source.id)} rows over {(span[1] - span[0]) / 1e9:.1f} s, "
                f"{len(gaps)} gaps with {sum(gap.lost or 0 for gap in gaps)} readings lost"
            )
        if recording.warnings:
            problems.extend(recording.warnings)
    size = path.stat().st_size
    print(f"{events} events, {size / 1e6:.1f} MB, {size / max(1, readings):.2f} bytes a reading")
    if size / max(1, readings) > BYTES_A_READING:
        problems.append("more bytes a reading than promised")
    print("\n".join(problems) or "exact and flat")
    return 1 if problems else 0


def run_life(folder: Path, speed: float) -> int:
    """Play 26 hours back and compare every code."""
    played, path = folder / "life.power", folder / "run.power"
    watts = life()
    write(played, len(watts), RATE_HZ, watts)
    with powermeter.Meter(f"replay://{played}?speed={speed:g}", path=path, battery="1Ah") as meter:
        tenths, events = watch(meter, path, HOURS * 3600 / speed + 2, EACH_S / speed)
    problems = flat(tenths)
    if meter.problem:
        problems.append(meter.problem)
    different = first_difference(columns(played, 1), columns(path, 1), len(watts))
    if different:
        problems.append(different)
    return report(path, events, problems)


def missed(recording: Recording, source: int) -> int:
    """Return how many intervals the recorder counted as let pass by a busy machine."""
    notes = [note for note in recording.facts("recorder") if "sources" in note]
    return int(notes[-1]["sources"][str(source)]["missed"]) if notes else 0


def run_sources(folder: Path, minutes: float) -> int:
    """Read four sources at once; check readings, gaps, a known energy, and the fast trace to the last code."""
    played, path = folder / "fast.power", folder / "run.power"
    rows = int(FAST_HZ * (60 * minutes + 120))
    write(played, rows, FAST_HZ, np.where(np.arange(1 << 16) < (1 << 15), 1.0, 5.0))
    virtual = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate={rate}&name={name}"
    urls = [
        virtual.format(rate="1kHz", name="thousand"),
        virtual.format(rate="100Hz", name="hundred"),
        virtual.format(rate="10Hz", name="ten"),
        f"replay://{played}?name=fast",
    ]
    with powermeter.Meter(*urls, path=path) as meter:
        tenths, events = watch(meter, path, 60 * minutes, 0.1)
    problems = flat(tenths)
    if meter.problem:
        problems.append(meter.problem)
    with Recording.open(path) as recording:
        for number, rate in ((1, 1000), (2, 100), (3, 10)):
            span = recording.span_ns(number) or (0, 0)
            lost = missed(recording, number)
            wanted = (span[1] - span[0]) / 1e9 * rate + 1
            have = recording.count(number) + lost
            print(f"{rate} Hz: {have} rows kept or counted as missed, {wanted:.0f} asked for")
            if abs(have - wanted) > 3:
                problems.append(f"{rate} Hz: {wanted - have:+.0f} rows are neither kept nor counted")
            for piece in recording.stream(number):
                if any(
                    len(set(np.unique(piece.codes[c.name]))) > 1 for c in recording.source(number).channels
                ):
                    problems.append(f"{rate} Hz: a constant load has several codes")
                    break
        fast = recording.count(4)
    different = first_difference(columns(played, 1), columns(path, 4), fast)
    if different:
        problems.append(f"fast: {different}")
    return report(path, events, problems)


def main() -> int:
    """Run one of both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("life", "sources"))
    parser.add_argument("--speed", type=float, default=100.0)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.what == "life":
            return run_life(Path(folder), arguments.speed)
        return run_sources(Path(folder), arguments.minutes)


if __name__ == "__main__":
    sys.exit(main())
