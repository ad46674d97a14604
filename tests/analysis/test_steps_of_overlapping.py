"""Steps at events' edges lie where they are, not spread over the interval that they fall into."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.integral import Integral
from powermeter.analysis.steps_of_overlapping import with_steps
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import NS, SimulatedRecording

IDLE, ADDED = 5.0, {"request": 1.0, "index": 20.0}
MS = NS // 1000


def overlapping(seed: int = 7) -> list[tuple[str, int, int]]:
    """Requests of 0.3 to 1.2 s in one thread, indexing of 1 to 3 s in another, for 40 s; in ms."""
    print("seed", seed)
    chance = np.random.default_rng(seed)
    found = []
    for name, shortest, longest, pause in (("request", 300, 1200, 600), ("index", 1000, 3000, 1500)):
        now = 1000
        while now < 36_000:
            lasts = int(chance.integers(shortest, longest))
            found.append((name, now, now + lasts))
            now += lasts + int(chance.exponential(pause)) + 1
    return sorted(found, key=lambda event: event[1])


def drawn(events: list[tuple[str, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Power in each ms of 40 s, and how many events run."""
    power, running = np.full(40_000, IDLE), np.zeros(40_000)
    for name, start, end in events:
        power[start:end] += ADDED[name]
        running[start:end] += 1
    return power, running


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.INSTANT])
def test_shares_hold_what_was_drawn_while_they_ran_and_add_up_to_it(kind: Kind) -> None:
    events = overlapping()
    power, running = drawn(events)
    every = 200 if kind is Kind.MEAN else 50
    read = power.reshape(-1, every).mean(axis=1) if kind is Kind.MEAN else power[every - 1 :: every]
    channel = Channel("in.power", Quantity.POWER, 1e-4, Rail("IN"), kind=kind)
    times = np.arange(1, read.size + 1) * every * MS
    samples = Samples(
        times, {"in.power": np.rint(read * 1e4).astype(np.int64)}, np.zeros(read.size, np.uint8)
    )
    made = SimulatedRecording([SourceInfo(1, "x://", "meter", "x", {}, (channel,))], {1: samples})
    made.happened = [
        Event(name, start * MS, end * MS, process=1, thread=1 + (name == "index"), uid=1 + k)
        for k, (name, start, end) in enumerate(events)
    ]
    a = analyse(made)
    together = 0.0
    for name in ADDED:
        mine = np.zeros(power.size)
        for _, start, end in (event for event in events if event[0] == name):
            mine[start:end] += 1
        shared = a.row(name).shared
        assert shared is not None
        share = float((power * mine / np.maximum(running, 1)).sum()) / 1000
        assert shared.value == pytest.approx(share, rel=0.01)
        together += shared.value
    assert together == pytest.approx(float(power[running > 0].sum()) / 1000, rel=0.005)


def test_a_step_inside_of_an_interval_lies_where_the_event_begins() -> None:
    """Means over 1 s of 2 W, and of 6 W from 4.25 s to 7.5 s: by 4.25 s 8.5 J, which spread steps make 9.25."""
    watts = np.array([2, 2, 2, 2, 5, 6, 6, 4, 2, 2, 2, 2], float)
    times = np.arange(1, watts.size + 1) * NS
    integral = Integral.of(from_samples(times, watts, kind=Kind.MEAN))
    edges = np.array([int(4.25 * NS), int(7.5 * NS)])
    assert integral.at(edges) - integral.at(np.array([0])) == pytest.approx([9.25, 27.0])
    found = with_steps(integral, np.zeros(1, np.int64), edges[:1], edges[1:], edges)
    assert found - integral.at(np.array([0])) == pytest.approx([8.5, 28.0])
