"""A small recording with a bit of everything, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer, chunk_writing
from powermeter.source import REPEAT, Gap

RAIL = Rail("VIN", boundary=Boundary.BOARD, covers="everything", nominal_v=5.0)
CHANNELS = (
    Channel("vin.voltage", Quantity.VOLTAGE, 1e-3, RAIL, accuracy=Accuracy(gain=0.01, source="a test")),
    Channel("vin.current", Quantity.CURRENT, 1e-5, RAIL),
    Channel("vin.energy", Quantity.ENERGY, 1e-6, RAIL, kind=Kind.COUNTER, wrap=2**32),
)


@dataclass
class Truth:
    """What was written into a recording."""

    path: Path
    times_ns: np.ndarray[Any, Any]
    codes: np.ndarray[Any, Any]
    flags: np.ndarray[Any, Any]
    events: list[Event] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    ticks: list[tuple[int, int]] = field(default_factory=list)


def write(path: Path, chunks: int = 4, each: int = 50, *, close: bool = True) -> Truth:
    """Write a recording of `chunks` × `each` samples with events, a gap, clock pairs and ticks."""
    random = np.random.default_rng(7)
    n = chunks * each
    times = 10**12 + np.cumsum(random.integers(900_000, 1_100_000, n))
    codes = np.stack(
        [
            random.integers(4990, 5010, n),
            random.integers(-200, 90_000, n),
            np.cumsum(random.integers(0, 9, n)),
        ],
        axis=1,
    )
    codes[n // 3, 1] = MISSING
    flags = np.where(random.random(n) < 0.1, REPEAT, 0).astype(np.uint8)
    truth = Truth(path, times, codes, flags)
    first, last = int(times[0]), int(times[-1])
    truth.events = [
        Event(
            "infer",
            first + i * 10**7,
            first + i * 10**7 + 5 * 10**6,
            42,
            1,
            i + 1,
            None,
            8,
            {"model": "tiny"},
            9999,
        )
        for i in range(5)
    ]
    truth.events.append(Event("epoch", last, last, 42, 1, 6, 5))
    truth.gaps = [Gap(first + 10, first + 20, "no answer", "a cable", 3)]
    truth.pairs = [(first, 1_700_000_000 * 10**9), (last, 1_700_000_000 * 10**9 + last - first)]
    truth.ticks = [(0, first), (1000, first + 1_000_000_000)]
    writer = Writer.create(path, {"clock": "monotonic", "host": {"name": "Prüfstand"}})
    source = writer.add_source("virtual://", "meter", "virtual", CHANNELS, {"serial": "A1"})
    with mock.patch.object(chunk_writing, "CHUNK", each):  # real ones hold 65 536 samples
        for start in range(0, n, each):
            part = slice(start, start + each)
            writer.append(source, times[part], codes[part], flags[part], 1500)
    writer.add_events(truth.events)
    for gap in truth.gaps:
        writer.add_gap(source, gap)
    for pair in truth.pairs:
        writer.add_clock_pair(*pair)
    writer.add_ticks(source, truth.ticks)
    writer.add_fact("calibration", {"gain": 1.01})
    if close:
        writer.close()
    else:
        writer.abandon()
    return truth
