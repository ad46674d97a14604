"""How long the events of a label take."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import has_tail, quantile


class Latencies(NamedTuple):
    """The mean, the median and two quantiles of how long events take, s; None where they take no time or are too few."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


def latencies(seconds: NDArray[np.floating[Any]]) -> Latencies:
    """Return them of events that last so many seconds each."""
    total = float(seconds.sum())
    if total <= 0:
        return Latencies()
    tails = (quantile(seconds, at) if has_tail(seconds.size, at) else None for at in (0.5, 0.95, 0.99))
    return Latencies(total / seconds.size, *tails)
