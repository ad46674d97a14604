"""Rows that repeat a reading, of instruments that refresh at no even times; and loads and instruments that only look so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Quantity
from powermeter.signals.decoding import from_samples
from powermeter.signals.rows_that_stand import Standing, rows_that_stand
from powermeter.signals.trace import Trace

TENTH_NS = 100_000_000
RNG = np.random.default_rng(5)
UNEVEN = RNG.integers(2, 18, 120)  # rows
LOAD = np.where(RNG.random(120) < 0.3, 5.5, 1.5) + np.round(RNG.normal(0, 0.005, 120), 3)


def standing(values: np.ndarray) -> Standing | None:
    return rows_that_stand(trace(values))


def trace(values: np.ndarray) -> Trace:
    return from_samples(np.arange(values.size, dtype=np.int64) * TENTH_NS, values, Quantity.POWER)


def test_readings_that_stand_for_uneven_times_are_found() -> None:
    found = standing(np.repeat(LOAD, UNEVEN))
    assert found is not None and found.band == 0.0
    # An equal value by chance is no new one.
    changes = 1 + int(np.count_nonzero(np.diff(LOAD)))
    assert found.rows.size == changes and found.rows[0] == 0


def test_rows_of_their_own_levels_of_a_load_and_coarse_codes_are_none() -> None:
    assert standing(LOAD) is None
    assert standing(np.repeat(np.where(LOAD > 3, 5.0, 1.0), UNEVEN)) is None
    quiet = np.round(1.5 + 0.03 * RNG.normal(size=1500).cumsum() / 5, 1)
    assert standing(quiet) is None


def test_what_changes_by_far_more_than_a_code_stands_within_a_band() -> None:
    walk = np.round(30 + np.cumsum(RNG.choice([-1.0, 1.0], 60) * (0.4 + 0.4 * RNG.random(60))), 3)
    found = standing(np.repeat(walk, UNEVEN[:60]))
    assert found is not None and 0.35 < found.band < 0.6
    assert math.isclose(found.band, float(np.abs(np.diff(walk)).min()), rel_tol=1e-6)


def test_the_smallest_change_of_readings_that_are_not_rounded_is_no_band() -> None:
    found = standing(np.repeat(LOAD + RNG.normal(0, 0.005, LOAD.size), UNEVEN))
    assert found is not None and found.band == 0.0
    # Nor are a few that are nearly alike, among many that differ by far more.
    some = np.where(np.arange(40) % 2, 1.0, 0.0) * np.repeat([0.5, 4.0], [7, 33]) + 0.03 * RNG.random(40)
    found = standing(np.repeat(some, UNEVEN[:40]))
    assert found is not None and found.band == 0.0


@pytest.mark.thorough
@pytest.mark.parametrize("is_rounded", [True, False])
def test_a_run_has_as_many_readings_as_were_new(is_rounded: bool) -> None:
    """On for 0.7 s, 3.3 s apart on average, 4 W above 1.5 W; shown anew after 0.3 to 1.7 s, logged ten times a second."""
    missed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        starts = np.cumsum(0.9 + rng.exponential(2.4, 60))
        starts = starts[starts < 198]

        def on(t: np.ndarray, starts: np.ndarray = starts) -> np.ndarray:
            inside: np.ndarray = ((t[:, None] >= starts) & (t[:, None] < starts + 0.7)).any(axis=1)
            return inside

        shown_s = np.cumsum(rng.uniform(0.3, 1.7, 300))
        noise = rng.normal(0, 0.005, 300)
        shown = 1.5 + 4.0 * on(shown_s) + (np.round(noise, 3) if is_rounded else noise)
        rows_s = np.arange(20, 2000) / 10
        values = shown[np.searchsorted(shown_s, rows_s, side="right") - 1]
        run = measure_run(Integral.of(trace(values))).energy
        true = 197.9 * (1.5 + 4.0 * float(on(np.arange(2.0, 199.9, 0.001)).mean()))
        missed += not run.low <= true <= run.high
    assert missed <= 3


def test_a_level_without_noise_that_a_load_comes_back_to_is_no_display_that_stands() -> None:
    """Twelve jobs at one code, over idle power that moves by several: jobs repeat their code since nothing changes."""
    rng = np.random.default_rng(8)
    parts = [x for _ in range(12) for x in (np.round(rng.normal(5, 0.6, 12), 1), np.full(11, 45.2))]
    assert standing(np.concatenate(parts)) is None


def test_jobs_of_a_steady_length_at_a_power_each_are_no_display_that_stands_and_uneven_ones_may_be() -> None:
    """A display refreshes at no even times; over idle power at one code, nothing else sets it apart from jobs without noise."""
    jobs = np.round(np.random.default_rng(9).normal(5, 0.1, 120), 3)
    for lasts, stands in ((np.full(120, 20), False), (UNEVEN, True)):
        rows = [np.append(np.ones(30), np.full(n, job)) for n, job in zip(lasts, jobs, strict=True)]
        assert (standing(np.concatenate(rows)) is not None) == stands
