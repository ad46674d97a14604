"""The difference of two sides whose repeats lie in a known order, while the load drifts or wanders underneath.

Model: value = level + side × difference + slope × order + noise; the level itself takes a random step from each repeat
to the next (Harvey, Forecasting, Structural Time Series Models, 1989, chapter 2: the local level model).  Neither the
size of these steps nor how the noise of the sides compares is known.  Both are tried over a grid, each by generalised least
squares, and every pair that the data do not speak against counts: the interval holds all of theirs, about the estimate for
equal noise.  Where sides take turns a
wandering level costs little; where one side came after the other, it cannot be separated from a difference, and the interval grows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.student_t import t_quantile

Floats = NDArray[np.floating[Any]]

STEPS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 1e6)
"""Variances of a step of the level that are tried, over that of a repeat's noise."""

NOISES = (1 / 9, 1 / 3, 1.0, 3.0, 9.0)
"""Ratios of the right side's noise variance to the left's that are tried, where both have repeats to show it."""

PLAUSIBLE = 2.0
"""A pair counts where its restricted log-likelihood is at most this below the best: 95 % for one parameter (χ²/2 = 1.92)."""

_SLOPE_FROM = 5


@dataclass(frozen=True, slots=True)
class DriftEstimate:
    """A difference in spite of a drift.

    Attributes:
        difference: Right − left, at equal noise and the step that fits best.
        uncertainty: Standard uncertainty: that half of the interval which holds all plausible pairs', over Student's t.
        freedom: Degrees of freedom of t.
        noise_left, noise_right: Standard deviation of a repeat of either side, at the best fit.
        repeat: Standard deviation of one repeat as turns see it (its noise, and half a step of the level), the largest of
            the plausible fits.
    """

    difference: float
    uncertainty: float
    freedom: float
    noise_left: float
    noise_right: float
    repeat: float


def difference(
    values: Floats, right: NDArray[np.bool_], weights: Floats | None = None
) -> DriftEstimate | None:
    """Return what the sides differ by; None where there are too few repeats to have a degree of freedom left.

    Args:
        values: Of the repeats, in order of time.
        right: Whether each is of the right side.
        weights: How many events each is the mean of; 1 each where None.
    """
    n = values.size
    change = np.diff(
        values
    )  # differencing takes out the level: the likelihood of what is left is the restricted one
    columns = [np.diff(right.astype(float))]
    if n >= _SLOPE_FROM:
        columns.append(np.ones(n - 1))
    design = np.stack(columns, 1)
    freedom = n - 1 - design.shape[1]
    if freedom < 1 or not columns[0].any():
        return None
    counts = np.ones(n) if weights is None else np.asarray(weights, float)
    sides = int(right.sum()), int(n - right.sum())
    ratios = NOISES if min(sides) > 1 else (1.0,)
    fits = {
        ratio: [
            fit
            for step in STEPS
            if (fit := fit_drift(change, design, noise_of(right, counts, ratio), step, freedom)) is not None
        ]
        for ratio in ratios
    }
    if not fits[1.0]:
        return None
    # Equal noise always counts: a rare spike on one side looks like more noise there, and its weight is not to be cut.
    best = max(fits[1.0], key=lambda fit: fit.likelihood)
    most = max(fit.likelihood for some in fits.values() for fit in some)
    t = t_quantile(0.975, freedom)
    plausible = [
        fit
        for ratio, some in fits.items()
        for fit in some
        if fit.likelihood >= (best.likelihood if ratio == 1.0 else most) - PLAUSIBLE
    ]
    half = max(abs(fit.difference - best.difference) + t * fit.uncertainty for fit in plausible)
    size = float(np.mean(counts))
    fitting = max(plausible, key=lambda fit: fit.likelihood)
    noises = [fitting.scale * root * math.sqrt(size) for root in fitting.noises]
    repeat = max(
        fit.scale**2 * ((fit.noises[0] ** 2 + fit.noises[1] ** 2) / 2 + fit.step**2 / 4) for fit in plausible
    )
    return DriftEstimate(
        best.difference, half / t, float(freedom), noises[0], noises[1], math.sqrt(size * repeat)
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    likelihood: float
    difference: float
    uncertainty: float
    scale: float
    step: float
    noises: tuple[float, float]


def noise_of(right: NDArray[np.bool_], counts: Floats, ratio: float) -> tuple[Floats, tuple[float, float]]:
    """Return the noise variance of each repeat, in units where the geometric mean of both sides' is 1, and their roots."""
    left, other = 1 / math.sqrt(ratio), math.sqrt(ratio)
    return np.where(right, other, left) * counts.mean() / counts, (math.sqrt(left), math.sqrt(other))


def fit_drift(
    change: Floats, design: Floats, noise: tuple[Floats, tuple[float, float]], step: float, freedom: int
) -> _Fit | None:
    """Fit by generalised least squares; the covariance of neighbouring differences is tridiagonal."""
    from scipy.linalg.lapack import dptsv

    share = 1 / (1 + step)
    variances, roots = noise
    diagonal = share * (variances[:-1] + variances[1:]) + (1 - share)
    pivots, _, solved, failed = dptsv(diagonal, -share * variances[1:-1], np.column_stack([design, change]))
    normal = design.T @ solved[:, :-1]
    sizes = np.linalg.eigvalsh(normal)
    if failed or not sizes[-1] < 1e12 * sizes[0]:
        return None
    inverse = np.linalg.inv(normal)
    beta = inverse @ (design.T @ solved[:, -1])
    rest = change - design @ beta
    square = max(float(rest @ (solved[:, -1] - solved[:, :-1] @ beta)), 0.0) / freedom
    smallest = (1e-12 * max(float(np.abs(change).max()), 1e-300)) ** 2
    determinants = float(np.log(pivots).sum() + np.log(sizes).sum())
    likelihood = -0.5 * (freedom * math.log(square + smallest) + determinants)
    return _Fit(
        likelihood,
        float(beta[0]),
        math.sqrt(square * float(inverse[0, 0])),
        math.sqrt(square),
        math.sqrt(1 - share),
        (roots[0] * math.sqrt(share), roots[1] * math.sqrt(share)),
    )
