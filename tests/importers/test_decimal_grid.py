"""Codes give back what was written; the grids follow from decimal and binary arithmetic, not from the code."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.channel import MISSING, Kind
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan, integer_codes


def test_decimals_become_the_integers_they_were_written_as():
    codes, scale = integer_codes(np.array([float(text) for text in ("5964.67", "-0.5", "5924.10", "0")]))
    assert codes.tolist() == [596467, -50, 592410, 0]
    assert scale == 0.01


def test_whole_numbers_have_a_scale_of_one():
    codes, scale = integer_codes(np.array([23803563318.0, 18146807011.0]))
    assert (codes.tolist(), scale) == ([23803563318, 18146807011], 1.0)


def test_float32_decimals_are_found_in_float32():
    codes, scale = integer_codes(np.array([16.72, 57.64, 0.01], np.float32))
    assert (codes.tolist(), scale) == ([1672, 5764, 1], 0.01)


def test_missing_stays_missing():
    codes, _ = integer_codes(np.array([1.5, math.nan, math.inf]))
    assert codes.tolist() == [15, MISSING, MISSING]
    assert integer_codes(np.array([math.nan]))[0].tolist() == [MISSING]
    assert integer_codes(np.array([]))[0].tolist() == []


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(0, 9))
def test_every_decimal_column_comes_back_to_the_last_bit(whole, decimals):
    values = np.array([number / 10**decimals for number in whole])
    codes, scale = integer_codes(values)
    places = round(-math.log10(scale))
    assert [code / 10**places for code in codes.tolist()] == values.tolist()


@given(st.lists(st.floats(2.0**-8, 2.0**8, width=32), min_size=1))
def test_every_binary_float_of_moderate_span_comes_back_exactly(numbers):
    values = np.array(numbers, np.float32)
    codes, scale = integer_codes(values)
    assert (codes * scale).astype(np.float32).tolist() == values.tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_any_float_is_within_the_62nd_bit_of_the_largest(numbers):
    codes, scale = integer_codes(np.array(numbers))
    largest = max(abs(number) for number in numbers)
    for code, number in zip(codes.tolist(), numbers, strict=True):
        assert abs(code * scale - number) <= largest * 2.0**-51 + 2.0**-1000


@pytest.mark.parametrize(
    "text", ["", " ", "-", "--", "nan", "inf", "1_000", "0x10", "N/A", "[N/A]", "12 W", "e5"]
)
def test_no_number_is_not_a_number(text):
    assert math.isnan(float_or_nan(text))


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1.0), (" -2.50 ", -2.5), ("1e-05", 1e-5), ("3.", 3.0), (".5", 0.5)]
)
def test_numbers_are_numbers(text, number):
    assert float_or_nan(text) == number


def grid_of(*blocks: list[float]) -> DecimalGrid:
    grid = DecimalGrid()
    for block in blocks:
        grid.add(np.array(block))
    return grid


@pytest.mark.parametrize(
    ("total", "step", "per_step"),
    [
        (np.floor(np.arange(60) * 37.0 / 100) * 100, 100.0, 100),  # a counter of 100 J at 37 W
        (np.round(np.floor(np.arange(60) * 0.2 / 0.5) * 0.5, 1), 0.5, 5),
        (np.arange(60) * 37.0, 1.0, 1),  # a steady load: all differences alike
        (np.floor(np.arange(15) * 37.0 / 100) * 100, 1.0, 1),  # five rises: chance
        (np.floor(np.arange(60) * 37.3), 1.0, 1),
    ],
)
def test_the_step_of_a_counter_is_what_all_its_differences_are_multiples_of(total, step, per_step):
    grid = grid_of(total[:20].tolist(), total[20:].tolist())
    assert grid.per_step(Kind.COUNTER) == per_step and grid.scale * per_step == pytest.approx(step)


def test_a_later_block_with_more_decimals_keeps_the_step():
    grid = grid_of([0, 0, 1, 1, 2, 2, 3, 4, 4, 5], [5.5, 5.5, 6.0, 6.5, 7.5, 7.5, 8.0, 8.5])
    assert grid.scale == pytest.approx(0.1) and grid.per_step(Kind.COUNTER) == 5


def test_a_counter_that_began_again_keeps_its_step_and_digits_of_a_float_are_none():
    assert grid_of([*range(0, 90, 10), 7, 7, 17, 27]).per_step(Kind.COUNTER) == 10
    assert grid_of([1 / 3, 2 / 3, 0.9]).per_step(Kind.COUNTER) == 0


@pytest.mark.parametrize(("unit", "per_step"), [(0.5, 5), (0.2, 2), (0.25, 25), (0.1, 1), (0.3, 1)])
def test_a_display_that_counts_by_twos_or_fives_writes_multiples_of_them_only(unit, per_step):
    watts = np.round(np.round(np.random.default_rng(7).uniform(0, 9, 60) / unit) * unit, 3)
    assert grid_of(watts.tolist()).per_step(Kind.INSTANT) == per_step


def test_levels_that_hardly_change_show_no_step_of_a_display():
    assert grid_of([0.5] * 30 + [1.5] * 30 + [0.5] * 30).per_step(Kind.INSTANT) == 1
