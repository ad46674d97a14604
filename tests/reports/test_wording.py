"""Numbers in print: digits follow the interval, and rounding never leaves it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.reports import wording
from powermeter.reports.wording import footprint_amount, show
from powermeter.result import Result


def result(value: float, half: float, unit: str = "J") -> Result:
    return Result(value, unit, value - half, value + half)


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (0.08721, 0.00051, "87.2 ± 0.5 mJ"),
        (0.08721, 0.00014, "87.21 ± 0.14 mJ"),
        (19.2278, 0.1071, "19.23 ± 0.11 J"),
        (7900.0, 400.0, "7.9 ± 0.4 kJ"),
        (53.0, 40.0, "50 ± 40 J"),
        (2.5, 0.0, "2.500 J"),
        (-0.004, 0.001, "-4.0 ± 1.0 mJ"),
        (0.0, 0.003, "0 ± 3 mJ"),
    ],
)
def test_value_and_half_share_prefix_and_decimals(value, half, text):
    assert show(result(value, half)).text == text


def test_an_interval_that_is_not_centred_is_printed_as_such():
    shown = show(Result(100.0, "h", 60.0, 250.0))
    assert shown.half == "" and shown.text == "100 h (60 to 250)"


def test_an_open_interval():
    assert show(Result(100.0, "h", 60.0, math.inf)).text == "100 h (60.0 to no limit)"


def test_what_is_missing_is_a_dash_never_zero():
    assert show(None).text == "–"
    assert wording.seconds(None) == wording.size(None) == wording.percent(None) == "–"
    assert footprint_amount(None).text == "–"
    assert show(Result(math.nan, "J", math.nan, math.nan)).text == "–"


def test_milliampere_hours_of_coulombs():
    assert show(Result(3.6, "C", 3.5, 3.7), "Ah", 1 / 3600).text == "1.00 ± 0.03 mAh"


def test_footprints_have_few_digits_and_start_at_nothing():
    assert footprint_amount(Result(3.4e-4, "g", 2.6e-4, 4.3e-4)).text == "340 µg CO2e (260 to 430)"
    assert footprint_amount(Result(2e-10, "kg Sb eq", 1e-10, 9e-10), 1).text == "200 ng Sb eq (100 to 900)"
    assert footprint_amount(Result(1e-3, "g", -1e-3, 3e-3), 1).text == "1 mg CO2e (0 to 3)"


@given(st.floats(1e-7, 1e7), st.floats(1e-4, 0.9))
def test_print_is_within_a_tenth_of_the_half_width(value, relative):
    shown = show(result(value, value * relative, "W"))
    factor = {"n": 1e-9, "µ": 1e-6, "m": 1e-3, "W": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}[shown.unit[0]]
    printed, half = (float(text.replace(",", "")) * factor for text in (shown.value, shown.half))
    assert abs(printed - value) <= 0.26 * value * relative
    assert half == pytest.approx(value * relative, rel=0.26)
