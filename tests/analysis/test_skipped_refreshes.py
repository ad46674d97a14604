"""Refreshes that were not shown are in the run's interval; readings that are equal by chance, or levels without noise, are none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from powermeter.analysis.integral import Integral
from powermeter.analysis.skipped_refreshes import Skipped, skipped_refreshes
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Kind, Quantity
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

FIFTH_NS = 200_000_000
N = 400


def load(rng: np.random.Generator) -> np.ndarray:
    """Return 2 W and 7 W by turns for one to three seconds each, as means of fifths of a second with the noise of three codes."""
    seconds = np.cumsum(rng.uniform(1, 3, N))
    fine = np.arange(0, N * 0.2, 0.01)
    power = np.where(np.searchsorted(seconds, fine) % 2 == 0, 2.0, 7.0)
    means: np.ndarray = power.reshape(N, -1).mean(axis=1)
    return means


def shown(values: np.ndarray, skipped: np.ndarray) -> np.ndarray:
    """Return what stands where some refreshes are not shown."""
    last = np.maximum.accumulate(np.where(skipped, 0, np.arange(values.size)))
    return values[last]


def at_its_refresh(values: np.ndarray) -> Trace:
    trace = from_samples(
        np.arange(values.size, dtype=np.int64) * FIFTH_NS, np.round(values, 3), Quantity.POWER
    )
    return replace(trace, refresh_ns=1)


def whole(trace: Trace) -> Skipped:
    return skipped_refreshes(trace, int(trace.times_ns[0]), int(trace.times_ns[-1]))


def test_the_runs_interval_is_as_wide_as_what_was_skipped_makes_it() -> None:
    """The error of the sum, over many runs, against the stated one: the same to a quarter (40 runs know a deviation to 11 %)."""
    errors, stated = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true = load(rng)
        values = true + 0.003 * rng.standard_normal(N)
        found = whole(at_its_refresh(shown(values, rng.random(N) < 0.3)))
        assert 0.2 < found.share < 0.4, seed
        rng = np.random.default_rng(seed)
        load(rng), rng.standard_normal(N)
        errors.append(float(np.sum(shown(true, rng.random(N) < 0.3) - true)) * 0.2)
        stated.append(found.joules)
    ratio = math.sqrt(float(np.mean(np.square(errors)))) / math.sqrt(float(np.mean(np.square(stated))))
    assert 0.75 < ratio < 1.25, ratio


def test_such_a_run_is_estimated() -> None:
    rng = np.random.default_rng(1)
    values = load(rng) + 0.003 * rng.standard_normal(N)
    trace = at_its_refresh(shown(values, rng.random(N) < 0.3))
    run = measure_run(Integral.of(trace))
    assert run.energy.grade is Grade.ESTIMATED and run.skipped == whole(trace).share
    assert run.energy.standard_uncertainty > whole(trace).joules > 0


def test_of_two_places_each_has_its_own_difference() -> None:
    values = np.round(np.linspace(2, 4, N) + 0.01 * np.random.default_rng(2).standard_normal(N), 4)
    values[0:2], values[2] = 3.0, 5.0  # one refresh skipped, and 2 W further behind it
    trace = at_its_refresh(shown(values, np.arange(N) % 4 == 1))
    found = skipped_refreshes(trace, 0, 2 * FIFTH_NS)
    assert math.isclose(found.joules, 2.0 * 0.2 / math.sqrt(3), rel_tol=1e-6)
    assert math.isclose(found.share, 1 / 3)


def test_readings_of_their_own_and_levels_without_noise_skip_nothing() -> None:
    rng = np.random.default_rng(3)
    assert whole(at_its_refresh(load(rng) + 0.003 * rng.standard_normal(N))) == Skipped()
    assert whole(at_its_refresh(np.repeat([2.0, 7.0] * 20, 10))) == Skipped()


def test_rows_at_no_refresh_of_their_own_are_left_to_what_else_looks_at_them() -> None:
    rng = np.random.default_rng(4)
    values = shown(load(rng) + 0.003 * rng.standard_normal(N), rng.random(N) < 0.3)
    assert whole(replace(at_its_refresh(values), refresh_ns=0)) == Skipped()


def test_means_skip_a_refresh_as_well_and_counters_none() -> None:
    rng = np.random.default_rng(5)
    trace = at_its_refresh(shown(load(rng) + 0.003 * rng.standard_normal(N), rng.random(N) < 0.3))
    assert whole(replace(trace, kind=Kind.MEAN)) == whole(trace) != Skipped()
    assert whole(replace(trace, kind=Kind.COUNTER)) == Skipped()
    assert whole(replace(trace, window_ns=1)) == Skipped()
