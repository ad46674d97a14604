"""The interval of a benchmark's repeat: how much repeats differ and what the sensor may be off, each at 95 %, in quadrature."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.analysis.stopping import Settled
from powermeter.channel import Accuracy
from powermeter.comparison.benchmark import with_sensor
from powermeter.testing.simulation import SimulatedPowerMeter, SimulatedRecording, Truth

SECOND = 1_000_000_000


def test_the_sensor_s_limit_is_added_to_the_spread_of_repeats() -> None:
    """Six repeats of 2 s at 5 W, 10 J each, by a meter of ± 9 %: 10 J × 0.09 / √3 = 0.520 J of standard uncertainty.

    Their spread leaves 9.6 to 10.5 J: the ends lie √(0.4² + (1.96 × 0.520)²) below and √(0.5² + …) above.
    """
    meter = SimulatedPowerMeter(100, accuracy=Accuracy(gain=0.09))
    recording = meter.record(
        Truth.steps([0.0, 20.0], [5.0]), [], np.random.default_rng(1), errors=(0.0, 0.0, 0.0), phase=0.5
    )

    @contextlib.contextmanager
    def recorded() -> Iterator[SimulatedRecording]:
        yield recording

    spans = [(round((1 + 3 * i) * SECOND), round((3 + 3 * i) * SECOND)) for i in range(6)]
    settled = Settled(10.0, 9.6, 10.5, 0.05, 6, 0, 6.0, 0.0, 0.0, 0.3, 0.0, 6)
    stub: Any = SimpleNamespace(recording=recorded)
    found = with_sensor(stub, "m", spans, settled, None)
    assert found is not None
    sensor = 1.959964 * 10 * 0.09 / math.sqrt(3)
    assert found.value == 10.0
    assert found.low == pytest.approx(10 - math.hypot(0.4, sensor), abs=2e-3)
    assert found.high == pytest.approx(10 + math.hypot(0.5, sensor), abs=2e-3)
    assert found.parts["repeats:m"] == pytest.approx(0.5 / 1.959964)  # the wider side
