"""Thirty loads and instruments that nobody here designed for: do the stated 95 % intervals hold their truth?

    python benchmarks/unseen_loads.py [--trials 60] [--seed 1] [NAME ...]

The truth is a power on a fine grid, summed; every instrument is written here; nothing is shared with the
analysis or with `powermeter.testing`.  Prints a row for each question: how often it held, how often those
that are graded measured or derived did, the median half-width and that over what is needed (2 rms errors),
and the share that got no number or a bound graded estimated.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from powermeter import DataError, Event, Recording, analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.cli import cli
from powermeter.recording import Writer

NS = 10**9
FOLDER = Path(tempfile.mkdtemp())
Array = Any
Span = tuple[str, float, float]
Said = tuple[str, float, Any]
Rng = np.random.Generator


class Load:
    """A power in W on a grid of `dt` seconds."""

    def __init__(self, watts: Array, dt: float = 5e-4) -> None:
        self.watts, self.dt = np.maximum(watts, 0.0), dt
        self.end = self.watts.size * dt
        self.joules = np.concatenate([[0.0], np.cumsum(self.watts) * dt])

    def at(self, times: Array) -> Array:
        """Return the power at some moments."""
        return self.watts[np.clip((np.asarray(times) / self.dt).astype(int), 0, self.watts.size - 1)]

    def between(self, start: Array, end: Array) -> Array:
        """Return the energy between moments."""
        grid = np.arange(self.joules.size) * self.dt
        return np.interp(end, grid, self.joules) - np.interp(start, grid, self.joules)


def blank(seconds: float, idle: float, dt: float = 5e-4) -> Array:
    return np.full(int(seconds / dt), idle)


def put(watts: Array, start: float, end: float, level: Array, dt: float = 5e-4) -> None:
    """Add a level, or a function of the place from 0 to 1, to a stretch."""
    part = slice(round(start / dt), round(end / dt))
    size = watts[part].size
    watts[part] += level((np.arange(size) + 0.5) / max(size, 1)) if callable(level) else level


def spans(
    rng: Rng, n: int, length: tuple[float, float], pause: tuple[float, float], lead: float = 2.0
) -> tuple[list[Span], float]:
    """Return n events of random lengths and pauses, and when the load ends."""
    lengths, pauses = rng.uniform(*length, n), rng.uniform(*pause, n)
    starts = lead + np.concatenate([[0.0], np.cumsum(lengths + pauses)[:-1]])
    found = [("e", round(float(a), 3), round(float(a + d), 3)) for a, d in zip(starts, lengths, strict=True)]
    return found, found[-1][2] + lead


def busy(
    rng: Rng,
    n: int,
    length: tuple[float, float],
    pause: tuple[float, float],
    shape: Any,
    idle: float = 1.2,
    vary: float = 0.05,
    lead: float = 2.0,
) -> tuple[Load, list[Span]]:
    """Return a load of events of one shape (W above idle over the place in the event), and those events."""
    events, end = spans(rng, n, length, pause, lead)
    watts = blank(end, idle)
    for _, a, b in events:
        factor = max(0.2, 1 + vary * rng.standard_normal())
        put(watts, a, b, lambda u, f=factor: f * (shape(u) if callable(shape) else shape + 0 * u))
    return Load(watts), events


def telegraph(rng: Rng, watts: Array, start: float, end: float, low: float, high: float, hold: float) -> None:
    """Add a load that switches between two levels after exponential times."""
    up = bool(rng.integers(2))
    while start < end:
        stop = min(end, start + rng.exponential(hold))
        put(watts, start, stop, high if up else low)
        start, up = stop, not up


def ticks(rng: Rng, load: Load, rate: float, *, vary: bool = False, start: float = 0.0) -> Array:
    """Return moments of reading: on a grid of any phase, or one at random in each interval."""
    k = np.arange(int((load.end - start) * rate) - 1)
    return start + (k + (rng.uniform(size=k.size) if vary else rng.uniform())) / rate


def power(kind: Kind = Kind.INSTANT, scale: float = 1e-5, window_ns: int = 0, **accuracy: Any) -> Channel:
    more = {"window_ns": window_ns} if window_ns else {}
    return Channel("in.power", Quantity.POWER, scale, Rail("IN"), kind, accuracy=Accuracy(**accuracy), **more)


def save(name: str, columns: Sequence[tuple[Channel, Array]], times: Array, events: Sequence[Span]) -> Path:
    """Write a recording of what an instrument showed."""
    path = FOLDER / f"{name}.power"
    path.unlink(missing_ok=True)
    codes = np.column_stack([np.rint(v / c.scale).astype(np.int64) for c, v in columns])
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://m", "m", "sim", [c for c, _ in columns], {"serial": "1"})
        writer.append(source, np.rint(times * NS).astype(np.int64), codes, None)
        writer.add_events(
            [
                Event(n, round(a * NS), round(b * NS), process=1, uid=i + 1)
                for i, (n, a, b) in enumerate(events)
            ]
        )
    return path


def imported(name: str, times: Array, values: Array, events: Sequence[Span], *options: str) -> Path:
    """Let a log be imported as a user does."""
    log, marks, path = (FOLDER / f"{name}{end}" for end in (".csv", ".events.csv", ".power"))
    log.write_text(
        "time_s,power_w\n" + "".join(f"{t:.4f},{v:.3f}\n" for t, v in zip(times, values, strict=True))
    )
    ask = ["import", str(log), "-o", str(path), "--force", "--accuracy", "0.05%", "--grade", "measured"]
    if events:
        marks.write_text("start,end,name\n" + "".join(f"{a:.4f},{b:.4f},{n}\n" for n, a, b in events))
        ask += ["--events", str(marks)]
    done = CliRunner().invoke(cli, [*ask, *options])
    if done.exit_code:
        raise RuntimeError(done.output.strip()[-200:])
    return path


def instant(
    rng: Rng, load: Load, rate: float, *, vary: bool = False, noise: float = 0.01
) -> tuple[Array, Array]:
    times = ticks(rng, load, rate, vary=vary)
    return times, load.at(times) + rng.normal(0, noise, times.size)


def mean(rng: Rng, load: Load, rate: float, noise: float = 0.005, window: float = 0.0) -> tuple[Array, Array]:
    window = window or 1 / rate
    times = ticks(rng, load, rate, start=window)
    return times, load.between(times - window, times) / window + rng.normal(0, noise, times.size)


def counted(rng: Rng, load: Load, rate: float, step: float) -> tuple[Channel, Array, Array]:
    times = ticks(rng, load, rate)
    channel = Channel(
        "in.energy", Quantity.ENERGY, step, Rail("IN"), Kind.COUNTER, accuracy=Accuracy(step=step)
    )
    return channel, times, np.floor(load.between(0 * times, times) / step + rng.uniform()) * step


def stated(path: Path, load: Load, events: Sequence[Span], only: str = "run label single") -> list[Said]:
    """Return what is stated of run, labels and up to twelve single events, with the truth of each."""
    with Recording.open(path) as recording:
        found = analyse(recording)
        shift = 0.0
        if events and found.events:
            shift = min(e.start_ns for e in found.events) / NS - min(e[1] for e in events)
        said: list[Said] = []
        if "run" in only:
            span = (found.start_ns / NS - shift, found.end_ns / NS - shift)
            said.append(("run", float(load.between(*span)), found.energy))
        for row in found.rows:
            some = [found.events[i] for i in row.index]
            joules = [float(load.between(e.start_ns / NS - shift, e.end_ns / NS - shift)) for e in some]
            if "label" in only:
                said.append(("label", float(np.mean(joules)), row.energy_per_item))
            for j in range(0, len(some), max(1, len(some) // 12)) if "single" in only else ():
                i = int(row.index[j])
                said.append(
                    ("single", joules[j], found.energies.result(i) if found.energies.known[i] else None)
                )
    return said


Scene = Callable[[Rng], Sequence[Said]]
SCENES: dict[str, tuple[str, Scene]] = {}


def scene(name: str, text: str) -> Callable[[Scene], Scene]:
    def keep(trial: Scene) -> Scene:
        SCENES[name] = (text, trial)
        return trial

    return keep


@dataclass
class Figure:
    """What was stated of one quantity over the trials."""

    held: list[float] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    grades: Counter[str] = field(default_factory=Counter)
    declined: int = 0
    trials: int = 0

    def add(self, said: Sequence[Said]) -> None:
        """Add what one trial stated of it."""
        self.trials += 1
        held, sure = [], []
        for _, truth, result in said:
            if isinstance(result, bool):
                held.append(result)
            elif result is None or not math.isfinite(result.value):
                self.grades["none"] += 1
                continue
            else:
                held.append(bool(result.low <= truth <= result.high))
                self.grades[result.grade.value] += 1
                self.half.append((result.high - result.low) / 2 / abs(truth))
                self.error.append((result.value - truth) / abs(truth))
            if isinstance(result, bool) or result.grade.value in ("measured", "derived"):
                sure.append(held[-1])
        self.held += [float(np.mean(held))] if held else []
        self.sure += [float(np.mean(sure))] if sure else []
        self.declined += not sure

    def text(self) -> str:
        """Return its row."""
        sure = f"{np.mean(self.sure):.0%}" if self.sure else "–"
        if not self.held:
            return "| – | – | – | – | 100 % | none |"
        if not self.half:
            return f"| {np.mean(self.held):.0%} | {sure} | – | – | – | – |"
        half, rms = float(np.median(self.half)), math.sqrt(float(np.mean(np.square(self.error))))
        reach = f"±{half:.2%}" if math.isfinite(half) else "at least"
        grades = ", ".join(f"{g} {n / self.grades.total():.0%}" for g, n in self.grades.most_common(2))
        width = f"{half / (2 * rms):.1f}" if rms and math.isfinite(half) else "–"
        bias = f"{float(np.mean(self.error)):+.2%}"
        return f"| {np.mean(self.held):.0%} | {sure} | {reach} (bias {bias}) | {width} | {self.declined / self.trials:.0%} | {grades} |"


def tried(name: str, trials: int, seed: int) -> Iterator[str]:
    """Yield the rows of one scenario."""
    text, trial = SCENES[name]
    figures: dict[str, Figure] = {}
    refused, begun, problem = 0, time.monotonic(), ""
    for i in range(trials):
        try:
            said = trial(np.random.default_rng([seed, *name.encode(), i]))
        except DataError as error:
            refused, problem = refused + 1, f"refused: {error}"
            continue
        for what in {s[0] for s in said}:
            figures.setdefault(what, Figure()).add([s for s in said if s[0] == what])
    for what, figure in sorted(figures.items()):
        yield f"| {name} {text} | {what} {figure.text()}"
    if refused:
        yield f"| {name} {text} | {refused} of {trials} refused | {problem[:120]} |"
    yield f"<!-- {name}: {time.monotonic() - begun:.0f} s -->"
