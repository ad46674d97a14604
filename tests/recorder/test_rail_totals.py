"""Totals while recording: the trapezoid, steps of a counter, what lies between two moments, and pauses that count nothing."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Kind, Quantity, Rail
from powermeter.recorder.rail_totals import RailTotals

MS = 1_000_000
RAIL = Rail("board")
VI = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-3, RAIL))


def stamps(n, step=10):
    return np.arange(n, dtype=np.int64) * step * MS


def test_a_steady_load_in_two_pieces_is_its_power_times_its_time():
    totals = RailTotals(VI, "board")
    times = stamps(101)
    codes = [np.full(101, 5000), np.full(101, 400)]
    totals.add(times[:40], [c[:40] for c in codes])
    totals.add(times[40:], [c[40:] for c in codes])
    assert totals.energy_j == pytest.approx(2.0) and totals.charge_c == pytest.approx(0.4)
    assert (totals.power_w, totals.voltage_v, totals.current_a) == pytest.approx((2.0, 5.0, 0.4))
    assert totals.low_w == totals.high_w == totals.mean_w == pytest.approx(2.0)
    assert totals.between(200 * MS, 700 * MS) == pytest.approx(1.0)
    assert totals.between(200 * MS, 1001 * MS) is None  # not there yet


def test_what_is_shown_as_now_fits_together():
    totals = RailTotals(VI, "board")
    totals.add(stamps(101), [np.full(101, 5000), np.where(np.arange(101) % 2, 800, 0)])
    assert totals.power_w == pytest.approx(totals.voltage_v * totals.current_a)


def test_a_pause_counts_nothing_and_a_missing_reading_is_none():
    totals = RailTotals((Channel("p", Quantity.POWER, 1.0, RAIL),), "board")
    totals.add(np.array([0, 1, 11]) * 1000 * MS, [np.array([3, 3, 3])])
    assert totals.energy_j == pytest.approx(3.0) and totals.seconds == pytest.approx(1.0)
    totals.add(np.array([12]) * 1000 * MS, [np.array([MISSING])])
    assert totals.energy_j == pytest.approx(3.0) and totals.power_w == pytest.approx(3.0)


def test_a_counter_rises_and_a_restart_counts_nothing():
    totals = RailTotals((Channel("e", Quantity.ENERGY, 1e-3, RAIL, Kind.COUNTER),), "board")
    totals.add(np.array([0]), [np.array([10_000])])
    assert totals.power_w is None
    totals.add(np.array([1000, 2000]) * MS, [np.array([12_000, 500])])
    assert totals.energy_j == pytest.approx(2.0)


def test_a_rail_without_power_is_told_apart():
    thermal = (Channel("t", Quantity.TEMPERATURE, 1.0, RAIL),)
    assert not RailTotals(thermal, "board").measures_power and RailTotals(VI, "board").measures_power
