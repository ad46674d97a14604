"""What follows an event on a meter that averages: told apart by where the event's end lies in its window."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.tails import tail_of
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

IDLE = 1.5


def ramps(rng: np.random.Generator, length: float, tail_w: float) -> tuple[Truth, list[tuple[float, float]]]:
    """Thirty events that rise by 2 to 6 W above idle; behind each `tail_w` that dies away in 0.15 s."""
    times, watts, spans, at = [0.0], [IDLE], [], 3.0
    decay = np.linspace(0, 0.9, 19)
    for _ in range(30):
        after = at + length
        times += [at, at, after, *(after + decay), after + 0.9]
        watts += [IDLE, IDLE + 2, IDLE + 6, *(IDLE + tail_w * np.exp(-decay / 0.15)), IDLE]
        spans.append((at, after))
        at = after + 0.95 + rng.exponential(0.5)
    return Truth(np.array([*times, at + 2]), np.array([*watts, IDLE])), spans


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_a_tail_is_told_from_events_longer_than_a_window(kind: Kind) -> None:
    # Taken for part of the event, it made the label 2.4 % too high at ±1.5 %.
    rng = np.random.default_rng(4)
    meter = SimulatedPowerMeter(
        10, kind, accuracy=Accuracy(noise=0.01 if kind is Kind.MEAN else 0.0, step=1e-4)
    )
    held, wide = [], []
    for _ in range(12):
        truth, spans = ramps(rng, 0.25, 2.5)
        events = [Event("e", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)]
        row = analyse(meter.record(truth, events, rng)).row("e")
        each = row.energy_per_item
        used = np.mean([truth.energy(a, b) for a, b in spans])
        assert each is not None and row.tail is not None and row.method == "integral"
        assert row.tail.value == pytest.approx(0.37, abs=0.02)
        held.append(each.low <= used <= each.high)
        wide.append((each.high - each.low) / 2 / used)
    assert sum(held) >= 11 and np.median(wide) < 0.01


def test_nothing_is_said_to_follow_where_nothing_does() -> None:
    rng = np.random.default_rng(5)
    truth, spans = ramps(rng, 0.25, 0.0)
    events = [Event("e", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)]
    row = analyse(
        SimulatedPowerMeter(10, Kind.MEAN, accuracy=Accuracy(noise=0.01)).record(truth, events, rng)
    ).row("e")
    assert row.tail is None


def test_the_next_label_is_no_tail() -> None:
    # A of 2 W, B of 7 W at once behind it, then a pause: B is not what "follows each event" of A.
    rng = np.random.default_rng(6)
    edges, levels, events, at = [0.0], [], [], 3.0
    for i in range(300):
        a, b = rng.uniform(0.02, 0.05, 2)
        edges += [at, at + a, at + a + b]
        levels += [1.0, 2.0, 7.0]
        events += [
            Event("A", round(at * NS), round((at + a) * NS), uid=2 * i + 1),
            Event("B", round((at + a) * NS), round((at + a + b) * NS), uid=2 * i + 2),
        ]
        at += a + b + rng.uniform(0.01, 0.03)
    truth = Truth.steps([*edges, at + 2], [*levels, 1.0])
    analysis = analyse(
        SimulatedPowerMeter(10, Kind.MEAN, accuracy=Accuracy(noise=0.02)).record(truth, events, rng)
    )
    assert analysis.row("A").tail is None and not any("follow each event" in note for note in analysis.notes)


@pytest.mark.thorough
def test_a_device_that_wakes_ahead_of_the_mark_is_no_part_of_the_event() -> None:
    # 60 ms of 4 W before each event on a 10 Hz mean: the label was 5.9 % too high and held 22 %.
    rng = np.random.default_rng(7)
    held = []
    for _ in range(10):
        edges, levels, spans, at = [0.0], [], [], 3.0
        for _ in range(30):
            edges += [at - 0.06, at, at + 0.4]
            levels += [1.0, 5.0, 6.0]
            spans.append((at, at + 0.4))
            at += 0.75 + rng.exponential(0.7)
        truth = Truth.steps([*edges, at + 2], [*levels, 1.0])
        events = [Event("e", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)]
        meter = SimulatedPowerMeter(10, Kind.MEAN, accuracy=Accuracy(noise=0.02))
        each = analyse(meter.record(truth, events, rng)).row("e").energy_per_item
        assert each is not None
        held.append(each.low <= 6.0 * 0.4 <= each.high)
    assert sum(held) >= 8


def test_a_loop_in_step_with_the_windows_does_not_show_its_tail() -> None:
    # 25 ms of each 200 ms on 5 Hz means, 60 ms of 1 W behind: the label was 34 % too high at ±2 %.
    rng = np.random.default_rng(8)
    edges, levels, events = [0.0], [], []
    for i in range(60):
        at = 3.07 + 0.2 * i
        edges += [at, at + 0.025, at + 0.085]
        levels += [1.0, 7.0, 2.0]
        events.append(Event("e", round(at * NS), round((at + 0.025) * NS), uid=i + 1))
    truth = Truth.steps([*edges, 18], [*levels, 1.0])
    row = analyse(
        SimulatedPowerMeter(5, Kind.MEAN, accuracy=Accuracy(noise=0.02)).record(truth, events, rng)
    ).row("e")
    each = row.energy_per_item
    assert each is not None and each.grade is Grade.ESTIMATED and each.low <= 7.0 * 0.025 <= each.high


@pytest.mark.thorough
def test_what_a_shape_leads_to_is_no_more_than_the_cut_window_holds() -> None:
    """A load that changes by itself looks like a tail of two standard errors now and then: half of the label's energy was in doubt."""
    meter = SimulatedPowerMeter(100, Kind.MEAN, accuracy=Accuracy(noise=5e-3, step=1e-6))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        at = np.arange(0, 40, 0.3)
        truth = Truth.steps(at, rng.choice([5.0, 10.0, 20.0], at.size - 1))
        starts = 1 + 1.6 * np.arange(24) + rng.uniform(0, 0.7, 24)
        ends = starts + rng.uniform(0.1, 0.8, 24)
        events = [
            Event("e", round(a * NS), round(b * NS), uid=i + 1)
            for i, (a, b) in enumerate(zip(starts, ends, strict=True))
        ]
        each = analyse(meter.record(truth, events, rng)).row("e").energy_per_item
        assert each is not None
        used = np.mean([truth.energy(a, b) for a, b in zip(starts, ends, strict=True)])
        assert each.low <= used <= each.high and abs(each.value / used - 1) < 0.02, seed
        assert each.high - each.low < 0.08 * used, seed


