"""A ceiling that nobody stated is seen by its lack of noise; loads and displays that repeat a value are not taken for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.signals.flat_top import at_flat_top, with_flat_top
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]

RNG = np.random.default_rng(11)
BUSY = np.arange(600) % 20 >= 12
LOAD = np.where(BUSY, 23.0, 1.0)
NOISE = 0.02 * RNG.standard_normal(600)


def test_readings_that_clip_are_those_of_the_ceiling() -> None:
    found = at_flat_top(np.minimum(np.round(LOAD + NOISE, 5), 18.0))
    assert found is not None and np.array_equal(found, BUSY)


def test_a_ceiling_within_the_noise_of_the_load_is_seen() -> None:
    found = at_flat_top(np.minimum(np.round(np.where(BUSY, 18.01, 1.0) + NOISE, 5), 18.0))
    assert found is not None and not found[~BUSY].any() and found.sum() > 0.5 * BUSY.sum()


def test_means_whose_edges_lie_between_do_not_hide_it() -> None:
    share = np.clip(np.convolve(BUSY, [0.5, 0.5], "same") + 0.2 * RNG.random(600) * BUSY, 0, 1)
    assert at_flat_top(np.minimum(np.round(1 + 22 * share + NOISE / 4, 5), 18.0)) is not None


def test_a_reading_that_stands_counts_once() -> None:
    values = np.repeat(np.round(1 + NOISE[:100], 5), 5)
    values[250:255] = 3.0
    assert at_flat_top(values) is None
    for k in range(50, 450, 50):
        values[k : k + 5] = 3.0
    assert at_flat_top(values) is not None


@pytest.mark.parametrize(
    "readings",
    [
        lambda: LOAD,  # exact levels without any noise
        lambda: LOAD + NOISE,  # an honest plateau
        lambda: np.round(LOAD + NOISE, 1),  # a display's step
        lambda: np.where(BUSY, 18.0, np.round(1 + 1.5 * NOISE, 2)),  # idle that flickers by a few steps
        lambda: np.where(LOAD > 2, np.round(18.14 + RNG.integers(0, 6, 600) * 0.1, 1), 1 + NOISE),
        lambda: np.where(BUSY, 1 + 5 * RNG.random(600), 1 + NOISE),  # all values once
        lambda: -np.minimum(LOAD + NOISE, 18.0),  # a converter wired the other way round has no such end
        lambda: np.append(1 + NOISE, [9.0] * 4),  # too few
        lambda: np.full(600, 5.0),
        lambda: np.minimum(LOAD + NOISE, 18.0)[:19],
    ],
)
def test_a_plateau_a_step_and_exact_repeats_are_no_ceiling(readings: Callable[[], Floats]) -> None:
    assert at_flat_top(readings()) is None


@pytest.mark.parametrize(
    ("quantity", "kind", "seen"),
    [
        (Quantity.POWER, Kind.INSTANT, True),
        (Quantity.CURRENT, Kind.MEAN, True),
        (Quantity.VOLTAGE, Kind.INSTANT, False),
        (Quantity.ENERGY, Kind.COUNTER, False),
    ],
)
def test_power_and_current_have_a_ceiling(quantity: Quantity, kind: Kind, seen: bool) -> None:
    values = np.minimum(LOAD + NOISE, 18.0)
    trace = with_flat_top(Trace(np.arange(600), values, quantity, kind))
    assert trace.saturated == (int(BUSY.sum()) if seen else 0)
    assert [note.code for note in trace.notes] == (["range-not-stated"] if seen else [])
    if seen:
        assert trace.saturated_ns is not None and np.array_equal(trace.saturated_ns, np.flatnonzero(BUSY))
        assert f"{BUSY.sum()} readings are exactly 18 {trace.unit}" in str(trace.notes[0])


def test_a_stated_range_stands() -> None:
    trace = Trace(np.arange(600), np.minimum(LOAD + NOISE, 18.0), Quantity.POWER, saturated_ns=np.array([13]))
    assert with_flat_top(trace) is trace


def test_the_end_of_a_tail_on_a_coarser_grid_is_no_ceiling() -> None:
    """An instrument that changes ranges: 1 µA steps at idle, 60 µA steps and noise of 0.6 of them while it is busy."""
    noise = np.random.default_rng(7).standard_normal(200_000)
    busy = np.arange(200_000) % 2000 >= 1800
    coarse = 0.018 + 60e-6 * np.clip(np.round(0.6 * noise), -2, 2)
    values = np.where(busy, coarse, 3e-4 + 1e-6 * np.round(4 * noise))
    assert np.count_nonzero(values == values.max()) > 5
    assert at_flat_top(values) is None
    assert at_flat_top(np.where(busy, 0.018, values)) is not None


@pytest.mark.parametrize("seed", range(8))
def test_the_crest_of_a_smooth_pulse_on_a_coarse_grid_is_no_ceiling(seed: int) -> None:
    """18.2 mA in raised cosines of 50 ms, five of them, in steps of 47 µA with noise of 0.6 of a step; 1 µA steps at idle."""
    noise = np.random.default_rng(seed).standard_normal(250_000)
    phase = np.arange(250_000) % 50_000 / 5_000
    pulse = 18.2 * np.where(phase < 1, 0.5 - 0.5 * np.cos(2 * np.pi * phase), 0.0)
    fine = 0.3 + 1e-3 * np.round(4 * noise)
    values = np.where(pulse > 5, 0.047 * np.round(pulse / 0.047 + 0.6 * np.clip(noise, -1.4, 1.4)), fine)
    assert at_flat_top(values) is None
    assert at_flat_top(np.minimum(values, 0.047 * 340)) is not None
