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
_AS_FAR = 1.2  # times as far as neighbours
_MIDDLE = 0.954  # standard deviations of noise: the median step
_TWICE = 2.0  # what the smallest steps leave room for
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
    """Return the standard deviation of noise where readings two apart differ hardly more than neighbours, as noise does; 0 else.

    A load with any memory makes them differ more: its jumps twice as much, squared.
    """
    some = values[:_LOOKED]
    if some.size < _MANY:
        return 0.0
    near, far = (float(np.median(np.abs(some[k:] - some[:-k]))) / _MIDDLE for k in (1, 2))
    share = max(_QUIETEST, _FEWEST / (some.size - 1))
    theirs = math.sqrt(2) * NormalDist().inv_cdf((1 + share) / 2)
    quiet = float(np.quantile(np.abs(np.diff(some)), share)) / theirs
    return min(near, _TWICE * quiet) if far < _AS_FAR * near else 0.0
