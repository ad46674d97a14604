"""Loops that no event marks, on readings at regular moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.unmarked_loop import loop_beside, loop_of_run
from powermeter.analysis.whole_run import measure_run
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
N = 600
DUTY = 0.25  # of 4 W above 1 W: 2 W in the mean


def read(phase: np.ndarray, seed: int = 1):
    """Return ten readings a second of a loop whose phase at each reading is given, in turns."""
    watts = np.where(np.mod(phase, 1.0) < DUTY, 5.0, 1.0)
    noise = 0.01 * np.random.default_rng(seed).standard_normal(phase.size)
    return from_samples(np.arange(phase.size, dtype=np.int64) * NS // 10, watts + noise)


def events(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return twelve events of 1 to 3 s that the load knows nothing of."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.choice(np.arange(4, 56, 4), 12, replace=False)) + rng.random(12)
    return np.rint(starts * NS).astype(np.int64), np.rint((starts + rng.uniform(1, 3, 12)) * NS).astype(
        np.int64
    )


@pytest.mark.parametrize("turns", [2.3, 5.7, 9.4])
def test_a_loop_that_wanders_past_is_inside_run_and_label(turns: float) -> None:
    integral = Integral.of(read(0.6 + turns * np.arange(N) / N))
    start, end = events()
    found = measure(integral, start, end)
    run = measure_run(integral, activity=activity_of(found))
    assert run.energy.low <= 2.0 * run.seconds <= run.energy.high
    label = found.combine(np.ones(start.size), "label")
    assert label.low <= 2.0 * float(np.sum(end - start)) / NS <= label.high


def test_few_stretches_are_bounded_by_both_levels() -> None:
    integral = Integral.of(read(0.6 + 2.3 * np.arange(N) / N))
    start, end = events()
    run = measure_run(integral, activity=activity_of(measure(integral, start, end)))
    assert run.energy.grade is Grade.ESTIMATED
    assert run.energy.low / run.seconds == pytest.approx(1.0, abs=0.1)
    assert run.energy.high / run.seconds == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("lively", [False, True])
def test_a_long_phase_that_varies_from_reading_to_reading_is_the_program_s_own(lively: bool) -> None:
    """An image of a loop that repeats passes each place slowly: its neighbours differ by the stated noise alone."""
    rng = np.random.default_rng(3)
    watts = np.where(np.mod(0.6 + 5.7 * np.arange(N) / N, 1.0) < DUTY, 5.0, 1.0)
    watts = watts + 0.01 * rng.standard_normal(N) + (watts > 3) * lively * rng.uniform(-0.2, 0.2, N)
    trace = replace(from_samples(np.arange(N, dtype=np.int64) * NS // 10, watts), noise=0.01)
    start, end = events()
    first = np.searchsorted(trace.times_ns, start, side="right")
    found = loop_beside(trace, first, np.searchsorted(trace.times_ns, end, side="right") - first)
    assert (found is None) is lively


def test_events_that_power_follows_are_taken_as_they_are() -> None:
    start, end = events()
    t = np.arange(N) * NS // 10
    inside = np.any((t[:, None] > start) & (t[:, None] < end), axis=1)
    trace = from_samples(t, np.where(inside, 5.0, 1.0) + 0.01 * np.random.default_rng(1).standard_normal(N))
    first = np.searchsorted(t, start, side="right")
    assert loop_beside(trace, first, np.searchsorted(t, end, side="right") - first) is None


def test_of_events_of_one_reading_nothing_is_found() -> None:
    """Their two levels are that a reading met an event or the idle power beside it."""
    trace = read(0.6 + 5.7 * np.arange(N) / N)
    assert loop_beside(trace, np.arange(20, 580, 14), np.full(40, 3)) is not None
    assert loop_beside(trace, np.arange(20, 580, 14), np.full(40, 1)) is None


def test_of_few_events_nothing_is_found() -> None:
    trace = read(0.6 + 5.7 * np.arange(N) / N)
    assert loop_beside(trace, np.array([30, 100, 300]), np.array([20, 20, 20])) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_load_that_switches_at_random_is_no_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    upper = np.repeat(np.arange(60) % 2, 1 + np.rint(rng.exponential(20, 60)).astype(int))
    trace = from_samples(np.arange(upper.size, dtype=np.int64) * NS // 10, 1.0 + 4.0 * upper)
    assert loop_of_run(trace, ()) is None


def test_a_phase_that_walks_past_an_edge_is_found_without_events() -> None:
    # Near the edge it crosses at every few readings, away from it at none.
    phase = (
        0.25
        + 0.25 * np.sin(2 * np.pi * np.arange(2400) / 800)
        + 0.03 * np.random.default_rng(3).standard_normal(2400)
    )
    trace = read(phase)
    assert loop_of_run(trace, ()) is not None
    run = measure_run(Integral.of(trace))  # half of the time on 5 W
    assert run.energy.low <= 3.0 * run.seconds <= run.energy.high
    assert run.energy.high > 3.5 * run.seconds


def test_a_loop_whose_rate_wanders_is_found_beside_events() -> None:
    phase = (
        0.25
        + 0.25 * np.sin(2 * np.pi * np.arange(N) / 170)
        + 0.03 * np.random.default_rng(3).standard_normal(N)
    )
    start, end = events()
    t = np.arange(N) * NS // 10
    first = np.searchsorted(t, start, side="right")
    assert loop_beside(read(phase), first, np.searchsorted(t, end, side="right") - first) is not None


@pytest.mark.parametrize(("high", "seen"), [(14, True), (16, False)])
def test_power_that_follows_events_late_is_left_to_the_lag(high: int, seen: bool) -> None:
    """A loop of 60 readings, 30 of them high, and ten events of 20 of which 14, or 16, are high: edges fall where nothing changes.

    Inside, 0.7 or 0.8 of the readings are high; beside, (300 − 140)/400 = 0.4 or (300 − 160)/400 = 0.35: 0.3 or 0.45 apart.
    """
    upper = np.arange(N) % 60 < 30
    size = 20
    first = 60 * np.arange(10) + 30 - high
    trace = from_samples(
        np.arange(N, dtype=np.int64) * NS // 10,
        np.where(upper, 5.0, 1.0) + 0.01 * np.random.default_rng(1).standard_normal(N),
    )
    assert (loop_beside(trace, first, np.full(10, size)) is not None) is seen


def test_a_load_that_switches_at_random_beside_events_is_no_loop() -> None:
    rng = np.random.default_rng(2)
    start, end = events()
    t = np.arange(N) * NS // 10
    first = np.searchsorted(t, start, side="right")
    count = np.searchsorted(t, end, side="right") - first
    found = 0
    for _ in range(20):
        upper = np.repeat(np.arange(80) % 2, 1 + np.rint(rng.exponential(20, 80)).astype(int))[:N]
        found += loop_beside(from_samples(t, 1.0 + 4.0 * upper), first, count) is not None
    assert found <= 2
