"""What stands in a cell of a log, and what the values of a column say of themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.importers.cells import ABSURD, Cells, Statistics, is_missing_word, numbers, unit_in_cells


@pytest.mark.parametrize(
    ("text", "value"), [("3.5", 3.5), (" 3.5 ", 3.5), ("-1e-3", -0.001), (".5", 0.5), ("3.5 W", 3.5)]
)
def test_numbers_with_and_without_a_unit(text, value):
    assert Cells().number(text) == value


def test_the_first_unit_is_the_columns_and_others_are_brought_to_it():
    cells = Cells()
    assert cells.number("3.5 W") == 3.5 and cells.unit == "W"
    assert cells.number("250 mW") == pytest.approx(0.25)
    assert math.isnan(cells.number("3 V")), "a voltage is no power"


def test_a_decimal_comma_where_the_log_has_them():
    assert Cells(decimal_comma=True).number("1.234,5") == 1234.5
    assert math.isnan(Cells().number("1.234,5"))


@pytest.mark.parametrize("word", ["N/A", "[N/A]", "nan", "-", "[Not Supported]", "#DIV/0!", "OL", "inf"])
def test_words_for_none_are_counted_not_read(word):
    cells = Cells()
    assert is_missing_word(word) and math.isnan(cells.number(word, 7))
    assert sum(cells.reasons.values()) == 1 and cells.lines == [7]


def test_reasons_are_bounded():
    cells = Cells()
    for i in range(1000):
        cells.number(f"text {i}", i)
    assert len(cells.reasons) <= 51 and sum(cells.reasons.values()) == 1000 and len(cells.lines) == 5


def test_the_unit_that_most_cells_carry():
    assert unit_in_cells(["1 W", "2 W", "N/A", ""]) == "W"
    assert unit_in_cells(["1", "2", "3", "4 W"]) is None
    assert unit_in_cells(["1 xyz", "2 xyz"]) is None


def test_a_column_is_read_alike_by_the_short_way_and_cell_by_cell():
    texts = ["1.5 W", "2.5 W", "N/A", "3500 mW"]
    one = Cells()
    found = numbers(texts, Cells(), np.arange(4))
    assert np.array_equal(found, [one.number(text) for text in texts], equal_nan=True)
    assert np.array_equal(numbers(["1.5 W", "2.5 W"], Cells(factor_of="W"), np.arange(2)), [1.5, 2.5])


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


def test_a_unit_that_every_other_cell_carries_is_the_columns():
    """Half of the filled cells are enough, fewer are not; empty ones do not count."""
    assert unit_in_cells(["1 W", "2 W", "3", "4", ""]) == "W"
    assert unit_in_cells(["1 W", "2 W", "3", "4", "5"]) is None


@pytest.mark.parametrize(("count", "marks", "kept"), [(11, 2, True), (12, 3, False), (12, 4, True)])
def test_how_many_readings_far_above_the_rest_are_none(count, marks, kept):
    """One where there are fewer than twelve readings, three from twelve on."""
    seen = Statistics()
    seen.add(np.array([5.0] * (count - marks) + [5.0e7 + i for i in range(marks)]))
    assert (seen.limit(Quantity.POWER, 1e-18) > 5.0e7) == kept
