"""Least squares whose uncertainty allows for errors that resemble their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_SINGULAR = 1e-12
_NOTHING = 1e-9
_OPEN = 1e12


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """Least squares.

    Attributes:
        beta: The coefficients.
        covariance: Of them, after Newey and West (Econometrica 55, 1987).
        influence: Of each row on each coefficient, shape (rows, coefficients).
    """

    beta: Floats
    covariance: Floats
    influence: Floats

    def freedom(self, into: Floats) -> Floats:
        """Return how many rows carry each combination of coefficients (a row of `into` each), less one."""
        weights = (self.influence @ into.T) ** 2
        found: Floats = np.maximum(
            weights.sum(axis=0) ** 2 / np.maximum((weights**2).sum(axis=0), 1e-300) - 1, 1.0
        )
        return found


def least_squares(x: Floats, y: Floats, prior: Floats | None = None) -> LeastSquares:
    """Return least squares; a combination of columns that the rows leave open has a very large variance.

    Args:
        prior: Standard deviation of each coefficient around 0, known beforehand; infinite where nothing is.  What it holds back
            is in the covariance.  Where all are known, the rows alone show how far values scatter.
    """
    scale = np.sqrt(np.mean(x * x, axis=0))
    used = np.flatnonzero(scale > _NOTHING * float(scale.max(initial=0.0)))
    xs = x[:, used] / scale[used]
    n, m = xs.shape
    gram = xs.T @ xs
    held = np.zeros(m)
    if prior is not None and np.isfinite(prior[used]).any():
        unknown = np.isinf(prior[used])
        free = np.flatnonzero(unknown if unknown.any() else ~unknown)
        left = y - xs[:, free] @ (_inverse(gram[np.ix_(free, free)])[0] @ (xs[:, free].T @ y))
        variance = float(left @ left) / max(n - free.size, 1)
        held = variance / (prior[used] * scale[used]) ** 2
    bread, open_ways = _inverse(gram + np.diag(held))
    influence = xs @ bread
    beta = influence.T @ y
    left = y - xs @ beta
    leverage = np.clip(np.einsum("ij,ij->i", influence, xs), 0.0, 0.99)
    scores = influence * (left / np.sqrt(1 - leverage))[:, None]
    robust = scores.T @ scores
    reach = max(1, int(4 * (n / 100) ** (2 / 9)))
    for lag in range(1, reach + 1):
        cross = scores[lag:].T @ scores[:-lag]
        robust += (1 - lag / (reach + 1.0)) * (cross + cross.T)
    robust += float(left @ left) / max(n - m, 1) * (bread * held) @ bread
    robust += _OPEN * open_ways @ open_ways.T
    # A column that no row has anything of may be anything.
    wide = LeastSquares(np.zeros(x.shape[1]), np.diag(np.full(x.shape[1], _OPEN)), np.zeros(x.shape))
    wide.beta[used] = beta / scale[used]
    wide.covariance[np.ix_(used, used)] = robust / np.outer(scale[used], scale[used])
    wide.influence[:, used] = influence / scale[used]
    return wide


def _inverse(gram: Floats) -> tuple[Floats, Floats]:
    """Return the inverse, and as columns the directions in which there is none, which it holds at a very large number."""
    values, vectors = np.linalg.eigh(gram)
    least = _SINGULAR * values.max(initial=0.0)
    found: Floats = (vectors / np.maximum(values, least)) @ vectors.T
    return found, vectors[:, values <= least]
