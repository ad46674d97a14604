"""A battery emptied by a repeated profile, against closed forms."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.cell import Cell, cell_of, derating_at, spread_at
from powermeter.battery.converter import EfficiencyCurve
from powermeter.battery.presets import presets
from powermeter.battery.simulated_discharge import discharge, hours_between, profile_of
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
    curve = EfficiencyCurve(((0.1, 0.5), (1.0, 0.8), (4.0, 0.9)))
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


def test_a_discharge_in_words() -> None:
    """3 Ah at 3.6 V are 10.8 Wh: at 2 W 5.4 h, in repeats of 4 s."""
    found = discharge(Battery("3Ah@3.6V"), IDEAL, [1.0, 3.0], [2.0, 2.0])
    assert found.lines() == [
        "discharge simulated: 5.4 h, 4,860 repeats of the profile; end: used up",
        "  10.8 Wh delivered at the rail, 0 % of the charge left",
    ]


def test_the_terminal_voltage_sags_by_current_times_resistance_all_along() -> None:
    """3.6 V, 0.2 ohm, 5 W: 1.5166 A, so 3.2967 V at the terminals; the course states it from the full cell to the empty one."""
    current = (3.6 - math.sqrt(3.6**2 - 4 * 0.2 * 5)) / 0.4
    for seconds in (1.0, 3600.0):  # averaged, and stepped through
        found = discharge(Battery("3Ah@3.6V"), Cell((3.6, 3.6), 0.2), [seconds], [5.0])
        hours, states, volts = zip(*found.course, strict=True)
        assert volts == pytest.approx([3.6 - 0.2 * current] * len(volts))
        assert (hours[0], states[0]) == (0.0, 1.0)
        assert hours[-1] == pytest.approx(found.hours, rel=0.01) and states[-1] < 0.01
        assert list(hours) == sorted(set(hours))
        middle = len(hours) // 2
        assert states[middle] == pytest.approx(1 - hours[middle] / found.hours, abs=0.005)
        assert found.left == pytest.approx(0.0, abs=1e-9)


def test_it_stops_at_the_cut_off_of_the_terminals_and_not_of_the_cell() -> None:
    """From 4 V full to 3 V empty, 0.1 ohm, 1 A at the end: 3.5 V at the terminals is 3.6 V inside, 60 % left."""
    cell = Cell((3.0, 4.0), 0.1, cutoff_v=3.5)
    for seconds in (1.0, 600.0):
        found = discharge(Battery("1Ah@3.5V"), cell, [seconds], [3.5])
        assert found.reason == "cut-off" and found.left == pytest.approx(0.6, abs=0.006)


def test_thirty_years_are_no_end() -> None:
    found = discharge(Battery("3Ah@3.6V"), IDEAL, [1.0], [1e-6])
    assert found.reason == "no end" and found.hours > 30 * 365.2 * 24
    assert found.hours < 31 * 365.25 * 24


def test_a_cell_between_its_points_and_beyond_them() -> None:
    cell = Cell((3.0, 3.5, 4.2))
    assert [cell.voltage(s) for s in (-1, 0, 0.25, 0.5, 0.75, 1, 2)] == pytest.approx(
        [3.0, 3.0, 3.25, 3.5, 3.85, 4.2, 4.2]
    )
    assert cell.current(0.5, 7.0) == pytest.approx(2.0)
    assert Cell((4.0, 4.0), 1.0).current(1.0, 4.0) == pytest.approx(2.0)  # the most it delivers: V²/4R
    assert Cell((4.0, 4.0), 1.0).current(1.0, 4.001) is None


def test_a_derating_lies_on_the_line_between_its_points() -> None:
    tables = presets()["temperature"]
    (cold, low), (warm, high) = tables["lithium_ion"][:2]
    assert derating_at("lithium_ion", cold) == low and derating_at("lithium_ion", warm) == high
    quarter = cold + (warm - cold) / 4
    assert derating_at("nmc", quarter) == pytest.approx(low + (high - low) / 4)
    last = tables["lithium_ion"][-1]
    assert derating_at("lithium_ion", last[0]) == last[1]
    for outside in (cold - 0.1, last[0] + 0.1):
        with pytest.raises(ConfigurationError, match="outside the lithium_ion table"):
            derating_at("lithium_ion", outside)
    with pytest.raises(ConfigurationError, match="no temperature table"):
        derating_at("alkaline-air", 20.0)


def test_a_pack_is_emptied_at_both_ends_of_its_range() -> None:
    low, high = hours_between(Battery("3Ah@3.6V", spread=(0.9, 1.2)), IDEAL, [1.0], [1.0])
    assert (low, high) == (pytest.approx(0.9 * 10.8, rel=1e-6), pytest.approx(1.2 * 10.8, rel=1e-6))


def test_between_short_pulses_a_cell_recovers_and_between_long_ones_not() -> None:
    """700 Ah at 2000 h (0.35 A), 14 A half of the time: by the mean of 7 A where a repeat takes a minute, else by each pulse's own."""
    battery, cell = Battery("700Ah@12V", peukert=1.2, rated_hours=2000), Cell((12.0, 12.0))
    short = discharge(battery, cell, [30.0, 30.0], [168.0, 0.0])
    assert short.hours == pytest.approx(100 / 20**0.2, rel=0.001)
    long = discharge(battery, cell, [31.0, 31.0], [168.0, 0.0])
    assert long.hours == pytest.approx(100 / 40**0.2, rel=0.001)


def test_a_profile_of_a_recording_keeps_its_energy(tmp_path) -> None:
    """1, 2 and 3 W for a second each by the trapezoid: 4 J in three stretches, none below zero."""
    analysis = SimpleNamespace(
        start_ns=10**9,
        end_ns=4 * 10**9,
        integral=SimpleNamespace(at=lambda t: np.interp(t, np.arange(1, 5) * 10**9, [0.0, 1.0, 3.0, 6.0])),
    )
    durations, powers = profile_of(analysis, 3)
    assert durations == pytest.approx([1.0] * 3) and powers == pytest.approx([1.0, 2.0, 3.0])
    falling = SimpleNamespace(start_ns=0, end_ns=10**9, integral=SimpleNamespace(at=lambda t: -1e-9 * t))
    assert profile_of(falling, 2)[1] == [0.0, 0.0]
    assert len(profile_of(analysis)[0]) == 600


@pytest.mark.parametrize("volts", [(3.6,), (3.6, 0.0), (3.6, -1.0)])
def test_cells_that_cannot_be(volts) -> None:
    with pytest.raises(ConfigurationError, match="two open-circuit voltages"):
        Cell(volts)
    for wrong in ({"resistance_ohm": -0.1}, {"cutoff_v": -0.1}):
        with pytest.raises(ConfigurationError, match="cannot be negative"):
            Cell((3.6, 3.6), **wrong)
