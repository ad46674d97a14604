"""Cells of one column and what is counted of it: units, thousands, marks for "none", spikes and full scales."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.importers.cells import Cells, numbers, unit_in_cells
from powermeter.importers.column_statistics import Statistics


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("1.5", False, 1.5),
        (" -2e3 ", False, -2000.0),
        ("1,234.5", False, 1234.5),
        ("1,234,567.25", False, 1234567.25),
        ("1,23", False, None),
        ("1,5", True, 1.5),
        ("1.234,5", True, 1234.5),
        ("1.5", True, 1.5),
        ("inf", False, None),
        ("nan", False, None),
        ("", False, None),
        ("12 ", False, 12.0),
        (".5", False, 0.5),
    ],
)
def test_numbers_as_people_write_them(text: str, comma: bool, value: float | None) -> None:
    found = Cells(comma).number(text, 7)
    assert math.isnan(found) if value is None else found == pytest.approx(value)


def test_the_first_unit_is_the_columns_and_others_are_converted() -> None:
    cells = Cells()
    assert cells.number("1500 mW") == 1500.0 and cells.unit == "mW"
    assert cells.number("2 W") == pytest.approx(2000.0) and cells.number("250 µW") == pytest.approx(0.25)
    assert math.isnan(cells.number("3 V", 9)) and cells.lines == [9] and cells.reasons == {"3 V": 1}
    told = Cells(factor_of="W")
    assert told.number("1500 mW") == pytest.approx(1.5) and told.number("4") == 4.0


def test_what_is_no_number_is_counted_by_its_word_and_its_first_lines() -> None:
    cells = Cells()
    for line, text in enumerate(["", "N/A", "N/A", " ", "x" * 30, "y", "z"]):
        assert math.isnan(cells.number(text, line))
    assert cells.reasons == {"blank": 2, "N/A": 2, "x" * 24: 1, "y": 1, "z": 1} and cells.lines == [
        0,
        1,
        2,
        3,
        4,
    ]
    many = Cells()
    for k in range(53):
        many.number(f"w{k}")
    many.number("w0")
    assert len(many.reasons) == 51 and many.reasons["other text"] == 3 and many.reasons["w0"] == 2


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["1 W", "2 W", "3"], "W"),
        (["1 W", "2", "3"], None),  # fewer than half carry one
        (["1 W", "2", "", "N/A"], "W"),  # empty ones do not count
        (["1 mW", "2 W", "3 W"], "W"),
        (["1 xyz", "2 xyz"], None),
        (["1 W" + " " * 90, "2"], None),
        ([], None),
    ],
)
def test_the_unit_that_most_cells_carry(texts: list[str], unit: str | None) -> None:
    assert unit_in_cells(texts) == unit


def test_plain_columns_are_read_at_once_and_like_the_others() -> None:
    lines = np.arange(3)
    assert numbers(["1", "2.5", "-3e1"], Cells(), lines).tolist() == [1.0, 2.5, -30.0]
    assert numbers(["1 W", "2 W", "3 W"], Cells(factor_of="W"), lines).tolist() == [1.0, 2.0, 3.0]
    mixed = Cells(factor_of="W")
    assert numbers(["1 W", "2 mW", "3 W"], mixed, lines).tolist() == pytest.approx([1.0, 0.002, 3.0])
    broken = Cells()
    assert np.isnan(numbers(["1", "1_000", "inf"], broken, lines)).tolist() == [False, True, True]
    assert broken.lines == [1, 2]


def seen(*blocks: list[float], keys: list[list[int]] | None = None) -> Statistics:
    found = Statistics()
    for k, block in enumerate(blocks):
        found.add(np.array(block, float), None if keys is None else np.array(keys[k], np.int16))
    return found


def test_what_is_counted_of_a_column_in_two_blocks() -> None:
    found = seen([5, 3, math.nan, 4], [math.nan], [0.1, -2.5, 7])
    assert (found.count, found.first, found.smallest, found.largest) == (6, 5.0, -2.5, 7.0)
    assert (found.falls, found.rises, found.negative, found.fractions) == (3, 2, 1, 2)
    assert (found.flows_in, found.flows_out) == pytest.approx((2.5, 19.1))
    assert found.largest_step == pytest.approx(9.5) and found.last == {0: 7.0}
    assert found.to_zero == 2  # 4 → 0.1, 0.1 → −2.5
    assert sorted(found.top.tolist()) == [0.1, 2.5, 3, 4, 5, 7] and found.head == [5, 3, 4, 0.1, -2.5, 7]


@pytest.mark.parametrize(("to", "counted"), [(0.49, 1), (0.51, 0)])
def test_a_step_down_to_a_twentieth_is_one_to_zero(to: float, counted: int) -> None:
    assert seen([10, to]).to_zero == counted


def test_steps_are_those_of_one_device() -> None:
    found = seen([1, 100, 2, 99], [3, 98], keys=[[0, 1, 0, 1], [0, 1]])
    assert (found.rises, found.falls, found.largest_step) == (2, 2, 1.0) and found.last == {0: 3.0, 1: 98.0}


@pytest.mark.parametrize(
    ("values", "quantity", "marks"),
    [
        ([3, 4, -1, 5], Quantity.POWER, [-1.0]),
        ([3, 4, -1, -2, 5], Quantity.POWER, [-2.0, -1.0]),
        ([3, -4, -1, 5], Quantity.POWER, []),  # negative else as well
        ([3, 4, -1, 5], Quantity.CURRENT, [-1.0]),  # whole numbers
        ([3.5, 4, -1, 5], Quantity.CURRENT, []),
        ([-1, -1], Quantity.POWER, [-1.0]),
        ([-1, -1], Quantity.CURRENT, []),
        ([-1, -1], None, []),
        ([3, 65535, 4], Quantity.POWER, []),  # only marks below 0
    ],
)
def test_marks_for_none(values: list[float], quantity: Quantity | None, marks: list[float]) -> None:
    assert seen(values).sentinel(quantity) == marks


def test_currents_that_may_be_marks_or_readings() -> None:
    assert seen([3.5, 4, -1, 5]).unsure() == [-1.0] and seen([3, 4, -1, 5]).unsure() == []
    assert seen([3.5, 4, -999, 5]).unsure() == []


def test_of_a_long_column_the_largest_five_hundred_are_kept() -> None:
    found = seen([float(k) for k in range(1000)], [float(-k) for k in range(1000, 1200)])
    assert (
        found.top.size == 512 and found.top.min() == 1199 - 200 - (512 - 200) + 1 and found.top.max() == 1199
    )
    assert len(found.head) == 1200
