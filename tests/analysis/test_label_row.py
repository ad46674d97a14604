"""A row of a label whose events are few: what stands in it is stated once, and withheld where it informs nobody."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.label_row import scatter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.testing.simulation import NS, SimulatedRecording


def analysed(*events: Event):
    """Idle at 0.1 W, bursts of 8 W from 1 to 2 s and from 3 to 4 s, a reading each 10 ms."""
    times = np.arange(500, dtype=np.int64) * (NS // 100)
    codes = np.where((times // NS) % 2 == 1, 8000, 100) + np.arange(500) % 3
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("in"))
    source = SourceInfo(1, "virtual://x", "meter", "virtual", {}, (channel,))
    samples = {1: Samples(times, {"in.power": codes}, np.zeros(500, np.uint8))}
    rec = SimulatedRecording([source], samples)
    rec.happened = list(events)
    return analyse(rec)


@pytest.mark.parametrize(("events", "has_p95", "has_p99"), [(19, 0, 0), (20, 1, 0), (99, 1, 0), (100, 1, 1)])
def test_a_tail_needs_events_beyond_it(events: int, has_p95: int, has_p99: int) -> None:
    """The 95th of a hundred of seven events is the largest of them or an extrapolation: it is not stated."""
    row = analysed(
        *(
            Event("tiny", round((0.5 + 0.02 * i) * NS), round((0.51 + 0.02 * i) * NS), uid=i + 1)
            for i in range(events)
        )
    ).row("tiny")
    assert row.events == events and row.energy_median is not None and row.latency_p50 is not None
    assert (row.energy_p95 is not None, row.latency_p95 is not None) == (bool(has_p95),) * 2
    assert (row.latency_p99 is not None) == bool(has_p99)


def test_equal_energies_do_not_scatter() -> None:
    """Sums over a long run round to 1e-15 of it; a tenth of a joule, eight times the same, has a deviation of 0, not of pJ."""
    equal = 0.1 + np.array([0.0, 1.2e-15, -3e-15, 5e-15, 0.0, 8e-15, 1e-14, 0.0])
    assert equal.std(ddof=1) > 0 and scatter(equal) == 0.0 == scatter(np.zeros(3))
    assert scatter(np.array([1.0, 2.0, 3.0])) == 1.0
    assert scatter(0.1 * (1 + np.array([0.0, 1e-8]))) == pytest.approx(1e-9 / np.sqrt(2))


@pytest.mark.parametrize("start_s, length_s", [(0.504, 0.002), (1.2, 0.4), (0.9, 0.5)])
def test_one_event_is_its_own_median(start_s: float, length_s: float) -> None:
    one = Event("load", round(start_s * NS), round((start_s + length_s) * NS), count=2)
    row = analysed(one).row("load")
    mean = row.energy_per_item
    assert mean is not None
    quantile = row.energy_median
    assert quantile is not None and row.energy_p95 is None
    assert (quantile.value, quantile.low, quantile.high) == (mean.value, mean.low, mean.high)


def test_a_bound_of_power_above_all_that_was_ever_read_is_withheld() -> None:
    """No reading fell into 2 ms: their energy is bounded by half as much again as was seen, their power by nothing new."""
    hidden = Event("hidden", round(0.504 * NS), round(0.506 * NS))
    seen = Event("seen", round(1.2 * NS), round(1.6 * NS))
    a = analysed(hidden, seen)
    row = a.row("hidden")
    assert row.energy is not None and row.energy.high > a.peak_w * 0.002
    assert row.power is None
    known = a.row("seen").power
    assert known is not None and known.value == pytest.approx(8.0, rel=0.01)
