"""Recordings of boards that are not there, written in milliseconds: for tests, lessons and trying reports.

`simulate_run("pi4.power", "pi-4", Run(model="baseline"))` writes what a meter on the 5 V input of such a board
would have seen: idle, a warm-up, inferences as events.  The numbers are the course's own for the means
under load (2 A, 0.571 A and 0.154 A at 5 V) and plausible elsewhere; none was measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.recording.writer import Writer
from powermeter.result import Grade

NS = 1_000_000_000
SUPPLY = 0.82
"""Efficiency of the simulated power supply."""

VOLTS, VOLT_STEP, AMPERE_STEP = 5.0, 1e-3, 1e-4
START_NS = 1_000 * NS
START_UTC_NS = 1_709_251_200 * NS
"""2024-03-01T00:00Z, when every simulated run starts unless set otherwise."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board at 5 V.

    Attributes:
        title: As printed.
        idle_a, busy_a: Mean currents.
        latency_s: Of one inference of the baseline model.
    """

    title: str
    idle_a: float
    busy_a: float
    latency_s: float


BOARDS: Mapping[str, Board] = {
    "jetson-nano": Board("NVIDIA Jetson Nano", 0.40, 2.0, 0.05),
    "pi-4": Board("Raspberry Pi 4", 0.34, 0.571, 0.25),
    "pi-zero-w": Board("Raspberry Pi Zero W", 0.08, 0.154, 1.6),
    "laptop": Board("laptop", 1.2, 5.0, 0.02),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a simulated run differs in.

    Attributes:
        model: Attribute of the events.
        speed: How much faster than the baseline an inference is.
        inferences: Number of events, each of `batch` items.
        idle_s: Before and after.
        rate_hz: Of the meter.
        gain: Stated gain limit of the meter (relative).
        label: Of the events.
        extra_a: Current of something else that runs all the time: a background job, a lit screen.
        idle_event: Whether the idle stretch before is an event `idle`.
        wall: Whether a plug meter that shows 0.1 W once a second watches the power supply as well.
        start_utc_ns: Wall clock at the start.
        seed: Of the noise.
        attributes: Of the run.
    """

    model: str = "baseline"
    speed: float = 1.0
    inferences: int = 60
    idle_s: float = 5.0
    rate_hz: float = 200.0
    gain: float = 0.005
    label: str = "infer"
    batch: int = 1
    extra_a: float = 0.0
    idle_event: bool = False
    wall: bool = False
    start_utc_ns: int = START_UTC_NS
    seed: int = 1
    attributes: Mapping[str, Any] = field(default_factory=dict)


def simulate_run(path: str | Path, board: str, run: Run | None = None, *, force: bool = False) -> Path:
    """Write one simulated recording: idle before, inferences (the first two warm up), idle after.

    Args:
        path: Of the recording.
        board: A name of `BOARDS`.
        run: What it differs in from the usual one.
        force: Whether an existing file is replaced.

    Raises:
        ConfigurationError: There is no such board.
        ExistsError: The file exists and `force` is False.
    """
    run = run or Run()
    if board not in BOARDS:
        raise ConfigurationError(f"no simulated board {board!r}; there are {', '.join(BOARDS)}")
    kind = BOARDS[board]
    generator = np.random.default_rng(run.seed)
    latency = kind.latency_s / run.speed * run.batch
    lengths = latency * (1 + 0.02 * generator.standard_normal(run.inferences))
    lengths[:2] *= 1.6  # warm-up: caches, clocks
    edges = run.idle_s + np.concatenate([[0.0], np.cumsum(lengths)])
    whole_s = float(edges[-1]) + run.idle_s
    times = np.arange(0.0, whole_s, 1 / run.rate_hz)
    busy = (times >= edges[0]) & (times < edges[-1])
    amps = (
        np.where(busy, kind.busy_a, kind.idle_a) * (1 + 0.01 * generator.standard_normal(times.size))
        + run.extra_a
    )
    volts = VOLTS + 0.002 * generator.standard_normal(times.size)
    codes = np.stack([np.round(volts / VOLT_STEP), np.round(amps / AMPERE_STEP)], axis=1).astype(np.int64)
    metadata = {
        "host": {"board": kind.title, "cpu": "simulated"},
        "attributes": {"model": run.model, "board": board, **dict(run.attributes or {})},
        "simulated": True,
        "clock": "monotonic",
    }
    path = Path(path)
    with Writer.create(path, metadata, force=force) as writer:
        source = writer.add_source("virtual://", f"{board} input", "virtual", channels(kind.title, run.gain))
        times_ns = START_NS + np.round(times * NS).astype(np.int64)
        writer.append(source, times_ns, codes)
        for at in (START_NS, int(times_ns[-1])):
            writer.add_clock_pair(at, run.start_utc_ns + at - START_NS)
        if run.wall:
            plug = writer.add_source("virtual://plug", f"{board} plug", "virtual", [_plug(kind.title)])
            step = round(run.rate_hz)
            seconds = (amps * VOLTS)[: times.size // step * step].reshape(-1, step).mean(axis=1)
            writer.append(
                plug,
                times_ns[step - 1 :: step][: seconds.size],
                np.round(seconds / SUPPLY / 0.1).astype(np.int64),
            )
        if run.idle_event:
            writer.add_event(
                Event("idle", START_NS, START_NS + int(run.idle_s * NS), process=1, thread=1, uid=0)
            )
        writer.add_events(
            Event(
                run.label,
                START_NS + int(begin * NS),
                START_NS + int(end * NS),
                process=1,
                thread=1,
                uid=number,
                count=run.batch,
                attributes={"model": run.model, "batch": run.batch},
            )
            for number, (begin, end) in enumerate(pairwise(edges.tolist()), start=1)
        )
    return path


def channels(board: str, gain: float) -> list[Channel]:
    """Return voltage and current of a meter on the board's 5 V input."""
    rail = Rail(
        "input",
        boundary=Boundary.BOARD,
        covers=f"everything the {board} draws at its 5 V input",
        nominal_v=VOLTS,
    )
    stated = "simulated meter"
    return [
        Channel(
            "voltage",
            Quantity.VOLTAGE,
            VOLT_STEP,
            rail,
            grade=Grade.SIMULATED,
            accuracy=Accuracy(gain=gain / 5, step=VOLT_STEP, source=stated),
        ),
        Channel(
            "current",
            Quantity.CURRENT,
            AMPERE_STEP,
            rail,
            grade=Grade.SIMULATED,
            accuracy=Accuracy(gain=gain, step=AMPERE_STEP, source=stated),
        ),
    ]


def _plug(board: str) -> Channel:
    rail = Rail("plug", boundary=Boundary.WALL, covers=f"the {board} and its power supply")
    return Channel(
        "power",
        Quantity.POWER,
        0.1,
        rail,
        kind=Kind.MEAN,
        grade=Grade.SIMULATED,
        accuracy=Accuracy(gain=0.01, step=0.1, source="simulated plug meter"),
    )