@pytest.mark.thorough
def test_a_tail_of_which_pauses_leave_one_window_is_not_counted_twice() -> None:
    """2 Hz means, 25 events of 0.2 s, a tail of 4 W that dies within 0.5 s, pauses of two or three windows: 0.63 J follow each."""
    rng = np.random.default_rng(5)
    off = []
    for _ in range(12):
        starts = 3.0 + np.cumsum(0.2 + rng.uniform(0.75, 2.25, 25))
        fine = np.arange(0.0, starts[-1] + 4, 1e-3)
        watts = np.ones(fine.size)
        for a in starts.tolist():
            behind = fine - a - 0.2
            watts += 5.0 * ((behind >= -0.2) & (behind < 0))
            watts += np.where((behind >= 0) & (behind < 0.5), 4 * np.exp(-np.maximum(behind, 0) / 0.1667), 0)
        edges = np.arange(0.3, fine[-1], 0.5)
        total = np.interp(edges, fine + 1e-3, np.cumsum(watts) * 1e-3)
        rates = np.concatenate([[0.0], np.diff(total) / 0.5]) + 0.02 * rng.standard_normal(edges.size)
        t, ends = np.rint(edges * 1e9).astype(np.int64), np.rint((starts + 0.2) * 1e9).astype(np.int64)
        after = np.append(np.rint(starts[1:] * 1e9), t[-1]).astype(np.int64)
        place = np.searchsorted(t, ends)
        found = tail_of(rates, np.full(t.size, 0.5), t, ends, after, place, np.zeros(t.size, bool))
        if found is not None and found.joules:
            off.append(found.joules / 0.633 - 1)
    assert len(off) >= 6 and abs(float(np.median(off))) < 0.12


