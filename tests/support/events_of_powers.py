"""Events of half a second at given powers, as a meter of means sees them."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

SECONDS = 0.5
"""How long each event lasts, in s."""


def recorded(watts: np.ndarray, rng: np.random.Generator) -> Analysis:
    """Return the analysis of events of half a second at some powers above 1 W, on a 20 Hz mean."""
    edges, levels, events, at = [0.0], [], [], 1.0
    for i, power in enumerate(watts.tolist()):
        edges += [at, at + SECONDS]
        levels += [1.0, 1.0 + power]
        events.append(Event("infer", round(at * NS), round((at + SECONDS) * NS), uid=i + 1))
        at += SECONDS + rng.uniform(0.2, 0.5)
    truth = Truth.steps([*edges, at + 1], [*levels, 1.0])
    return analyse(SimulatedPowerMeter(20, Kind.MEAN, Accuracy(noise=0.005)).record(truth, events, rng))
