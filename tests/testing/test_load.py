"""Simulated loads: their energy is the integral of their power."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter import ConfigurationError
from powermeter.testing.load import SHAPES, Load


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("start", "end"), [(0.0, 10.0), (1.3, 2.9), (7.5, 41.25)])
def test_the_energy_is_the_integral_of_the_power(shape, start, end):
    load = Load(shape, 1.0, 4.0, 10.0)
    middle = start + (np.arange(100_000) + 0.5) * (end - start) / 100_000
    by_sum = float(np.mean(load.power_w(middle))) * (end - start)
    assert load.energy_j(start, end) == pytest.approx(by_sum, rel=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_power_stays_between_its_extremes_and_repeats(shape):
    load, times = Load(shape, 1.0, 4.0, 2.0), np.arange(0.001, 2.0, 0.0097)
    power = load.power_w(times)
    assert power.min() >= 1.0 - 1e-12 and power.max() <= 4.0 + 1e-12
    assert np.allclose(power, load.power_w(times + 6.0))


@pytest.mark.parametrize(
    "wrong", [{"shape": "saw"}, {"period_s": 0.0}, {"low_w": 5.0}, {"low_w": -1.0}, {"high_w": float("inf")}]
)
def test_a_load_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        Load(**wrong)
