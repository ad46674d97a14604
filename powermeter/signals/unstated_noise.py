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
_SHARES = np.array([0.125, 0.25, 0.5])  # of the steps
_NORMAL = math.sqrt(2) * np.array(
    [0.1573, 0.3186, 0.6745]
)  # what so many steps of noise are below, in standard deviations
_JUMPS = 1.2  # times the noise that a quarter shows: a third of the steps may be a load's jumps
_TURNS = 0.58  # of readings are higher or lower than both neighbours: of noise two in three, of a walk half
_AS_NORMAL = 1.1  # times the smaller quartile's noise
_AS_HIGH = 1.15  # times the smaller half's step
_CALM = ((0.25, 12.0), (0.5, 10.0))  # of the steps, and what few readings leave open
_STRETCH = 8  # steps
_OFTEN = 1024  # readings: of more, twice as long stretches
_FLATTER = 8.0  # times the flattest stretch
_ALIKE = 5  # readings
_LEVELS = 10.0  # times what so many at either end differ by
_SAME = 1e-9  # of the largest step: what arithmetic leaves
_LOOKED = 1 << 16


def unstated_noise(values: NDArray[np.floating[Any]], *, of_few: bool = False) -> float:
    """Return the standard deviation of noise that the smallest steps between readings leave room for, in the readings' unit.

    A load that is quiet for a share q of the steps lets it pass for 1/q of itself at most; one that is never quiet, for half a percent of the
    mean reading.

    Args:
        of_few: Of no more than twice eight readings take half of the steps, and half a percent of the largest reading at most: too few to tell
            a quiet load from a working one.  Otherwise 0.
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
    """Return the standard deviation of noise where readings scatter as an instrument's noise does; otherwise 0.

    They have no memory (two in three are higher or lower than both neighbours; a load that goes on changing makes it half of them and fewer),
    the smaller half of their steps is as large as that of normal ones, a load's jumps apart, and as large between high readings as between low
    ones (a load scatters where it works).
    """
    some = values[:_LOOKED]
    if some.size < _MANY:
        return 0.0
    seen = _unrounded(some)
    moves, open_ = np.diff(seen), 1 / math.sqrt(some.size)
    steps = np.abs(moves)
    eighth, quarter, half = np.quantile(steps, _SHARES) / _NORMAL
    low = seen[1:] + seen[:-1] < np.median(seen[1:] + seen[:-1])
    if not (low.any() and eighth > 0):
        return 0.0
    turns = float(np.mean(moves[1:] * moves[:-1] < 0))
    alike = any(
        max(pair := [float(np.quantile(its, share)) for its in (steps[low], steps[~low])])
        < (_AS_HIGH + spread * open_) * min(pair)
        for share, spread in _CALM
    )
    as_noise = (
        turns > _TURNS - open_
        and quarter < (_AS_NORMAL + 5 * open_) * eighth
        and half < (_JUMPS + 4 * open_) * quarter
        and alike
    )
    return min(float(half) * (1 + open_), _where_flat(some)) if as_noise else 0.0


def _unrounded(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return readings spread over the step to which they were rounded, where more than half of them differ from the one before."""
    steps = np.abs(np.diff(values))
    if float(np.median(steps)) == 0 or float(np.quantile(steps, _SHARES[0])) > 0:
        return values
    step = float(np.min(steps[steps > _SAME * steps.max()]))
    spread: NDArray[np.floating[Any]] = values + step * (np.random.default_rng(0).random(values.size) - 0.5)
    return spread


def _where_flat(values: NDArray[np.floating[Any]]) -> float:
    """Return the most that noise can be: no stretch of readings is flatter, and the highest and the lowest are no nearer to each other.

    A load that fills a window shows one of its levels as often as it does.
    """
    steps = np.abs(np.diff(values))
    sums = np.concatenate([[0.0], np.cumsum(steps**2)])
    stretch = _STRETCH if values.size < _OFTEN else 2 * _STRETCH
    flattest = float(np.min(sums[stretch:] - sums[:-stretch])) / stretch
    limit = _FLATTER * math.sqrt(flattest / 2)
    order = np.sort(values)
    ends = float(max(order[_ALIKE - 1] - order[0], order[-1] - order[-_ALIKE]))
    code = float(np.min(steps[steps > _SAME * steps.max()], initial=math.inf))
    return max(min(limit, _LEVELS * ends), code)
