"""Results that share an error keep sharing it (JCGM 100:2008, 5.1.2 and 5.2.2)."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.result import COVERAGE_95, Grade, Result, combine, product, ratio

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


def test_a_result_prints_like_the_report_does():
    energy = Result.of(0.0872, "J", {"gain:shunt": 0.00026})
    assert str(energy) == "87.20 ± 0.51 mJ" == f"{energy}"
    assert f"{energy:mWh}" == "0.02422 ± 0.00014 mWh"
    assert f"{energy:.3f}" == "0.087" and float(energy) == 0.0872
    assert repr(energy) == "<Result 87.20 ± 0.51 mJ, measured>"
    assert str(energy - energy.scaled(1.01)) == "-872.0 ± 5.1 µJ"
    with pytest.raises(ValueError, match="cannot be converted"):
        energy.to("mAh")


def test_arithmetic_knows_the_units():
    volts, amps, seconds = Result.of(5.0, "V"), Result.of(2.0, "A"), Result.of(10.0, "s")
    assert [(r.value, r.unit) for r in (volts * amps, volts * amps * seconds, amps * seconds)] == [
        (10.0, "W"),
        (100.0, "J"),
        (20.0, "C"),
    ]
    energy = volts * amps * seconds
    assert [(energy / by).unit for by in (seconds, volts * amps, volts, amps * seconds, energy, 4)] == [
        "W",
        "s",
        "C",
        "V",
        "1",
        "J",
    ]
    assert (2 * energy).value == 200 and (-energy).value == -100
    assert sum([energy, energy, energy]).value == 300


def test_a_comparison_holds_only_where_the_whole_interval_does():
    energy = Result(10.0, "J", 9.0, 11.0)
    assert energy < 11.5 and energy <= 11.0 and energy > 8.5 and energy >= 9.0
    assert not energy < 10.5 and not energy > 10.5 and not energy < 11.0
    shared = {"gain:m": 2.0}
    less, more = Result.of(10.0, "J", shared), Result.of(11.0, "J", shared)
    assert less < more and more > less  # a common gain moves both
    assert not Result.of(10.0, "J", {"noise:1": 2.0}) < Result.of(11.0, "J", {"noise:2": 2.0})


def test_bounds_have_one_side_and_stay_bounds():
    bound = Result.at_most(9.1, "J")
    assert str(bound) == "at most 9.1 J" and bound.is_bound and bound < 10 and not bound > 0
    assert str(bound.scaled(1 / 2)) == "at most 4.6 J"  # rounded up
    whole = bound + Result.of(2.0, "J", {"gain:m": 0.1})
    assert (whole.value, whole.low) == (11.1, -math.inf)
    assert whole.high == pytest.approx(11.1 + 0.1 * COVERAGE_95)
    assert str(Result.at_least(3.0, "J") - bound) == "at least -6.1 J"
    assert str(-bound) == "at least -9.1 J" and -bound > -10
    assert str(Result.of(20.0, "J") - bound) == "at least 10 J"


def test_an_interval_wider_than_its_parts_stays_wide_in_a_sum():
    skewed, few = Result(10.0, "J", 5.0, 25.0), Result.of(10.0, "J", {"noise:a": 1.0}, coverage=12.7)
    assert (skewed + Result.of(1.0, "J")).low == 6.0 and (skewed + Result.of(1.0, "J")).high == 26.0
    assert (Result.of(1.0, "J") - skewed).high == -4.0
    both = few + Result.of(0.0, "J", {"noise:b": 0.5})
    assert both.half_width == pytest.approx(math.hypot(12.7, 0.5 * COVERAGE_95))
    assert (skewed * 2.0).high == 50.0 and (skewed / Result.of(2.0, "s")).low == 2.5


@given(RESULTS)
def test_plain_values_come_back_whole(a):
    assert Result.from_dict(json.loads(json.dumps(a.to_dict()))) == a
    bound = Result.at_least(a.value, "J")
    assert Result.from_dict(json.loads(json.dumps(bound.to_dict()))) == bound


def test_numbers_of_numpy_are_numbers():
    energy = Result.of(10.0, "J", {"noise:a": 0.5})
    for two in (np.float64(2), np.float32(2), np.int64(2)):
        assert (energy * two).value == (two * energy).value == 20.0
        assert (energy / two).value == 5.0 and energy > two and not energy < two
    assert isinstance(np.float64(2) * energy, Result)


def test_an_array_of_numpy_and_a_result_make_an_array_of_results():
    energy = Result.of(10.0, "J", {"noise:a": 0.5})
    counts = np.array([[1.0, 2.0]])
    for found in (energy * counts, counts * energy):
        assert found.shape == (1, 2) and found[0, 1] == energy * 2.0
    assert (energy / counts)[0, 1] == energy / 2.0
    assert ((np.array([energy, energy]) + energy)[0]).parts == {"noise:a": 1.0}
    assert (counts * 12 > energy).tolist() == [[True, True]]
    with pytest.raises(TypeError):
        np.sqrt(energy)


def test_one_over_a_result_keeps_its_relative_interval():
    per_joule = 12 / Result.of(4.0, "J", {"gain:a": 0.04}, Grade.ESTIMATED)
    assert (per_joule.value, per_joule.unit, per_joule.grade) == (3.0, "1/J", Grade.ESTIMATED)
    assert per_joule.half_width == pytest.approx(3.0 * 0.01 * 1.96, rel=1e-3)
    with pytest.raises(TypeError):
        "12" / per_joule


def test_equal_results_are_one_key():
    made = [Result.of(1.0, "J", {"noise:a": 0.5}) for _ in range(2)]
    assert len({*made}) == 1 and len({*made, Result.of(1.0, "W")}) == 2


def test_the_absolute_value_holds_every_value_without_its_sign():
    def of(value, low, high):
        return Result(value, "J", low, high, signed=True)

    assert abs(of(-2.0, -3.0, -1.0)) == Result(2.0, "J", 1.0, 3.0)
    assert (abs(of(-1.0, -3.0, 1.0)).low, abs(of(-1.0, -3.0, 1.0)).high) == (0.0, 3.0)
    assert (abs(of(1.0, -1.0, 3.0)).low, abs(of(1.0, -1.0, 3.0)).high) == (0.0, 3.0)
    assert abs(of(5.0, -math.inf, 5.0)).high == math.inf
    assert abs(Result.at_most(5.0, "J")) == Result.at_most(5.0, "J")
    assert abs(of(-5.0, -math.inf, -5.0)) == Result.at_least(5.0, "J", Grade.MEASURED)


def test_rounding_loses_nothing_of_the_interval():
    found = round(Result(1.2345, "J", 1.2111, 1.2666), 2)
    assert (found.value, found.low, found.high) == (1.23, 1.21, 1.27)
    assert (
        round(Result.at_most(7.3, "J")).high == 8.0 and round(Result(23.0, "J", 18.0, 26.0), -1).high == 30.0
    )


@pytest.mark.parametrize(
    ("left", "right"), [((10, 0.1), (1, 0.2)), ((10, 2), (1, 0.06)), ((-10, 1), (1, 0.2)), ((0, 1), (1, 0.3))]
)
def test_a_ratio_over_a_rough_divisor_has_the_interval_that_chance_has(left, right):
    found = Result.of(left[0], "J", {"noise:a": left[1]}) / Result.of(right[0], "W", {"noise:b": right[1]})
    rng = np.random.default_rng(10)
    low, high = np.percentile(rng.normal(*left, 200_000) / rng.normal(*right, 200_000), [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=0.02 * (high - low))
    assert found.high == pytest.approx(high, abs=0.02 * (high - low))


def test_a_ratio_over_what_may_be_nothing_has_no_upper_end():
    energy, power = Result.of(10.0, "J", {"noise:a": 0.1}), Result.of(1.0, "W", {"noise:b": 0.6})
    assert str(energy / power) == "at least 4.5 s"
    assert str((energy - energy.scaled(0.1)) / power) == "–"  # a difference may be of either sign
    gain = Result.of(2.0, "W", {"gain:a": 0.4})
    assert (Result.of(10.0, "J", {"gain:a": 2.0}) / gain).half_width == pytest.approx(0, abs=1e-6)


def test_a_product_of_two_numbers_that_may_be_nothing_is_not_exactly_nothing():
    nothing = Result.of(0.0, "W", {"noise:a": 1.0}) * Result.of(0.0, "s", {"noise:b": 1.0})
    assert nothing.high > 3
