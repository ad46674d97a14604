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
