"""Idle power that wanders: the energy above a baseline that was recorded once holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from early_end import claims_of

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

SPAN_S, GRID_S, BUSY_W = 120.0, 0.5, 3.0


def _idle(rng: np.random.Generator, how: str) -> np.ndarray:
    """Return idle power in W, each half second."""
    n = int(SPAN_S / GRID_S) + 1
    if how == "walk":
        return 2 + np.cumsum(rng.standard_normal(n)) * 0.3 / np.sqrt(n)
    if how == "warms up":
        return 2 + 0.45 * (1 - np.exp(-np.arange(n) / 60))
    frequency = np.fft.rfftfreq(n)
    size = np.divide(1, np.sqrt(frequency), out=np.zeros(frequency.size), where=frequency > 0)
    flicker = np.fft.irfft(size * np.exp(2j * np.pi * rng.random(frequency.size)), n)
    return 2 + 0.15 * flicker / flicker.std()


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["walk", "flicker", "warms up"])
def test_energy_above_a_baseline_holds_the_truth_although_idle_wanders(how: str) -> None:
    widths = []

    def missed(seed: int) -> dict[str, float | None]:
        rng = np.random.default_rng(seed)
        at = np.arange(0, SPAN_S + GRID_S, GRID_S)
        idle = _idle(rng, how)[: at.size]
        starts = np.sort(rng.uniform(10, SPAN_S - 3, 40))
        starts = starts[np.concatenate([[True], np.diff(starts) > 1.2])]
        edges = np.unique(np.concatenate([at, starts, starts + 0.5]))
        middle = (edges[1:] + edges[:-1]) / 2
        busy = ((middle[:, None] >= starts) & (middle[:, None] < starts + 0.5)).any(axis=1)
        watts = np.repeat(np.interp(edges, at, idle), 2)[1:-1] + np.repeat(busy * BUSY_W, 2)
        truth = Truth(np.repeat(edges, 2)[1:-1], watts)
        events = [Event("idle", NS, 7 * NS, uid=1)]
        events += [
            Event("infer", round(a * NS), round((a + 0.5) * NS), uid=i + 2)
            for i, a in enumerate(starts.tolist())
        ]
        recording = SimulatedPowerMeter(100.0, accuracy=Accuracy(noise=0.02)).record(truth, events, rng)
        above = analyse(recording, baseline="idle").row("infer").above
        true = BUSY_W * 0.5 * starts.size
        assert above is not None
        widths.append(above.half_width / true)
        return {how: not above.low <= true <= above.high}

    (claim,) = claims_of(missed).values()
    assert claim.holds, claim
    assert np.median(widths) < 0.4


@pytest.mark.thorough
def test_noisy_idle_power_is_no_wandering_one() -> None:
    """A program that makes noise of 10 ms on idle power: its mean over pauses is known far better than one pause's."""
    widths = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        starts = 6.0 + 0.8 * np.arange(20)
        edges = np.unique(np.concatenate([np.arange(0, 24, 0.01), starts, starts + 0.45]))
        middle = (edges[1:] + edges[:-1]) / 2
        busy = ((middle[:, None] >= starts) & (middle[:, None] < starts + 0.45)).any(axis=1)
        truth = Truth.steps(edges, 2 + 0.6 * busy + 0.3 * rng.standard_normal(middle.size))
        events = [Event("idle", NS // 2, 11 * NS // 2, uid=1)]
        events += [
            Event("infer", round(a * NS), round((a + 0.45) * NS), uid=i + 2)
            for i, a in enumerate(starts.tolist())
        ]
        recording = SimulatedPowerMeter(100.0, accuracy=Accuracy(noise=0.01)).record(truth, events, rng)
        above = analyse(recording, baseline="idle").row("infer").above
        true = sum(truth.energy(a, a + 0.45) - 2 * 0.45 for a in starts.tolist())
        assert above is not None and above.low <= true <= above.high
        widths.append(sum(abs(u) for name, u in above.parts.items() if name.startswith("baseline:")) / true)
    assert np.median(widths) < 0.07
