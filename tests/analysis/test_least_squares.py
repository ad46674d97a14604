"""Least squares over windows: exact without errors, and wide enough where errors resemble their neighbours'."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.least_squares import fit, seconds_inside

S = 1_000_000_000


def test_the_seconds_of_each_window_that_lie_in_stretches():
    edges = np.arange(0, 6) * S
    start, end = np.array([S // 2, 3 * S]), np.array([2 * S, 3 * S + S // 4])
    assert seconds_inside(edges, start, end).tolist() == [0.0, 0.5, 1.0, 0.0, 0.25, 0.0]


def test_windows_far_into_a_recording_that_hold_nothing_hold_exactly_nothing():
    """A thousand stretches, an hour into the recording: by rounded sums most idle windows seemed to hold some of one."""
    edges = 3600 * S + np.arange(0, 4001) * (S // 10) // 2
    start = 3600 * S + np.arange(1000) * (S // 5) + S // 50
    found = seconds_inside(edges, start, start + S // 50)
    assert np.count_nonzero(found) == 1000
    assert found[found > 0].tolist() == pytest.approx([0.02] * 1000, abs=1e-12)


def test_what_has_no_error_is_found_exactly():
    seed = 5
    print(f"seed {seed}")
    x = np.random.default_rng(seed).uniform(0, 1, (200, 2))
    beta, covariance, left = fit(x, x @ [3.0, 0.5])
    assert beta == pytest.approx([3.0, 0.5]) and left == pytest.approx(0, abs=1e-9)
    assert np.sqrt(np.diag(covariance)) == pytest.approx([0, 0], abs=1e-9)


def test_columns_that_cannot_be_distinguished_have_no_answer():
    assert fit(np.ones((50, 2)), np.arange(50.0))[0] is None
    assert fit(np.zeros((50, 1)), np.arange(50.0))[0] is None


def test_errors_that_resemble_their_neighbours_are_worth_fewer_windows():
    """Runs of eight equal errors have eight times the variance of independent ones; the kernel sees most of it."""
    seed = 11
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    x = np.ones((4000, 1))
    alone = fit(x, rng.normal(size=4000))[1][0, 0]
    alike = fit(x, np.repeat(rng.normal(size=500), 8))[1][0, 0]
    assert alone == pytest.approx(1 / 4000, rel=0.35)
    assert 4 < alike / alone < 9


def test_the_covariance_is_newey_and_west_s_double_sum():
    """(X'X)⁻¹ Σᵢ Σⱼ w(i−j) eᵢ eⱼ xᵢ xⱼ' (X'X)⁻¹ × n/(n−k), with w = 1 − |i−j|/(L+1) and L = 4 (n/100)^(2/9)."""
    n = 30
    x = np.column_stack([np.ones(n), np.linspace(0.0, 1.0, n)])
    y = x @ [2.0, 1.0] + np.repeat([0.3, -0.4, 0.2, -0.1, 0.35, -0.35], 5)
    beta, covariance, left = fit(x, y)
    by_numpy, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert beta == pytest.approx(by_numpy)
    rest = y - x @ by_numpy
    assert left == pytest.approx(float(np.sqrt(np.mean((rest - rest.mean()) ** 2))))
    reach = int(4 * (n / 100) ** (2 / 9))
    assert reach == 3
    meat = sum(
        max(0.0, 1 - abs(i - j) / (reach + 1)) * rest[i] * rest[j] * np.outer(x[i], x[j])
        for i in range(n)
        for j in range(n)
    )
    bread = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(covariance, bread @ meat @ bread * n / (n - 2), rtol=1e-9)


def test_independent_errors_have_the_textbook_s_covariance_at_least():
    n = 20
    x = np.column_stack([np.ones(n), np.linspace(0.0, 1.0, n)])
    y = x @ [2.0, 1.0] + 0.1 * np.tile([1.0, -1.0], n // 2)  # neighbours that undo each other
    _, covariance, _ = fit(x, y)
    _, (squares,), *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(covariance, np.linalg.inv(x.T @ x) * squares / (n - 2), rtol=1e-9)
