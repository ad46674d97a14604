"""Displays that move by no more than so many watts a second: a peak that is over before they get there stays lower than it was.

What such a display shows of a burst of height J above its surroundings and length L is a triangle or a trapezoid.  A trapezoid has the
burst's area, since it falls as late as it rises; a triangle that turns at the height h < J has h²/r, r the rate, in place of J h/r.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

_LEAST = 60  # readings
_LOOKED = 1 << 18
_TOP = 0.98  # the quantile of all rates that a limit is at: a fiftieth of the steps at least is as fast
_ALIKE, _AT_MOST = 0.05, 0.2  # of the limit, within which a rate is at it, with no noise and with much
_NOISE = 3.0  # standard deviations of rates, within which they are alike
_QUARTILE = 0.3186  # standard deviations that a quarter of normal deviations lie within
_PAIRS = 10  # of steps in a row at the limit, upward and downward
_IN_ROWS = 0.7  # of the steps at the limit, those that stand beside one in the same direction
_FASTER = 0.01  # of them, steps that were faster: a limit has none
_TURNS = 3  # steps from the last one up to the first one down, at most
_REACH = 1.3  # as of any deviation that was found


@dataclass(frozen=True, slots=True)
class Slew:
    """What a limited rate of change leaves.

    Attributes:
        rate: In W/s (A/s).
        above, below: By how much more or less than the readings' sum the run may have used, J (C).
    """

    rate: float
    above: float
    below: float


def slew_limited(trace: Trace) -> Slew | None:
    """Return what a display leaves that moves by no more than a rate, or None where readings show no such limit or lose nothing by it."""
    if trace.kind is not Kind.INSTANT or trace.kept is not None or not _LEAST <= len(trace) <= _LOOKED:
        return None
    rates = np.diff(trace.values) / np.maximum(np.diff(trace.times_ns) * 1e-9, 1e-12)
    found = _limit(rates)
    if found is None:
        return None
    limit, within = found
    seconds = (trace.times_ns - trace.times_ns[0]) * 1e-9
    above = cut_off_peaks(seconds, trace.values, _rows(rates, limit, within), limit)
    below = cut_off_peaks(seconds, -trace.values, _rows(-rates, limit, within), limit)
    return Slew(limit, _REACH * above, _REACH * below) if above or below else None


def _limit(rates: Floats) -> tuple[float, float] | None:
    """Return the rate that readings rise and fall by in rows and never exceed, and within what they are at it; None where there is none."""
    size = np.abs(rates)
    limit = float(np.quantile(size, _TOP))
    if limit <= 0:
        return None
    noise = float(np.quantile(size, 0.25)) / _QUARTILE
    within = min(max(_ALIKE * limit, _NOISE * noise), _AT_MOST * limit)
    for _ in range(2):
        near = size[np.abs(size - limit) <= within]
        if not near.size:
            return None
        limit = float(np.median(near))
    up, down = _rows(rates, limit, within)
    most = int(up.sum() + down.sum())
    if int(np.count_nonzero(size > limit + within)) > _FASTER * most:
        return None
    pairs = [int(np.count_nonzero(x[1:] & x[:-1])) for x in (up, down)]
    return (
        (limit, within) if min(pairs) >= _PAIRS and _beside(up) + _beside(down) >= _IN_ROWS * most else None
    )


def _rows(rates: Floats, limit: float, within: float) -> tuple[Bools, Bools]:
    """Return which steps rise, and which fall, at the limit."""
    return np.abs(rates - limit) <= within, np.abs(rates + limit) <= within


def _beside(fast: Bools) -> int:
    """Return how many have a neighbour."""
    padded = np.concatenate([[False], fast, [False]])
    return int(np.count_nonzero(fast & (padded[2:] | padded[:-2])))


def cut_off_peaks(seconds: Floats, values: Floats, rows: tuple[Bools, Bools], limit: float) -> float:
    """Return what lies above peaks at which readings turn from rising to falling, if each was as high as the highest reading, J."""
    up, down = map(np.flatnonzero, rows)
    last = up[np.append(np.diff(up) > 1, True)]  # of each row
    first = up[np.insert(np.diff(up) > 1, 0, True)]
    after = np.searchsorted(down, last)
    turns = after < down.size
    first, last, falls = first[turns], last[turns], down[after[turns]]
    near = falls - last <= _TURNS
    first, last, falls = first[near], last[near], falls[near]
    peak = (values[last + 1] + values[falls] + limit * (seconds[falls] - seconds[last + 1])) / 2
    foot = values[np.maximum(first - 1, 0)]
    lacks = np.maximum(values.max() - peak, 0.0)
    lacks[lacks < _ALIKE * (values.max() - foot)] = 0.0
    return float(lacks @ np.maximum(peak - foot, 0.0)) / limit
