"""Steady jobs at regular moments: estimated until something speaks against a load in step with the readings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.perhaps_in_step import flat_at_regular_moments, perhaps_in_step
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


@pytest.mark.parametrize(
    ("jobs", "every_s", "varied", "grade"),
    [
        (1, 0.1, False, Grade.ESTIMATED),
        (7, 0.1, False, Grade.ESTIMATED),
        (
            8,
            0.1,
            False,
            Grade.MEASURED,
        ),  # each begins where it likes: loops in step would be met at two levels
        (1, 0.04, False, Grade.MEASURED),
        (1, 0.1, True, Grade.MEASURED),
    ],
)
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_steady_jobs_are_measured_where_something_speaks_for_it(
    jobs: int, every_s: float, varied: bool, grade: Grade, kind: Kind
) -> None:
    rng = np.random.default_rng(jobs)
    start = 3.0 + 5.0 * np.arange(jobs) + rng.uniform(0, 1, jobs)
    t = (
        np.arange(round((6 + 5 * jobs) / every_s))
        + (rng.random(round((6 + 5 * jobs) / every_s)) if varied else 0)
    ) * every_s
    inside = (t[:, None] > start) & (t[:, None] < start + 3)
    watts = np.where(inside.any(axis=1), 5.0, 1.0) + 0.01 * rng.standard_normal(t.size)
    integral = Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts, noise=0.01, kind=kind))
    edges = np.rint(start * NS).astype(np.int64), np.rint((start + 3) * NS).astype(np.int64)
    energy = measure(integral, *edges).combine(np.ones(jobs), "label")
    assert energy.grade is (Grade.MEASURED if kind is Kind.MEAN else grade)


@pytest.mark.parametrize(("varied", "found"), [(False, True), (True, False)])
def test_only_at_regular_moments_can_a_flat_load_be_one_in_step(varied: bool, found: bool) -> None:
    rng = np.random.default_rng(4)
    moments = np.arange(200) * 0.1 + (rng.uniform(0, 0.1, 200) if varied else 0)
    inside = (moments > 5) & (moments < 15)
    trace = from_samples(
        np.rint(moments * NS).astype(np.int64),
        np.where(inside, 5.0, 1.0) + 0.01 * rng.standard_normal(200),
        noise=0.01,
    )
    edges = np.array([5 * NS]), np.array([15 * NS])
    assert flat_at_regular_moments(trace, *edges) is found
    whole = np.array([0]), np.array([20 * NS])
    assert not flat_at_regular_moments(trace, *whole)


@pytest.mark.parametrize(
    ("every_s", "spread", "even", "jobs", "in_step"),
    [
        (10, 0.03, True, 1, True),
        (10, 0.03, True, 0, True),
        (10, 0.03, True, 8, False),
        (10, 0.25, True, 1, False),  # no one level
        (10, 0.03, False, 1, False),  # nothing keeps step with uneven refreshes
        (0.5, 0.03, True, 1, False),
    ],
)
def test_one_level_at_a_slow_refresh_may_be_that_of_a_cycle(
    every_s: float, spread: float, even: bool, jobs: int, in_step: bool
) -> None:
    """A cycle of ten seconds, 60 W for four and 20 W for six, each fluctuating, is met at one of its levels by each refresh of ten seconds."""
    rng = np.random.default_rng(11)
    n = 160
    times = every_s * (np.arange(n) if even else np.cumsum(rng.uniform(0.4, 1.6, n)))
    watts = 20 * (1 + spread * rng.standard_normal(n))
    trace = from_samples(np.rint(times * NS).astype(np.int64), watts, noise=0.01)
    trace = replace(trace, refresh_ns=every_s * NS / 12**0.5, repeats=9 * n)
    starts = np.rint(every_s * NS * 18.0 * np.arange(jobs)).astype(np.int64)
    assert perhaps_in_step(trace, starts, starts + round(15 * every_s * NS)) is in_step
