"""How many repeats tell a difference, and which difference some repeats tell: the power of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from powermeter.errors import DataError

POWER = 0.8
"""Repeats are counted out so that the difference is told in this share of comparisons."""

_MOST = 10_000_000


@lru_cache(maxsize=4096)
def t_quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's t (scipy's `stdtrit`, Hill 1970); infinite freedom is the normal."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(share) if freedom > 1e6 else stdtrit(freedom, share))


def t_tail(t: float, freedom: float) -> float:
    """Return the probability that |Student's t| is larger than |t|."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(-abs(t)) if freedom > 1e6 else stdtr(max(freedom, 1.0), -abs(t))))


@dataclass(frozen=True, slots=True)
class Plan:
    """What some repeats have taught about how well others will tell.

    Attributes:
        spread: Standard uncertainty of the difference from the repeats so far.
        fixed: What no number of repeats shrinks: the sensor's errors in the difference.
        freedom: Degrees of freedom behind `spread`.
        count: How many repeats a side that was.
        level: The chance of a false verdict that the verdict will be given at.
    """

    spread: float
    fixed: float
    freedom: float
    count: float
    level: float

    def needs(self, repeats: float) -> float:
        """Return the difference that so many repeats a side tell in 80 % of cases.

        (t at 1 − level/2 + t at 0.8) × standard uncertainty.  The spread was itself learnt from few
        repeats, so that t has the degrees of freedom of these where they are fewer (Stein 1945).
        """
        more = repeats / self.count
        variance = self.spread**2 / more
        whole = variance + self.fixed**2
        freedom = max(min(self.freedom, self.freedom * more), 1.0)
        effective = freedom * (whole / variance) ** 2 if variance > 0 else math.inf
        return (t_quantile(1 - self.level / 2, effective) + t_quantile(POWER, effective)) * math.sqrt(whole)

    def detectable(self) -> float:
        """Return the smallest difference that as many repeats as before tell in 80 % of cases."""
        return self.needs(self.count)

    def repeats(self, difference: float) -> int | None:
        """Return the least number of repeats a side that tells a difference; None where none does."""
        if difference <= 0 or self.needs(_MOST) > difference:
            return None
        low, high = 1, _MOST
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.needs(middle) <= difference else (middle + 1, high)
        return max(low, 2)


def repeats_to_tell(
    relative: float, spread_relative: float, level: float = 0.04, *, separate: bool = False
) -> int:
    """Return the repeats a side, unpaired on one meter, that tell a relative difference in 80 % of cases.

    Args:
        relative: The difference to tell, over the mean (0.02).
        spread_relative: Standard deviation of one repeat over the mean, known beforehand.
        level: The chance of a false verdict.
        separate: Whether each repeat is a recording of its own.  Events of one recording need a few more:
            their memory is estimated, and one in six series without any seems to have some.

    Raises:
        DataError: There is no difference to tell, or the spread is negative.
    """
    if not relative or not math.isfinite(relative) or not spread_relative >= 0:
        raise DataError("a difference of nothing is not told by any number of repeats")
    n = 2
    while n < _MOST:
        t = t_quantile(1 - level / 2, 2 * n - 2) + t_quantile(POWER, 2 * n - 2)
        wanted = math.ceil(2 * (t * spread_relative / relative) ** 2 * (1.0 if separate else _seeming(n)))
        if wanted <= n:
            return n
        n = max(n + 1, min(wanted, int(n * 1.5)) if n < 50 else wanted)
    raise DataError(f"a difference of {relative:g} is too small to plan for")


def _seeming(n: int) -> float:
    """Return the mean factor that the memory estimated from n repeats without any raises a variance by.

    One in six exceeds its standard error 1/√n, and is then about twice that, the safe side included.
    """
    rho = min(2 / math.sqrt(n), 0.6)
    return 1 + 0.16 * 2 * rho / (1 - rho)
