"""Which part of a device's making a workload answers for: what it promises."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.allocation import battery_wear, by_time, by_use
from powermeter.footprint.embodied import part
from powermeter.footprint.factors import given
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_battery_wear_adds_a_quarter_to_a_world_average_kwh() -> None:
    """109 g/kWh beside 475: 23 %."""
    wear = battery_wear(KWH)
    assert wear.value / 475 == pytest.approx(0.23, abs=0.005)
    assert battery_wear(KWH, 0.5).value == pytest.approx(2 * wear.value)


@pytest.mark.parametrize(
    ("life", "unit", "seconds"), [(4.0, "y", 4 * 365.25 * 86400), (8766.0, "h", 8766 * 3600)]
)
def test_a_share_by_time_is_the_time_over_the_life_times_what_is_reserved(
    life: float, unit: str, seconds: float
) -> None:
    """A quarter of a device of 40 kg for 10 hours: 36 000 s of its life of so many."""
    making = part("making", given("device", 40.0, "kg"))
    line = by_time(making, 36_000.0, given("life", life, unit), 0.25)
    assert line.value == pytest.approx(40_000 * 36_000 / seconds * 0.25)


def test_a_share_by_use_is_the_units_over_those_of_a_life() -> None:
    making = part("making", given("device", 40.0, "kg"))
    assert by_use(making, 3.0, 1200.0).value == pytest.approx(100.0)
    with pytest.raises(ConfigurationError, match="cannot be allocated"):
        by_use(making, 3.0, 0.0)
    assert by_use(making, 0.0, 1200.0).value == 0.0


@pytest.mark.parametrize(
    ("used_s", "life", "unit", "share", "match"),
    [
        (1.0, 4.0, "s", 1.0, "it is in y or h"),
        (1.0, 0.0, "y", 1.0, "must be above zero"),
        (1.0, 4.0, "y", 0.0, "above 0 and at most 1"),
        (1.0, 4.0, "y", 1.001, "above 0 and at most 1"),
        (-0.1, 4.0, "y", 1.0, "cannot be negative"),
    ],
)
def test_what_is_no_share_by_time_is_refused(
    used_s: float, life: float, unit: str, share: float, match: str
) -> None:
    making = part("making", given("device", 40.0, "kg"))
    with pytest.raises(ConfigurationError, match=match):
        by_time(making, used_s, given("life", life, unit), share)
    assert by_time(making, 0.0, given("life", 4.0, "y")).value == 0.0
