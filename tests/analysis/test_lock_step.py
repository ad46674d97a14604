"""Loops that readings nearly keep step with, and have met a part of only."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.bounds import beat
from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import BEAT, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lock_step import by_place, evenly, level_throughout, unseen_part
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

INTERVAL_NS = 500_000_000


def loop(
    seed: int, period: float, n: int, lasts: float = 0.3
) -> tuple[Integral, np.ndarray, np.ndarray, float]:
    """Return 2 Hz readings of events that draw 12 W for their first 40 % and 2 W for the rest, 1 W beside; and the mean energy."""
    rng = np.random.default_rng(seed)
    start = 1.5 + rng.uniform(0, 1) + period * np.arange(n)
    t = rng.uniform(0, 0.5) + 0.5 * np.arange(int((start[-1] + 2) / 0.5))
    behind = t - start[np.clip(np.searchsorted(start, t, "right") - 1, 0, None)]
    inside = (behind >= 0) & (behind < lasts)
    watts = np.where(inside, np.where(behind < 0.4 * lasts, 12.0, 2.0), 1.0) + rng.normal(0, 0.02, t.size)
    ns = np.rint(t * 1e9).astype(np.int64)
    first = np.rint(start * 1e9).astype(np.int64)
    trace = from_samples(ns, watts, noise=0.02)
    return Integral.of(trace), first, first + round(lasts * 1e9), 6.0 * lasts


@pytest.mark.parametrize("period", [0.502, 0.503, 0.4975, 0.2515])
def test_a_beat_that_is_not_finished_has_no_upper_limit_or_holds(period: float) -> None:
    """Forty events wander over a quarter of an interval: readings that met the quiet part only showed a third of the energy."""
    read = 0
    for seed in range(12):
        integral, start, end, truth = loop(seed, period, 40)
        found = measure(integral, start, end)
        if not found.known.all():
            continue
        read += 1
        mean = found.combine_of(np.arange(start.size), np.full(start.size, 1 / start.size), "all")
        assert mean.low <= truth <= mean.high, f"seed {seed}"
        assert mean.grade is Grade.ESTIMATED, f"seed {seed}"
    assert read >= 6, "where no reading fell inside nothing is stated"


def test_a_beat_that_came_all_round_is_measured() -> None:
    """Eighty steps of 0.0126 of an interval are once round: no arc is left out."""
    integral, start, end, truth = loop(3, 0.5063, 80)
    found = measure(integral, start, end)
    mean = found.combine_of(np.arange(start.size), np.full(start.size, 1 / start.size), "all")
    assert mean.grade is Grade.MEASURED and mean.low <= truth <= mean.high
    assert mean.high - mean.low < 0.5 * truth


def test_an_arc_counts_as_far_as_it_lies_in_the_events() -> None:
    """Next readings 0.6 to 0.9 of an interval behind starts of events of 0.6 intervals: none fell inside, all of it is unmet."""
    n = 40
    start = np.arange(n, dtype=np.int64) * 10**9
    ahead = np.linspace(0.62, 0.9, n)
    times = start + np.rint(ahead * INTERVAL_NS).astype(np.int64)
    phase = unseen_part(times, start, start + 300_000_000, np.arange(n), np.zeros(n, np.int64), INTERVAL_NS)
    assert phase.blind == pytest.approx(1.0)
    scattered = start + np.rint(np.random.default_rng(5).uniform(0, 1, n) * INTERVAL_NS).astype(np.int64)
    chance = unseen_part(
        scattered, start, start + 300_000_000, np.arange(n), np.zeros(n, np.int64), INTERVAL_NS
    )
    assert chance.blind == 0.0


def test_what_the_beat_has_not_come_to_is_a_rectangle_over_what_events_left() -> None:
    """Ten places from 0 to 0.45: the arc of 0.55 over rests of −1 to 1 J has the variance 0.55² × 2²/12."""
    rests = np.array([-1.0, 1.0] * 5)
    assert evenly(np.arange(10) * 0.05, rests)[2] == pytest.approx(0.55**2 * 4 / 12)
    assert evenly(np.arange(10) * 0.1, rests)[2] == 0.0


@pytest.mark.parametrize(
    ("blind", "sparse", "upper"), [(0.2, False, 2.0), (0.3, False, math.inf), (0.2, True, math.inf)]
)
def test_of_much_that_was_never_met_nothing_is_an_upper_limit(
    blind: float, sparse: bool, upper: float
) -> None:
    """1 W beside, 5 W inside, 5 J in 1 s: of a fifth, three times 5 W may be missing 2 J; of more, anything."""
    integral = Integral.of(from_samples(np.arange(5) * 10**9, np.array([1.0, 1, 5, 1, 1])))
    zero = np.zeros(1)
    estimate = GroupEstimate(np.array([5.0]), zero, zero, np.ones(1, int), zero, zero, zero)
    found = beat(integral, estimate, np.array([2]), np.array([3]), np.ones(1), blind, sparse=sparse)
    assert found.why == BEAT and found.above_all == pytest.approx(upper)
    assert found.below_all == pytest.approx((5 - 1 + 0.4) * (1.0 if sparse else blind))


@pytest.mark.parametrize("period", [0.1, 0.0505, 0.0995])
def test_a_ripple_in_step_with_readings_inside_events_is_the_meters_doubt(period: float) -> None:
    """Three readings of an event meet a saw that begins with it at one place: they agree, and events of equal energy differ."""
    held = every = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        start = 1 + np.cumsum(0.6 + rng.uniform(0.1, 0.5, 40))
        t = rng.uniform(0, 0.1) + 0.1 * np.arange(int((start[-1] + 2) / 0.1))
        behind = t - start[np.clip(np.searchsorted(start, t, "right") - 1, 0, None)]
        inside = (behind >= 0) & (behind < 0.3)
        watts = np.where(inside, 1 + 10 * np.mod(behind / period, 1), 1.0) + rng.normal(0, 0.01, t.size)
        first = np.rint(start * 1e9).astype(np.int64)
        trace = from_samples(np.rint(t * 1e9).astype(np.int64), watts, noise=0.01)
        found = measure(Integral.of(trace), first, first + 300_000_000)
        truth = 0.3 + 10 * np.trapezoid(np.mod(np.linspace(0, 0.3 / period, 30_001), 1), dx=1e-5)
        mean = found.combine(np.full(40, 1 / 40), "mean")
        held += mean.low <= truth <= mean.high
        every += int(np.count_nonzero(np.abs(found.value - truth) <= found.half_width()))
        assert mean.half_width < 0.5 * truth
    assert held >= 7
    assert every >= 0.9 * 8 * 40


def test_events_that_differ_at_random_places_are_no_ripple() -> None:
    rng = np.random.default_rng(5)
    found = [by_place(rng.uniform(0, 1, 40), rng.normal(5, 1, 40)) for _ in range(400)]
    assert np.count_nonzero(found) <= 12  # one of a hundred: three tests of one of 400 each


def test_teeth_that_begin_with_eight_events_are_seen_by_where_their_readings_fall() -> None:
    """All readings of an event meet a tooth as far behind its start as the first one does: 8 W times the place."""
    rng = np.random.default_rng(6)
    places = rng.uniform(0, 1, 8)
    levels = 2 + 8 * places + rng.normal(0, 0.1, 8)
    assert by_place(places, levels) == pytest.approx(levels.var(ddof=1), rel=0.02)
    assert by_place(places[:7], levels[:7]) == 0.0


@pytest.mark.parametrize("turns", [3, 5, 10])
def test_ripples_of_several_turns_in_an_interval_are_seen_by_where_readings_fall(turns: int) -> None:
    rng = np.random.default_rng(8)
    places = rng.uniform(0, 1, 30)
    levels = np.where((turns * places) % 1 < 0.6, 320.0, 110.0)
    assert 0.6 * levels.var(ddof=1) < by_place(places, levels) <= levels.var(ddof=1)


def met_at(places_ms: list[float], watts: np.ndarray) -> bool:
    """Return whether events of 7 ms under readings each 5 ms, the first so far behind their starts in turn, are level throughout."""
    start = np.arange(60, dtype=np.int64) * 500_000_000 + 1_000_000_000
    turn = np.arange(60) % len(places_ms)
    first = start + np.round(np.array(places_ms)[turn] * 1e6).astype(np.int64)
    stamps = np.sort(np.concatenate([first, first + 5_000_000]))
    values = np.repeat(watts[turn], 2) + np.random.default_rng(5).normal(0, 0.01, stamps.size)
    trace = replace(from_samples(stamps, values, noise=0.01), interval_ns=5_000_000)
    count = np.where(np.array(places_ms)[turn] < 2, 2, 1)
    return level_throughout(trace, start, (np.arange(0, 120, 2), count), 0.3, 4.0)


def test_events_of_one_level_at_all_places_are_level_throughout() -> None:
    places = [0.1, 0.6, 1.4, 2.8, 4.1]
    assert met_at(places, np.full(5, 6.0))
    assert not met_at(places, np.array([6.0, 6.0, 6.0, 6.0, 6.6]))  # another power at one of them
    assert not met_at([0.1, 2.8], np.full(2, 6.0))  # three places are few
