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
