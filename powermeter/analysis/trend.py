"""Whether what an item uses goes on rising or falling over the events of a label: then their mean is not what the next one uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.student_t import t_quantile

Floats = NDArray[np.floating[Any]]

_LEAST = 8
_WORTH = 0.02  # of the mean, as of a warm-up
_DOUBT = 0.001  # chance alone shows a trend so often in a label
_CUT_SHORT = 0.05  # the same behind a warm-up that takes all that one may take: what decays goes on
_MOST_MEMORY = 0.95
_CLEARLY = 0.5  # of what the line leaves: a step that leaves less is what happened, and reaches from level to level only


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A line through what items use, in the order of their events.

    Attributes:
        change: From the first to the last event, or from one level to the other where it clearly is a step, J per item.
        mean: Of all, J per item.
        rests: What each event is off the line, or off the step that describes them better, J per item; shape (n,).
    """

    change: float
    mean: float
    rests: Floats

    @property
    def share(self) -> float:
        """The change over the mean."""
        return self.change / self.mean


def trend_of(terms: Floats, mean: float, warmup: int = 0) -> Trend | None:
    """Return the line through the energies of events that are no chance, or None.

    The slope must exceed what chance leaves once in a thousand labels (once in twenty where a warm-up took half of the events, the most it
    may: Student's t of n − 2 degrees of freedom), its standard error widened by √((1 + ρ)/(1 − ρ)) for rests that resemble the ones before them.

    What a step leaves counts as the rests where it is less than what the line leaves: a step is not memory.

    Args:
        terms: J per item, what each event is off the mean, in order; shape (n,).
        mean: J per item.
        warmup: How many events ahead of these are left out.
    """
    n = terms.size
    if n < _LEAST or not mean:
        return None
    x = np.arange(n) - (n - 1) / 2
    slope = float(x @ terms) / float(x @ x)
    change, rests = slope * (n - 1), terms - terms.mean() - slope * x
    step, behind = _two_levels(terms)
    square, stepped = float(rests @ rests), float(behind @ behind)
    if stepped < _CLEARLY * square:
        change = step
    if stepped < square:
        rests, square = behind, stepped
    if abs(change) < _WORTH * abs(mean):
        return None
    rho = float(rests[1:] @ rests[:-1]) / square if square > 0 else 0.0
    rho = min(max(rho, (n * rho + 1) / (n - 3), 0.0), _MOST_MEMORY)  # its bias, as `next_item`
    error = math.sqrt(square / (n - 2) / float(x @ x) * (1 + rho) / (1 - rho))
    doubt = _CUT_SHORT if warmup >= n else _DOUBT
    if abs(slope) <= t_quantile(1 - doubt / 2, n - 2) * error:
        return None
    return Trend(change, mean, rests)


def _two_levels(terms: Floats) -> tuple[float, Floats]:
    """Return the step from a mean to another that leaves least of some terms, and what it leaves."""
    n = terms.size
    first = np.arange(_LEAST // 2, n - _LEAST // 2 + 1)
    upto = np.cumsum(terms)[first - 1]
    explained = upto**2 / first + (terms.sum() - upto) ** 2 / (n - first)
    k = int(first[np.argmax(explained)])
    before, after = float(terms[:k].mean()), float(terms[k:].mean())
    return after - before, np.concatenate([terms[:k] - before, terms[k:] - after])
