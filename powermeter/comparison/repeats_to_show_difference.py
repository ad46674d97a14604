"""How many repeats show a difference, and which difference some repeats show: the statistical power of a comparison.

All numbers are for sides that take turns (A B B A): nothing else is worth planning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from powermeter.analysis.student_t import t_quantile
from powermeter.comparison.verdict import LEVEL
from powermeter.errors import DataError

POWER = 0.8
"""Repeats are counted out so that the difference is found in this share of comparisons."""

LEAST = 3
"""Repeats a side without which no comparison is planned."""

DRIFT_COST = 1.75
"""What allowing for a drift costs: the half-width is 1 + 1.75/n times that of a t-test with n repeats a side.

Measured on independent repeats in turns (A B B A), 3 to 100 a side; 1.73/3 at 3, 1.6/10 at 10, 0.9/30 at 30."""

_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class RepeatPlan:
    """What some repeats have shown about how much others will show.

    Attributes:
        spread: Standard deviation of one repeat of a side, in the unit of what is compared.
        fixed: Standard uncertainty of the difference from what no number of repeats shrinks: the sensors' errors.
        freedom: Degrees of freedom behind `spread`; infinity where it is known beforehand.
        count: Repeats a side that it was learnt from.
        level: The chance of a false verdict.
        pairs: Whether repeats come in pairs (the same input on both sides); `spread` is then that of their difference.
    """

    spread: float
    fixed: float
    freedom: float
    count: float
    level: float = LEVEL
    pairs: bool = False

    def needs(self, repeats: float) -> float:
        """Return the difference that so many repeats a side show in 80 % of cases.

        (t at 1 − level/2 + t at 0.8) × standard uncertainty.  Where the spread was itself learnt from few repeats, t has
        their degrees of freedom (Stein 1945).
        """
        share = 1.0 if self.pairs else 2.0
        own = repeats - 1 if self.pairs else 2 * repeats - 3
        cost = 1.0 if self.pairs else 1 + DRIFT_COST / repeats
        variance = share * (self.spread * cost) ** 2 / repeats
        whole = variance + self.fixed**2
        freedom = max(min(self.freedom, own), 1.0)
        effective = freedom * (whole / variance) ** 2 if variance > 0 else math.inf
        return (t_quantile(1 - self.level / 2, effective) + t_quantile(POWER, effective)) * math.sqrt(whole)

    def detectable(self) -> float:
        """Return the smallest difference that as many repeats as before, in turns, show in 80 % of cases."""
        return self.needs(max(self.count, 2))

    def repeats(self, difference: float) -> int | None:
        """Return the least number of repeats a side, in turns, that shows a difference; None where none does."""
        if not difference > 0 or self.needs(_MOST) > difference:
            return None
        low, high = LEAST, _MOST
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.needs(middle) <= difference else (middle + 1, high)
        return low


def repeats_to_show(relative: float, spread_relative: float, level: float = LEVEL) -> int:
    """Return the repeats a side, in turns on one meter, that show a relative difference in 80 % of cases.

    Args:
        relative: The difference to find, over the mean (0.02).
        spread_relative: Standard deviation of one repeat over the mean, known beforehand.
        level: The chance of a false verdict.

    Raises:
        DataError: The difference is zero, the spread is negative, or it would take more than ten million repeats.
    """
    if not relative or not math.isfinite(relative) or not spread_relative >= 0:
        raise DataError("the difference to plan for must be non-zero, and the spread must not be negative")
    found = RepeatPlan(spread_relative, 0.0, math.inf, math.inf, level).repeats(abs(relative))
    if found is None:
        raise DataError(f"a difference of {relative:g} is too small to plan for")
    return found
