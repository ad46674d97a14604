"""Quantiles and medians of few values are numpy's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.quantiles import has_tail, median, quantile


@pytest.mark.parametrize("values", [[3.5], [1.0, 2.0], [4.0, 1.0, 9.0, 2.5]])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_quantile_is_that_of_numpy_also_of_one_value(values, share):
    assert quantile(np.array(values), share) == pytest.approx(float(np.quantile(values, share)), rel=1e-15)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 255, 256, 257, 1000])
def test_the_median_is_numpys_to_the_last_bit(size: int) -> None:
    values = np.random.default_rng(size).standard_normal(size)
    before = values.copy()
    assert median(values) == np.median(values) and (values == before).all()
    assert median((values * 1e9).astype(np.int64)) == np.median((values * 1e9).astype(np.int64))
    values[size // 2] = np.nan
    assert math.isnan(median(values))


def test_nothing_has_no_median() -> None:
    assert math.isnan(median(np.empty(0)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 21, 1024, 1025])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 0.99, 1.0])
def test_a_quantile_of_few_values_is_numpys_to_the_last_bit(size, share):
    values = np.random.default_rng(size).lognormal(size=size)
    before = values.copy()
    assert quantile(values, share) == float(np.quantile(values, share))
    assert (values == before).all()
    values[size // 2] = math.nan
    assert math.isnan(quantile(values, share))


@pytest.mark.parametrize(("share", "least"), [(0.5, 1), (0.95, 20), (0.99, 100)])
def test_a_tail_is_shown_from_the_count_on_that_has_one_value_beyond(share: float, least: int) -> None:
    """Of 20 values one lies above the 95th percentile, of 100 one above the 99th."""
    assert has_tail(least, share) and not has_tail(least - 1, share)
