"""A battery emptied by a repeated profile, against closed forms."""

from __future__ import annotations

import math

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.converter import Curve
from powermeter.battery.discharge import Cell, cell_of, derating_at, discharge, spread_at
from powermeter.errors import ConfigurationError

IDEAL = Cell((3.6, 3.6))


def test_ideal_cell_lasts_its_energy_over_the_power() -> None:
    found = discharge(Battery("3Ah@3.6V"), IDEAL, [1.0], [1.0])
    assert found.hours == pytest.approx(10.8, rel=1e-6)
    assert found.reason == "used up"
    assert found.delivered_j == pytest.approx(10.8 * 3600, rel=1e-6)


def test_a_square_profile_lasts_by_its_mean() -> None:
    found = discharge(Battery("3Ah@3.6V"), IDEAL, [1.0, 3.0], [4.0, 0.0])
    assert found.hours == pytest.approx(10.8, rel=1e-6)
    assert found.repeats == pytest.approx(10.8 * 900, rel=1e-6)


def test_a_long_profile_is_stepped_through_and_agrees() -> None:
    """Half an hour of 1 W, half an hour of nothing: the charge ends inside an hour of load."""
    found = discharge(Battery("3Ah@3.6V"), IDEAL, [1800.0, 1800.0], [1.0, 0.0])
    assert found.hours == pytest.approx(21.3, rel=1e-3)
    assert found.delivered_j == pytest.approx(10.8 * 3600, rel=1e-3)


def test_both_ways_agree_on_a_real_cell() -> None:
    battery, cell = Battery("3Ah@3.6V"), cell_of("18650")
    short = discharge(battery, cell, [1.0, 1.0], [6.0, 1.0])
    long = discharge(battery, cell, [120.0, 120.0], [6.0, 1.0])
    assert short.hours == pytest.approx(long.hours, rel=0.01)
    assert short.reason == long.reason


def test_converter_efficiency_number_and_curve() -> None:
    number = discharge(Battery("3Ah@3.6V", efficiency=0.8), IDEAL, [1.0], [1.0])
    assert number.hours == pytest.approx(0.8 * 10.8, rel=1e-6)
    curve = Curve(((0.1, 0.5), (1.0, 0.8), (4.0, 0.9)))
    found = discharge(Battery("3Ah@3.6V", efficiency=curve), IDEAL, [1.0, 1.0], [1.0, 4.0])
    assert found.hours == pytest.approx(10.8 / ((1 / 0.8 + 4 / 0.9) / 2), rel=1e-6)


def test_resistance_costs_by_the_quadratic() -> None:
    """V = 3.6, R = 0.2, P = 5 W: I = (3.6 - sqrt(12.96 - 4)) / 0.4."""
    current = (3.6 - math.sqrt(3.6**2 - 4 * 0.2 * 5)) / 0.4
    found = discharge(Battery("3Ah@3.6V"), Cell((3.6, 3.6), 0.2), [1.0], [5.0])
    assert found.hours == pytest.approx(3 / current, rel=1e-6)


def test_cut_off_comes_earlier_under_a_higher_peak() -> None:
    battery, cell = Battery("3Ah@3.6V"), Cell((3.0, 4.0), 0.1, cutoff_v=3.2)
    gentle = discharge(battery, cell, [1.0], [1.0])
    harsh = discharge(battery, cell, [0.1, 1.0], [8.0, 0.3])
    assert gentle.reason == harsh.reason == "cut-off"
    assert harsh.left > gentle.left > 0.2


def test_a_load_no_cell_can_deliver() -> None:
    found = discharge(Battery("225mAh@3V"), cell_of("cr2032"), [1.0], [2.0])
    assert (found.hours, found.reason) == (0.0, "cannot deliver")


def test_self_discharge_alone_and_beside() -> None:
    battery = Battery("1Ah@3.6V", self_discharge=0.1)
    month_h = 30.4375 * 24
    idle = discharge(battery, IDEAL, [1.0], [0.0])
    assert idle.hours == pytest.approx(10 * month_h, rel=1e-6)
    loaded = discharge(battery, IDEAL, [1.0], [3.6e-3])
    assert loaded.hours == pytest.approx(1 / (1e-3 + 0.1 / month_h), rel=1e-6)


def test_peukert() -> None:
    """7 Ah at 20 h, 7 A: t = 20 (7 / (7 × 20))^1.15."""
    battery = Battery("7Ah@12V", peukert=1.15, rated_hours=20)
    found = discharge(battery, Cell((12.0, 12.0)), [1.0], [84.0])
    assert found.hours == pytest.approx(20 * (1 / 20) ** 1.15, rel=1e-6)


def test_ageing_usable_share_and_temperature() -> None:
    aged = discharge(Battery("3Ah@3.6V", usable=0.8, health=0.9), IDEAL, [1.0], [1.0])
    assert aged.hours == pytest.approx(10.8 * 0.72, rel=1e-6)
    assert derating_at("lco", 25) == 1.0
    assert derating_at("lco", -15) == pytest.approx(0.675)
    with pytest.raises(ConfigurationError, match="outside"):
        derating_at("lco", -80)
    with pytest.raises(ConfigurationError, match="no temperature table"):
        derating_at("plutonium", 20)


@pytest.mark.parametrize(
    ("durations", "powers"), [([], []), ([1.0], []), ([0.0], [1.0]), ([1.0], [-1.0]), ([1.0], [0.0])]
)
def test_impossible_profiles(durations: list[float], powers: list[float]) -> None:
    with pytest.raises(ConfigurationError):
        discharge(Battery("3Ah@3.6V"), IDEAL, durations, powers)


def test_a_charge_budget_cannot_be_simulated() -> None:
    with pytest.raises(ConfigurationError, match="needs its voltage"):
        discharge(Battery("4Ah"), IDEAL, [1.0], [1.0])
    with pytest.raises(ConfigurationError, match="no cell data"):
        cell_of("phone")


def test_the_doubt_of_a_derating_is_in_the_range_of_packs() -> None:
    """At -10 degrees one cell keeps 75 %: others 62.5 to 87.5 %, in quadrature with the packs' own range."""
    assert spread_at(0.75, (1.0, 1.0)) == pytest.approx((0.625 / 0.75, 0.875 / 0.75))
    assert spread_at(1.0, (0.67, 1.13)) == pytest.approx((0.67, 1.13))
    low, high = spread_at(0.75, (0.67, 1.13))
    assert low < 0.625 / 0.75 * 0.9
    assert high > 0.875 / 0.75
