"""Instants that are ahead of their events, and a device that wakes ahead of its mark."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.energy_from_instants import measure_instants
from powermeter.analysis.event_estimate import LEAD, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Quantity
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
LENGTH, IDLE, ADDED = 0.8, 1.5, 4.0
STARTS = 3 + 2.137 * np.arange(30)


def measured(early_s: float = 0.0, wakes_s: float = 0.0) -> GroupEstimate:
    """Return what readings at about 10 Hz make of events of 0.8 s, stamped early, or that wake ahead of their marks."""
    rng = np.random.default_rng(1)
    t = np.arange(1.0, 68, 0.1) + rng.uniform(-0.003, 0.003, 670)
    power = IDLE + 0.005 * rng.standard_normal(t.size)
    for start in STARTS:
        power += ADDED * ((t >= start - wakes_s) & (t < start + LENGTH))
    trace = from_samples(np.rint((t - early_s) * NS).astype(np.int64), power, Quantity.POWER)
    starts = np.rint(STARTS * NS).astype(np.int64)
    return measure_instants(Integral.of(trace), starts, starts + round(LENGTH * NS))


def test_stamps_that_are_early_leave_open_what_comes_ahead_of_events() -> None:
    for early_s in (0.1, 0.2, 0.3):
        found = measured(early_s)
        used = LENGTH * (IDLE + ADDED)
        assert found.why == LEAD, early_s
        assert found.value.mean() < 0.95 * used < used <= found.value.mean() + found.above_all / STARTS.size


def test_a_device_that_wakes_ahead_of_its_mark_is_not_early() -> None:
    found = measured(wakes_s=0.2)
    assert found.why == "" and not found.above.any()
