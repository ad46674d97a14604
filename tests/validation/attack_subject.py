"""All contact of the interval attack with this package: name this file in `TRUTH_ATTACK_SUBJECT`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from powermeter import Recording, analyse, compare
from powermeter.analysis.repeat_loop import LoopLimits, RepeatLoop, World
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.comparison.verdict import Verdict
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.source import Gap

__all__ = [
    "Accuracy",
    "Answer",
    "Channel",
    "DataError",
    "Gap",
    "Grade",
    "Kind",
    "Quantity",
    "Rail",
    "above_baseline",
    "answer",
    "comparison",
    "power_trace",
    "repeat",
    "repeats_needed",
    "save",
]

NS = 1_000_000_000


@dataclass
class Answer:
    """What the package states about a recording; a result has value, low, high (J) and grade, or is None.

    Attributes:
        starts, ends: Of the events in s, shape (n,), in the order that `single` counts.
        run: Result of the whole recording; start, end: its span in s.
        labels: For each label: the indices of its events, those whose energy is known, the result per item,
            and whether single events are stated.
        totals: Label → result of all its events.
    """

    starts: Any
    ends: Any
    run: Any
    start: float
    end: float
    labels: list[tuple[Any, Any, Any, bool]]
    totals: dict[str, Any]
    single: Any


def save(
    path: Path,
    channels: Sequence[Channel],
    codes: Any,
    times_ns: Any,
    flags: Any,
    gaps: Iterable[Gap],
    events: Iterable[tuple[str, float, float]],
) -> None:
    """Write a recording: one source, integer codes of shape (n, channels), events as (label, start s, end s)."""
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://meter", "meter", "sim", list(channels), {"serial": "A1"})
        writer.append(source, times_ns, codes, flags)
        writer.add_events(
            [
                Event(name, round(a * NS), round(b * NS), process=1, uid=i + 1)
                for i, (name, a, b) in enumerate(events)
            ]
        )
        for gap in gaps:
            writer.add_gap(source, gap)


def answer(path: Path, **options: Any) -> Answer:
    """Analyse a recording."""
    with Recording.open(path) as recording:
        found = analyse(recording, **options)
        known = found.energies.known

        def single(i: int) -> Any:
            return found.energies.result(i) if known[i] else None

        return Answer(
            np.array([e.start_ns for e in found.events]) / NS,
            np.array([e.end_ns for e in found.events]) / NS,
            found.energy,
            found.start_ns / NS,
            found.end_ns / NS,
            [
                (r.index, r.index[known[r.index]], r.energy_per_item, r.method != "regression")
                for r in found.rows
            ],
            {r.label: r.energy for r in found.rows},
            single,
        )


def above_baseline(path: Path, label: str, start_ns: int, end_ns: int) -> Any:
    """Return a label's energy per item above the mean power of a window."""
    with Recording.open(path) as recording:
        return analyse(recording, baseline=(start_ns, end_ns)).row(label).above_per_item


def comparison(a: Path, b: Path) -> tuple[Any, bool]:
    """Return the ratio of the first label's energies (a result), and whether a difference of the programs is claimed."""
    found = compare(a, b).rows[0].contrast
    return found.ratio, found.verdict in (Verdict.LESS, Verdict.MORE)


def repeats_needed(path: Path) -> tuple[int | None, Any]:
    """Return how many more repeats are said to bring the first label's mean to ±5 %, and that mean now."""
    with Recording.open(path) as recording:
        row = analyse(recording).rows[0]
        return row.verdict.repeats_needed, row.energy_per_item


def repeat(joules: Any, precision: float) -> tuple[float, float, float] | None:
    """Let the loop behind `meter.repeat` run over given energies, 10 ms each; return mean, low, high where it settled."""
    ticks = (i * 10_000_000 for i in count())
    meter: Any = SimpleNamespace(event=lambda *_, **__: nullcontext())
    world = World(read=lambda a, b: joules[: a.size], clock_ns=lambda: next(ticks), sleep=lambda s: None)
    steps = RepeatLoop(
        meter, "infer", precision=precision, limits=LoopLimits(1e9, most=joules.size), world=world
    )
    for _ in steps:
        pass
    found = steps.settled
    if found is None or not np.isfinite(found.half_width):
        return None
    return found.mean, found.low, found.high


def power_trace(log: Path, folder: Path) -> tuple[Any, Any, str]:
    """Import a real log; return stamps (s from the first), powers (W) and the kind of reading: instant or mean."""
    path = folder / "trace.power"
    done = subprocess.run(
        [sys.executable, "-m", "powermeter", "import", str(log), "-o", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{log.name}: {done.stderr.strip()}")
    with Recording.open(path) as recording:
        found = analyse(recording).power_trace
        return (found.times_ns - found.times_ns[0]) * 1e-9, found.values, found.kind.value
