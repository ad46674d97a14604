"""What an analysis holds of each event, readings inside included: a million of them must fit where a day of readings does."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from powermeter.analysis import event_energies
from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.recording.event_columns import EventColumns
from powermeter.signals import one_pass
from powermeter.testing.simulation import SimulatedRecording

pytestmark = pytest.mark.thorough

MS = 1_000_000
FEW = 12_000
MOST = {100_000: 495, 10_000: 455}
"""From how many events on readings inside are found label by label → bytes an event at the peak, with the ten readings in and beside it (28 bytes each)."""


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


@pytest.fixture(autouse=True)
def read_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long recordings are."""
    monkeypatch.setattr(one_pass, "LONG", 100_000)


@pytest.mark.parametrize("many", sorted(MOST))
def test_memory_of_an_event_is_bounded(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(event_energies, "_MANY_EVENTS", many)
    analyse(marked(FEW))  # modules and what they remember are no event's
    assert (peak(2 * FEW) - peak(FEW)) / FEW < MOST[many]


def test_what_is_found_label_by_label_is_what_is_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = marked(FEW)
    at_once = analyse(recording)
    monkeypatch.setattr(event_energies, "_MANY_EVENTS", 10_000)
    apart = analyse(recording)
    for name in ("value", "plain", "noise", "seconds", "samples", "gap_s", "below", "above"):
        assert np.array_equal(getattr(apart.energies, name), getattr(at_once.energies, name)), name
    assert [row.energy for row in apart.rows] == [row.energy for row in at_once.rows]
