"""Means whose rows come more slowly for a while: over the longer interval, or with rows missing."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.means_of_another_rate import open_of_another_rate
from powermeter.channel import Kind
from powermeter.result import Result
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import Truth

NS = 1_000_000_000
IDLE, BUSY = 2.0, 9.0


def load(seed: int, n: int = 30, seconds: float = 160.0) -> tuple[Truth, np.ndarray, np.ndarray]:
    """Return events of 1 to 3 s at random, of 9 W over 2 W."""
    rng = np.random.default_rng(seed)
    lasts = rng.uniform(1, 3, n)
    gaps = 0.6 + rng.dirichlet(np.ones(n + 1)) * (seconds - 4 - lasts.sum() - 0.6 * (n + 1))
    starts = 2 + np.cumsum(gaps[:-1]) + np.concatenate([[0.0], np.cumsum(lasts)[:-1]])
    edges = np.concatenate([[-5.0], np.column_stack([starts, starts + lasts]).ravel(), [seconds + 5]])
    return Truth.steps(edges, np.array([IDLE, *[BUSY, IDLE] * n])), starts, starts + lasts


def slowed(truth: Truth, *, over_all: bool) -> Trace:
    """Return means of 0.1 s for 60 s, then each second: over it, or of its last tenth."""
    t = np.concatenate([np.arange(1, 600) * 0.1 + 0.03, 59.93 + np.arange(1, 100)])
    window = np.where(over_all, np.diff(t, prepend=t[0] - 0.1), 0.1)
    watts = (truth.integral(t) - truth.integral(t - window)) / window
    return from_samples(np.rint(t * NS).astype(np.int64), watts, kind=Kind.MEAN)


def label(trace: Trace, starts: np.ndarray, ends: np.ndarray) -> Result:
    edges = np.rint(starts * NS).astype(np.int64), np.rint(ends * NS).astype(np.int64)
    return measure(Integral.of(trace), *edges).combine(np.ones(starts.size), "all")


@pytest.mark.parametrize("seed", range(6))
def test_means_over_the_longer_interval_are_inside(seed: int) -> None:
    truth, starts, ends = load(seed)
    found = label(slowed(truth, over_all=True), starts, ends)
    assert found.low <= BUSY * float((ends - starts).sum()) <= found.high
    assert found.half_width < 0.25 * found.value


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_the_usual_interval_that_are_missing_cost_nothing_more(seed: int) -> None:
    truth, starts, ends = load(seed)
    found = label(slowed(truth, over_all=False), starts, ends)
    assert found.low <= BUSY * float((ends - starts).sum()) <= found.high
    assert found.half_width < 0.04 * found.value


def test_an_event_in_the_slower_stretch_is_open_by_half_a_row_of_its_step() -> None:
    truth, starts, ends = load(1)
    integral = Integral.of(slowed(truth, over_all=True))
    edges = np.rint(starts * NS).astype(np.int64), np.rint(ends * NS).astype(np.int64)
    found = GroupEstimate.empty(starts.size)
    found.level, found.quiet = BUSY, IDLE
    open_of_another_rate(integral, *edges, found)
    wanted = np.where(ends > 60, 0.5 * 1.0 * (BUSY - IDLE), 0.0)
    beside = np.abs(ends - 60) < 2
    assert found.below[~beside] == pytest.approx(wanted[~beside]) and found.above is not found.below
    assert found.below_all == pytest.approx(float(found.below.sum()))
