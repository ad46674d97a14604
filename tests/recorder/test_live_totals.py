"""The running total on the status line."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import MISSING, Boundary, Channel, Kind, Quantity, Rail
from powermeter.recorder.live_totals import LiveTotals

BOARD = Rail("IN", boundary=Boundary.BOARD, nominal_v=5.0)
PART = Rail("CPU", parent="IN", boundary=Boundary.PART)
NS = 10**9


def totals(*channels):
    return LiveTotals(channels)


def test_power_times_time_is_energy_across_calls():
    live = totals(Channel("p", Quantity.POWER, 1e-3, BOARD))
    live.add(np.array([0, NS, 2 * NS]), np.array([[1000], [1000], [3000]]))
    live.add(np.array([3 * NS]), np.array([[3000]]))
    assert live.energy_j == pytest.approx(1 + 2 + 3)
    report = live.report()
    assert report["rail"] == "IN" and report["power_w"] == 3.0
    assert report["charge_c"] == pytest.approx((1 + 3 + 3) / 5)


def test_voltage_and_current_make_power_and_charge():
    live = totals(Channel("v", Quantity.VOLTAGE, 1e-3, BOARD), Channel("i", Quantity.CURRENT, 1e-3, BOARD))
    live.add(np.array([0, NS]), np.array([[5000, 2000], [5000, 2000]]))
    assert (live.energy_j, live.charge_c, live.power_w) == pytest.approx((10.0, 2.0, 10.0))


def test_the_widest_rail_is_shown_not_a_part_of_it():
    live = totals(Channel("cpu", Quantity.POWER, 1, PART), Channel("in", Quantity.POWER, 1, BOARD))
    assert live.rail == "IN"


def test_the_rail_shown_is_the_one_that_the_report_counts():
    """A socket's reading holds the supply's loss: it goes behind the board, and before a part of it."""
    rails = [
        Channel(name, Quantity.POWER, 1, Rail(name, boundary=boundary))
        for name, boundary in [("PLUG", Boundary.WALL), ("IN", Boundary.BOARD), ("CPU", Boundary.PART)]
    ]
    assert totals(*rails).rail == "IN"
    assert totals(rails[0], rails[2]).rail == "PLUG"


def test_missing_samples_are_not_zero():
    live = totals(Channel("p", Quantity.POWER, 1, BOARD))
    live.add(np.array([0, NS, 2 * NS]), np.array([[4], [MISSING], [4]]))
    assert live.energy_j == pytest.approx(8.0)


@pytest.mark.parametrize(
    "channel",
    [Channel("t", Quantity.TEMPERATURE, 1), Channel("e", Quantity.ENERGY, 1, BOARD, kind=Kind.COUNTER)],
)
def test_without_power_nothing_is_claimed(channel):
    live = totals(channel)
    live.add(np.array([0, NS]), np.array([[1], [2]]))
    assert live.report() == {"rail": None, "power_w": None, "energy_j": None, "charge_c": None}


def test_no_nominal_voltage_no_charge():
    live = totals(Channel("p", Quantity.POWER, 1, Rail("X")))
    live.add(np.array([0, NS]), np.array([[1], [2]]))
    assert live.report()["charge_c"] is None and live.report()["energy_j"] == pytest.approx(1.5)


def test_a_reading_that_no_load_can_have_caused_is_not_in_the_total():
    live = totals(Channel("p", Quantity.POWER, 1e-3, BOARD))
    codes = np.array([[4000], [4100], [9 * 10**11], [3900], [4000]])
    live.add(np.arange(5) * NS, codes)
    assert live.energy_j == pytest.approx(16.0, rel=0.02) and live.power_w == 4.0


def test_power_now_is_the_mean_of_the_last_quarter_of_a_second():
    """0.1 s apart: 9 W 0.3 s ago is over, 1, 2 and 3 W of the last 0.25 s count."""
    live = totals(Channel("power", Quantity.POWER, 1e-3, Rail("R")))
    times = np.array([0, 100, 200, 300], np.int64) * 1_000_000
    live.add(times, np.array([[9000], [1000], [2000], [3000]]))
    assert live.power_w == pytest.approx(2.0)
    at_the_edge = totals(Channel("power", Quantity.POWER, 1e-3, Rail("R")))
    at_the_edge.add(np.array([0, 250_000_000]), np.array([[4000], [2000]]))
    assert at_the_edge.power_w == pytest.approx(3.0)