def few(rng: np.random.Generator, count: int, tail_s: float) -> tuple[Truth, list[Event]]:
    """Events of about two seconds that rise by 5 W, and behind each 3 W more that die away in `tail_s`; 1 W idle."""
    starts = np.round(8.0 + np.cumsum(rng.uniform(6, 9, count)), 2)
    ends = np.round(starts + rng.uniform(1, 3, count), 2)
    t = np.round(np.arange(0.0, ends[-1] + 9, 0.01), 2)
    watts = np.ones(t.size)
    for a, b in zip(starts, ends, strict=True):
        watts[(t >= a) & (t < b)] += 5.0
        if tail_s:
            watts[t >= b] += 3.0 * np.exp(-(t[t >= b] - b) / tail_s)
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return Truth.steps(t, watts[:-1]), [
        Event("e", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("count", [1, 3, 6])
@pytest.mark.parametrize("tail_s", [0.0, 0.5, 1.5])
def test_what_follows_few_events_opens_the_interval_downward(count: int, tail_s: float) -> None:
    # At ±3 to ±8 %, measured, one in five held.
    meter, held, sure, half = SimulatedPowerMeter(1, Kind.MEAN, Accuracy(noise=0.002)), 0, 0, []
    for seed in range(10):
        rng = np.random.default_rng([seed, count])
        truth, events = few(rng, count, tail_s)
        row = analyse(meter.record(truth, events, rng)).row("e")
        each = row.these_per_item
        used = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
        assert each is not None and each.relative is not None
        held += each.low <= used <= each.high
        sure += each.grade is not Grade.ESTIMATED
        half.append(each.relative)
        assert ("end the event where its power has fallen" in row.verdict.text) is (
            each.grade is Grade.ESTIMATED
        )
    assert held >= 8
    if tail_s:
        assert sure <= 1
    else:
        assert sure == 10 and np.median(half) < 0.06


def test_ends_at_one_place_of_the_windows_lead_a_tail_to_nothing_that_none_holds() -> None:
    """Jobs of 3 to 8 s in whole seconds under windows of 1 s: of 9 W at most, 110 kJ were led to where the next one begins."""
    for seed in (9, 26, 39):
        rng = np.random.default_rng(seed)
        starts = 4.0 + np.cumsum(np.append(0, rng.uniform(3, 8, 13) + rng.uniform(1.2, 6, 13)))
        ends = np.minimum(starts + rng.uniform(3, 8, 14), np.append(starts[1:] - 1.2, np.inf))
        fine = np.arange(0.0, ends[-1] + 12, 1e-3)
        inside = np.searchsorted(starts, fine, side="right") > np.searchsorted(ends, fine, side="right")
        watts = 2.4 + np.where(
            inside, np.repeat(rng.uniform(3, 7, fine.size // 200 + 1), 200)[: fine.size], 0
        )
        at = np.arange(rng.uniform(1, 2), fine[-1], 1.0)
        at += rng.uniform(0, 0.003, at.size)
        rates = np.append(0, np.diff(np.interp(at, fine + 1e-3, np.cumsum(watts) * 1e-3)))
        t, marks = (
            np.rint(at * 1e9).astype(np.int64),
            np.floor(np.array([starts, ends])).astype(np.int64) * NS,
        )
        after = np.append(marks[0, 1:], t[-1])
        found = tail_of(
            rates, np.ones(t.size), t, marks[1], after, np.searchsorted(t, marks[1]), np.zeros(t.size, bool)
        )
        if found is not None:
            assert np.abs(found.again).max() <= 9.4 and np.abs(found.first).max() <= 9.4, seed
