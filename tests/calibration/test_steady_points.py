"""Steady stretches of two recordings become points of a calibration."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.calibration.steady_points import steady_points
from powermeter.channel import Quantity
from powermeter.errors import DataError
from powermeter.signals.decoding import from_samples


def test_recordings_in_which_nothing_stands_still_are_refused() -> None:
    times = np.arange(2000) * 10_000_000
    ramp = from_samples(times, np.linspace(0, 5, 2000), Quantity.CURRENT)
    with pytest.raises(DataError, match="stood still"):
        steady_points(ramp, ramp)
    with pytest.raises(DataError, match="one clock"):
        steady_points(ramp, from_samples(times + 10**12, ramp.values, Quantity.CURRENT))


def test_three_windows_of_overlap_are_enough_and_less_is_not() -> None:
    """A level of 2 W held for 30 s: windows of 10 s fit three times, of 10.1 s not."""
    times = np.arange(3001, dtype=np.int64) * 10_000_000
    one = from_samples(times, np.full(3001, 2.0))
    assert steady_points(one, one, window_s=10.0)
    with pytest.raises(DataError, match="less than three windows"):
        steady_points(one, one, window_s=10.1)


def test_a_point_is_as_uncertain_as_the_mean_of_its_window() -> None:
    """Readings at ± 30 mW about 1, 2 and 3 W: 100 in a window have a deviation of 30 × √(100/99) mW, their mean a tenth of it."""
    times = np.arange(3001, dtype=np.int64) * 10_000_000
    watts = np.repeat([1.0, 2.0, 3.0], [1000, 1000, 1001])
    seen = from_samples(times, watts + 0.03 * (-1.0) ** np.arange(3001))
    found = steady_points(seen, from_samples(times, watts), window_s=1.0)
    assert found.seen_u == pytest.approx(np.full(found.seen.size, 0.003 * np.sqrt(100 / 99)))
    assert sorted(set(found.seen.round(9).tolist())) == [1.0, 2.0, 3.0] == sorted(set(found.true.tolist()))


def test_a_reading_that_never_flickers_is_as_uncertain_as_its_step() -> None:
    """Steps of 0.1 W: a rectangle's 0.1 / √12 W, which no averaging makes smaller, and as much again over √100."""
    times = np.arange(3001, dtype=np.int64) * 10_000_000
    watts = np.repeat([1.0, 2.0, 3.0], [1000, 1000, 1001])
    coarse = from_samples(times, watts, step=0.1)
    found = steady_points(coarse, from_samples(times, watts), window_s=1.0)
    assert found.seen_u == pytest.approx(np.full(found.seen.size, 0.1 / np.sqrt(12) * np.sqrt(1 + 1 / 100)))


def test_of_many_points_those_kept_are_spread_over_the_readings() -> None:
    """Thirty windows at 1 to 30 W, in no order, nor is their scatter: three of them are the least, a middle one and the most."""
    rng = np.random.default_rng(4)
    levels = rng.permutation(np.arange(1.0, 31.0))
    times = np.arange(3001, dtype=np.int64) * 10_000_000
    watts = np.append(np.repeat(levels, 100), levels[-1])
    sizes = np.append(np.repeat(0.02 + 0.0003 * rng.permutation(30), 100), 0.02)
    scatter = sizes * (-1.0) ** np.arange(3001)
    seen, true = from_samples(times, watts + scatter), from_samples(times, watts)
    found = steady_points(seen, true, window_s=1.0, most=3)
    assert sorted(found.true.tolist()) in ([1.0, 15.0, 30.0], [1.0, 16.0, 30.0])
    assert steady_points(seen, true, window_s=1.0, most=30).seen.size == 30
