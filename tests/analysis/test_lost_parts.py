"""Events of which a gap took a large part: what was not seen is a bound or costs what the load does elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Kind
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


def two_levels(count: int = 1) -> tuple[Truth, list[Event]]:
    """Return 0.5 W, and events of 10 s: 3 W for 5 s, then 1 W."""
    edges = np.concatenate(
        [[0.0], *([10 + 15 * k, 15 + 15 * k, 20 + 15 * k] for k in range(count)), [30.0 + 15 * count]]
    )
    watts = np.array([0.5, *([3.0, 1.0, 0.5] * count)])
    return Truth.steps(edges, watts), [
        Event("infer", (10 + 15 * k) * NS, (20 + 15 * k) * NS, uid=k + 1) for k in range(count)
    ]


@pytest.mark.parametrize("gap", [(15.05, 20.5), (9.5, 14.9), (12.0, 18.0), (14.0, 19.0)])
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_half_an_event_in_a_gap_is_an_estimate_that_holds(gap: tuple[float, float], kind: Kind) -> None:
    truth, events = two_levels()
    meter = SimulatedPowerMeter(10.0, kind)
    found = analyse(meter.record(truth, events, np.random.default_rng(5), gaps_s=[gap]))
    energy = found.rows[0].energy
    assert energy is not None and energy.grade is Grade.ESTIMATED
    assert energy.low <= 20.0 <= energy.high
    whole = truth.energy(found.start_ns / NS, found.end_ns / NS)
    assert found.energy.low <= whole <= found.energy.high


def test_a_bound_says_that_a_gap_took_half() -> None:
    gap = (14.9, 20.5)
    truth, events = two_levels()
    found = analyse(SimulatedPowerMeter(10.0).record(truth, events, np.random.default_rng(5), gaps_s=[gap]))
    assert "gap" in found.rows[0].verdict.text


def test_events_that_were_read_whole_tell_of_one_that_was_not() -> None:
    truth, events = two_levels(8)
    lost = SimulatedPowerMeter(10.0).record(truth, events, np.random.default_rng(5), gaps_s=[(14.9, 20.5)])
    energy = analyse(lost).rows[0].energy
    assert energy is not None and energy.low <= 160 <= energy.high
    assert energy.half_width < 0.2 * energy.value


def test_events_that_lost_a_half_each_show_one_another_what_they_lost() -> None:
    """Of eight, the second or the first five seconds lie in a gap by turns, with the pause between: none was read whole, but each second of four."""
    truth, events = two_levels(8)
    gaps = [(14.8 + 30 * k, 29.9 + 30 * k) for k in range(4)]
    found = analyse(SimulatedPowerMeter(10.0).record(truth, events, np.random.default_rng(5), gaps_s=gaps))
    energy = found.rows[0].energy
    assert energy is not None and energy.grade is Grade.ESTIMATED
    assert energy.low <= 160 <= energy.high < 300
