"""A recording of more labels than have rows made for them: voltage and current at 100 Hz, events of several lengths one after the other."""

from __future__ import annotations

import numpy as np

from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.testing.simulation import SimulatedRecording

MS = 1_000_000


def many_labels(labels: int, seed: int = 3) -> SimulatedRecording:
    """Return so many labels: a third of an event of 60 ms each, a third of 9, a third of two shorter than an interval; each with a level of its own."""
    rng = np.random.default_rng(seed)
    events: list[Event] = []
    now = 100 * MS
    for label in range(labels):
        for _ in range((1, 9, 2)[label % 3]):
            length = (60, 60, 8)[label % 3] * MS
            events.append(Event(f"job {label}", now, now + length, uid=len(events) + 1))
            now += length + 20 * MS
    times = np.arange(0, now + 500 * MS, 10 * MS)
    times = times + rng.integers(0, 6 * MS, times.size)
    level = np.full(times.size, 1.0)
    for event in events:
        inside = (times > event.start_ns) & (times < (event.end_ns or 0))
        level[inside] = 1.5 + int(event.name.split()[1]) % 7 / 5
    current = level * (1 + 0.01 * rng.standard_normal(times.size))
    rail = Rail("VIN")
    channels = (
        Channel("voltage", Quantity.VOLTAGE, 1e-3, rail),
        Channel("current", Quantity.CURRENT, 1e-5, rail),
    )
    codes = {"voltage": np.full(times.size, 5000), "current": np.rint(current * 1e5).astype(np.int64)}
    samples = {1: Samples(times, codes, np.zeros(times.size, np.uint8))}
    return SimulatedRecording(
        [SourceInfo(1, "test://1", "meter", "test", {}, channels)], samples, happened=events
    )
