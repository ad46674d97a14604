"""Runs whose readings come at one rate and then at another, against the load's own integral."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.event_estimate import InHoles
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.parts_of_one_rate import Part, parts_of_one_rate, with_their_events
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 1_000_000_000
MS = 1_000_000
SEEDS = 20


class Load:
    """Thirty events of 1 to 3 s, which fall by half from begin to end, over 2 W; exact on a grid of 1 ms."""

    def __init__(self, seed: int, seconds: int = 160) -> None:
        self.rng = np.random.default_rng(seed)
        power = np.full(seconds * 1000, 2.0)
        lengths = self.rng.integers(1000, 3000, 30)
        pauses = self.rng.dirichlet(np.ones(31)) * (seconds * 1000 - 4000 - lengths.sum() - 30 * 400) + 400
        self.start = (2000 + np.cumsum(pauses[:30]) + np.cumsum(lengths) - lengths).astype(np.int64)
        self.end = self.start + lengths
        for a, b in zip(self.start.tolist(), self.end.tolist(), strict=True):
            power[a:b] += np.linspace(6.0, 3.0, b - a)
        self.power, self.joules = power, np.concatenate([[0.0], np.cumsum(power) * 1e-3])

    def at(self, times_ns: np.ndarray) -> np.ndarray:
        return np.interp(times_ns / MS, np.arange(self.joules.size), self.joules)

    def trace(self, kind: Kind, stretches: list[tuple[int, float]]) -> Trace:
        """So many readings at so many seconds each, of random phase."""
        steps = np.concatenate([np.full(n, s) for n, s in stretches])
        times = np.round(np.cumsum(steps * self.rng.uniform(0.98, 1.02, steps.size)) * NS).astype(np.int64)
        times = times[times < (self.power.size - 1) * MS]
        if kind is Kind.COUNTER:
            return from_samples(times, self.at(times), kind=kind)
        if kind is Kind.INSTANT:
            noise = self.rng.normal(0, 0.005, times.size)
            return from_samples(times, self.power[times // MS] + noise, kind=kind)
        since = np.concatenate([[times[0] - round(stretches[0][1] * NS)], times[:-1]])
        return from_samples(times, (self.at(times) - self.at(since)) / (times - since) * NS, kind=kind)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.COUNTER])
@pytest.mark.parametrize(
    "stretches", [[(80, 1.0), (790, 0.1)], [(600, 0.1), (98, 1.0)], [(150, 0.4), (40, 2.4)]]
)
def test_label_and_run_hold_at_both_rates(kind, stretches):
    label = run = measured = 0
    for seed in range(SEEDS):
        load = Load(seed)
        integral = Integral.of(load.trace(kind, stretches))
        windows = measure(integral, load.start * MS, load.end * MS)
        whole = measure_run(integral, activity=activity_of(windows), bridges=Bridges.of(integral))
        known = np.flatnonzero(windows.known)
        found = windows.combine_of(known, np.ones(known.size), "label")
        used = float(np.sum(load.joules[load.end[known]] - load.joules[load.start[known]]))
        spent = float(np.diff(load.at(np.array([integral.start_ns, integral.end_ns])))[0])
        label += found.low <= used <= found.high
        run += whole.energy.low - 1e-3 * spent <= spent <= whole.energy.high + 1e-3 * spent
        measured += found.grade is Grade.MEASURED
        assert whole.energy.grade is Grade.MEASURED and not whole.gap_s
        assert found.half_width < 0.25 * used and whole.energy.half_width < 0.2 * spent
    assert label >= SEEDS - 2 and run >= SEEDS - 2 and measured >= SEEDS - 4


def test_an_event_over_a_change_is_looked_at_with_the_slower_side():
    load = Load(1)
    integral = Integral.of(load.trace(Kind.INSTANT, [(600, 0.1), (98, 1.0)]))
    change = int(integral.trace.times_ns[599])
    starts = np.array([5 * NS, change - 4 * NS, change + 9 * NS])
    parts, owner = parts_of_one_rate(integral, starts, starts + 6 * NS)
    assert owner.tolist() == [0, 1, 1] and [p.integral.trace.interval_ns // MS for p in parts] == [
        pytest.approx(100, abs=2),
        pytest.approx(1000, abs=20),
    ]
    slow = parts[1].integral.trace.times_ns
    assert slow[0] < starts[1] and np.diff(slow[slow <= change]).min() > 0.9 * NS
    assert [(p.start_ns, p.end_ns) for p in parts] == [
        (integral.start_ns, change),
        (change, integral.end_ns),
    ]


def test_one_rate_is_one_part():
    load = Load(2)
    integral = Integral.of(load.trace(Kind.INSTANT, [(780, 0.2)]))
    assert parts_of_one_rate(integral, load.start, load.end)[0] == []
    assert [(part.integral, found) for part, found in with_their_events(integral, [])] == [(integral, [])]


def test_of_means_the_log_does_not_show_over_what_the_longer_interval_averages():
    """Means of half a second, of which every other row is lost in the second half: what they hold is not the whole second."""
    load = Load(3)
    whole = load.trace(Kind.MEAN, [(310, 0.5)])
    keep = np.concatenate([np.arange(150), np.arange(150, 310, 2)])
    keep = keep[keep < len(whole)]
    integral = Integral.of(from_samples(whole.times_ns[keep], whole.values[keep], kind=Kind.MEAN))
    assert parts_of_one_rate(integral, load.start, load.end)[0] == []
    found = measure_run(integral, activity=[], bridges=Bridges.of(integral))
    spent = float(np.diff(load.at(np.array([integral.start_ns, integral.end_ns])))[0])
    assert found.gap_s > 30 and found.energy.low <= spent <= found.energy.high


def test_readings_behind_a_slow_stretch_are_one_of_its_intervals_apart_and_the_first_is_one_behind_it():
    load = Load(1)
    integral = Integral.of(load.trace(Kind.INSTANT, [(80, 1.0), (790, 0.1)]))
    change = int(integral.trace.times_ns[79])
    start = np.array([change - 5 * NS])
    (slow, _), owner = parts_of_one_rate(integral, start, start + 8 * NS)
    beyond = (slow.integral.trace.times_ns[80:] - change) / slow.integral.trace.interval_ns
    assert owner.tolist() == [0] and beyond.size >= 3
    assert ((beyond - np.arange(1, beyond.size + 1)) >= 0).all() and beyond[0] < 1.12


def test_holes_of_a_part_are_found_under_their_number_in_the_run():
    load = Load(1)
    integral = Integral.of(load.trace(Kind.INSTANT, [(80, 1.0), (790, 0.1)]))
    one = np.ones(2)
    part = Part(integral, integral.start_ns, integral.end_ns, np.array([2, 5]))
    found = part.numbered(InHoles(np.array([1, 0]), np.array([0, 1]), one, one, one))
    assert found is not None and found.hole.tolist() == [5, 2]


def test_each_label_is_looked_at_with_the_part_that_it_lies_in():
    """Three events of one label in the slow stretch, two of another in the quick one."""
    load = Load(1)
    integral = Integral.of(load.trace(Kind.INSTANT, [(80, 1.0), (790, 0.1)]))
    slow, quick = np.array([10, 20, 30]) * NS, np.array([100, 120]) * NS
    labels = [activity_of(measure(integral, starts, starts + 4 * NS))[0] for starts in (slow, quick)]
    found = with_their_events(integral, labels)
    assert [[x.start_ns.tolist() for x in inside] for _, inside in found] == [
        [slow.tolist()],
        [quick.tolist()],
    ]
