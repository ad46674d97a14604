"""Which part of a device's making a workload answers for: what it promises."""

from __future__ import annotations

import pytest

from powermeter.footprint.allocation import battery_wear
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_battery_wear_adds_a_quarter_to_a_world_average_kwh() -> None:
    """109 g/kWh beside 475: 23 %."""
    wear = battery_wear(KWH)
    assert wear.value / 475 == pytest.approx(0.23, abs=0.005)
    assert battery_wear(KWH, 0.5).value == pytest.approx(2 * wear.value)
