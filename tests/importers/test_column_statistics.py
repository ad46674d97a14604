"""What the numbers of a column show: falls and rises of each device, marks that stand for "none", readings that no supply can have."""

from __future__ import annotations

import numpy as np

from powermeter.channel import Quantity
from powermeter.importers.column_statistics import Statistics


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
