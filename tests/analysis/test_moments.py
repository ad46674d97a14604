"""How many readings fall into an event, where they lie on a grid and where each lies at random in its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.moments import (
    REMEDIES,
    ChosenBy,
    chosen_by,
    count_variance,
    moments_vary,
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
