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


def test_charge_goes_on_from_the_last_reading_of_the_piece_before():
    """1, 2, 5 and 3 A, a second apart: 1.5 + 3.5 + 4 C, in one piece and in two."""
    for cut in (0, 1, 2, 3):
        totals = RailTotals(VI, "board")
        codes = [np.full(4, 5000), np.array([1000, 2000, 5000, 3000])]
        for part in (slice(0, cut), slice(cut, 4)):
            totals.add(stamps(4, 1000)[part], [column[part] for column in codes])
        assert totals.charge_c == pytest.approx(9.0) and totals.energy_j == pytest.approx(45.0)


def test_what_was_recorded_before_is_taken_over_from_means_of_stretches():
    seconds = np.array([10.0, 20.0])
    totals = RailTotals(VI, "board")
    totals.take_over(np.array([[5000.0, 400.0], [5000.0, np.nan]]), seconds)
    assert totals.energy_j == pytest.approx(20.0) and totals.charge_c == pytest.approx(4.0)
    assert totals.seconds == 30.0
    counter = RailTotals((Channel("e", Quantity.ENERGY, 1e-3, RAIL, Kind.COUNTER),), "board")
    counter.take_over(np.array([[1000.0], [4000.0]]), seconds)
    assert counter.energy_j == pytest.approx(3.0)


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


@pytest.mark.parametrize(
    ("kind", "joules"),
    [
        (Kind.INSTANT, 2.0 + 3.0),  # (1+3)/2 and (3+3)/2
        (Kind.HELD, 1.0 + 3.0),  # a reading stands until the next
        (Kind.MEAN, 3.0 + 3.0),  # a reading is of what went before
    ],
)
def test_a_reading_counts_as_its_kind_says(kind, joules):
    """1, 3 and 3 W, a second apart, in one piece and in three."""
    for pieces in ([(0, 3)], [(0, 1), (1, 2), (2, 3)]):
        totals = RailTotals((Channel("p", Quantity.POWER, 1.0, RAIL, kind),), "board")
        for first, last in pieces:
            totals.add(stamps(3, 1000)[first:last], [np.array([1, 3, 3])[first:last]])
        assert totals.energy_j == pytest.approx(joules) and totals.seconds == pytest.approx(2.0)
        assert (totals.low_w, totals.high_w, totals.power_w) == (1.0, 3.0, 3.0)


def test_a_pause_of_two_seconds_still_counts_and_one_longer_does_not():
    for step_ms, joules in ((2000, 6.0), (2001, 0.0)):
        totals = RailTotals((Channel("p", Quantity.POWER, 1.0, RAIL),), "board")
        totals.add(np.array([0]), [np.array([3])])
        totals.add(np.array([step_ms]) * MS, [np.array([3])])
        assert totals.energy_j == pytest.approx(joules)


def test_now_is_the_last_half_second_and_the_charge_is_a_trapezoid():
    """A step from 0.4 to 0.8 A at 1 s: until 0.99 s the mean of the half second, at 1.6 s only the new level."""
    amps = np.where(stamps(161) >= 1000 * MS, 800, 400)
    totals = RailTotals(VI, "board")
    totals.add(stamps(161), [np.full(161, 5000), amps])
    assert (totals.power_w, totals.current_a) == pytest.approx((4.0, 0.8))
    assert totals.charge_c == pytest.approx(0.4 * 0.99 + 0.006 + 0.8 * 0.6)  # 10 ms from 0.4 to 0.8 A
    assert list(totals.history) == pytest.approx([(100 * 2.0 + 61 * 4.0) / 161])


def test_what_is_kept_back_is_two_minutes_and_what_is_taken_over_counts_from_the_start():
    totals = RailTotals((Channel("p", Quantity.POWER, 1.0, RAIL),), "board")
    totals.take_over(np.array([[2.0]]), np.array([50.0]))
    assert (totals.energy_j, totals.charge_c, totals.mean_w) == (100.0, 0.0, 2.0)
    for second in range(200):
        totals.add(np.array([second]) * 1000 * MS, [np.array([3])])
    assert totals.energy_j == pytest.approx(100 + 3 * 199) and totals.seconds == pytest.approx(50 + 199)
    assert totals.between(79_000 * MS, 80_000 * MS) == pytest.approx(3.0)
    assert totals.between(78_000 * MS, 80_000 * MS) is None


def test_readings_at_the_end_of_the_range_are_counted_and_other_flags_are_not():
    totals = RailTotals((Channel("p", Quantity.POWER, 1.0, RAIL),), "board")
    totals.add(stamps(4), [np.full(4, 3)], np.array([1, 2, 3, 4], np.uint8))
    assert totals.saturated == 2
    totals.add(stamps(4) + 40 * MS, [np.full(4, 3)])
    assert totals.saturated == 2
