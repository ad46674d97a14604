"""Snapshots of an instrument's own refresh: swings, plateaus and marks at edges, on values that are written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom
from scipy.stats import t as student

from powermeter.analysis.refresh_beat import (
    always_one_place,
    leave_a_mark,
    levels_differ,
    plateaus,
    slow_swings,
)
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

TAU_NS = 100_000_000


def trace(values: np.ndarray, tau_ns: int = TAU_NS, **more: float) -> Trace:
    times = np.arange(values.size, dtype=np.int64) * tau_ns
    return from_samples(times, np.asarray(values, float), interval_ns=tau_ns, **more)


def indices(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a for a, _ in pairs], np.int64), np.array([n for _, n in pairs], np.int64)


def swinging(n: int, periods: float, amplitude: float = 1.0) -> np.ndarray:
    return 5.0 + amplitude * np.cos(2 * math.pi * periods * np.arange(n) / n)


@pytest.mark.parametrize("periods", [2, 3])
def test_slow_swings_cost_what_the_spectrum_next_to_zero_says(periods: int) -> None:
    """A² n/4 in one of three ordinates; √(n S) of it for τ, by Student's t of six degrees of freedom."""
    n = 60
    (found,) = slow_swings(trace(swinging(n, periods)), *indices((0, n)))
    factor = student.ppf(0.975, 6) / 1.959964
    assert found == pytest.approx(0.1 * math.sqrt(n * (n / 4) / 3) * factor, rel=1e-3)


def test_what_swings_faster_or_hardly_turns_costs_nothing() -> None:
    n = 60
    fast = slow_swings(trace(swinging(n, 4)), *indices((0, n)))[0]
    assert fast == pytest.approx(0.0, abs=1e-9)
    assert slow_swings(trace(swinging(n, 1.5)), *indices((0, n)))[0] == 0.0  # three changes of side
    assert slow_swings(trace(swinging(15, 2)), *indices((0, 15)))[0] == 0.0  # sixteen readings
    assert slow_swings(trace(swinging(16, 2)), *indices((0, 16)))[0] > 0


@pytest.mark.parametrize(("count", "costs"), [(3, True), (4, False)])
def test_what_four_events_do_alike_is_the_programs_own(count: int, costs: bool) -> None:
    n = 60
    values = np.tile(swinging(n, 2), count)
    found = slow_swings(trace(values), *indices(*((n * k, n) for k in range(count))))
    assert (found > 1e-6).all() == costs and (found > 1e-6).any() == costs


@pytest.mark.parametrize(("between", "far"), [(0.63, False), (0.65, True)])
def test_levels_that_differ_by_a_fifth_of_the_step_are_each_events_own(between: float, far: bool) -> None:
    """(0.2 × 4 W)² = 0.64 W²; events of 1 s and 2 s."""
    total, own = levels_differ(between, 6.0, 2.0, np.array([1.0, 2.0]))
    assert total == pytest.approx(between * 5)
    assert own.tolist() == pytest.approx([math.sqrt(between), 2 * math.sqrt(between)] if far else [0.0, 0.0])


def two_levels(*lasts: int, low: float = 2.0, high: float = 6.0) -> np.ndarray:
    return np.concatenate([np.full(n, (low, high)[k % 2]) for k, n in enumerate(lasts)])


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        (two_levels(6, 6), (2.0, 6.0)),
        (two_levels(6, 5, 5, 6), (2.0, 6.0)),
        (two_levels(6, 4, 6), None),  # a level lasts five readings
        (two_levels(6, 5, 5, 5, 6), None),  # four changes
        (two_levels(12), None),
        (two_levels(5, 6), None),  # the first and the last reading are the program's own
        (two_levels(6, 6, low=4.81), None),  # a fifth of the upper level apart
        (two_levels(6, 6, low=4.79), (4.79, 6.0)),
    ],
)
def test_one_event_that_changes_once_to_three_times_between_two_levels(values, bounds) -> None:
    found = plateaus(trace(values), *indices((0, values.size)))
    assert found == (None if bounds is None else pytest.approx(bounds))


def test_plateaus_of_two_events_of_a_fast_refresh_and_no_more() -> None:
    one = two_levels(6, 6)
    two = np.concatenate([one, 1 + one])
    assert plateaus(trace(two), *indices((0, 12), (12, 12))) == (2.0, 7.0)
    three = np.concatenate([two, one])
    assert plateaus(trace(three), *indices((0, 12), (12, 12), (24, 12))) is None
    assert plateaus(trace(one, 250_000_000), *indices((0, 12))) is not None
    assert plateaus(trace(one, 250_000_001), *indices((0, 12))) is None


@pytest.mark.parametrize("more", [{"noise": 0.41}, {"step": 0.41}])
def test_levels_within_ten_deviations_are_none(more: dict[str, float]) -> None:
    values = two_levels(6, 6)
    assert plateaus(trace(values, **more), *indices((0, 12))) is None
    assert plateaus(trace(values, **{k: 0.39 for k in more}), *indices((0, 12))) is not None


def test_few_edges_are_taken_to_leave_a_mark() -> None:
    """Ten steps over edges: five events with both."""
    values = np.random.default_rng(1).standard_normal(200)
    first = 20 + 30 * np.arange(4)
    assert leave_a_mark(trace(values), first, np.full(4, 10)) is True


def marked(up: int, down: int) -> bool:
    """Return whether so many edges with a step of 9 W up and down leave a mark among steps of ± 1 W.

    Readings alternate so that steps over three readings are ± 1 W; at edges a level is added.
    """
    n = up + down
    values = np.tile([0.0, 1.0], 20 * n + 40)
    first = 20 + 20 * np.arange(n)
    for k, at in enumerate(first.tolist()):
        values[at : at + 10] += 9.0 if k < up else -9.0
    return leave_a_mark(trace(values), first, np.full(n, 10))


def test_steps_at_edges_beyond_nine_tenths_of_all_others_are_a_mark() -> None:
    assert marked(6, 6)


def test_the_chance_is_binomial() -> None:
    """Ten of ten on one side are 2 × 2⁻¹⁰ = 0.2 %, eight of ten 11 %: at one in a hundred a mark or none."""
    assert 2 * binom.sf(9, 10, 0.5) < 0.01 < 2 * binom.sf(7, 10, 0.5)
    rng = np.random.default_rng(3)
    noise = rng.uniform(-1, 1, 600)
    first = 20 + 40 * np.arange(12)
    assert leave_a_mark(trace(noise), first, np.full(12, 10)) is False
    lifted = noise.copy()
    for at in first.tolist():
        lifted[at : at + 10] += 3.0
    assert leave_a_mark(trace(lifted), first, np.full(12, 10)) is True


def test_snapshots_that_all_agree_were_met_at_one_place() -> None:
    values = np.full(60, 2.0)
    values[20:40] = 6.0
    found = always_one_place(trace(values, step=0.01), *indices((20, 20)))
    assert found is not None and found[0] <= 2.0 and found[1] >= 6.0
    noisy = values + 0.1 * np.random.default_rng(1).standard_normal(60)
    assert always_one_place(trace(noisy, step=0.01), *indices((20, 20))) is None
    assert always_one_place(trace(values, 250_000_001, step=0.01), *indices((20, 20))) is None
    assert always_one_place(trace(values, step=0.01), *indices((20, 15))) is None  # sixteen readings
