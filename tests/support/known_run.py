"""A recording whose every number is worked out by hand: 2 W at 5 V for 100 s, 41 events of known lengths.

A meter of ±1 % (a rectangular limit) on the current and nothing else: every interval of what was used is ±0.95 %
of the value, for 95 % of a rectangle of half-width a lie within 0.95 a.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

NS = 1_000_000_000
START = 5 * NS
VOLTS, AMPERES, WATTS = 5.0, 0.4, 2.0
RUN_S = 100.0
GAIN = 0.01
INTERVAL = 0.95 * GAIN
"""Relative half-width of everything that only the gain makes unsure."""
STANDARD = GAIN / math.sqrt(3)
"""Relative standard uncertainty of a rectangle."""
UTC_S = 1_750_000_000
BASELINE_W = 0.5

LENGTHS_S = [0.5] * 30 + [0.8] * 8 + [1.2, 1.6]
"""Of the 40 events `infer`, in order of size; 24.2 s together."""
ITEMS = 5
"""Items of each event `infer`."""
LOAD_S = 2.0
"""The one event `load`, one item."""

RAIL = Rail("VDD_IN", covers="the whole board at its input", boundary=Boundary.BOARD)


def build(path: Path) -> Path:
    """Write the recording: 1001 readings in 100 s; the events of each length are spread over the run."""
    times = START + np.arange(1001, dtype=np.int64) * (NS // 10)
    sheet = "data sheet, table 7"
    channels = (
        Channel("voltage", Quantity.VOLTAGE, 1e-3, RAIL, accuracy=Accuracy(source=sheet)),
        Channel("current", Quantity.CURRENT, 1e-3, RAIL, accuracy=Accuracy(gain=GAIN, source=sheet)),
    )
    noted = {
        "clock": "monotonic",
        "powermeter": "9.9",
        "host": {"cpu": "test cpu", "board": "Bench Board"},
        "command": ["python", "loop.py"],
    }
    with Writer.create(path, noted) as writer:
        source = writer.add_source("test://1", "meter", "test", channels, {"model": "M1"})
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (times.size, 1)))
        events = [Event("load", START + NS, START + 3 * NS, 1, 1, 1)]
        for k in range(40):
            start = START + 10 * NS + k * 2 * NS
            end = start + round(LENGTHS_S[k * 17 % 40] * NS)
            events.append(Event("infer", start, end, 1, 1, k + 2, None, ITEMS, {}, 123_000_000))
        writer.add_events(events)
        for second in (0, 100):
            writer.add_clock_pair(START + second * NS, (UTC_S + second) * NS)
    return path
