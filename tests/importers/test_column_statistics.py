"""What the numbers of a column show: falls and rises of each device, marks that stand for "none", readings that no supply can have."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.importers.column_statistics import ABSURD, Statistics


def test_falls_and_rises_are_those_of_each_device():
    seen = Statistics()
    seen.add(np.array([1.0, 10.0, 2.0, 20.0]), np.array([0, 1, 0, 1], np.int16))
    assert (seen.rises, seen.falls) == (2, 0)
    seen.add(np.array([0.0]), np.array([0], np.int16))  # from 2 to 0: set back
    assert (seen.falls, seen.to_zero) == (1, 1)


def test_a_mark_below_zero_stands_for_none_only_where_nothing_else_is_below_zero():
    seen = Statistics()
    seen.add(np.array([5.0, -1.0, 6.0, -1.0]))
    assert seen.sentinel() == [-1.0]
    seen.add(np.array([-0.2]))
    assert seen.sentinel() == []


def test_a_current_of_minus_one_is_a_mark_only_among_whole_numbers():
    """A battery may give exactly 1 A; an integer column of other, positive values gives a reason."""
    whole, fractions, constant = Statistics(), Statistics(), Statistics()
    whole.add(np.array([250.0, -1.0, 251.0]))
    fractions.add(np.array([0.5, -1.0, 0.5]))
    constant.add(np.array([-1.0] * 5))
    assert whole.sentinel(Quantity.CURRENT) == [-1.0] and whole.unsure() == []
    for seen in (fractions, constant):
        assert seen.sentinel(Quantity.CURRENT) == [] and seen.unsure() == [-1.0]
        assert seen.sentinel(Quantity.POWER) == [-1.0]


@pytest.mark.parametrize("bits", [15, 16])
def test_a_reading_with_all_bits_set_far_above_the_rest_is_a_mark(bits):
    """The largest number that a signed and an unsigned word of 2 bytes holds."""
    seen = Statistics()
    seen.add(np.array([5.0] * 50 + [float(2**bits - 1)]))
    assert 5.0 < seen.limit(Quantity.POWER, 1e-18) < 2**bits - 1
    other = Statistics()
    other.add(np.array([5.0] * 50 + [float(2 ** (bits - 2) - 100)] * 3))
    assert other.limit(Quantity.POWER, 1e-18) > 2 ** (bits - 2) - 100


def test_what_no_supply_has_is_beyond_the_limit():
    seen = Statistics()
    seen.add(np.full(100, 5.0))
    assert seen.limit(Quantity.POWER, 1e-3) == ABSURD[Quantity.POWER] / 1e-3
    seen.add(np.array([65535.0]))  # all bits set, far from the rest
    assert 5.0 < seen.limit(Quantity.POWER, 1.0) < 65535.0


@pytest.mark.parametrize(("count", "marks", "kept"), [(11, 2, True), (12, 3, False), (12, 4, True)])
def test_how_many_readings_far_above_the_rest_are_none(count, marks, kept):
    """One where there are fewer than twelve readings, three from twelve on."""
    seen = Statistics()
    seen.add(np.array([5.0] * (count - marks) + [5.0e7 + i for i in range(marks)]))
    assert (seen.limit(Quantity.POWER, 1e-18) > 5.0e7) == kept
