"""Frames marked in whole milliseconds, under a meter whose stamps are rounded to milliseconds, all alike."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.windows import Windows
from powermeter.result import Grade, Result
from powermeter.signals.decoding import from_samples

MS = 1_000_000
FRAMES = 1000
TRUTH = 0.006 * 5.5
"""J of a frame: 6 ms at 5.5 W."""


def frames(late_ms: float, step_ns: int, per_s: float = 59.94) -> Windows:
    """Return what is found of frames of 6 ms that an exact 10 Hz meter reads, of which each stamp is early or late by the same."""
    start = 3000 + np.rint(np.arange(FRAMES) * 1000 / per_s).astype(np.int64)
    stamps = 37 + 100 * np.arange(270, dtype=np.int64)
    watts = np.full(30_000, 1.5)
    for first in start.tolist():
        watts[first : first + 6] = 5.5
    moments = stamps - late_ms
    values = watts[np.clip(np.floor(moments).astype(np.int64), 0, watts.size - 1)]
    values = values + np.random.default_rng(1).normal(0, 0.005, values.size)
    times = np.rint((stamps if step_ns == MS else moments) * MS).astype(np.int64)
    trace = from_samples(times, values, noise=0.005)
    return measure(Integral.of(trace), start * MS, (start + 6) * MS)


def mean_of(found: Windows) -> Result:
    """Return the mean energy of all frames."""
    return found.combine_of(np.arange(FRAMES), np.full(FRAMES, 1 / FRAMES), "all")


def mean_of_all(found: Windows) -> Result:
    """Return the mean energy of 200 events."""
    return found.combine_of(np.arange(200), np.full(200, 1 / 200), "all")


@pytest.mark.parametrize("late_ms", [0.4, -0.4])
def test_a_common_rounding_of_all_stamps_is_within_the_interval(late_ms: float) -> None:
    """Of six milliseconds one belongs to the idle between frames, or not: 4 W of it, over six, are 12 % of a frame."""
    mean = mean_of(frames(late_ms, MS))
    assert mean.low <= TRUTH <= mean.high
    assert mean.high - mean.low < 0.3 * TRUTH


@pytest.mark.parametrize("late_ms", [0.4, -0.4])
def test_finer_stamps_pay_nothing(late_ms: float) -> None:
    mean = mean_of(frames(late_ms, 1))
    assert mean.low <= TRUTH <= mean.high
    assert mean.high - mean.low < 0.01 * TRUTH


def test_long_events_that_a_reading_meets_by_chance_are_measured() -> None:
    """Thirty events of a second in whole milliseconds: of 60 edges about one has a reading at its moment, which is no bound."""
    rng = np.random.default_rng(4)
    start = 2000 + 2500 * np.arange(30) + rng.integers(0, 1000, 30)
    stamps = 37 + 100 * np.arange(790) + rng.integers(-4, 5, 790)
    stamps[np.searchsorted(stamps, start[3])] = start[3]
    behind = stamps - start[np.clip(np.searchsorted(start, stamps, "right") - 1, 0, None)]
    watts = np.where((behind >= 0) & (behind < 1000), 5.5, 1.5) + rng.normal(0, 0.005, stamps.size)
    trace = from_samples(stamps * MS, watts, noise=0.005)
    found = measure(Integral.of(trace), start * MS, (start + 1000) * MS)
    mean = found.combine_of(np.arange(30), np.full(30, 1 / 30), "all")
    assert mean.grade is Grade.MEASURED and mean.low <= 5.5 <= mean.high
    assert mean.high - mean.low < 0.1 * 5.5


@pytest.mark.thorough
@pytest.mark.parametrize(("lasts_ms", "interval_us"), [(2, 10_000), (5, 10_170), (4, 5_000)])
def test_short_events_at_random_are_not_in_step_because_clocks_tick_alike(
    lasts_ms: int, interval_us: int
) -> None:
    """Marks and stamps in whole milliseconds leave so many places in an event as it has of them: two of them are no lock, and their edges lose what a step holds."""
    held = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        start = 1000 + np.cumsum(rng.integers(60, 140, 400))
        moments = (
            rng.uniform(0, 10) + np.arange(int((start[-1] + 500) * 1000 / interval_us)) * interval_us / 1000
        )
        moments = moments + rng.uniform(-0.05, 0.05, moments.size)
        behind = moments - start[np.clip(np.searchsorted(start, moments, "right") - 1, 0, None)]
        watts = np.where((behind >= 0) & (behind < lasts_ms), 5.5, 1.5) + rng.normal(0, 0.005, moments.size)
        trace = from_samples(np.rint(moments).astype(np.int64) * MS, watts, noise=0.005)
        found = measure(Integral.of(trace), start * MS, (start + lasts_ms) * MS)
        mean, truth = found.combine_of(np.arange(400), np.full(400, 1 / 400), "all"), lasts_ms * 5.5e-3
        held += mean.low <= truth <= mean.high
        assert mean.high < 1.6 * truth, "an upper end"
    assert held >= 8


def test_events_in_step_with_stamps_of_a_coarse_clock_are_still_found() -> None:
    """Two milliseconds each 100, always met at their second: what the first holds is unknown."""
    start = 1009 + 100 * np.arange(200)
    stamps = 1000 + 10 * np.arange(2100)
    behind = stamps - start[np.clip(np.searchsorted(start, stamps, "right") - 1, 0, None)]
    watts = np.where((behind > 0) & (behind <= 2), 5.5, 1.5) + np.random.default_rng(1).normal(
        0, 0.005, stamps.size
    )
    found = measure(Integral.of(from_samples(stamps * MS, watts, noise=0.005)), start * MS, (start + 2) * MS)
    assert mean_of_all(found).high == np.inf
