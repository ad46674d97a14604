"""A difference in spite of a drift: against generalised least squares by hand, and against loads that wander."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2
from scipy.stats import t as student

from powermeter.analysis.student_t import t_quantile
from powermeter.comparison import drift

ABBA, ABAB, IN_ORDER = (
    lambda n: np.tile([False, True, True, False], n)[: 2 * n],
    lambda n: np.tile([False, True], n),
    lambda n: np.repeat([False, True], n),
)


def walk(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.cumsum(rng.standard_normal(n))


def remembering(rng: np.random.Generator, n: int, rho: float = 0.8) -> np.ndarray:
    x = rng.standard_normal(n)
    for i in range(1, n):
        x[i] = rho * x[i - 1] + np.sqrt(1 - rho * rho) * x[i]
    return x


LOADS = {
    "independent": lambda r, n: r.standard_normal(n),
    "random walk": walk,
    "random walk and noise": lambda r, n: 0.5 * walk(r, n) + r.standard_normal(n),
    "memory of 0.8": remembering,
    "drift": lambda r, n: 2.0 * np.arange(n) + r.standard_normal(n),
    "cooling": lambda r, n: 6 * np.exp(-4 * np.arange(n) / n) + r.standard_normal(n),
    "heavy tails": lambda r, n: r.standard_t(2, n),
    "skewed": lambda r, n: np.exp(r.standard_normal(n)),
}


def false_share(load, right: np.ndarray, runs: int) -> float:
    """Return how often the 95 % interval of equal sides does not hold 0."""
    wrong = 0
    for seed in range(runs):
        found = drift.difference(load(np.random.default_rng([seed, right.size]), right.size), right)
        wrong += abs(found.difference) > t_quantile(0.975, found.freedom) * found.uncertainty
    return wrong / runs


@pytest.mark.thorough
@pytest.mark.thorough
@pytest.mark.parametrize("order", [ABBA, IN_ORDER], ids=["in turns", "in order"])
@pytest.mark.parametrize("load", LOADS)
def test_equal_sides_on_any_load_seldom_differ(load, order) -> None:
    assert false_share(LOADS[load], order(8), 60) <= 0.05 + 2 * 0.028


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10, 30])
@pytest.mark.parametrize("order", [ABBA, ABAB, IN_ORDER], ids=["ABBA", "ABAB", "in order"])
@pytest.mark.parametrize("load", LOADS)
def test_equal_sides_differ_in_at_most_five_percent(load, order, n) -> None:
    share = false_share(LOADS[load], order(n), 1500)
    print(f"\n{load}, {n} a side: {share:.3f}")
    assert share <= 0.05 + 2 * 0.0056


def test_the_fit_is_generalised_least_squares() -> None:
    """One pair of the grid against the textbook's (X'V⁻¹X)⁻¹X'V⁻¹y on the undifferenced values with a diffuse level."""
    rng = np.random.default_rng(3)
    right, y = ABBA(6), rng.standard_normal(12)
    ratio, step = 3.0, 0.3
    share = 1 / (1 + step)
    noise = share * np.where(right, ratio, 1.0) / np.sqrt(ratio)
    order = np.arange(12)
    covariance = np.diag(noise) + (1 - share) * np.minimum.outer(order, order)
    design = np.column_stack([np.ones(12), right.astype(float), order])
    weights = np.linalg.inv(covariance)
    normal = np.linalg.inv(design.T @ weights @ design)
    beta = normal @ design.T @ weights @ y
    rest = y - design @ beta
    square = rest @ weights @ rest / (12 - 3)
    columns = np.column_stack([np.diff(design[:, 1]), np.ones(11)])
    fit = drift.fit_drift(np.diff(y), columns, drift.noise_of(right, np.ones(12), ratio), step, 9)
    assert fit.difference == pytest.approx(beta[1])
    assert fit.uncertainty == pytest.approx(np.sqrt(square * normal[1, 1]))


