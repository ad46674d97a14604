"""Least squares of a pass's layers, against the textbook's sums."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.regression import least_squares

N = 30
X = np.column_stack([np.ones(N), np.linspace(0.0, 1.0, N)])
Y = X @ [2.0, 1.0] + np.repeat([0.3, -0.4, 0.2, -0.1, 0.35, -0.35], 5)


def test_what_has_no_error_is_found_exactly_in_columns_of_any_size() -> None:
    found = least_squares(X * [1.0, 1e6], X @ [2.0, 1.0])
    assert found.beta == pytest.approx([2.0, 1e-6])
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0, 0], abs=1e-9)


def test_the_covariance_is_newey_and_west_s_of_residuals_that_leverage_widens() -> None:
    """(X'X)⁻¹ Σᵢ Σⱼ w(i−j) uᵢ uⱼ xᵢ xⱼ' (X'X)⁻¹ with u = e/√(1 − h) and w = 1 − |i−j|/(L+1), L = 4 (30/100)^(2/9) = 3.06."""
    found = least_squares(X, Y)
    bread = np.linalg.inv(X.T @ X)
    beta = bread @ X.T @ Y
    hat = np.diag(X @ bread @ X.T)
    u = (Y - X @ beta) / np.sqrt(1 - hat)
    middle = np.zeros((2, 2))
    for i in range(N):
        for j in range(max(i - 3, 0), min(i + 4, N)):
            middle += (1 - abs(i - j) / 4) * u[i] * u[j] * np.outer(X[i], X[j])
    assert found.beta == pytest.approx(beta)
    assert found.covariance == pytest.approx(bread @ middle @ bread)


def test_a_column_that_no_row_has_anything_of_may_be_anything() -> None:
    found = least_squares(np.column_stack([X, np.zeros(N), np.full(N, 1e-12)]), Y)
    assert found.beta[:2] == pytest.approx(least_squares(X, Y).beta)
    assert (
        found.beta[2:].tolist() == [0, 0]
        and found.covariance[2, 2] >= 1e12
        and found.covariance[3, 3] >= 1e12
    )


def test_what_is_known_beforehand_draws_a_coefficient_to_0_and_stays_in_its_covariance() -> None:
    """A slope known to ±0.1, v/0.1² beside its Σx² with v what the mean leaves of a value's variance."""
    v = float(np.var(Y, ddof=1))
    held = np.diag([0.0, v / 0.1**2])
    bread = np.linalg.inv(X.T @ X + held)
    beta = bread @ X.T @ Y
    left = Y - X @ beta
    u = left / np.sqrt(1 - np.diag(X @ bread @ X.T))
    middle = float(left @ left) / (N - 2) * held
    for i in range(N):
        for j in range(max(i - 3, 0), min(i + 4, N)):
            middle = middle + (1 - abs(i - j) / 4) * u[i] * u[j] * np.outer(X[i], X[j])
    found = least_squares(X, Y, np.array([np.inf, 0.1]))
    assert 0 < found.beta[1] < 0.5 * least_squares(X, Y).beta[1]
    assert found.beta == pytest.approx(beta)
    assert found.covariance == pytest.approx(bread @ middle @ bread)


def test_a_prior_of_nothing_known_changes_nothing() -> None:
    open_, plain = least_squares(X, Y, np.full(2, np.inf)), least_squares(X, Y)
    assert (
        open_.beta.tolist() == plain.beta.tolist() and open_.covariance.tolist() == plain.covariance.tolist()
    )


def test_columns_alike_of_which_each_is_known_beforehand_share_what_they_explain() -> None:
    """Rows show the sum 3.0 of both to s/√30 each way; their difference is known only beforehand, to √2 times 10."""
    y = 3.0 + np.tile([0.1, -0.1], N // 2)
    found = least_squares(np.ones((N, 2)), y, np.array([10.0, 10.0]))
    assert found.beta == pytest.approx([1.5, 1.5], rel=1e-3)
    apart, total = (float(w @ found.covariance @ w) for w in (np.array([1.0, -1.0]), np.ones(2)))
    assert apart == pytest.approx(200.0, rel=0.1)
    assert total < 0.1**2 / N * 2


def test_columns_alike_of_which_nothing_is_known_may_differ_by_anything() -> None:
    found = least_squares(np.ones((N, 2)), Y)
    assert float(np.array([1.0, -1.0]) @ found.covariance @ np.array([1.0, -1.0])) >= 1e12
    assert float(np.ones(2) @ found.covariance @ np.ones(2)) < 1.0


def test_how_many_rows_carry_a_coefficient() -> None:
    """Of a mean all thirty; of a line through 0 as many as Σx² squared over Σx⁴; one less for what was fitted."""
    assert least_squares(np.ones((N, 1)), Y).freedom(np.array([[1.0]])) == pytest.approx([29.0])
    x = X[:, 1:]
    share = float(np.sum(x**2) ** 2 / np.sum(x**4))
    assert least_squares(x, Y).freedom(np.array([[1.0]])) == pytest.approx([share - 1])
    lone = np.zeros((N, 1))
    lone[3] = 1.0
    assert least_squares(lone, Y).freedom(np.array([[1.0]])) == pytest.approx([1.0])
