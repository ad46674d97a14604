"""Where rows begin to come at another rate for good: somebody set a logger's interval, or it went over to another mode.

What is a hole among rows of a tenth of a second is ordinary among rows of a second: each stretch has a usual interval of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

_CHANGED = 1.5
"""Times the other rate: below, no interval of the one is a hole among those of the other."""
_BLOCK = 8
_FEWEST = 16
_MOST = 4  # stretches: of more, something changes the rate by itself, as a load does
_NEAR, _EVEN = 0.25, 0.6
_LOOKED = 1 << 20


@dataclass(frozen=True, slots=True)
class RateStretch:
    """Intervals of one rate.

    Attributes:
        first, last: The rows that it begins and ends with; the last one is the first of the next stretch.
        usual_ns: The median of its intervals.
    """

    first: int
    last: int
    usual_ns: int


def stretches_of_rate(times_ns: Times) -> tuple[RateStretch, ...]:
    """Return the stretches of a log whose rate changes at once, two to four, in order; none where it has one rate or too many.

    Args:
        times_ns: Never decreasing.
    """
    if not 2 * _FEWEST <= times_ns.size <= _LOOKED:
        return ()
    steps = np.diff(times_ns).astype(np.float64)
    whole = steps[: steps.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    medians = np.maximum(np.sort(whole, axis=1)[:, (_BLOCK - 1) // 2], 1.0)
    if float(medians.max()) <= _CHANGED * float(medians.min()):
        return ()
    begins = _begins(steps, _of_one_rate(np.log(medians)))
    spans = list(pairwise([*begins, steps.size]))
    if not 2 <= len(spans) <= _MOST or any(b - a < _FEWEST for a, b in spans):
        return ()
    found = [RateStretch(a, b, round(float(np.median(steps[a:b])))) for a, b in spans]
    if any(one.usual_ns <= 0 for one in found):  # rows that were kept for later, all stamped as they came
        return ()
    sharp = all(_is_sharp(steps, one, other) for one, other in pairwise(found))
    return tuple(found) if sharp and all(_is_even(steps[s.first : s.last], s.usual_ns) for s in found) else ()


def _of_one_rate(logs: Floats) -> list[tuple[int, int]]:
    """Return the runs of blocks [a, b) whose intervals are alike; a block that holds a change is in none."""
    runs: list[tuple[int, int]] = []
    levels: list[float] = []
    edge = math.log(_CHANGED) / 2
    begin, level = 0, float(logs[0])
    for k, log in enumerate([*logs[1:].tolist(), math.inf], 1):
        if abs(log - level) <= edge:
            level += (log - level) / min(k - begin + 1, _FEWEST)
            continue
        if k - begin > 1 and runs and abs(levels[-1] - level) <= edge:
            runs[-1] = runs[-1][0], k
        elif k - begin > 1:
            runs.append((begin, k))
            levels.append(level)
        begin, level = k, log
        if len(runs) > _MOST:
            break
    return runs


def _begins(steps: Floats, runs: list[tuple[int, int]]) -> list[int]:
    """Return the first interval of each stretch: where fewest intervals on either side are nearer to those of the other."""
    begins = [0]
    logs = np.log(np.maximum(steps, 1.0))
    for one, other in pairwise(runs):
        low, high = (one[1] - 1) * _BLOCK, min((other[0] + 1) * _BLOCK, steps.size)
        levels = [float(np.median(logs[a * _BLOCK : b * _BLOCK])) for a, b in (one, other)]
        nearer = np.abs(logs[low:high] - levels[1]) < np.abs(logs[low:high] - levels[0])
        wrong = np.concatenate([[0], np.cumsum(nearer)]) + np.concatenate(
            [np.cumsum(~nearer[::-1])[::-1], [0]]
        )
        begins.append(low + int(wrong.argmin()))
    return begins


def _is_sharp(steps: Floats, one: RateStretch, other: RateStretch) -> bool:
    """Return whether the intervals up to a change and from it on are those of their stretches."""
    ends = steps[max(one.last - _BLOCK, one.first) : one.last], steps[other.first : other.first + _BLOCK]
    near = [
        abs(float(np.median(end)) - s.usual_ns) <= _NEAR * s.usual_ns
        for end, s in zip(ends, (one, other), strict=True)
    ]
    usual = sorted((one.usual_ns, other.usual_ns))
    return all(near) and usual[1] > _CHANGED * usual[0]


def _is_even(steps: Floats, usual: int) -> bool:
    return float(np.mean(np.abs(steps - usual) <= _NEAR * usual)) >= _EVEN
