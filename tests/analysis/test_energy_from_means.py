"""Means over windows and instants, of a load that does not know the events: what happens in an event goes on beside it too."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

RUNS = 24
LEAST = 19  # binomial with 0.95: 18 of 24 or fewer has a probability below 0.001


def switching(rng: np.random.Generator, seconds: float, hold: float) -> Truth:
    """Return a load that jumps between 2 W and 9 W at random moments, on average every `hold` seconds."""
    edges = np.cumsum(rng.exponential(hold, round(3 * seconds / hold) + 8))
    edges = np.concatenate([[0.0], edges[edges < seconds], [seconds]])
    levels = np.where((np.arange(edges.size - 1) + rng.integers(2)) % 2 == 0, 2.0, 9.0)
    return Truth.steps(edges, levels)


def short_events(rng: np.random.Generator, seconds: float) -> list[Event]:
    """Return 24 events of 0.1 to 0.8 s at random places of a run."""
    slot = (seconds - 2) / 24
    lengths = rng.uniform(0.1, 0.8, 24)
    starts = 1 + np.arange(24) * slot + rng.uniform(0, 1, 24) * (slot - lengths)
    return [
        Event("infer", round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("kind, rate", [(Kind.MEAN, 1), (Kind.MEAN, 2), (Kind.MEAN, 10), (Kind.INSTANT, 2)])
def test_short_events_on_a_load_that_does_not_know_them_hold(kind: Kind, rate: int) -> None:
    held, sizes = 0, []
    for seed in range(RUNS):
        rng = np.random.default_rng([seed, rate])
        truth, events = switching(rng, 60.0, 3.0), short_events(rng, 60.0)
        meter = SimulatedPowerMeter(rate, kind, Accuracy(noise=0.003))
        found = analyse(meter.record(truth, events, rng))
        per_item, known = found.row("infer").energy_per_item, found.energies.known
        assert per_item is not None
        joules = [
            truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS)
            for e, is_known in zip(found.events, known.tolist(), strict=True)
            if is_known
        ]
        held += per_item.low <= np.mean(joules) <= per_item.high
        sizes.append(abs(per_item.value / np.mean(joules) - 1) / (per_item.half_width / per_item.value))
    assert held >= LEAST, f"{held} of {RUNS} hold"
    assert np.sqrt(np.mean(np.square(sizes))) > 1 / 6, "over three times too wide"
