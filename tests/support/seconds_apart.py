"""Readings a second apart, with holes, as what is integrated."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.integral import Integral
from powermeter.channel import Gap
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def integral(values: list[float] | np.ndarray, *holes: tuple[int, int], **more: float) -> Integral:
    """Readings a second apart, without those strictly between two stamps."""
    values = np.asarray(values, float)
    keep = np.ones(values.size, bool)
    for a, b in holes:
        keep[a + 1 : b] = False
    times = np.arange(values.size, dtype=np.int64)[keep] * NS
    gaps = [Gap(a * NS, b * NS, "no answer") for a, b in holes]
    return Integral.of(from_samples(times, values[keep], gaps=gaps, **more))
