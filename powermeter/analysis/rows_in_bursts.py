"""Readings that come two or more at once, again and again: neighbours show what changes within a burst, not what the pauses between leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.sampling_error import Scatter, scatter_of_line

Floats = NDArray[np.floating[Any]]

_FEWEST = 20  # bursts
_AS_MANY = 0.9  # of the bursts hold as many readings as most
_CLOSE = 0.25  # of a pause, that the steps within a burst take at most


def scatter_of_bursts(steps: Floats, values: Floats, weights: Floats, longest: float) -> Scatter:
    """Return the scatter of Σ of readings; of those that come in bursts that of the bursts' means, where it is larger.

    Args:
        steps: Between the readings, s.
        weights: The interval of each reading relative to the usual one.
        longest: Of these, the most that counts.
    """
    by_row = scatter_of_line(values, np.minimum(weights, longest))
    first = _first_of_bursts(steps)
    if first is None:
        return by_row
    lasts = np.add.reduceat(weights, first)
    usual = float(lasts.mean())
    by_burst = scatter_of_line(np.add.reduceat(values * weights, first) / lasts, lasts / usual).over(usual)
    return replace(by_burst, count=by_row.count) if by_burst.variance > by_row.variance else by_row


def _first_of_bursts(steps: Floats) -> NDArray[np.intp] | None:
    """Return the first reading of each burst; None where readings come one by one, or in bursts of any number."""
    if steps.size < 2 * _FEWEST:
        return None
    apart = steps > float(steps.mean())
    first = np.concatenate([[0], np.flatnonzero(apart) + 1])
    rows = np.diff(first)
    if rows.size < _FEWEST or apart.all():
        return None
    usual = float(np.median(rows))
    close = float(np.median(steps[~apart])) <= _CLOSE * float(np.median(steps[apart]))
    return first if close and usual >= 2 and float(np.mean(rows == usual)) >= _AS_MANY else None
