"""What a step leaves in a mean where noise moves readings across it, by the textbook's series."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.quantisation import quantised
from powermeter.signals.decoding import from_samples


@pytest.mark.parametrize("jump", [0.2, 0.3816, 0.5])
def test_rounding_to_a_step_adds_its_twelfth_to_the_noise_that_is_seen(jump: float) -> None:
    """Readings whose neighbours lie 0.3816 W apart scatter by 0.4 W (0.954 σ is a median's), of which a step of 1 W makes 1/12 W².

    The rest, σ, leaves step / (π √2) × √Σ exp(−4π²k²σ²) / k² (Widrow and Kollár); nothing is left of 0.2 W, and 1/√12 then.
    """
    times = np.arange(400, dtype=np.int64) * 10_000_000
    trace = replace(from_samples(times, np.where(np.arange(400) % 2, 5.0, 5.0 + jump)), step=1.0)
    rest = max((jump / 0.954) ** 2 - 1 / 12, 0.0)
    series = sum(math.exp(-4 * math.pi**2 * k * k * rest) / (k * k) for k in range(1, 2000))
    bias, on_one_step = quantised(Integral.of(trace))
    assert bias == pytest.approx(math.sqrt(series) / (math.pi * math.sqrt(2)), rel=1e-3)
    assert on_one_step is (jump < 0.5)
