"""A calibration with a temperature slope, and a temperature that is missing: the energy is what it would be without that row's."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter import analyse
from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.testing.simulation import SimulatedRecording

SECOND = 1_000_000_000


def warm(missing: slice) -> SimulatedRecording:
    """10 W for 4 s at 100 Hz; the meter reads 1 % more at 35 °C, which its calibration takes out."""
    rail = Rail("VIN")
    channels = (
        Channel("power", Quantity.POWER, 1e-3, rail),
        Channel("temperature", Quantity.TEMPERATURE, 1e-1),
    )
    times = SECOND + np.arange(401, dtype=np.int64) * SECOND // 100
    degrees = np.full(401, 350, np.int64)
    degrees[missing] = MISSING
    codes = {"power": np.full(401, 10_100, np.int64), "temperature": degrees}
    fact = {
        "source": 1,
        "channel": "power",
        "coefficients": [0.0, 1.0],
        "low": 0.0,
        "high": 20.0,
        "covariance": [[0.0, 0.0], [0.0, 0.0]],
        "temperature_slope": -1e-3,
        "temperature_c": 25.0,
        "temperature_channel": "temperature",
    }
    source = SourceInfo(1, "test://", "meter", "test", {}, channels)
    samples = Samples(times, codes, np.zeros(401, np.uint8))
    return SimulatedRecording([source], {1: samples}, noted={"calibration": [fact]})


@pytest.mark.parametrize(
    "missing", [slice(0, 0), slice(100, 101), slice(0, 1), slice(-1, None), slice(50, 300)]
)
def test_a_missing_temperature_changes_the_energy_by_no_more_than_the_slope(missing: slice) -> None:
    found = analyse(warm(missing)).energy
    assert found.value == pytest.approx(10.1 * 4 * 0.99, rel=1e-4) and found.half_width < 0.5
