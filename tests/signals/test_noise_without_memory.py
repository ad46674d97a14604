"""Noise of means that nobody stated, where readings have no memory."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.signals.unstated_noise import noise_without_memory


@pytest.mark.parametrize("noise", [0.02, 0.2, 2.0])
def test_noise_is_found_whatever_its_size(noise: float) -> None:
    found = [
        noise_without_memory(5 + noise * np.random.default_rng(s).standard_normal(600)) for s in range(20)
    ]
    assert np.median(found) == pytest.approx(noise, rel=0.1)


def test_noise_under_a_load_that_jumps_now_and_then_is_found() -> None:
    rng = np.random.default_rng(1)
    load = np.repeat(rng.choice([2.0, 8.0], 60), 10)
    assert noise_without_memory(load + 0.1 * rng.standard_normal(600)) == pytest.approx(0.1, rel=0.2)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rows", "hold", "least"), [(50, 10.0, 80), (50, 5.0, 65), (200, 5.0, 65), (600, 10.0, 85)]
)
def test_noise_under_a_load_that_jumps_at_random_is_found(rows: int, hold: float, least: int) -> None:
    """2 or 8 W for `hold` rows on average, so that a mean may lie between; before, 0.5 % of the mean was taken in up to four of five."""
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        switched = np.cumsum(rng.exponential(hold, 4 * rows))
        fine = np.where(np.searchsorted(switched, np.arange(0, rows, 0.01)) % 2, 8.0, 2.0)
        noise = noise_without_memory(fine.reshape(rows, -1).mean(axis=1) + 0.25 * rng.standard_normal(rows))
        found += 0.2 < noise < 0.8
    assert found >= least


def test_noise_as_large_as_the_step_of_a_display_is_found() -> None:
    """Rounding to a standard deviation adds a twelfth to the variance, and what is spread over the step another one: √(1 + 1/6) = 1.08."""
    found = [
        noise_without_memory(np.round(50.3 + np.random.default_rng(s).standard_normal(600)))
        for s in range(20)
    ]
    assert np.median(found) == pytest.approx(1.08, rel=0.1)


@pytest.mark.parametrize("quiet", [20, 60])
def test_a_stretch_that_is_flat_bounds_the_noise_of_all(quiet: int) -> None:
    """Rows that scatter as noise of 1 W does, but for a twentieth of them that differ by 5 mW: the instrument is as quiet as that."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = 5 + np.where(np.arange(600) < quiet, 0.0, rng.standard_normal(600))
        assert noise_without_memory(rows + 0.005 * rng.standard_normal(600)) < 0.05


def test_a_load_that_fills_some_windows_bounds_the_noise_by_what_they_differ_by() -> None:
    """Means of eight draws between 2 and 8 W scatter by 0.6 W; twelve rows are of 2 W alone and twelve of 8 W, to 5 mW."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = (2 + 6 * rng.random((600, 8))).mean(axis=1)
        rows[rng.choice(600, 24, replace=False)] = np.repeat([2.0, 8.0], 12)
        assert noise_without_memory(rows + 0.005 * rng.standard_normal(600)) < 0.3


@pytest.mark.thorough
def test_noise_itself_is_no_flatter_anywhere() -> None:
    for seed in range(40):
        rows = 5 + np.random.default_rng(seed).standard_normal(20_000)
        assert noise_without_memory(rows) == pytest.approx(1.0, rel=0.05)


def test_a_load_with_memory_is_no_noise() -> None:
    walk = np.cumsum(np.random.default_rng(2).standard_normal(600))
    assert noise_without_memory(walk) == 0.0


def test_a_load_that_scatters_where_it_works_is_no_noise() -> None:
    rng = np.random.default_rng(4)
    level = np.repeat(rng.choice([2.0, 8.0], 60), 10)
    assert noise_without_memory(level + 0.05 * level * rng.standard_normal(600)) == 0.0


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_load_of_spikes_is_no_noise(share: float) -> None:
    """Steps of normal noise have quartiles as 1 : 2.1 : 3.6; in most rows nothing happens here, or a pulse of any height."""
    rng = np.random.default_rng(5)
    pulses = rng.exponential(1.0, 600) * (rng.random(600) < share)
    assert noise_without_memory(5 + pulses + 0.01 * rng.standard_normal(600)) == 0.0


def test_few_readings_show_nothing() -> None:
    assert noise_without_memory(np.random.default_rng(3).standard_normal(31)) == 0.0
