"""Means and marks in whole seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind
from powermeter.result import Grade, Result
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
EVENTS = 25


def mean_of(seed: int, rounding: Callable[[np.ndarray], np.ndarray]) -> tuple[Result, float]:
    """Return what is found of events of 5 to 15 s at 7 W beside 2 W under means of 0.2 s, and what they used; marks are rounded."""
    rng = np.random.default_rng(seed)
    lasts = rng.uniform(5, 15, EVENTS)
    start = 5 + np.cumsum(np.append(0, lasts[:-1] + rng.uniform(4, 7, EVENTS - 1)))
    ends = 0.137 + 0.2 * np.arange(1, int((start[-1] + 25) / 0.2))
    edges = np.sort(np.concatenate([[0.0], start, start + lasts, [ends[-1] + 1]]))
    watts = np.where(np.arange(edges.size - 1) % 2, 7.0, 2.0)
    joules = np.interp(ends, edges, np.append(0.0, np.cumsum(watts * np.diff(edges))))
    means = np.append(2.0, np.diff(joules) / 0.2) + rng.normal(0, 0.01, ends.size)
    trace = from_samples(np.rint(ends * NS).astype(np.int64), means, kind=Kind.MEAN, noise=0.01)
    marks = (rounding(at).astype(np.int64) * NS for at in (start, start + lasts))
    found = measure(Integral.of(trace), *marks)
    return found.combine_of(np.arange(EVENTS), np.full(EVENTS, 1 / EVENTS), "all"), 7 * float(lasts.mean())


@pytest.mark.parametrize("rounding", [np.rint, np.floor])
def test_whole_windows_hold_what_marks_cut_off(rounding: Callable[[np.ndarray], np.ndarray]) -> None:
    """A quarter of a second of 5 W is 1.8 % of an event of 10 s at 7 W (rounded), half of one 3.6 % (fractions dropped)."""
    held = 0
    for seed in range(10):
        mean, truth = mean_of(seed, rounding)
        held += mean.low <= truth <= mean.high
        if rounding is np.rint:
            assert mean.grade is Grade.MEASURED and abs(mean.value / truth - 1) < 0.015
    assert held >= 9
