"""When enough repeats have been measured: warm-up left out, memory, skew, rare events and peeking allowed for.

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

from powermeter.analysis.rare_repeats import UNSEEN_COST, seen_at_once, unseen_cost
from powermeter.analysis.repeats_for_precision import IN_REACH
from powermeter.analysis.student_t import t_quantile
from powermeter.analysis.warmup import warm_up
from powermeter.errors import plural
from powermeter.units import format_short

Floats = NDArray[np.floating[Any]]

LEAST = 30
"""Repeats before the first look."""

LEAST_TO_DECIDE = 15
"""The same where it is only asked whether the mean is above a limit."""

DECIDING = 1.5
"""The interval excludes a limit by this times its reach before a series ends for it: there are twenty looks, and one that errs
ends it. Of series whose mean is the limit 1 to 3 % are above and 1 to 7 % below it at their end, as without looking."""

_GROWTH = 7 / 6
_PEEKING = 1.06
_STEADY = 2


@dataclass(frozen=True, slots=True)
class Settled:
    """What a series of repeats states.

    Attributes:
        mean: Of the repeats after the warm-up.
        low, high: Its 95 % interval, from the spread between repeats; never narrower above than what repeats of
            a kind that has not been seen yet may add (`unseen`).
        relative: The wider half over the mean; inf for a mean of 0.
        repeats: How many were measured.
        warmup: How many of them, from the first, are left out.
        effective: How many independent repeats the rest is worth.
        correlation: Of neighbouring repeats, the trend taken out.
        drift: Change per repeat, relative to the mean, where it is significant; otherwise 0.
        spread: Standard deviation of a repeat, the trend taken out.
        unseen: What repeats of a kind not seen yet may add to the mean.
        needed: Repeats (all in all) at which the wanted precision is expected; None where not asked.
    """

    mean: float
    low: float
    high: float
    relative: float
    repeats: int
    warmup: int
    effective: float
    correlation: float
    drift: float
    spread: float
    unseen: float
    needed: int | None = None

    @property
    def half_width(self) -> float:
        """The wider half of the 95 % interval."""
        return max(self.high - self.mean, self.mean - self.low)


def settle(
    values: Sequence[float] | Floats,
    durations: Sequence[float] | Floats | None = None,
    *,
    precision: float | None = None,
    looks: int = 1,
    calls: int = 1,
) -> Settled:
    """Return mean and interval of a series of repeats.

    The interval is Student's, corrected for skew (Johnson, JASA 73, 1978; Hall, JRSS B 54, 1992), with the degrees of freedom
    that the kurtosis leaves the variance: where few repeats carry most of the energy, their count is nearly Poisson
    and the interval reaches further up than down.

    Args:
        values: Of each repeat, in order (J per repeat).
        durations: Of the same repeats, by which the warm-up is found too.
        precision: The relative half-width wanted, for `needed`.
        looks: How often the series was looked at before it was ended; more than once widens the interval.
        calls: How many calls of the same thing one repeat is; with `durations`, each is a chance for something rare.
    """
    numbers = np.asarray(values, float)
    warm = warm_up(numbers, durations).count
    steady = numbers[warm:]
    steady = steady[np.isfinite(steady)]
    n = int(steady.size)
    mean = float(steady.mean()) if n else math.nan
    if n < 3:
        return Settled(
            mean, -math.inf, math.inf, math.inf, numbers.size, warm, float(n), 0.0, 0.0, math.nan, math.inf
        )
    x = np.arange(n) - (n - 1) / 2
    slope = float(x @ steady / (x @ x))
    plain = steady - mean
    left = plain - slope * x
    rho_left = _correlation(left)
    # A trend is believed where it is large against its own error, the memory of the noise allowed for.
    widen = math.sqrt((1 + rho_left) / (1 - rho_left))
    slope_u = math.sqrt(float(left @ left) / max(n - 2, 1) / float(x @ x)) * widen
    trended = abs(slope) > 4 * slope_u
    rest, lost = (left, 2) if trended else (plain, 1)
    rho = rho_left if trended else _correlation(plain)
    spread = math.sqrt(float(rest @ rest) / max(n - lost, 1))
    worth = min(max(n * (1 - rho) / (1 + rho), 2.0), float(n))
    down, up = (reach * (_PEEKING if looks > 1 else 1.0) for reach in _reach(rest, spread, worth, lost))
    chances = (
        1.0 if durations is None else seen_at_once(calls, float(np.median(np.asarray(durations, float))))
    )
    unseen = unseen_cost(mean, n * chances)
    up = max(up, unseen)
    low = (
        max(mean - down, 0.0) if float(steady.min()) >= 0 else mean - down
    )  # what cannot be negative stays so
    needed = None
    if precision is not None and mean:
        wanted = precision * abs(mean)
        scattered = (max(up if up > unseen else down, down) / wanted) ** 2 * n
        needed = warm + max(LEAST, math.ceil(scattered), math.ceil(unseen / wanted * n))
    return Settled(
        mean,
        low,
        mean + up,
        max(down, up) / abs(mean) if mean else math.inf,
        numbers.size,
        warm,
        worth,
        rho,
        slope / mean if trended and mean else 0.0,
        spread,
        unseen,
        needed,
    )


def _reach(rest: Floats, spread: float, worth: float, lost: int) -> tuple[float, float]:
    """Return how far the interval reaches down and up from the mean."""
    if spread <= 0:
        return 0.0, 0.0
    square = float(np.mean(rest**2))
    kurtosis, skew = float(np.mean(rest**4)) / square**2, float(np.mean(rest**3)) / square**1.5
    # The variance of a variance is (κ − 1)/n: it has the degrees of freedom of a normal one of 2n/(κ − 1).
    freedom = max(min(worth - lost, 2 * worth / max(kurtosis - 1, 1e-9)), 1.0)
    t = t_quantile(0.975, freedom)
    tilt = skew * (1 + 2 * t * t) / (6 * math.sqrt(worth))
    tilt = min(max(tilt, -t / 2), t / 2)  # the expansion is one of small corrections
    error = spread / math.sqrt(worth)
    return error * (t - tilt), error * (t + tilt)


def _correlation(left: Floats) -> float:
    """Return the lag-one correlation, its bias of −(1 + 4ρ)/n taken off (Marriott and Pope 1954), 0 to 0.95.

    Half a standard error on the safe side: too small a memory makes too narrow an interval.
    """
    bottom = float(left @ left)
    n = left.size
    if bottom <= 0 or n < 4:
        return 0.0
    rho = float(left[1:] @ left[:-1]) / bottom
    rho = (n * rho + 1) / (n - 4) if n > 8 else rho
    return min(max(rho + 0.5 * math.sqrt(max(1 - rho * rho, 0.0) / n), 0.0), 0.95)


class Stopping:
    """Decides after each repeat whether there are enough.

    Attributes:
        precision: The relative half-width of the 95 % interval to reach.
        looks: (repeats, relative half-width) at each look: the convergence plot.
        settled: The last look, its interval widened for the peeking; None before the first.
        reached: Whether the last two looks found the interval narrow enough.
        calls: How many calls of the same thing one repeat is.
    """

    def __init__(self, precision: float, least: int = LEAST) -> None:
        self.precision = precision
        self.looks: list[tuple[int, float]] = []
        self.settled: Settled | None = None
        self.reached = False
        self.calls = 1
        self._next = max(least, 8)
        self._narrow = 0

    def due(self, repeats: int) -> bool:
        """Return True if it is time to look."""
        return repeats >= self._next

    def look(
        self, values: Sequence[float] | Floats, durations: Sequence[float] | Floats | None = None
    ) -> bool:
        """Look at all repeats so far; return True if they are enough."""
        found = settle(values, durations, precision=self.precision, looks=2, calls=self.calls)
        self.settled = found
        self.looks.append((found.repeats, found.relative))
        self._next = max(self._next + 1, math.ceil(found.repeats * _GROWTH))
        steady = found.repeats - found.warmup >= max(_STEADY * found.warmup, LEAST // 2)
        self._narrow = self._narrow + 1 if steady and found.relative <= self.precision else 0
        self.reached = self._narrow >= 2
        return self.reached

    def excludes(self, limit: float) -> bool:
        """Return whether the last look shows on which side of a limit the mean lies, although each look may be the last."""
        s = self.settled
        return s is not None and (
            s.mean + DECIDING * (s.high - s.mean) < limit or s.mean - DECIDING * (s.mean - s.low) > limit
        )

    def advice(self) -> str:
        """Return what would narrow the interval further, in words."""
        s = self.settled
        if s is None or not math.isfinite(s.relative):
            return "too few repeats to tell; measure more"
        if s.unseen >= 0.99 * s.half_width and s.relative > self.precision:
            one_in = int(UNSEEN_COST * abs(s.mean) / s.unseen + 1e-9)
            return (
                f"about {plural(max((s.needed or 0) - s.repeats, 1), 'more repeat')}: the {s.repeats - s.warmup} so far are alike, but "
                f"{'most' if one_in < 2 else f'one in {one_in}'} may be of a kind not seen yet"
            )
        if abs(s.drift) * s.repeats > s.relative:
            return f"the energy drifts by {format_short(s.drift * 100, 2, plus=True)} % a repeat: let the device reach its temperature first"
        if s.correlation > 0.5:
            return (
                f"neighbouring repeats resemble each other ({s.repeats - s.warmup} are worth {s.effective:.0f}): "
                "spread them over a longer time"
            )
        if s.needed is not None and s.relative > self.precision:
            return _more(max(s.needed - s.repeats, 1), s.repeats - s.warmup)
        return "more repeats: the interval shrinks with the square root of their number"


def _more(repeats: int, steady: int) -> str:
    """Return how many more repeats it takes, or what else where they are out of reach or too few show it."""
    if repeats <= IN_REACH * steady:
        return f"about {plural(repeats, 'more repeat')}"
    if steady < LEAST:
        return f"at least {plural(LEAST, 'repeat')} after the warm-up: {steady} do not show how many it takes"
    return (
        "more work in each repeat, or a meter that reads faster or in finer steps: with this one it would take about "
        f"{plural(repeats, 'more repeat')}"
    )
