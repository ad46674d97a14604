"""What windows hold of stretches of time, and least squares over windows with errors that resemble their neighbours'."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]


def seconds_inside(t: Times, start: Times, end: Times) -> Floats:
    """Return for each window the seconds that lie in any of some stretches, which do not overlap."""

    def ramp(edges: Times) -> Times:
        # In whole nanoseconds, whose difference is exact even where the sums run over: rounded, idle windows had something inside.
        relative = np.sort(edges - t[0])
        sums = np.concatenate([[0], np.cumsum(relative)])
        stamps = t - t[0]
        k = np.searchsorted(relative, stamps, side="right")
        total: Times = k * stamps - sums[k]
        return total

    active = ramp(start) - ramp(end)
    found: Floats = np.diff(active, prepend=active[0]) * 1e-9
    return found


def fit(x: Floats, y: Floats) -> tuple[Floats | None, Floats, float]:
    """Return least squares, the covariance of Newey and West (Econometrica 55, 1987), and the rests' deviation."""
    scale = np.sqrt(np.mean(x * x, axis=0))
    if (scale <= 0).any():
        return None, np.empty(0), 0.0
    xs = x / scale
    gram = xs.T @ xs
    if np.linalg.cond(gram) > 1e8:
        return None, np.empty(0), 0.0
    bread = np.linalg.inv(gram)
    beta = bread @ (xs.T @ y)
    left = y - xs @ beta
    scores = xs * left[:, None]
    meat = scores.T @ scores
    reach = max(1, int(4 * (y.size / 100) ** (2 / 9)))
    for lag in range(1, reach + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (reach + 1.0)) * (cross + cross.T)
    freedom = max(y.size - x.shape[1], 1)
    robust = bread @ meat @ bread * (y.size / freedom)
    plain = bread * float(left @ left) / freedom
    covariance = robust if np.trace(robust) > np.trace(plain) else plain
    return beta / scale, covariance / np.outer(scale, scale), float(np.std(left))
