"""A wall clock that is slewed and set, against a truth drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.errors import DataError
from powermeter.signals.wall_clock import WallClock

S = 1_000_000_000


def test_a_slewed_wall_clock_is_followed() -> None:
    mono = np.arange(0, 600, 60) * S
    utc = 10**18 + np.rint(mono * (1 + 400e-6)).astype(np.int64)
    clock = WallClock(list(zip(mono.tolist(), utc.tolist(), strict=True)))
    assert clock.steps == []
    wanted = 10**18 + round(90 * S * (1 + 400e-6))
    times, spread = clock.to_monotonic([wanted])
    assert times[0] == pytest.approx(90 * S, abs=1000)
    assert spread[0] < 2e6


def test_a_step_back_makes_times_that_are_not_known() -> None:
    pairs = [(0, 10**18), (60 * S, 10**18 + 60 * S), (120 * S, 10**18 + 90 * S), (180 * S, 10**18 + 150 * S)]
    clock = WallClock(pairs)
    assert len(clock.steps) == 1
    assert "set by -30.000 s" in clock.steps[0].text
    times, spread = clock.to_monotonic([10**18 + 20 * S, 10**18 + 80 * S, 10**18 + 140 * S])
    assert times[0] == 20 * S and np.isfinite(spread[0])
    assert np.isinf(spread[1])  # happened twice
    assert times[2] == 170 * S and np.isfinite(spread[2])


def test_no_pairs_no_mapping() -> None:
    with pytest.raises(DataError, match="no clock pairs"):
        WallClock([])
