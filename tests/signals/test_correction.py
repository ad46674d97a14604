"""A calibration as a polynomial: its value, its uncertainty by the covariance, and what holds outside its range."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from powermeter import DataError
from powermeter.signals.correction import MAX_TERMS, Correction

LINE = Correction("a", (0.1, 2.0), ((0.01, 0.002), (0.002, 0.0004)), low=0.0, high=10.0)


def test_the_polynomial_is_evaluated_as_written():
    bent = Correction("a", (1.0, 2.0, 3.0), ((0.0,) * 3,) * 3, 0.0, 10.0)
    assert bent.apply(np.array([0.0, 1.0, 2.0])).tolist() == [1.0, 6.0, 17.0]
    assert (LINE.offset, LINE.gain) == (0.1, 2.0)


def test_a_temperature_scales_the_corrected_value_and_no_temperature_changes_nothing():
    warm = Correction("a", (0.0, 1.0), ((0.0, 0.0),) * 2, 0, 10, temperature_slope=1e-3, temperature_c=25.0)
    assert warm.apply(np.array([4.0]), 35.0)[0] == pytest.approx(4.04)
    assert warm.apply(np.array([4.0]))[0] == 4.0


def test_the_uncertainty_is_that_of_the_covariance_at_the_value():
    x = 3.0  # u² = c00 + 2 x c01 + x² c11
    assert LINE.uncertainty(x) == pytest.approx(math.sqrt(0.01 + 2 * x * 0.002 + x * x * 0.0004))
    held = Correction("a", (0.0, 1.0), ((0.0, 0.0),) * 2, 0, 10, reference_gain=0.01, reference_offset=0.02)
    assert held.uncertainty(3.0) == pytest.approx(math.hypot(0.03, 0.02))


def test_outside_its_range_it_grows_with_the_distance():
    assert LINE.extrapolation(0.0) == LINE.extrapolation(10.0) == 0.0
    moved = 0.1 + (2.0 - 1) * 10.0  # by how much it moved the value at the far edge
    assert LINE.extrapolation(15.0) == pytest.approx(moved * 5 / 10)
    assert LINE.extrapolation(1e9) == pytest.approx(moved * 10)


@pytest.mark.parametrize(
    "change",
    [
        {"coefficients": [1.0]},
        {"coefficients": [0.0] + [1.0] * MAX_TERMS},
        {"coefficients": [0.0, 0.0]},
        {"coefficients": [0.0, math.nan]},
        {"coefficients": "12"},
        {"covariance": [[1.0]]},
        {"low": 11.0},
        {"low": "low"},
    ],
)
def test_what_is_no_calibration_is_refused(change):
    with pytest.raises(DataError):
        Correction.from_dict({**LINE.to_dict(), **change})


def test_it_survives_json():
    assert Correction.from_dict(json.loads(json.dumps(LINE.to_dict()))) == LINE


@pytest.mark.parametrize(
    ("left_out", "stated"),
    [
        (["covariance"], "the field 'covariance' is missing"),
        (["low", "high"], "the fields 'low', 'high' are missing"),
    ],
)
def test_a_calibration_that_lacks_a_field_is_refused_by_its_name(left_out, stated):
    whole = Correction("current", (0.0, 1.0), ((0.0, 0.0), (0.0, 0.0)), 0.0, 1.0).to_dict()
    with pytest.raises(DataError, match=f"not a calibration: {stated}$"):
        Correction.from_dict({name: value for name, value in whole.items() if name not in left_out})
