"""A recording of hours or days, sample by sample as a test states its power."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import Accuracy, Boundary, Channel, Grade, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.writer import Writer
from powermeter.testing.boards import NS, START_NS, START_UTC_NS, VOLTS


def simulate_day(
    path: str | Path,
    watts: Any,
    *,
    seconds_per_sample: float = 60.0,
    start_utc_ns: int = START_UTC_NS,
    events: Iterable[Event] = (),
    force: bool = False,
) -> Path:
    """Write a recording of a slowly changing power, for hours and days.

    Args:
        path: Of the recording.
        watts: Power at each sample.
        seconds_per_sample: Between two samples.
        start_utc_ns: Wall clock at the start.
        events: Of the recording, whose first sample is at `START_NS`.
    """
    rail = Rail("input", boundary=Boundary.BOARD, covers="everything the device draws", nominal_v=VOLTS)
    accuracy = Accuracy(gain=0.01, source="simulated meter")
    power = Channel("power", Quantity.POWER, 1e-6, rail, grade=Grade.SIMULATED, accuracy=accuracy)
    values = np.asarray(watts, np.float64)
    times_ns = START_NS + np.round(np.arange(values.size) * seconds_per_sample * NS).astype(np.int64)
    path = Path(path)
    with Writer.create(path, {"simulated": True, "clock": "monotonic"}, force=force) as writer:
        source = writer.add_source("virtual://", "device input", "virtual", [power])
        writer.append(source, times_ns, np.round(values / 1e-6).astype(np.int64))
        for at in (START_NS, int(times_ns[-1])):
            writer.add_clock_pair(at, start_utc_ns + at - START_NS)
        writer.add_events(events)
    return path
