"""Coverage factors and parts against closed forms and quantiles from tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from powermeter.analysis.student_t import student_95
from powermeter.analysis.uncertainty import (
    budget,
    common_parts,
    coverage,
    effective_freedom,
    step_bias,
)
from powermeter.result import COVERAGE_95
from powermeter.signals.trace import CommonError


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 7, 10, 20, 50, 200, 1e6])
def test_students_quantile(freedom: float) -> None:
    assert student_95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.004)


def test_students_quantile_falls_steadily_between_whole_numbers() -> None:
    values = student_95(np.linspace(1, 12, 200))
    assert (np.diff(values) < 0).all()


def test_a_limit_alone_needs_95_percent_of_a_rectangle() -> None:
    assert coverage(1.0, 1.0) == pytest.approx(0.95 * math.sqrt(3), abs=1e-6)
    assert coverage(1.0, 0.0) == pytest.approx(COVERAGE_95, abs=1e-6)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.95])
def test_a_limit_and_noise_hold_95_percent(share: float) -> None:
    rng = np.random.default_rng(1)
    n = 400_000
    x = share * rng.uniform(-math.sqrt(3), math.sqrt(3), n) + math.sqrt(1 - share**2) * rng.standard_normal(n)
    assert np.mean(np.abs(x) <= coverage(1.0, share)) == pytest.approx(0.95, abs=0.0015)


def test_a_budget_keeps_its_parts_and_drops_nothings() -> None:
    result = budget(10.0, "J", {"gain:a": 0.3, "noise:b": 0.4, "offset:c": 0.0})
    assert set(result.parts) == {"gain:a", "noise:b"}
    assert result.high - 10 == pytest.approx(COVERAGE_95 * 0.5)


def test_few_repeats_widen_only_as_far_as_they_matter() -> None:
    wide = budget(1.0, "J", {"noise:a": 0.1}, counted={"noise:a": 4})
    assert wide.high - 1 == pytest.approx(stats.t.ppf(0.975, 4) * 0.1, rel=0.003)
    mostly = budget(1.0, "J", {"noise:a": 0.01, "gain:b": 0.1}, counted={"noise:a": 4})
    assert mostly.high - 1 == pytest.approx(COVERAGE_95 * math.hypot(0.01, 0.1), rel=0.003)
    assert effective_freedom(2.0, [(1.0, 5), (1.0, 5)]) == pytest.approx(10)


def test_common_errors_act_on_value_and_time() -> None:
    errors = (CommonError("gain:a", relative=0.01), CommonError("offset:a", absolute=0.02))
    assert common_parts(errors, 50.0, 10.0) == {"gain:a": pytest.approx(0.5), "offset:a": pytest.approx(0.2)}


@pytest.mark.parametrize("dither", [0.0, 0.1, 0.2, 0.3, 0.5])
def test_the_bias_of_a_quantised_steady_value(dither: float) -> None:
    rng = np.random.default_rng(2)
    levels = rng.uniform(0, 1, 400)
    noise = rng.standard_normal(4000) * dither
    means = np.array([np.rint(level + noise).mean() - level - noise.mean() for level in levels])
    own = 1 / math.sqrt(12 * 4000)  # what 4000 samples leave by chance at most
    assert step_bias(1.0, dither) == pytest.approx(np.sqrt(np.mean(means**2)), rel=0.15, abs=own)


def test_no_step_no_bias_and_enough_noise_none_either() -> None:
    assert step_bias(0.0, 0.0) == 0.0
    assert step_bias(1.0, 2.0) == 0.0
    assert step_bias(3.0, 0.0) == pytest.approx(3 / math.sqrt(12), rel=0.002)
