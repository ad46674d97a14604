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
