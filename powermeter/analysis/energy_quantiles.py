"""The median and the 95th percentile of an event's energy, with their intervals; of how long events take: `latencies.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import has_tail, quantile
from powermeter.analysis.uncertainty import Shape, budget, limit_names
from powermeter.analysis.windows import Windows
from powermeter.result import Result

Floats = NDArray[np.floating[Any]]


def energy_quantile(
    energy: Windows, known: NDArray[np.int64], each: Floats, counts: Floats, share: float, mean: Result | None
) -> Result | None:
    """Return a quantile over events with the common errors of the mean, scaled to its size.

    Its own noise: that of one event, over the square root of how many events lie within it of the
    quantile, since any of those may be the one that really stands there.
    """
    if mean is None or not has_tail(each.size, share):
        return None
    value = quantile(each, share)
    factor = value / mean.value if mean.value else 1.0
    if math.isinf(mean.high):  # readings at the end of the range: each event is known from below only
        low = mean.low * factor
        return Result.at_least(low, mean.unit, mean.grade) if low > 0 else None
    own = ("noise:", "gaps:")
    parts = {name: part * factor for name, part in mean.parts.items() if not name.startswith(own)}
    single = np.sqrt(energy.noise[known] ** 2 + energy.gaps[known] ** 2) / counts
    away = np.abs(each - value)
    squares = single[away.argsort()[: max(2, each.size // 10)]] ** 2
    size = math.sqrt(float(squares.sum() / squares.size))
    crowd = int(np.count_nonzero(away <= 1.25 * size))
    between = 2 if (each.size - 1) * share % 1 else 1
    name = next((n for n in mean.parts if n.startswith("noise:")), "noise:event")
    parts[f"{name} q{share:g}"] = size / math.sqrt(max(between, crowd * 2 / math.pi))
    limits = limit_names(energy.integral.trace.errors)
    shape = Shape(floor=energy.floor, ceiling=energy.ceiling)
    return budget(value, mean.unit, parts, grade=mean.grade, limits=limits, shape=shape)
