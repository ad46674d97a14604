"""A meter's own total across wraps, resets and damaged readings."""

from __future__ import annotations

from powermeter.channel import MISSING, Quantity, Rail
from powermeter.drivers.meters.running_total import ContinuousTotals, Odometer, counted, total


def test_odometer_counts_on_and_ignores_what_came_before() -> None:
    meter = Odometer(most_per_s=10)
    assert [meter.feed(code, at * 10**9) for at, code in enumerate((500, 503, 503, 510))] == [
        500,
        503,
        503,
        510,
    ]
    assert meter.resets == 0


def test_odometer_bridges_a_reset_and_a_wrap() -> None:
    meter = Odometer(most_per_s=10)
    values = [meter.feed(code, at * 10**9) for at, code in enumerate((500, 505, 3, 6, 9))]
    assert values == [500, 505, MISSING, 511, 514] and meter.resets == 1  # 6 counted since it was cleared
    wrapping = Odometer(most_per_s=10, wrap=2**32)
    assert [wrapping.feed(code, at * 10**9) for at, code in enumerate((2**32 - 2, 3))] == [
        2**32 - 2,
        2**32 + 3,
    ]


def test_odometer_disbelieves_one_damaged_reading() -> None:
    meter = Odometer(most_per_s=10)
    values = [meter.feed(code, at * 10**9) for at, code in enumerate((500, 505, 70_000, 515, 520))]
    assert values == [500, 505, MISSING, 515, 520] and meter.resets == 0


def test_odometer_believes_what_a_meter_can_count_and_two_codes_of_rounding_more() -> None:
    """At most 3.5 a second: in one second 4 codes may have passed, each end of them cut off by up to one."""
    for step, believed in ((6, True), (7, False)):
        meter = Odometer(most_per_s=3.5)
        meter.feed(500, 0)
        assert (meter.feed(500 + step, 10**9) != MISSING) is believed


def test_odometer_goes_on_from_another_group() -> None:
    meter = Odometer(most_per_s=10)
    meter.feed(500, 0)
    meter.rebase(90_000, 10**9)
    assert meter.feed(90_004, 2 * 10**9) == 504


def test_another_group_that_was_selected_unnoticed_adds_only_what_it_counts_on() -> None:
    """90 000 cannot have been counted in two seconds at 10 a second, so it is no total since a clearing."""
    meter = Odometer(most_per_s=10)
    values = [meter.feed(code, at * 10**9) for at, code in enumerate((500, 505, 90_000, 90_004, 90_010))]
    assert values == [500, 505, MISSING, 509, 515] and meter.resets == 1


def test_the_totals_of_a_meter_are_bounded_by_what_it_can_pass() -> None:
    """At 6 A and 30 V for 1 h: 6000 mAh and 180 Wh, and a twentieth more of either is not believed at once."""
    hour = 3600 * 10**9
    for charge, energy, doubted in ((6000, 180_000, 0), (6300, 180_000, 1), (6000, 189_000, 1)):
        totals = ContinuousTotals(6.0, 30.0)
        assert totals.feed(100, 1000, 0) == [100, 1000]
        assert totals.feed(100 + charge, 1000 + energy, hour).count(MISSING) == doubted
    counts = counted(Rail("input"), 0.02, 0.03, per_h=1e6)
    assert [(one.quantity, one.scale) for one in counts] == [
        (Quantity.CHARGE, 3.6e-3),
        (Quantity.ENERGY, 3.6e-3),
    ]


def test_a_total_cites_its_own_meter():
    stated = total(Rail("input"), Quantity.ENERGY, 3.6, 3e-3, source="manual, page 7", clock=1e-4).accuracy
    assert (stated.source, stated.clock) == ("manual, page 7", 1e-4)
    unstated = total(Rail("input"), Quantity.ENERGY, 3.6, 3e-3, source="manual, page 7").accuracy
    assert unstated.source.startswith("manual, page 7; its clock within ±1.5 %") and unstated.clock == 0.015


def test_totals_of_another_counter_go_on_where_these_were() -> None:
    """A data group is changed at 600 mAh and 3000 mWh to one that stands at 20 and 70: 5 and 30 more are 605 and 3030."""
    totals = ContinuousTotals(6.0, 30.0)
    assert totals.feed(600, 3000, 0) == [600, 3000]
    totals.rebase(20, 70, 10**9)
    assert totals.feed(25, 100, 11 * 10**9) == [605, 3030]
