"""How noisy the readings of a mean may be where nobody stated it: no more than the quietest of them differ."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

_QUIETEST = 0.05  # of the steps from one reading to the next
_FEWEST = 8  # of them
_LEAST = 5  # readings
_AT_MOST = 0.005  # of the mean reading
_MANY = 32  # readings
_NORMAL = math.sqrt(2) * np.array([0.3186, 0.6745, 1.1503])  # quartiles of steps, in standard deviations
_AS_FAR = 1.1  # times as far as neighbours
_WALK = 1.5
_AS_NORMAL = 1.1  # times the smaller quartile's noise
_AS_HIGH = 1.15  # times the smaller half's step
_LOOKED = 1 << 16


def unstated_noise(values: NDArray[np.floating[Any]], *, of_few: bool = False) -> float:
    """Return the standard deviation of noise that the smallest steps between readings leave room for, in the readings' unit.

    A load that is quiet for a share q of the steps lets it pass for 1/q of itself at most; one that is never quiet, for half a percent of the
    mean reading.

    Args:
        of_few: Of no more than twice eight readings take half of the steps, and half a percent of the largest reading at most: too few to tell
            a quiet load from a working one.  0 else.
    """
    some = values[:_LOOKED]
    few = some.size <= 2 * _FEWEST
    if some.size < _LEAST or (few and not of_few):
        return 0.0
    share = 0.5 if few else max(_QUIETEST, _FEWEST / (some.size - 1))
    theirs = math.sqrt(2) * NormalDist().inv_cdf(
        (1 + share) / 2
    )  # standard deviations that steps of noise lie below
    quiet = float(np.quantile(np.abs(np.diff(some)), share)) / theirs
    usual = float(np.abs(some).max()) if few else abs(float(some.mean()))
    return min(quiet, _AT_MOST * usual)


def noise_without_memory(values: NDArray[np.floating[Any]]) -> float:
    """Return the standard deviation of noise where readings scatter as an instrument's noise does; 0 else.

    They have no memory (any load that has one makes readings two apart differ more than neighbours), their steps are as large as normal ones,
    and as large between high readings as between low ones (a load scatters where it works).
    """
    some = values[:_LOOKED]
    if some.size < _MANY:
        return 0.0
    steps, open_ = np.abs(np.diff(some)), 1 / math.sqrt(some.size)
    quarter, half, most = np.quantile(steps, [0.25, 0.5, 0.75]) / _NORMAL
    low = some[1:] + some[:-1] < np.median(some[1:] + some[:-1])
    if not (low.any() and quarter > 0):
        return 0.0
    apart, near = float(np.median(np.abs(some[2:] - some[:-2]))), float(np.median(steps))
    idle, busy = sorted((float(np.median(steps[low])), float(np.median(steps[~low]))))
    as_noise = (
        apart < min(_AS_FAR + 3.5 * open_, _WALK) * near
        and half < (_AS_NORMAL + 4 * open_) * quarter
        and most < (_AS_NORMAL + 2.5 * open_) * half
        and busy < (_AS_HIGH + 10 * open_) * idle
    )
    return float(half) * (1 + open_) if as_noise else 0.0
