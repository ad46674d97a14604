"""The row of a label of which no energy is known: what is known of its events all the same, and None."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.labels import Named, row
from powermeter.analysis.warmup import WarmUp, WarmUpReason
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.testing.simulation import SimulatedRecording

MS = 1_000_000


def flat(*events: Event):
    """2 W at 10 Hz for 20 s: nothing shows what an event between two readings drew."""
    times = np.arange(200) * 100 * MS
    channel = Channel("p.power", Quantity.POWER, 0.001, Rail("P"), accuracy=Accuracy(noise=0.02))
    source = SourceInfo(1, "test://1", "meter", "test", {}, (channel,))
    samples = {1: Samples(times, {"p.power": np.full(200, 2000)}, np.zeros(200, np.uint8))}
    return analyse(SimulatedRecording([source], samples, happened=list(events)))


def test_what_is_known_of_events_without_energy() -> None:
    lasting = [10, 30, 50]
    events = [
        Event(
            "e",
            (5000 + 100 * i + 10) * MS,
            (5000 + 100 * i + 10 + length) * MS,
            uid=i + 1,
            peak_memory=1000 * i,
        )
        for i, length in enumerate(lasting)
    ]
    found = flat(*events, Event("e", 30_000 * MS, 30_010 * MS, uid=9)).row("e")
    assert (found.events, found.outside, found.unseen, found.items) == (3, 1, 3, 0)
    assert (found.latency_mean, found.latency_p50) == pytest.approx(
        (0.03, 0.03)
    ) and found.latency_p95 is None
    assert found.peak_memory == 2000 and found.warmup == WarmUp(0, WarmUpReason.FEW)
    assert found.energy is found.per_item is found.charge is found.power is found.plain_energy is None
    assert not found.verdict.resolved and "no reading fell into any of them" in found.verdict.text


def test_it_is_the_row_that_every_label_has() -> None:
    events = (
        Event("e", 5_010 * MS, 5_060 * MS, uid=1),
        Event("e", 5_110 * MS, 5_140 * MS, uid=2, count=None),
        Event("mark", 7_000 * MS, 7_000 * MS, uid=3),
        Event("late", 90_000 * MS, 90_010 * MS, uid=4, peak_memory=7),
    )
    analysis = flat(*events)
    for short in analysis.rows:
        usual = row(
            Named(short.label, short.group),
            short.index,
            analysis.events,
            analysis.energies,
            analysis.charges,
            None,
            None,
            short.warmup,
        )
        assert dataclasses.replace(short, index=usual.index) == usual
