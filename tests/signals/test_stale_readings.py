"""Rows that repeat an old reading, and rows that are equal by chance, by steps or on level loads."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.signals.decoding import from_samples
from powermeter.signals.stale_readings import stale_share, without_stale
from powermeter.signals.trace import Trace

S = 1_000_000_000


def trace_of(watts: np.ndarray) -> Trace:
    return from_samples(np.arange(watts.size, dtype=np.int64) * S // 10, watts, Quantity.POWER)


def noisy(step: float = 0.001) -> np.ndarray:
    rng = np.random.default_rng(1)
    load = 1.5 + 4.0 * (np.arange(1500) % 37 < 6)
    return np.round((load + rng.normal(0, 0.005, 1500)) / step) * step


def stale(watts: np.ndarray, share: float) -> np.ndarray:
    rng, shown = np.random.default_rng(2), watts.copy()
    for k in range(1, shown.size):
        if rng.random() < share:
            shown[k] = shown[k - 1]
    return shown


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_rows_that_repeat_by_chance_of_the_logger_are_left_out(share: float) -> None:
    trace = trace_of(stale(noisy(), share))
    found = without_stale(trace)
    assert stale_share(trace) == pytest.approx(share, abs=0.05)
    assert [note.code for note in found.notes] == ["stale-readings"]
    assert (np.diff(found.values) != 0).all() and len(found) < len(trace)


@pytest.mark.parametrize(
    "watts",
    [
        noisy(),  # 0.005 W of noise in steps of 0.001 W: two in a row are equal once in 18 by chance
        noisy(0.01),  # in steps of 0.01 W, more often than not
        np.round(noisy(), 0),  # levels without noise
        np.round(np.linspace(1, 40, 1500), 1),  # a slow ramp in steps
        np.repeat(np.random.default_rng(3).uniform(1, 9, 500), 3),  # a new level every third row
    ],
)
def test_rows_that_are_equal_for_other_reasons_are_readings(watts: np.ndarray) -> None:
    trace = trace_of(watts)
    assert without_stale(trace) is trace


def phases(seed: int) -> np.ndarray:
    """Return 240 means of a second, of 2 W and of phases of 3 and 9 W, with noise of 5 mW on a display of 10 mW."""
    rng, watts, t = np.random.default_rng(seed), np.full(24_000, 2.0), 2.0
    while t < 225:
        end, high = t + rng.uniform(6, 12), False
        while t < end:
            length = rng.uniform(1.5, 4)
            watts[int(t * 100) : int(min(t + length, end) * 100)] += 7.0 if high else 1.0
            high, t = not high, t + length
        t = end + rng.uniform(2, 14)
    shown: np.ndarray = np.round(watts.reshape(-1, 100).mean(axis=1) + rng.normal(0, 0.005, 240), 2)
    return shown


@pytest.mark.parametrize("seed", [3, 7, 16, 20, 25, 27, 31, 35, 38])
def test_noise_of_half_a_step_repeats_itself_however_often_the_load_changes(seed: int) -> None:
    """Changes by one step are few beside those of the load; but none is by two, so that the noise lies within one."""
    assert stale_share(trace_of(phases(seed))) == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_a_level_that_is_shown_in_steps_is_no_old_reading(seed: int) -> None:
    """A board that idles for half of the time, in steps of 40 mW times a gain: equal rows lie where power is still."""
    rng = np.random.default_rng(seed)
    idle = 6.0 + 0.04 * np.cumsum(rng.choice([-1, 0, 0, 1], 130))
    watts = np.where(np.arange(130) < 75, idle, rng.uniform(8, 25, 130))
    assert stale_share(trace_of(np.round(1.0037 * np.round(watts / 0.04) * 0.04, 3))) == 0.0
