"""Running means unfolded into means over the sampling interval."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


@pytest.mark.thorough
def test_bursts_shorter_than_the_window_are_not_drawn_towards_idle() -> None:
    # The steps at bursts' edges pulled the medians that divide the first window: 0.7 % too low, held 67 %.
    rng = np.random.default_rng(8)
    meter = SimulatedPowerMeter(10, Kind.MEAN, window_s=1.0, accuracy=Accuracy(noise=0.3, step=1e-3))
    held, away, wide = [], [], []
    for _ in range(12):
        edges, levels, events, at = [0.0], [], [], 4.0
        for i in range(30):
            end = at + rng.uniform(0.3, 0.9)
            edges += [at, end]
            levels += [20.0, 170.0]
            events.append(Event("e", round(at * NS), round(end * NS), uid=i + 1))
            at = end + rng.exponential(1.5) + 0.05
        truth = Truth.steps([*edges, at + 4], [*levels, 20.0])
        each = analyse(meter.record(truth, events, rng)).row("e").energy_per_item
        assert each is not None
        used = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
        held.append(each.low <= used <= each.high)
        away.append(each.value / used - 1)
        wide.append((each.high - each.low) / 2 / used)
    assert sum(held) >= 10 and abs(np.mean(away)) < 0.004 and np.median(wide) < 0.01


@pytest.mark.thorough
@pytest.mark.parametrize("rate_hz", [10, 100])
def test_the_sum_over_a_run_has_the_noise_of_its_windows(rate_hz: float) -> None:
    """A minute holds 120 readings of half a second that do not overlap: 0.05 % of noise makes ±0.05 % · 1.96/√120 of the run."""
    meter = SimulatedPowerMeter(rate_hz, Kind.MEAN, window_s=0.5, accuracy=Accuracy(noise=5e-3, step=1e-6))
    truth = Truth.steps(np.arange(61.0), 10 + np.sin(np.arange(60.0) ** 2))
    needed = 5e-4 * 1.96 / np.sqrt(120)
    off = []
    for seed in range(20):
        said = analyse(meter.record(truth, [], np.random.default_rng(seed)))
        used = truth.energy(said.start_ns / NS, said.end_ns / NS)
        off.append((said.energy.value - used) / said.energy.half_width)
        assert needed < said.energy.half_width / used < 1.6 * needed
    assert np.mean(np.abs(off) <= 1) >= 0.8 and np.std(off) > 0.25


@pytest.mark.thorough
def test_noise_does_not_hide_the_edges_of_bursts() -> None:
    """Noise of 1 % of idle power adds up along the recursion: bursts' edges looked like it, and drew them down by 0.6 %."""
    rng = np.random.default_rng(9)
    meter = SimulatedPowerMeter(10, Kind.MEAN, window_s=1.0, accuracy=Accuracy(noise=0.02, step=1e-4))
    away = []
    for _ in range(16):
        lengths = rng.uniform(0.3, 0.9, 20)
        starts = 4 + np.cumsum(np.concatenate([[0.0], lengths[:-1] + rng.uniform(1.0, 2.5, 19)]))
        ends = starts + lengths
        edges = np.stack([starts, ends], axis=1).ravel()
        truth = Truth.steps([0.0, *edges, edges[-1] + 4], [2.0, *[8.0, 2.0] * 20])
        events = [
            Event("e", round(a * NS), round(b * NS), uid=i + 1)
            for i, (a, b) in enumerate(zip(starts, ends, strict=True))
        ]
        each = analyse(meter.record(truth, events, rng)).row("e").energy_per_item
        assert each is not None
        away.append(each.value / (8.0 * np.mean(ends - starts)) - 1)
    assert abs(np.mean(away)) < 0.0025


@pytest.mark.thorough
def test_bursts_of_one_interval_in_a_short_log_are_not_drawn_towards_the_rest() -> None:
    """0.2 s every 0.7 s at five rows a second: of 30 windows, each burst lost a part of a thirtieth to what its own phase was taken to be.

    Where the division's doubt hides what the load does, the level that others lend an event is known to that doubt only.
    """
    rng = np.random.default_rng(3)
    meter = SimulatedPowerMeter(5, Kind.MEAN, window_s=1.0, accuracy=Accuracy(noise=0.2, step=1e-2))
    held, away, wide = [], [], []
    for _ in range(24):
        lengths = 0.2 * (1 + 0.1 * rng.standard_normal(30))
        starts = 5 + np.cumsum(np.concatenate([[0.0], lengths[:-1] + rng.uniform(0.25, 0.75, 29)]))
        ends = starts + lengths
        edges = np.stack([starts, ends], axis=1).ravel()
        powers = np.stack([100 + 2.4 * rng.standard_normal(30), np.full(30, 20.0)], axis=1).ravel()
        truth = Truth.steps([0.0, *edges, edges[-1] + 4], [20.0, *powers])
        events = [
            Event("e", round(a * NS), round(b * NS), uid=i + 1)
            for i, (a, b) in enumerate(zip(starts, ends, strict=True))
        ]
        each = analyse(meter.record(truth, events, rng)).row("e").these_per_item
        assert each is not None
        used = np.mean([truth.energy(a, b) for a, b in zip(starts, ends, strict=True)])
        held.append(each.low <= used <= each.high)
        away.append(each.value / used - 1)
        wide.append(each.half_width / used)
    assert sum(held) >= 22 and abs(np.mean(away)) < 0.02 and np.median(wide) < 0.08
