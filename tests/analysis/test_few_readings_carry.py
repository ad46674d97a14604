"""The limits of a count (Garwood, 1936), worked out from the chi-square distribution, and how few readings carry a sum."""

from __future__ import annotations

import math

import pytest
from scipy.stats import chi2

from powermeter.analysis.few_readings_carry import bounded_lean, carriers, leaning_factors


@pytest.mark.parametrize("count", [3, 5, 12, 40, 400])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_factors_are_the_exact_limits_of_a_count(count, sign):
    low, high = chi2.ppf(0.025, 2 * count) / 2, chi2.ppf(0.975, 2 * count + 2) / 2
    exact = (count - low) / math.sqrt(count), (high - count) / math.sqrt(count)
    assert leaning_factors(sign / math.sqrt(count)) == pytest.approx(exact[::sign], rel=0.02)


def test_a_sum_that_does_not_lean_has_the_normal_factor():
    assert leaning_factors(0.0) == leaning_factors(0.02) == (pytest.approx(1.96, abs=1e-3),) * 2


@pytest.mark.parametrize(("lean", "count"), [(0.0, 0), (0.2, 0), (0.21, 23), (0.5, 4), (-0.5, 4), (1.0, 1)])
def test_a_skewness_of_one_over_root_k_is_carried_by_k(lean, count):
    assert carriers(lean) == count


@pytest.mark.parametrize(("lean", "bounded"), [(0.3, 0.3), (5.0, 2.0), (-5.0, -2.0)])
def test_no_more_skewness_is_taken_than_a_count_of_a_quarter_has(lean, bounded):
    assert bounded_lean(lean) == bounded
