"""Results that share an error keep sharing it (JCGM 100:2008, 5.1.2 and 5.2.2)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.result import COVERAGE_95, Grade, Result, combine, product, ratio, worst

SIZES = st.floats(-1e6, 1e6, allow_nan=False)
PARTS = st.dictionaries(
    st.sampled_from(["gain:a", "offset:a", "noise:a", "noise:b"]), st.floats(-10, 10), max_size=4
)
RESULTS = st.builds(lambda v, p: Result.of(v, "J", p), SIZES, PARTS)


def test_interval_is_coverage_times_root_sum_square():
    result = Result.of(10.0, "J", {"gain:a": 3.0, "noise:a": 4.0})
    assert result.standard_uncertainty == 5.0
    assert (result.low, result.high) == (10 - 5 * COVERAGE_95, 10 + 5 * COVERAGE_95)
    assert result.relative == pytest.approx(0.5 * COVERAGE_95)
    assert result.by_kind() == {"noise": 4.0, "gain": 3.0}


def test_a_shared_gain_cancels_in_a_difference_and_adds_in_a_sum():
    left, right = Result.of(10.0, "J", {"gain:m": 0.1}), Result.of(8.0, "J", {"gain:m": 0.08})
    assert (left - right).standard_uncertainty == pytest.approx(0.02)
    assert (left + right).standard_uncertainty == pytest.approx(0.18)


def test_independent_noise_adds_in_squares_both_ways():
    left, right = Result.of(10.0, "J", {"noise:1": 3.0}), Result.of(8.0, "J", {"noise:2": 4.0})
    assert (left - right).standard_uncertainty == pytest.approx(5.0)
    assert (left + right).standard_uncertainty == pytest.approx(5.0)


def test_a_common_gain_cancels_in_a_ratio():
    found = ratio(Result.of(10.0, "J", {"gain:m": 0.1}), Result.of(8.0, "J", {"gain:m": 0.08}))
    assert found.value == 1.25 and found.standard_uncertainty == pytest.approx(0.0, abs=1e-15)


def test_product_of_voltage_and_current_has_first_order_parts():
    power = product(Result.of(5.0, "V", {"gain:v": 0.05}), Result.of(2.0, "A", {"gain:i": 0.02}), "W")
    assert (power.value, power.unit) == (10.0, "W")
    assert power.parts == {"gain:v": 0.1, "gain:i": 0.1}


@given(RESULTS, RESULTS, RESULTS)
def test_sums_do_not_depend_on_their_order(a, b, c):
    left, right = (a + b) + c, combine([(1.0, c), (1.0, a), (1.0, b)])
    assert left.value == pytest.approx(right.value, abs=1e-6)
    assert left.standard_uncertainty == pytest.approx(right.standard_uncertainty, rel=1e-9, abs=1e-9)


@given(RESULTS)
def test_a_result_less_itself_is_exactly_nothing(a):
    difference = a - a
    assert difference.value == 0 and difference.standard_uncertainty == 0


@given(RESULTS, st.floats(-1e3, 1e3, allow_nan=False))
def test_scaling_keeps_the_interval_in_order(a, factor):
    scaled = a.scaled(factor, "Wh")
    assert scaled.low <= scaled.high and scaled.unit == "Wh"
    assert scaled.value == a.value * factor


def test_the_grade_is_the_worst_of_what_went_in():
    measured, assumed = Result.of(1.0, "J"), Result.of(1.0, "J", grade=Grade.ASSUMED)
    assert (measured + assumed).grade is Grade.ASSUMED
    assert (
        product(measured, assumed, "J").grade is Grade.ASSUMED
        and ratio(assumed, measured).grade is Grade.ASSUMED
    )
    assert worst([]) is Grade.MEASURED
    assert [grade.rank for grade in Grade] == [0, 1, 2, 3, 4]
    assert Grade.SIMULATED is max(Grade, key=lambda grade: grade.rank)


def test_different_units_are_not_added():
    with pytest.raises(ValueError, match="cannot add"):
        Result.of(1.0, "J") + Result.of(1.0, "C")
    with pytest.raises(ValueError, match="cannot add"):
        combine([])


def test_a_value_of_zero_has_no_relative_uncertainty():
    assert Result.of(0.0, "J", {"noise:a": 1.0}).relative is None
    with pytest.raises(ZeroDivisionError):
        ratio(Result.of(1.0, "J"), Result.of(0.0, "J"))


def test_an_interval_without_parts_still_has_a_standard_uncertainty():
    skewed = Result(10.0, "g", 5.0, 25.0)
    assert skewed.standard_uncertainty == pytest.approx(20 / (2 * COVERAGE_95))
    assert math.isclose(COVERAGE_95, 1.96, abs_tol=1e-4)
