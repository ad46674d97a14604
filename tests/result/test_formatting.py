"""How a number looks: two digits of the half-width, rounded alike, and never a confident 0."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.result.formatting import decimals_of, fixed, format_interval, format_range

STEP = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def text(value: float, low: float, high: float, unit: str = "J", **options: bool) -> str:
    return format_interval(value, low, high, unit, **options).text


@pytest.mark.parametrize(
    ("value", "half", "shown"),
    [
        (0.08721, 0.00051, "87.21 ± 0.51 mJ"),
        (0.08721, 0.00014, "87.21 ± 0.14 mJ"),
        (19.2278, 0.1071, "19.23 ± 0.11 J"),
        (7900.0, 400.0, "7.90 ± 0.40 kJ"),
        (25.4, 19.8, "25 ± 20 J"),
        (430.0, 123.0, "430 ± 120 J"),
        (10.0, 0.996, "10.0 ± 1.0 J"),
        (2.5, 0.0, "2.500 J"),
        (-0.004, 0.001, "-4.0 ± 1.0 mJ"),
    ],
)
def test_value_and_half_share_prefix_and_decimals(value, half, shown):
    assert text(value, value - half, value + half) == shown


def test_an_energy_that_reaches_nothing_is_a_bound_rounded_up():
    assert text(0.03, -0.37, 0.43) == "at most 430 mJ"
    assert text(30.0, 0.0, 60.1) == "at most 61 J"
    assert text(0.0, -0.0019, 0.0019) == "at most 1.9 mJ"
    assert text(2.0, 1.0, 60.0) == "at most 60 J"  # the half-width is larger than the value
    assert text(-4.0, -4.2, -3.8) == "-4.00 ± 0.20 J"  # a battery that was charged


def test_a_difference_has_two_sides_also_around_nothing():
    assert text(0.03, -0.37, 0.43, signed=True, plus=True) == "+30 ± 400 mJ"
    assert text(0.0, -0.0019, 0.0019, signed=True) == "0.0 ± 1.9 mJ"
    assert text(-0.004, -0.1, 0.092, signed=True) == "-4 ± 96 mJ"


def test_an_interval_that_is_not_centred_is_printed_by_its_ends():
    assert text(100.0, 60.0, 250.0, "h") == "100 h (60 to 250)"


def test_open_intervals_are_bounds_rounded_outward():
    assert text(100.0, 61.7, math.inf, "h") == "at least 61 h"
    assert text(9.1e-3, -math.inf, 9.13e-3) == "at most 9.2 mJ"
    assert text(0.9, -math.inf, 0.9996) == "at most 1.0 J"  # not 1,000 mJ
    assert text(100.0, -math.inf, math.inf) == "–"
    assert text(3.0, -1.0, math.inf) == "–"
    assert text(math.nan, math.nan, math.nan) == "–"


def test_ranges_of_factors_have_the_digits_asked_for():
    assert format_range(3.4e-4, 2.6e-4, 4.3e-4, "g CO2e").text == "340 µg CO2e (260 to 430)"
    assert format_range(2e-7, 1e-7, 9e-7, "g Sb eq", 1).text == "200 ng Sb eq (100 to 900)"
    assert format_range(1e-3, -1e-3, 3e-3, "g CO2e", 1).text == "at most 3 mg CO2e"
    assert format_range(9.96e-4, 3.9e-4, 2.5e-3, "g CO2e").text == "1.0 mg CO2e (0.39 to 2.5)"
    assert format_range(9.6e-7, 2e-7, 4e-6, "L", 1).text == "1 µL (0.2 to 4)"


@given(st.floats(1e-9, 1e9))
def test_a_half_width_has_two_digits(half):
    shown = fixed(half, decimals_of(half)).replace(",", "")
    digits = shown.replace(".", "").lstrip("0")
    assert len(digits.rstrip("0")) <= 2 and float(shown) == pytest.approx(half, rel=0.051)


@given(st.floats(1e-7, 1e7), st.floats(1e-4, 0.9))
def test_print_is_within_a_twentieth_of_the_half_width(value, relative):
    shown = format_interval(value, value * (1 - relative), value * (1 + relative), "W")
    factor = STEP.get(shown.unit[0], 1.0)
    printed, half = (float(number.replace(",", "")) * factor for number in (shown.value, shown.half))
    assert abs(printed - value) <= 0.051 * value * relative * 1.01
    assert half == pytest.approx(value * relative, rel=0.052)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.booleans())
def test_a_printed_bound_is_never_inside_the_interval(value, below, above, signed):
    shown = format_interval(value, value - below, value + above, "J", signed=signed)
    assert shown.text and "nan" not in shown.text and "-0 " not in shown.text
    if shown.value.startswith("at most"):
        number = float(shown.value.removeprefix("at most ").replace(",", ""))
        assert number * STEP.get(shown.unit[0] if len(shown.unit) > 1 else "", 1.0) >= (value + above) * (
            1 - 1e-9
        )


@pytest.mark.parametrize(
    ("value", "half", "unit", "shown"),
    [
        (999.96, 0.02, "J", "999.960 ± 0.020 J"),
        (999.999, 0.6, "J", "1.00000 ± 0.00060 kJ"),
        (999.4, 60.0, "J", "999 ± 60 J"),
        (1e-30, 1e-31, "J", "1.00e-18 ± 0.10e-18 pJ"),
        (1e30, 1e28, "1", "1.000e+30 ± 0.010e+30"),
        (3.2e15, 1e14, "h", "3.20e+15 ± 0.10e+15 h"),
    ],
)
def test_the_prefix_suits_the_rounded_value_also_beyond_all_prefixes(value, half, unit, shown):
    assert text(value, value - half, value + half, unit) == shown


@pytest.mark.parametrize(
    ("value", "half", "shown"),
    [
        (1.26e-5, 0.39e-5, "0.0000126 ± 0.0000039 %"),
        (7.1e-7, 1.4e-7, "0.00000071 ± 0.00000014 %"),
        (7.1e-7, 0.0, "0.0000007100 %"),
        (7.1e-7, 9e-7, "at most 0.0000017 %"),
    ],
)
def test_a_small_share_has_one_notation_whatever_the_battery(value: float, half: float, shown: str) -> None:
    assert text(value, value - half, value + half, "%") == shown


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300), st.sampled_from(["J", "1", "h", "g CO2e"]))
def test_nothing_is_ever_long(value, half, unit):
    assert len(text(value, value - half, value + half, unit)) < 90


def test_an_end_below_every_prefix_is_printed_and_not_divided_by() -> None:
    """5e-324 is the least a float holds; its step of two digits would be 0."""
    assert "at most" in text(0.0, -5e-324, 5e-324)
