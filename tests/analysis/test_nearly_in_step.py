"""Loads that nearly keep step with a meter that reads at regular moments."""

from __future__ import annotations

import numpy as np
import pytest
from early_end import claims_of

from powermeter.analysis.energy import analyse
from powermeter.analysis.nearly_in_step import by_fits
from powermeter.channel import Accuracy
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


def loop(rng: np.random.Generator, starts: np.ndarray, length: float) -> tuple[Truth, list[Event]]:
    """Events that begin at 8 W and end at 4 W over 1 W of idle."""
    times = np.column_stack([starts, starts, starts + length, starts + length]).ravel()
    watts = np.tile([1.0, 9.0, 5.0, 1.0], starts.size)
    end = float(times[-1]) + 3
    truth = Truth(np.concatenate([[0.0], times, [end]]), np.concatenate([[1.0], watts, [1.0]]))
    edges = np.rint(np.column_stack([starts, starts + length]) * NS).astype(np.int64).tolist()
    return truth, [Event("e", a, b, uid=i + 1) for i, (a, b) in enumerate(edges)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rate", "period", "length", "count"),
    [
        (10, (0.1007, 0.1007), 0.04, 330),  # the run held 62 %
        (10, (0.0503, 0.0503), 0.04, 650),  # the label held 60 %
        (100, (0.009, 0.015), 0.006, 1500),  # the label held 56 to 75 %
    ],
)
def test_loops_that_wander_past_the_readings(
    rate: float, period: tuple[float, float], length: float, count: int
) -> None:
    def missed(seed: int) -> dict[str, float | None]:
        rng = np.random.default_rng([11, seed])
        starts = 3 + rng.uniform(0, 0.1) + np.cumsum(rng.uniform(*period, count))
        truth, events = loop(rng, starts, length)
        analysis = analyse(
            SimulatedPowerMeter(rate, accuracy=Accuracy(noise=0.01)).record(truth, events, rng)
        )
        each, whole = analysis.row("e").energy_per_item, analysis.energy
        assert each is not None
        mean_j = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
        run_j = truth.energy(analysis.start_ns / NS, analysis.end_ns / NS)
        return {
            "label": not each.low <= mean_j <= each.high,
            "run": not whole.low <= run_j <= whole.high,
        }

    for name, claim in claims_of(missed).items():
        assert claim.holds, (name, claim)


def slow_beat(rng: np.random.Generator, hertz: float) -> tuple[Truth, list[Event]]:
    """PWM of 9 W and 30 % inside ten events of 2 to 4 s."""
    edges, levels, events, at = [0.0], [], [], 3.0
    for i in range(10):
        end = at + rng.uniform(2, 4)
        events.append(Event("e", round(at * NS), round(end * NS), uid=i + 1))
        k = np.arange(np.floor(at * hertz), end * hertz)
        for on, off in zip(np.clip(k / hertz, at, end), np.clip((k + 0.3) / hertz, at, end), strict=True):
            if off > on:
                edges += [on, off]
                levels += [1.0, 10.0]
        at = end + rng.uniform(1, 3)
    return Truth.steps([*edges, at + 2], [*levels, 1.0]), events


@pytest.mark.thorough
def test_a_ripple_as_slow_as_events_are_long_leaves_a_bound() -> None:
    rng = np.random.default_rng(12)
    for _ in range(6):
        truth, events = slow_beat(rng, 10.05)
        row = analyse(SimulatedPowerMeter(10, accuracy=Accuracy(noise=0.02)).record(truth, events, rng)).row(
            "e"
        )
        each = row.energy_per_item
        used = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
        assert each is not None and each.grade is Grade.ESTIMATED and each.low <= used <= each.high
        assert "ripple" in row.verdict.text and "rate" in row.verdict.text


def test_two_phases_of_every_event_are_no_ripple() -> None:
    rng = np.random.default_rng(13)
    edges, levels, events, at = [0.0], [], [], 3.0
    for i in range(12):
        edges += [at, at + 0.05, at + 1.2]
        levels += [1.0, 3.0, 9.0]
        events.append(Event("e", round(at * NS), round((at + 1.2) * NS), uid=i + 1))
        at += 1.2 + rng.uniform(0.5, 1.5)
    truth = Truth.steps([*edges, at + 2], [*levels, 1.0])
    each = (
        analyse(SimulatedPowerMeter(10, accuracy=Accuracy(noise=0.02)).record(truth, events, rng))
        .row("e")
        .energy_per_item
    )
    assert each is not None and each.grade is Grade.MEASURED


