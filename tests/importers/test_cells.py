"""What stands in a cell of a log: a number, with its unit or without, or a word for none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.importers.cells import Cells, first_of_two, is_missing_word, numbers, unit_in_cells


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


def test_a_unit_that_every_other_cell_carries_is_the_columns():
    """Half of the filled cells are enough, fewer are not; empty ones do not count."""
    assert unit_in_cells(["1 W", "2 W", "3", "4", ""]) == "W"
    assert unit_in_cells(["1 W", "2 W", "3", "4", "5"]) is None


@pytest.mark.parametrize(
    ("text", "value"), [("4000mW/4010mW", 4000), ("65W / 300W", 65), ("4.1 W/4.0 W", 4.1)]
)
def test_a_reading_beside_its_mean_or_its_limit_is_read(text, value):
    cells = Cells()
    assert cells.number(text) == value and cells.pair == text
    assert unit_in_cells([text] * 3) == cells.unit


@pytest.mark.parametrize("text", ["5W/3A", "img/J", "1/2", "4000/4010", "12V/5V/3V"])
def test_what_is_no_pair_of_one_unit_stays_as_it_is(text):
    assert first_of_two(text) == text
