"""How many readings fall into an event, where they lie on a grid and where each lies at random in its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.regular_or_random import (
    REMEDIES,
    ChosenBy,
    chosen_by,
    count_variance,
    moments_vary,
    one_in_each,
    own_moments,
    place_known_to,
)
from powermeter.signals.decoding import from_samples


@pytest.mark.parametrize("length", [0.3, 0.8, 1.0, 5.4])
@pytest.mark.parametrize("varied", [False, True])
def test_the_variance_of_the_count_is_that_of_drawn_events(length: float, varied: bool) -> None:
    rng = np.random.default_rng(7)
    starts = rng.uniform(10, 20, 40_000)
    moments = np.arange(8, 28) + rng.uniform(0, 1, (starts.size, 20 if varied else 1))
    counts = ((moments > starts[:, None]) & (moments <= starts[:, None] + length)).sum(axis=1)
    (stated,) = count_variance(np.array([length]), varied)
    assert stated == pytest.approx(counts.var(), rel=0.04, abs=0.004)


def test_moments_vary_where_each_is_drawn_in_its_interval_and_not_on_a_grid_with_jitter() -> None:
    rng = np.random.default_rng(8)
    grid = np.arange(2000) * 100_000_000
    assert moments_vary(grid + rng.integers(0, 100_000_000, 2000), 0.1)
    assert not moments_vary(grid + rng.integers(0, 10_000_000, 2000), 0.1)
    assert not moments_vary(grid, 0.1)


@pytest.mark.parametrize(
    ("sampling", "who", "word"),
    [
        ("regular", ChosenBy.RECORDER, "let the recorder"),
        ("instrument", ChosenBy.INSTRUMENT, "this instrument"),
        ("", ChosenBy.LOG, "this log"),
    ],
)
def test_the_remedy_is_one_that_its_reader_has(sampling: str, who: ChosenBy, word: str) -> None:
    trace = replace(from_samples(np.arange(9, dtype=np.int64) * 10**8, np.ones(9)), sampling=sampling)
    assert chosen_by(trace) == who and word in REMEDIES[who]
    assert ("recorder" in REMEDIES[who]) is (who is ChosenBy.RECORDER)


@pytest.mark.parametrize("seed", range(4))
def test_a_load_that_stands_for_a_few_rows_is_no_refresh(seed: int) -> None:
    """Levels of 1 to 6 rows with noise of half a code: nearly as many readings move by one code as repeat the one before."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(3 + 6 * rng.uniform(size=300), rng.integers(1, 7, 300))[:800]
    idle = np.concatenate([np.full(400, 3.0), levels])
    watts = np.round((idle + 0.005 * rng.standard_normal(idle.size)) / 0.01) * 0.01
    stands = float(np.mean(np.diff(watts) == 0))
    assert stands > 0.3
    assert not own_moments(from_samples(np.arange(watts.size, dtype=np.int64) * 10**8, watts))


def test_an_idle_without_noise_between_jobs_that_scatter_is_of_no_refresh() -> None:
    """Half of the rows are 2.5 W; those of the ten jobs are all new."""
    job = np.round(9 + np.random.default_rng(6).standard_normal((10, 20)), 3)
    watts = np.hstack([np.full((10, 20), 2.5), job]).ravel()
    assert not own_moments(from_samples(np.arange(watts.size, dtype=np.int64) * 10**8, watts))


def test_readings_that_each_stand_for_two_rows_or_three_are_of_a_refresh() -> None:
    rng = np.random.default_rng(5)
    watts = np.repeat(np.round(3 + 0.5 * rng.standard_normal(300), 3), rng.integers(2, 4, 300))
    assert own_moments(from_samples(np.arange(watts.size, dtype=np.int64) * 10**8, watts))


@pytest.mark.parametrize(
    ("stamps_ms", "marks_ms", "known_to_ms"),
    [
        (1, 1, 1),
        (5, 1, 5),
        (1, 10, 0),
        (50, 50, 0),
    ],  # coarser marks, and steps of half an interval, show no place
)
def test_the_place_of_an_edge_is_known_to_the_step_of_stamps_but_of_coarser_marks_nothing_is(
    stamps_ms: int, marks_ms: int, known_to_ms: int
) -> None:
    ms = 10**6
    rng = np.random.default_rng(3)
    times = np.arange(400) * 100 * ms + rng.integers(-9, 10, 400) * ms
    times = np.rint(times / (stamps_ms * ms)).astype(np.int64) * stamps_ms * ms
    marks = np.sort(rng.integers(0, 39_000 // marks_ms, 80)) * marks_ms * ms
    trace = from_samples(times, np.arange(400.0))
    assert place_known_to(trace, (marks[::2], marks[1::2])) == known_to_ms * ms


def test_readings_that_lie_one_in_each_interval_are_seen_whatever_the_axis() -> None:
    rng = np.random.default_rng(11)
    places = rng.uniform(0, 1, 300)
    stratified = ((np.arange(300) + places) * 99_998_700).astype(np.int64)
    assert one_in_each(stratified)
    assert not one_in_each(
        np.cumsum(rng.uniform(0.5, 1.5, 300) * 1e8).astype(np.int64)
    )  # waits by chance go astray
    held_up = ((np.arange(300) + 0.6 * (places > 0.7)) * 1e8).astype(np.int64)
    assert not one_in_each(held_up)  # a timer whose moments come late now and then
