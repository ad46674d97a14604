"""Where few readings or repeats carry most of an energy (wake-ups, spikes): their count is Poisson, and intervals follow it.

The skewness of a sum shows how few they are: a count k has the skewness 1/√k.
"""

from __future__ import annotations

import math

from powermeter.result import COVERAGE_95

MOST_LEAN = 2.0
"""The largest skewness that is taken to be shown: that of a count of a quarter."""
_FEW_CARRY = 0.2
"""From this skewness on few readings carry the energy: a count of 25."""


def bounded_lean(lean: float) -> float:
    """Return a skewness, no larger either way than `MOST_LEAN`."""
    return max(-MOST_LEAN, min(MOST_LEAN, lean))


def carriers(lean: float) -> int:
    """Return how many readings carry most of a sum of this skewness; 0 where it is not few."""
    return round(1 / lean**2) if abs(lean) > _FEW_CARRY else 0


def leaning_factors(lean: float) -> tuple[float, float]:
    """Return the coverage factors below and above for a sum whose skewness is `lean`.

    A count k has the skewness 1/√k; its exact limits (Garwood, Biometrika 28, 1936) in units of √k, by Wilson and
    Hilferty's cube root, serve every sum of as many contributions.  Both tend to 1.96.
    """
    size = abs(lean)
    if size < 0.03:
        return COVERAGE_95, COVERAGE_95
    count = 1 / (size * size)
    z = COVERAGE_95
    low = count * max(1 - 1 / (9 * count) - z / (3 * math.sqrt(count)), 0.0) ** 3
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + z / (3 * math.sqrt(count + 1))) ** 3
    # A large sum was seen by a count above its mean: the truth lies lower by less and higher by more.
    factors = (count - low) / math.sqrt(count), (high - count) / math.sqrt(count)
    return factors if lean > 0 else factors[::-1]
