"""A recording that `live` shows: one of its two labels is longer than a terminal is wide."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

LONG = "a_label_that_is_longer_than_the_whole_terminal_is_wide"


def ten_seconds(found: Path) -> Path:
    """Write 10 s of 1 W and 2 W by turns, with events of two labels."""
    rail = Rail("VDD_IN")
    channels = (Channel("v", Quantity.VOLTAGE, 1e-3, rail), Channel("i", Quantity.CURRENT, 1e-3, rail))
    times = np.arange(2001, dtype=np.int64) * 5_000_000
    with Writer.create(found, {"battery": "4Ah"}) as writer:
        source = writer.add_source("x://", "m", "x", channels)
        amps = np.where((times // 250_000_000) % 2, 400, 200) + np.arange(2001) % 2
        writer.append(source, times, np.stack([np.full(2001, 5000), amps], axis=1))
        for i in range(18):
            start = (2 * i + 1) * 250_000_000
            writer.add_event(Event("infer" if i % 2 else LONG, start, start + 250_000_000, uid=i + 1))
    return found
