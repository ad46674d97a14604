"""Student's t, in one place: its quantiles, its tails, and its 95 % factor for whole arrays."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from powermeter.result import COVERAGE_95

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

_NORMAL = 1e6


@lru_cache(maxsize=4096)
def t_quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's t, to 11 digits; infinite freedom is the normal, and less than one counts as one.

    Without scipy, whose import is a third of what a recording takes to be shown.
    """
    from statistics import NormalDist

    beyond = min(share, 1 - share)
    if beyond <= 0:
        return math.copysign(math.inf, share - 0.5)
    normal, step = -NormalDist().inv_cdf(beyond), math.inf
    t, freedom = normal, max(float(freedom), 1.0)
    while (
        not freedom > _NORMAL and step > 1e-14 * t
    ):  # Newton from below: the tail is convex, so it stays there
        step = (_tail(t, freedom) - beyond) / _density(t, freedom)
        t += step
    return math.copysign(t, share - 0.5)


def t_tail(t: float, freedom: float) -> float:
    """Return the probability that |Student's t| is larger than |t|."""
    if freedom > _NORMAL:
        return math.erfc(abs(t) / math.sqrt(2))
    return 2 * _tail(abs(float(t)), max(float(freedom), 1.0))


def _tail(t: float, freedom: float) -> float:
    """Return the probability above t ≥ 0: half the incomplete beta function (Abramowitz & Stegun 26.7.1, 26.5.8)."""
    a, odds = freedom / 2, t * t / freedom
    if math.isinf(odds):
        return 0.0
    x, y = 1 / (1 + odds), odds / (1 + odds)
    front = math.exp(_log_beta(a) - a * math.log1p(odds)) * math.sqrt(y)
    if x < (a + 1) / (a + 2.5):
        return 0.5 * front * _beta_fraction(a, 0.5, x) / a
    return 0.5 - front * _beta_fraction(0.5, a, y)


def _density(t: float, freedom: float) -> float:
    return math.exp(_log_beta(freedom / 2) - (freedom + 1) / 2 * math.log1p(t * t / freedom)) / math.sqrt(
        freedom
    )


def _log_beta(a: float) -> float:
    """Return −ln B(a, ½); of a large a by its series, for the difference of two large logarithms loses digits."""
    if a > 50:
        ratio = 0.5 * math.log(a) - 1 / (8 * a) + 1 / (192 * a**3) - 1 / (640 * a**5)
    else:
        ratio = math.lgamma(a + 0.5) - math.lgamma(a)
    return ratio - 0.5 * math.log(math.pi)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's way (A&S 26.5.8)."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            c, d = 1 + term / c, 1 / (1 + term * d)
            found *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return found


def student_95(freedom: Floats | float) -> Any:
    """Return the two-sided 95 % quantile of Student's t; `freedom` above 0, fractions allowed.

    From 3 up by Abramowitz & Stegun 26.7.5 (error below 0.02 at 3, 0.001 at 6); below by
    interpolation in 1/ν between the closed forms for 1 (12.706), 2 (4.303) and 3 (3.182).
    """
    if isinstance(freedom, (int, float)):  # a number alone, in a tenth of the time
        one = max(float(freedom), 1.0)
        return _t_series(1.0 / one) if one >= 3 else _t_of_few(1.0 / one)
    import numpy as np

    inverse = 1.0 / np.maximum(np.asarray(freedom, np.float64), 1.0)
    few = np.exp(np.interp(inverse, *_FEW_LOG_T))
    return np.where(inverse > 1 / 3, few, _t_series(inverse))


_FEW_LOG_T = (1 / 3, 1 / 2, 1.0), tuple(map(math.log, (3.182446, 4.302653, 12.706205)))


def _t_of_few(inverse: float) -> float:
    (a, b, c), (low, middle, high) = _FEW_LOG_T
    if inverse <= b:
        return math.exp(low + (middle - low) * (inverse - a) / (b - a))
    return math.exp(middle + (high - middle) * (inverse - b) / (c - b))


def _t_series(inverse: Any) -> Any:
    z = COVERAGE_95
    return (
        z
        + (z**3 + z) / 4 * inverse
        + (5 * z**5 + 16 * z**3 + 3 * z) / 96 * inverse**2
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 * inverse**3
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 * inverse**4
    )
