"""What single events of a label used: median, 95th percentile and spread."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy_quantiles import energy_quantile
from powermeter.analysis.quantiles import variance_of
from powermeter.analysis.resolution import is_one_by_one
from powermeter.analysis.windows import Windows
from powermeter.result import Result
from powermeter.result.bounds_in_print import is_printed_as_bound

_ROUNDED = 1e-9
"""Share of an energy that sums over a long run may be off by rounding: a day at 1 kHz loses about 1e-11 of its events'."""

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]


class SingleEvents(NamedTuple):
    """How the events of a label differ one by one.  None where that is not known: no event is resolved, or there are too few.

    Attributes:
        median, p95: Of the energy per item, in J.
        spread_j: Standard deviation of the same, in J.
    """

    median: Result | None
    p95: Result | None
    spread_j: float | None

    @classmethod
    def of(
        cls,
        energy: Windows,
        known: Indices,
        counted: Indices,
        each: Floats,
        counts: Floats,
        mean: Result | None,
    ) -> SingleEvents:
        """Return those of a label.

        Args:
            known: Positions in `energy` of its events of which an energy is known.
            counted: Of those whose energies are asked for: warm-up is left out.
            each: What each of `counted` used, J per item.
            counts: What part of its window's energy is one item: the energy over `each`.
            mean: What the events of `known` used per item, in J, counted as `each` is.
        """
        if mean is None or not is_one_by_one(energy, known):
            return cls(None, None, None)
        if known.size == each.size == 1:  # the one event is its own median
            return cls(mean, None, None)
        median, p95 = (energy_quantile(energy, counted, each, counts, share, mean) for share in (0.5, 0.95))
        spread = scatter(each) if each.size > 1 and not is_printed_as_bound(mean) else None
        return cls(median, p95, spread)


def scatter(values: Floats) -> float:
    """Return the standard deviation; 0 where it is no more than the sums behind the values round."""
    found = math.sqrt(variance_of(values))
    return 0.0 if found <= _ROUNDED * float(np.abs(values).max()) else found
