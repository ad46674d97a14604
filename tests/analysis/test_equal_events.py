"""Events whose energies are equal up to rounding: what rounding leaves is no memory between repeats."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


@pytest.mark.thorough
def test_what_rounding_leaves_does_not_widen_the_mean() -> None:
    """A peak of one interval in each event, at 50 Hz: every event holds one reading of it."""
    for seed in range(100, 106):
        rng = np.random.default_rng(seed)
        edges, levels, events, at = [0.0], [], [], 2.0
        for i in range(30):
            edges += [at, at + 0.04, at + 0.06]
            levels += [2.0, 3.0, 20.0, 3.0]
            events.append(Event("infer", round(at * NS), round((at + 0.1) * NS), uid=i + 1))
            edges.append(at + 0.1)
            at += 0.1 + 0.1 * rng.uniform(1, 2)
        truth = Truth.steps([*edges, at + 2], [*levels, 2.0])
        row = analyse(SimulatedPowerMeter(50.0).record(truth, events, rng)).row("infer")
        assert row.expected_per_item is not None and row.energy_per_item is not None
        assert row.expected_per_item.low <= 0.64 <= row.expected_per_item.high
        assert row.expected_per_item.half_width < 1.5 * row.energy_per_item.half_width