def test_the_interval_holds_that_of_every_plausible_step() -> None:
    """Plausible at 95 %: the restricted log-likelihood is within χ²/2 = 1.92 of the best (one parameter)."""
    y, right = np.random.default_rng(11).standard_normal(20), IN_ORDER(10)
    found = drift.difference(y, right)
    columns = np.column_stack([np.diff(right.astype(float)), np.ones(19)])
    fits = [
        drift.fit_drift(np.diff(y), columns, drift.noise_of(right, np.ones(20), 1.0), step, 17)
        for step in drift.STEPS
    ]
    best = max(fit.likelihood for fit in fits)
    plausible = [fit for fit in fits if fit.likelihood > best - chi2.ppf(0.95, 1) / 2]
    t = student.ppf(0.975, 17)
    reach = [abs(fit.difference - found.difference) + t * fit.uncertainty for fit in plausible]
    assert len(plausible) >= 3 and max(reach) > 1.05 * min(reach)
    assert t * found.uncertainty >= max(reach) * (1 - 1e-9)


def test_many_independent_repeats_in_turns_come_to_the_t_test() -> None:
    rng = np.random.default_rng(4)
    right, y = ABBA(200), rng.standard_normal(400)
    found = drift.difference(y, right)
    pooled = np.sqrt((y[right].var(ddof=1) + y[~right].var(ddof=1)) / 200)
    assert found.difference == pytest.approx(y[right].mean() - y[~right].mean(), abs=0.2 * pooled)
    assert found.uncertainty == pytest.approx(pooled, rel=0.1)
    assert found.noise_left == pytest.approx(1, rel=0.15)
    assert found.freedom == 400 - 3


def test_a_drift_is_taken_out_and_a_difference_stays() -> None:
    rng = np.random.default_rng(5)
    right = ABAB(20)
    y = 100 + 0.5 * np.arange(40) + 2.0 * right + 0.1 * rng.standard_normal(40)
    found = drift.difference(y, right)
    assert found.difference == pytest.approx(2.0, abs=0.15) and found.uncertainty < 0.05


def test_a_repeat_in_turns_sees_half_a_step_of_the_level() -> None:
    """ABAB on a pure random walk of step 1: the difference of n pairs varies by 1/(2n), as 2 × 0.5²/n would."""
    y = walk(np.random.default_rng(13), 400)
    found = drift.difference(y, ABAB(200))
    assert found.repeat == pytest.approx(0.5, rel=0.2)
    assert found.uncertainty == pytest.approx(1 / 400**0.5, rel=0.2)


def test_one_side_after_the_other_needs_far_more_than_turns() -> None:
    rng = np.random.default_rng(6)
    y = rng.standard_normal(12)
    turns, order = drift.difference(y, ABBA(6)), drift.difference(y, IN_ORDER(6))
    assert order.uncertainty > 1.5 * turns.uncertainty


def test_rare_spikes_on_one_side_do_not_lose_their_weight() -> None:
    """Four of 20 cost twice as much: the interval is no narrower than the t-test's with one common variance."""
    rng = np.random.default_rng(12)
    right = ABBA(20)
    y = 1 + 0.03 * rng.standard_normal(40)
    y[np.flatnonzero(right)[[2, 7, 11, 16]]] += 1.0
    found = drift.difference(y, right)
    pooled = np.sqrt((y[right].var(ddof=1) + y[~right].var(ddof=1)) / 20)
    assert found.uncertainty >= 0.98 * pooled
    assert found.difference == pytest.approx(y[right].mean() - y[~right].mean(), abs=0.5 * pooled)


def test_stretches_count_by_their_events() -> None:
    """A stretch of 100 events has a tenth of the scatter of one event, and weighs more."""
    rng = np.random.default_rng(7)
    counts = np.tile([100.0, 100.0, 1.0, 1.0], 30)
    right = np.tile([False, True], 60)
    y = rng.standard_normal(120) / np.sqrt(counts) + 0.5 * right
    found = drift.difference(y, right, counts)
    even = drift.difference(y, right)
    assert found.uncertainty < 0.5 * even.uncertainty
    assert found.noise_left == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 2.0, 3.0][:2], [1.0, 1.0, 2.0][:2]])
def test_too_few_repeats_have_no_interval(values) -> None:
    assert drift.difference(np.array(values), np.array([False, True])) is None


def test_quantiles_are_students() -> None:
    for freedom in (1, 2, 5.5, 30):
        assert t_quantile(0.975, freedom) == pytest.approx(student.ppf(0.975, freedom))
    assert t_quantile(0.975, float("inf")) == pytest.approx(1.959964, abs=1e-6)
