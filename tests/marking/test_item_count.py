"""What a ring holds for the number of items: it may be unknown, or none."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from powermeter.marking.item_count import ODD, as_count


@pytest.mark.parametrize(
    ("value", "held"), [(0, 0.0), (3, 3.0), (2.5, 2.5), (Fraction(1, 2), 0.5), ("4", 4.0)]
)
def test_a_number_of_items_is_held_as_it_is(value, held):
    assert as_count(value) == held


def test_none_is_not_known():
    assert math.isnan(as_count(None))


@pytest.mark.parametrize("value", [-3, -0.5, "four", math.nan, math.inf, 10**400, [1]])
def test_what_is_no_number_of_items_is_odd_and_never_raises(value):
    assert as_count(value) == ODD