def on_and_off(rng: np.random.Generator, period: float, walk: float, on: float) -> tuple[Truth, list[Event]]:
    """Twelve events of 2 to 4 s in which 15 W go on and off above idle power, in a loop whose period varies."""
    starts = 2 + np.cumsum(rng.uniform(2.6, 5, 12))
    ends = starts + rng.uniform(2, 2.5, 12)
    times, watts = [0.0], [1.5]
    at = float(rng.uniform(0, period))
    while at < ends[-1]:
        inside = bool(((starts <= at) & (at + on <= ends)).any())
        if inside:
            times += [at, at, at + on, at + on]
            watts += [1.5, 16.5, 16.5, 1.5]
        at += max(float(rng.normal(period, walk)), on + 1e-4)
    times.append(float(ends[-1]) + 3)
    watts.append(1.5)
    edges = np.rint(np.column_stack([starts, ends]) * NS).astype(np.int64).tolist()
    return Truth(np.array(times), np.array(watts)), [
        Event("e", a, b, uid=i + 1) for i, (a, b) in enumerate(edges)
    ]


@pytest.mark.thorough
def test_frames_that_wander_past_regular_readings_are_paid_for_or_bounded() -> None:
    """30.3 frames a second, their period off by 0.5 ms each, read at 10 Hz: the label held 45 % at ±3 %, measured."""
    rng = np.random.default_rng(4)
    label = []
    for _ in range(12):
        truth, events = on_and_off(rng, 1 / 30.3, 0.0005, 0.012)
        analysis = analyse(SimulatedPowerMeter(10, accuracy=Accuracy(noise=0.01)).record(truth, events, rng))
        each = analysis.row("e").energy_per_item
        assert each is not None
        true = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
        label.append(each.low <= true <= each.high)
    assert np.mean(label) >= 10 / 12


def test_events_of_which_some_show_nothing_at_all_are_bounded() -> None:
    """PWM of 100.03 Hz and 30 %, read at 10 Hz: whole events at idle power, then whole ones at full."""
    rng = np.random.default_rng(5)
    truth, events = on_and_off(rng, 1 / 100.03, 0.0, 0.003)
    each = (
        analyse(SimulatedPowerMeter(10, accuracy=Accuracy(noise=0.01)).record(truth, events, rng))
        .row("e")
        .energy_per_item
    )
    assert each is not None and each.grade is Grade.ESTIMATED
    true = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
    assert each.low <= true <= each.high


@pytest.mark.thorough
def test_a_program_that_waits_first_in_each_event_is_measured() -> None:
    """Idle power for the first two fifths of each event, then 9 W: alike in all of them, and so the program's own."""
    rng = np.random.default_rng(6)
    starts = 2 + np.cumsum(rng.uniform(5, 6, 12))
    ends = starts + rng.uniform(3, 4, 12)
    turn = starts + 0.4 * (ends - starts)
    times = np.column_stack([turn, turn, ends, ends]).ravel()
    truth = Truth(
        np.concatenate([[0.0], times, [ends[-1] + 3]]),
        np.concatenate([[1.5], np.tile([1.5, 9, 9, 1.5], 12), [1.5]]),
    )
    edges = np.rint(np.column_stack([starts, ends]) * NS).astype(np.int64).tolist()
    events = [Event("e", a, b, uid=i + 1) for i, (a, b) in enumerate(edges)]
    each = (
        analyse(SimulatedPowerMeter(10, accuracy=Accuracy(noise=0.01)).record(truth, events, rng))
        .row("e")
        .energy_per_item
    )
    assert each is not None and each.grade is Grade.MEASURED and each.half_width < 0.05 * each.value


def wandering_places(rng: np.random.Generator, readings: int) -> np.ndarray:
    """Return what readings meet of a loop, on for 40 %, whose phase walks by 5 % between them: 6 W and 1 W."""
    return np.where((rng.uniform() + np.cumsum(rng.normal(0, 0.05, readings))) % 1 < 0.4, 6.0, 1.0)


def by_turns(rng: np.random.Generator, readings: int) -> np.ndarray:
    """Return what readings see of a program that is on and off for 3 to 15 of them."""
    lasts = rng.integers(3, 16, readings)
    on = np.arange(readings) % 2 == 0
    return np.where(np.repeat(on, lasts)[:readings], 6.0, 1.0)


def test_stretches_of_very_unlike_lengths_count_as_few_readings() -> None:
    rng = np.random.default_rng(5)
    found = [by_fits(wandering_places(rng, 200), 0.01) for _ in range(40)]
    told = [one for one in found if one is not None]
    assert len(told) >= 20  # three quarters in the long run
    for deviation, worth in told:
        assert 0 < deviation < 2.6 and worth < 50
    # What a program does one after the other is no such loop, however often it goes on and off.
    assert [by_fits(by_turns(rng, 200), 0.01) for _ in range(20)] == [None] * 20


def test_one_event_on_and_off_at_idle_counts_as_its_stretches() -> None:
    """A loop of which readings meet its rest for 10 s and its turns for 10 s looks so; idle beside the event is its lower level."""
    watts = np.repeat([1.0, 6.0], 100)
    assert by_fits(watts, 0.01) is None  # two phases of a program
    told = by_fits(watts, 0.01, quiet=1.0)
    assert told is not None and told[1] == pytest.approx(2.0)
    assert by_fits(watts, 0.01, quiet=0.2) is None
    # Bursts that last for less than six readings are met at random.
    assert by_fits(np.tile(np.repeat([1.0, 6.0], 4), 25), 0.01, quiet=1.0) is None
