"""What one coming event will use: not the mean of many, but between which energies a single one lies."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.next_item import levelled
from powermeter.analysis.student_t import student_95
from powermeter.analysis.trend import Trend
from powermeter.analysis.windows import Windows
from powermeter.result import COVERAGE_95, Result

Floats = NDArray[np.floating[Any]]

_LEAST = 4  # events: of fewer of two kinds all are of one kind so often that 78 and 86 % of further ones lie within
_SHARE_BEYOND = 0.025  # on either side
_ORDERED = 39  # so many events or more: the next one lies within their range with a chance of 38/40


def next_event(
    energy: Windows,
    index: NDArray[np.int64],
    mean: Result | None,
    each: Floats,
    windows: Floats,
    trend: Trend | None = None,
) -> Result | None:
    """Return between which energies 95 % of single coming events lie, J per item, around their mean; None where there are fewer than four repeats.

    Args:
        index: The events' positions in `energy`.
        mean: What further items use on average, J per item.
        each: What each event used, J per item; shape (n,).
        windows: What part of its window's energy is one item: the energy over `each`; shape (n,).
        trend: How what an item uses goes on changing, if it does.
    """
    if mean is None or each.size < _LEAST:
        return None
    rests = each - mean.value if trend is None else trend.rests * (mean.value / trend.mean)
    noise = energy.noise[index] / windows
    unseen = math.sqrt(float(noise @ noise) / noise.size) if levelled(energy, index) else 0.0
    below, above = (math.hypot(reach, COVERAGE_95 * unseen) for reach in reach_of(rests))
    low = mean.value - math.hypot(mean.value - mean.low, below)
    high = mean.value + math.hypot(mean.high - mean.value, above)
    name = f"repeats:one event {energy.integral.trace.own}"
    parts = {**mean.parts, name: math.hypot(_deviation(rests), unseen)}
    return replace(mean, low=low if energy.floor is None else max(low, energy.floor), high=high, parts=parts)


def reach_of(rests: Floats) -> tuple[float, float]:
    """Return how far below and above their mean 95 % of such events lie, of what some of them were off it.

    Of few by Student's t, and no less than they span; of 39 or more by those that so many lie beyond, whatever their shape.
    """
    n = rests.size
    if n >= _ORDERED:
        ordered = np.sort(rests)
        beyond = int(_SHARE_BEYOND * (n + 1))
        return max(-float(ordered[beyond - 1]), 0.0), max(float(ordered[n - beyond]), 0.0)
    half = float(student_95(n - 1.0)) * _deviation(rests)
    return max(half, -float(rests.min())), max(half, float(rests.max()))


def _deviation(rests: Floats) -> float:
    return math.sqrt(float(rests @ rests) / (rests.size - 1))
