"""Labels whose events share windows of a slow meter: what one used is never counted to its neighbour."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedMeter, Truth


def pairs(rng: np.random.Generator, count: int) -> tuple[Truth, list[Event]]:
    """Return short events `a` of 42 W that `b` of rising power follows at once, at random times over 2 W."""
    at, edges, levels, events = 2.0, [0.0], [], []
    for _ in range(count):
        first, second = rng.uniform(0.005, 0.06), rng.uniform(0.08, 0.3)
        edges += [at, at + first, at + first + second / 2, at + first + second]
        levels += [2.0, 42.0 * (1 + 0.02 * rng.standard_normal()), 28.0, 32.0]
        for name, start, end in (("a", at, at + first), ("b", at + first, at + first + second)):
            events.append(Event(name, round(start * NS), round(end * NS), uid=len(events) + 1))
        at += first + second + rng.uniform(0.3, 2.0)
    return Truth.steps([*edges, at + 2], [*levels, 2.0]), events


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_neighbours_in_one_window_are_divided_rightly(kind: Kind) -> None:
    held, wide, alone = 0, [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth, events = pairs(rng, 30)
        meter = SimulatedMeter(10, kind, accuracy=Accuracy(step=1e-3))
        found = analyse(meter.record(truth, events, rng))
        for label in "ab":
            energy = found.row(label).energy
            used = sum(truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events if e.name == label)
            assert energy is not None
            held += energy.low <= used <= energy.high
            wide.append(energy.half_width / used)
        alone += abs(found.row("b").energy.value / used - 1) < 0.02  # type: ignore[union-attr]
    assert held >= 22
    assert alone == 12
    assert float(np.median(wide)) < 0.06


def test_with_few_pairs_what_the_windows_hold_stays_open() -> None:
    rng = np.random.default_rng(5)
    truth, events = pairs(rng, 3)
    row = analyse(SimulatedMeter(10, Kind.MEAN).record(truth, events, rng)).row("a")
    used = sum(truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events if e.name == "a")
    assert row.energy is not None
    assert row.energy.low <= used <= row.energy.high
    assert row.energy.grade.value == "estimated"


def test_a_container_and_its_parts_are_not_divided_among_each_other() -> None:
    rng = np.random.default_rng(1)
    truth, events = pairs(rng, 20)
    last = max(e.end_ns or 0 for e in events)
    whole = Event("run", events[0].start_ns, last, uid=1000)
    with_it = analyse(SimulatedMeter(10, Kind.MEAN).record(truth, [*events, whole], np.random.default_rng(2)))
    without = analyse(SimulatedMeter(10, Kind.MEAN).record(truth, events, np.random.default_rng(2)))
    assert with_it.row("a").energy == without.row("a").energy
    run = with_it.row("run").energy
    assert run is not None
    assert run.low <= truth.energy(whole.start_ns / NS, last / NS) <= run.high
