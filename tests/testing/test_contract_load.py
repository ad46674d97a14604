"""Readings of a constant load of 2 W at 5 V: what a driver with a swapped byte or a wrong scale makes of them is refused."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from powermeter.channel import MISSING, Accuracy, Channel, Quantity, Rail
from powermeter.testing.contract_load import FlowsBack, check_steady, check_true, constant, other_loads
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter

RAIL = Rail("input")
CHANNELS = (
    Channel("voltage", Quantity.VOLTAGE, 1e-4, RAIL),
    Channel("current", Quantity.CURRENT, 1e-5, RAIL),
    Channel("temperature", Quantity.TEMPERATURE, 0.1),
)


def swapped(code: int) -> int:
    """Return the four bytes of a code read from the other end."""
    return int.from_bytes(code.to_bytes(4, "little"), "big")


@pytest.mark.parametrize("row", [[50_000, 40_000, 250], [51_000, MISSING, MISSING], [MISSING] * 3])
def test_what_the_load_draws_is_accepted_and_a_missing_value_is_none(row: list[int]) -> None:
    check_true(CHANNELS, np.array([row] * 3), 5.0, 2.0)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ([swapped(50_000), 40_000, 250], "voltage"),
        ([50_000, swapped(40_000), 250], "current"),
        ([50_000, 4_000, 250], "current reads 0.04 for 0.4 A"),
        ([50_000, -40_000, 250], "current"),
    ],
)
def test_a_swapped_byte_a_wrong_scale_and_a_wrong_sign_are_refused(row: list[int], named: str) -> None:
    with pytest.raises(AssertionError, match=named):
        check_true(CHANNELS, np.array([row] * 3), 5.0, 2.0)


def test_of_several_rails_one_feeds_the_load() -> None:
    idle = [Channel("other", Quantity.POWER, 1e-3, Rail("other"))]
    row = np.array([[0, 50_000, 40_000, 250]])
    check_true([*idle, *CHANNELS], row, 5.0, 2.0)
    with pytest.raises(AssertionError, match="other reads 0 for 2 W"):
        check_true(idle, row[:, :1], 5.0, 2.0)


def test_a_row_unlike_the_others_is_refused_but_no_temperature() -> None:
    rows = np.array([[50_000, 40_000, 250]] * 4 + [[50_000, 40_000, 500]])
    check_steady(CHANNELS, rows, "")
    rows[0, 1] = 0
    with pytest.raises(AssertionError, match="current: 0 A"):
        check_steady(CHANNELS, rows, "is that frame a reading?")


def test_a_display_coarser_than_its_code_shows_nothing_of_a_small_load() -> None:
    shown = Channel("current", Quantity.CURRENT, 1e-4, RAIL, accuracy=Accuracy(step=1e-3, source="a test"))
    check_true([shown], np.array([[0]]), 5.0, 0.002)
    with pytest.raises(AssertionError, match=r"current reads 0 for 0\.04 A"):
        check_true([shown], np.array([[0]]), 5.0, 0.2)


def test_current_that_flows_back_is_expected_below_zero() -> None:
    load = FlowsBack("constant", 2.0, 2.0)
    assert load.power_w(1.0) == -2.0 and load.energy_j(1.0, 3.0) == -4.0
    check_true(CHANNELS, np.array([[50_000, -40_000, 250]] * 3), 5.0, -2.0)
    with pytest.raises(AssertionError, match=r"current reads 0\.4 for -0\.4 A: without its sign"):
        check_true(CHANNELS, np.array([[50_000, 40_000, 250]] * 3), 5.0, -2.0, "without its sign")


def test_a_thousandth_of_the_load_is_read_to_two_codes() -> None:
    assert constant(0.002).power_w(5.0) == 0.002
    check_true(CHANNELS, np.array([[50_000, 42, 250]] * 3), 5.0, 0.002)
    with pytest.raises(AssertionError, match=r"current reads 0\.4 for 0\.0004 A"):
        check_true(CHANNELS, np.array([[50_000, 40_000, 250]] * 3), 5.0, 0.002)


COARSE = Channel("current", Quantity.CURRENT, 1e-8, RAIL, accuracy=Accuracy(step=1e-3, source="a test"))


@pytest.mark.parametrize(
    ("amperes", "accepted"),
    [(4e-4, True), (3e-4, True), (0, True), (-4e-4, False), (4e-5, False), (2.4e-3, False)],
)
def test_two_steps_that_are_more_than_the_load_excuse_no_wrong_sign_and_no_wrong_range(
    amperes: float, accepted: bool
) -> None:
    """0.4 mA, of a meter that states steps of 1 mA and sends codes of 10 nA."""
    with nullcontext() if accepted else pytest.raises(AssertionError, match=r"for 0\.0004 A"):
        check_true([COARSE], np.array([[round(amperes / 1e-8)]]), 5.0, 0.002)


@pytest.mark.parametrize(("code", "accepted"), [(0, True), (1, True), (2, True), (-1, False), (3, False)])
def test_of_a_load_under_one_code_the_sign_counts(code: int, accepted: bool) -> None:
    """0.4 mA in codes of 1 mA: 0 or 1, and one more for noise."""
    whole = Channel("current", Quantity.CURRENT, 1e-3, RAIL)
    with nullcontext() if accepted else pytest.raises(AssertionError, match=r"for 0\.0004 A"):
        check_true([whole], np.array([[code]]), 5.0, 0.002)


class OfThreeRanges(SimulatedMeter):
    loads_w = 0.2, 2e-5


class BothWays(OfThreeRanges):
    both_ways = True


def test_a_load_in_each_range_and_each_of_them_backwards() -> None:
    assert [load.power_w(1.0) for load in other_loads(OfThreeRanges(Load()))] == [0.2, 2e-5]
    assert [load.power_w(1.0) for load in other_loads(BothWays(Load()))] == [0.2, 2e-5, -2.0, -0.2, -2e-5]
