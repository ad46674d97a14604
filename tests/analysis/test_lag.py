"""An instrument that smooths over several of its readings, and a load that rises and falls as slowly by itself."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.estimate import LAG
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
STARTS = 3 + 4.37 * np.arange(12)
LENGTH, IDLE, ADDED, FINE = 2.0, 1.5, 6.0, 0.001


def seen(seconds: float) -> SimulatedRecording:
    """Events of 2 s and 15 J, read at 10 Hz behind a filter of some time constant (0: none)."""
    t = np.arange(0, 57, FINE)
    watts = np.full(t.size, IDLE)
    for start in STARTS:
        watts[(t >= start) & (t < start + LENGTH)] += ADDED
    if seconds:
        kernel = np.exp(-np.arange(0, 8 * seconds, FINE) / seconds)
        watts = IDLE + np.convolve(watts - IDLE, kernel / kernel.sum())[: t.size]
    pick = np.arange(37, t.size, 100)
    noise = 0.01 * np.random.default_rng(1).standard_normal(pick.size)
    channel = Channel("power", Quantity.POWER, 1e-5, Rail("VIN"), accuracy=Accuracy(noise=0.01))
    codes = np.rint((watts[pick] + noise) / 1e-5).astype(np.int64)
    times = np.rint(t[pick] * NS).astype(np.int64)
    source = SourceInfo(1, "test://", "meter", "test", {}, (channel,))
    events = [
        Event("infer", round(a * NS), round((a + LENGTH) * NS), uid=i + 1) for i, a in enumerate(STARTS)
    ]
    data = {1: Samples(times, {"power": codes}, np.zeros(times.size, np.uint8))}
    return SimulatedRecording([source], data, {1: []}, events)


@pytest.mark.parametrize("seconds", [0.2, 0.3, 0.5])
def test_what_follows_events_is_inside_the_interval_of_an_instrument_that_lags(seconds: float) -> None:
    found = analyse(seen(seconds))
    row = found.rows[0]
    used = (IDLE + ADDED) * LENGTH
    inside_s = LENGTH - seconds * (1 - np.exp(-LENGTH / seconds))
    shown = IDLE * LENGTH + ADDED * inside_s
    assert row.energy_per_item is not None and row.energy_per_item.grade is Grade.ESTIMATED
    assert row.energy_per_item.low <= shown and used <= row.energy_per_item.high < 1.1 * used
    assert found.energies.groups[0].why == LAG and "smooth" in row.verdict.text
    assert "readings-average-part" not in {note.code for note in found.notes}


def test_an_instrument_without_lag_is_measured() -> None:
    row = analyse(seen(0.0)).rows[0]
    assert row.energy_per_item is not None and row.energy_per_item.grade is Grade.MEASURED
    assert row.energy_per_item.half_width < 0.02 * row.energy_per_item.value
