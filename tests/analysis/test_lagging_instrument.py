"""An instrument that smooths over several of its readings, and a load that rises and falls as slowly by itself."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.event_estimate import LAG
from powermeter.analysis.lagging_instrument import _BehindEdges
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
STARTS = 3 + 4.37 * np.arange(12)
LENGTH, IDLE, ADDED, FINE = 2.0, 1.5, 6.0, 0.001


def kernel_of(way: str, seconds: float) -> np.ndarray:
    """Return what a short pulse looks like behind a filter, a running mean or a delay."""
    if way == "filter":
        return np.exp(-np.arange(0, 8 * seconds, FINE) / seconds)
    since = np.arange(0, seconds + FINE / 2, FINE)
    return np.ones(since.size) if way == "mean" else (since > seconds - FINE / 2).astype(float)


def seen(seconds: float, way: str = "filter", first: float = 1.0, tail: float = 0.0) -> SimulatedRecording:
    """Events of 2 s and 15 J, read at 10 Hz behind a filter of some time constant (0: none).

    `first`: what is added in the first 0.7 s of each, relative to the rest; `tail`: what follows it for 0.4 s, W.
    """
    t = np.arange(0, 57, FINE)
    watts = np.full(t.size, IDLE)
    for start in STARTS:
        watts[(t >= start) & (t < start + LENGTH)] += ADDED
        watts[(t >= start) & (t < start + 0.7)] += ADDED * (first - 1)
        watts[(t >= start + LENGTH) & (t < start + LENGTH + 0.4)] += tail
    if seconds:
        kernel = kernel_of(way, seconds)
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


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("way", "seconds"), [("filter", 0.06), ("filter", 0.15), ("mean", 0.3), ("delay", 0.25)]
)
@pytest.mark.parametrize("first", [0.15, 3.0])
def test_events_with_a_shape_of_their_own_show_it_as_well(way: str, seconds: float, first: float) -> None:
    row = analyse(seen(seconds, way, first)).rows[0]
    used = (IDLE + ADDED) * LENGTH + 0.7 * ADDED * (first - 1)
    assert row.energy_per_item is not None
    # No load rises and falls in straight lines of one length: a sliding mean may be recognised, and unfolded.
    assert way == "mean" or row.energy_per_item.grade is Grade.ESTIMATED
    assert row.energy_per_item.low <= used <= row.energy_per_item.high < 1.2 * used


@pytest.mark.thorough
@pytest.mark.parametrize("first", [1.0, 0.15])
@pytest.mark.parametrize("tail", [1.5, 4.0])
def test_a_tail_of_the_load_is_no_lag(first: float, tail: float) -> None:
    """Readings jump at starts, and drop at ends: what follows is the load's own."""
    row = analyse(seen(0.0, first=first, tail=tail)).rows[0]
    used = (IDLE + ADDED) * LENGTH + 0.7 * ADDED * (first - 1)
    assert row.energy_per_item is not None and row.energy_per_item.grade is Grade.MEASURED
    assert row.energy_per_item.low <= used <= row.energy_per_item.high < 1.05 * used


@pytest.mark.thorough
def test_triangles_cost_what_their_ends_leave() -> None:
    """Readings of events that begin and end far below their mean: the spectrum of what is inside shows nothing of that."""
    errors, widths = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        starts = 2 + 3.3 * np.arange(12) + rng.uniform(0, 0.5, 12)
        lengths = rng.uniform(1.6, 2.4, 12)
        t = np.arange(rng.uniform(0, 0.1), 44, 0.1)
        k = np.maximum(np.searchsorted(starts, t, side="right") - 1, 0)
        course = np.clip(1 - np.abs(2 * (t - starts[k]) / lengths[k] - 1), 0, None)
        watts = IDLE + ADDED * np.where(t < starts[k], 0, course) + 0.01 * rng.standard_normal(t.size)
        channel = Channel("power", Quantity.POWER, 1e-5, Rail("VIN"), accuracy=Accuracy(noise=0.01))
        source = SourceInfo(1, "test://", "meter", "test", {}, (channel,))
        ends = starts + lengths
        events = [
            Event("infer", round(a * NS), round(b * NS), uid=i + 1)
            for i, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
        ]
        codes = np.rint(watts / 1e-5).astype(np.int64)
        data = {1: Samples(np.rint(t * NS).astype(np.int64), {"power": codes}, np.zeros(t.size, np.uint8))}
        row = analyse(SimulatedRecording([source], data, {1: []}, events)).rows[0]
        assert row.energy_per_item is not None
        errors.append(row.energy_per_item.value - (IDLE + ADDED / 2) * float(lengths.mean()))
        widths.append(row.energy_per_item.half_width)
    rms = float(np.sqrt(np.mean(np.square(errors))))
    assert 1.4 * rms < float(np.median(widths)) < 5 * rms


@pytest.mark.parametrize(("errors", "found"), [(2.0, False), (3.0, True)])
def test_what_is_behind_ends_is_looked_at_from_two_and_a_half_standard_errors_on(
    errors: float, found: bool
) -> None:
    behind = np.tile([-1.0, 1.0], 10)
    behind += errors * behind.std(ddof=1) / np.sqrt(behind.size)
    none = np.zeros(20)
    edges = _BehindEdges(np.stack([none, none, behind]), np.zeros((3, 20)), none, none, none, none, 0.0)
    assert edges.goes_on == found
