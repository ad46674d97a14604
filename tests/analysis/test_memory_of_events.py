"""What an analysis holds of each event, readings inside included: a million of them must fit where a day of readings does."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.recording.event_columns import EventColumns
from powermeter.signals import one_pass
from powermeter.testing.simulation import SimulatedRecording

MS = 1_000_000
MOST = 545
"""Byte an event at the peak, with the ten readings in and beside it (28 byte each) and its columns."""


def marked(events: int) -> SimulatedRecording:
    """Return readings at 100 Hz, half of which lie in events of 50 ms in three labels."""
    rng = np.random.default_rng(5)
    times = np.arange(events * 10 + 20) * 10 * MS
    starts = np.arange(events) * 100 * MS + rng.integers(0, 45 * MS, events)
    inside = np.searchsorted(starts, times, side="right") - 1
    busy = (inside >= 0) & (times < starts[np.maximum(inside, 0)] + 50 * MS)
    channel = Channel("p.power", Quantity.POWER, 0.001, Rail("P"), accuracy=Accuracy(noise=0.02))
    codes = np.where(busy, 3000, 1000) + rng.normal(0, 20, times.size).astype(np.int64)
    source = SourceInfo(1, "test://1", "meter", "test", {}, (channel,))
    samples = {1: Samples(times, {"p.power": codes}, np.zeros(times.size, np.uint8))}
    labels = ("infer", "load", "decode")
    happened = EventColumns.of(
        Event(labels[k % 3], a, a + 50 * MS, uid=k + 1) for k, a in enumerate(starts.tolist())
    )
    return SimulatedRecording([source], samples, happened=happened)


def peak(events: int) -> int:
    recording = marked(events)
    gc.collect()
    tracemalloc.start()
    try:
        analyse(recording)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_of_an_event_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_pass, "LONG", 100_000)  # read in one pass, as long recordings are
    assert (peak(40_000) - peak(20_000)) / 20_000 < MOST
