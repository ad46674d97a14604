"""Displays that are too slow for short peaks."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.slew_limited import slew_limited
from powermeter.analysis.whole_run import measure_run
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
FINE_S = 0.01
RATE = 10.0  # W/s
IDLE_W, BUSY_W = 1.0, 21.0


def load(lengths: list[float], pause: float, busy: float = BUSY_W) -> np.ndarray:
    """Return a load of bursts with pauses between, a value each 10 ms."""
    parts = [np.full(round(pause / FINE_S), IDLE_W)]
    for seconds in lengths:
        parts += [np.full(round(seconds / FINE_S), busy), np.full(round(pause / FINE_S), IDLE_W)]
    return np.concatenate(parts)


def shown(watts: np.ndarray, rate: float = RATE) -> np.ndarray:
    """Return what a display that moves by no more than `rate` makes of it."""
    found, at = np.empty(watts.size), watts[0]
    for i, value in enumerate(watts.tolist()):
        at += min(max(value - at, -rate * FINE_S), rate * FINE_S)
        found[i] = at
    return found


def read(watts: np.ndarray, every: int = 10, noise: float = 0.0):
    """Return readings each `every` hundredths of a second."""
    picked = np.arange(3, watts.size, every)
    wobble = noise * np.random.default_rng(3).standard_normal(picked.size)
    return from_samples(picked * (NS // 100), watts[picked] + wobble)


SHORT_AND_LONG = [0.5, 4.0] * 8


def test_a_peak_that_turns_early_may_have_been_as_high_as_the_highest() -> None:
    """Half a second at 10 W/s gets to 5 W of 20: 15 W are cut off for half a second, 7.5 J; eight times, and 1.3 of it."""
    found = slew_limited(read(shown(load(SHORT_AND_LONG, 5.0))))
    assert found is not None and found.rate == pytest.approx(RATE, rel=0.01)
    assert found.above == pytest.approx(1.3 * 8 * 7.5, rel=0.05)
    assert found.below == 0


def test_the_run_s_interval_holds_what_was_used_and_is_estimated() -> None:
    watts = load(SHORT_AND_LONG, 5.0)
    run = measure_run(Integral.of(read(shown(watts), noise=0.01)))
    used = float(watts[3 : 3 + (watts.size - 4) // 10 * 10].sum()) * FINE_S
    assert run.energy.value < used - 40
    assert run.energy.low < used < run.energy.high < 1.2 * used
    assert run.energy.grade is Grade.ESTIMATED and run.slew == pytest.approx(RATE, rel=0.02)


def test_pauses_that_end_early_may_have_been_as_low_as_the_lowest() -> None:
    found = slew_limited(read(shown(load([4.0] * 12, 0.5))))
    assert found is not None and found.below > 0


@pytest.mark.parametrize(
    "watts",
    [
        load(SHORT_AND_LONG, 5.0),  # read as it is
        shown(load([4.0] * 16, 5.0)),  # ramps of one slope, all of them up to the top
        np.concatenate(
            [shown(load([0.5], 5.0, 3.0 + k), 10.0 + 1.5 * k) for k in range(24)]
        ),  # slopes of many kinds
        load([4.0] * 16, 5.0) + np.tile(np.linspace(0, 1, 100), 200)[: load([4.0] * 16, 5.0).size],
    ],
    ids=["at once", "trapezoids", "many slopes", "saw teeth"],
)
def test_other_loads_are_not_taken_for_it(watts: np.ndarray) -> None:
    assert slew_limited(read(watts, noise=0.002)) is None
