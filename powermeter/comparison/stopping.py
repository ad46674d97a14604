"""When enough repeats have been measured: warm-up cut off, memory between repeats and peeking allowed for.

The stopping rule looks at ever larger numbers of repeats (each a sixth more than the last), not at
every one, and stops when two looks in a row find the interval narrow enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.uncertainty import student_95
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]

LEAST = 30
_GROWTH = 7 / 6
_PEEKING = 1.06
_STEADY = 2


@dataclass(frozen=True, slots=True)
class Settled:
    """What a series of repeats says.

    Attributes:
        mean: Of the repeats after the warm-up.
        half_width: Of its 95 % interval, from the spread between repeats.
        relative: half_width over mean; inf for a mean of 0.
        repeats: How many were measured.
        warmup: How many of them, from the first, are left out.
        effective: How many independent repeats the rest is worth.
        correlation: Of neighbouring repeats, the trend taken out.
        drift: Change per repeat, relative to the mean, where it is significant; 0 else.
        spread: Standard deviation of a repeat, the trend taken out.
        needed: Repeats (all told) at which the wanted precision is expected; None where not asked.
    """

    mean: float
    half_width: float
    relative: float
    repeats: int
    warmup: int
    effective: float
    correlation: float
    drift: float
    spread: float
    needed: int | None = None

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.mean + self.half_width


def warm_up(*series: Sequence[float] | Floats, doubt: float = 2.5) -> int:
    """Return how many of the first repeats do not belong to the steady state, by all series together.

    The truncation that gives the least standard error of what is left (MSER, White, Simulation 69,
    1997), of at most half the repeats; for several series (energy, latency) the latest of them.  A
    cut that changes the mean by less than `doubt` standard errors is none.  What is cut is doubled: a
    decay goes on below the noise where the criterion stops to see it.
    """
    return max((_warm_up(np.asarray(one, float), doubt) for one in series), default=0)


def _warm_up(values: Floats, doubt: float) -> int:
    values = values[np.isfinite(values)]
    n = values.size
    if n < 8:
        return 0
    cuts = np.arange(0, n // 2 + 1)
    back = values[::-1]
    count = np.arange(1, n + 1)
    mean = np.cumsum(back) / count
    square = np.maximum(np.cumsum(back * back) / count - mean * mean, 0.0)
    rest = n - cuts
    score = square[rest - 1] / rest
    best = int(cuts[int(np.argmin(score))])
    if not best:
        return 0
    head, tail = values[:best], values[best:]
    error = float(tail.std(ddof=1)) * math.sqrt(1 / head.size + 1 / tail.size)
    return min(2 * best, n - 3) if abs(float(head.mean() - tail.mean())) > doubt * error else 0


def settle(
    values: Sequence[float] | Floats,
    *others: Sequence[float] | Floats,
    precision: float | None = None,
    cautious: bool = True,
) -> Settled:
    """Return mean and interval of a series of repeats.

    Args:
        values: Of each repeat, in order (J per repeat).
        others: Other series of the same repeats by which the warm-up is found too (latency).
        precision: The relative half-width wanted, for `needed`.
        cautious: For a series that is still being measured, where an interval too narrow ends the
            measurement.  False for one that is complete: memory counts where it is significant, a
            warm-up where it is beyond doubt.
    """
    numbers = np.asarray(values, float)
    warm = warm_up(numbers, *others, doubt=2.5 if cautious else 5.0)
    steady = numbers[warm:]
    steady = steady[np.isfinite(steady)]
    n = steady.size
    if n < 3:
        mean = float(steady.mean()) if n else math.nan
        return Settled(mean, math.inf, math.inf, numbers.size, warm, float(n), 0.0, 0.0, math.nan, None)
    mean = float(steady.mean())
    x = np.arange(n) - (n - 1) / 2
    slope = float(x @ steady / (x @ x))
    left = steady - mean - slope * x
    plain = steady - mean
    rho_left = _correlation(left, cautious)
    # A trend is believed where it is large against its own error, the memory of the noise allowed for.
    widen = math.sqrt((1 + rho_left) / (1 - rho_left))
    slope_u = float(np.sqrt(left @ left / max(n - 2, 1) / (x @ x))) * widen
    trended = abs(slope) > 4 * slope_u
    rest, lost = (left, 2) if trended else (plain, 1)
    rho = rho_left if trended else _correlation(plain, cautious)
    spread = math.sqrt(float(rest @ rest) / max(n - lost, 1))
    worth = n * (1 - rho) / (1 + rho)
    worth = min(max(worth, 2.0), float(n))
    half = student_95(max(worth - lost, 1.0)) * spread / math.sqrt(worth)
    relative = half / abs(mean) if mean else math.inf
    needed = None
    if precision is not None and mean:
        wanted = precision * abs(mean)
        needed = warm + max(LEAST, math.ceil((COVERAGE_95 * _PEEKING * spread / wanted) ** 2 * n / worth))
    return Settled(
        mean,
        half,
        relative,
        numbers.size,
        warm,
        worth,
        rho,
        slope / mean if trended and mean else 0.0,
        spread,
        needed,
    )


def _correlation(left: Floats, cautious: bool) -> float:
    """Return the lag-one correlation, its bias of −(1 + 4ρ)/n taken off (Marriott and Pope 1954), 0 to 0.95."""
    bottom = float(left @ left)
    n = left.size
    if bottom <= 0 or n < 4:
        return 0.0
    rho = float(left[1:] @ left[:-1]) / bottom
    rho = (n * rho + 1) / (n - 4) if n > 8 else rho
    if not cautious:
        return min(rho, 0.95) if rho > 2 / math.sqrt(n) else 0.0
    # Half a standard error on the safe side: too small a memory makes too narrow an interval.
    return min(max(rho + 0.5 * math.sqrt(max(1 - rho * rho, 0.0) / n), 0.0), 0.95)


class Stopping:
    """Decides after each repeat whether there are enough.

    Attributes:
        precision: The relative half-width of the 95 % interval to reach.
        looks: (repeats, relative half-width) at each look: the convergence plot.
        settled: The last look, its interval widened for the peeking; None before the first.
    """

    def __init__(self, precision: float, least: int = LEAST) -> None:
        self.precision = precision
        self.looks: list[tuple[int, float]] = []
        self.settled: Settled | None = None
        self._next = max(least, 8)
        self._narrow = 0

    def due(self, repeats: int) -> bool:
        """Tell whether it is time to look."""
        return repeats >= self._next

    def look(self, values: Sequence[float] | Floats, *others: Sequence[float] | Floats) -> bool:
        """Look at all repeats so far; tells whether they are enough."""
        found = settle(values, *others, precision=self.precision)
        half = found.half_width * _PEEKING
        relative = found.relative * _PEEKING
        self.settled = Settled(
            found.mean,
            half,
            relative,
            found.repeats,
            found.warmup,
            found.effective,
            found.correlation,
            found.drift,
            found.spread,
            found.needed,
        )
        self.looks.append((found.repeats, relative))
        self._next = max(self._next + 1, math.ceil(found.repeats * _GROWTH))
        steady = found.repeats - found.warmup >= max(_STEADY * found.warmup, LEAST // 2)
        self._narrow = self._narrow + 1 if steady and relative <= self.precision else 0
        return self._narrow >= 2

    def advice(self) -> str:
        """Say what would narrow the interval further."""
        s = self.settled
        if s is None or not math.isfinite(s.relative):
            return "too few repeats to say anything; measure more"
        if abs(s.drift) * s.repeats > s.relative:
            return f"the energy drifts by {s.drift * 100:+.2g} % a repeat: let the device reach its temperature first"
        if s.correlation > 0.5:
            return (
                f"neighbouring repeats resemble each other ({s.repeats - s.warmup} are worth {s.effective:.0f}): "
                "spread them over a longer time"
            )
        if s.needed is not None and s.relative > self.precision:
            return f"about {max(s.needed - s.repeats, 1)} more repeats"
        return "more repeats: the interval shrinks with the square root of their number"
