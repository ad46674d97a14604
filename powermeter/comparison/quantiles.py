"""Quantiles and tails of Student's t, with scipy imported when the first is asked for."""

from __future__ import annotations

from functools import lru_cache

_NORMAL = 1e6


@lru_cache(maxsize=4096)
def t_quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's t (scipy's `stdtrit`, Hill 1970); infinite freedom is the normal."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(share) if freedom > _NORMAL else stdtrit(max(freedom, 1.0), share))


def t_tail(t: float, freedom: float) -> float:
    """Return the probability that |Student's t| is larger than |t|."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(-abs(t)) if freedom > _NORMAL else stdtr(max(freedom, 1.0), -abs(t))))
