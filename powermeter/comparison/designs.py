"""What repeats say of two sides: means, their covariance and degrees of freedom, by the design of the experiment.

Unpaired, in pairs, or in blocks; the memory of neighbouring events and a warm-up are allowed for.  The
sensor's errors and the verdict are in `contrast.py`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.comparison.stopping import warm_up
from powermeter.errors import DataError
from powermeter.result import Grade, Result

Floats = NDArray[np.floating[Any]]

IN_SPREAD = ("noise:", "repeats:")
"""Parts of a mean that the spread between its repeats holds already."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes:
        name: For people.
        values: One number per repeat (J per inference), in order; NaN where it is not known.
        unit: Theirs.
        mean: The mean as measured, with the sensor's errors as parts; None where only the spread counts.
        instrument: What measured it; sides with equal ones share their sensor's errors.
        grade: The grade of the values.
        blocks: For a block design: which block (A, B side by side in time) each repeat belongs to.
        times_s: When each repeat was, in s, on a clock that both sides share; None where there is none.
        separate: Whether each repeat is a run of its own, so that neighbours have no memory of each
            other and the first is no warm-up.
        warmup: Whether a warm-up is looked for and left out.
        limits: Names of the parts of `mean` that are stated limits (rectangular).
        told: Where the repeats are not known one by one (a regression told their mean): degrees of
            freedom of the mean, whose own parts then count; None otherwise.
    """

    name: str
    values: Floats
    unit: str = "J"
    mean: Result | None = None
    instrument: str = ""
    grade: Grade = Grade.MEASURED
    blocks: tuple[Hashable, ...] = ()
    times_s: Floats | None = None
    separate: bool = False
    warmup: bool = True
    limits: tuple[str, ...] = ()
    told: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """What the repeats say: means, their covariance, degrees of freedom, and what a further repeat brings."""

    left: float
    right: float
    variance_left: float
    variance_right: float
    covariance: float
    freedom: float
    pooled: float
    design: str
    counts: tuple[int, int]
    warmups: tuple[int, int] = (0, 0)
    drift: float | None = None

    @property
    def variance(self) -> float:
        """Of right − left."""
        return max(self.variance_left + self.variance_right - 2 * self.covariance, 0.0)


def unpaired(left: Side, right: Side) -> Spread:
    """Welch's comparison of two means, each with its own spread and memory between neighbours.

    A side of one repeat borrows the spread of the other.
    """
    a, b = _one(left), _one(right)
    if not math.isfinite(a[1]) and not math.isfinite(b[1]):
        return Spread(a[0], b[0], 0.0, 0.0, 0.0, math.inf, 0.0, "single", (a[3], b[3]), (a[4], b[4]))
    borrowed = not (math.isfinite(a[1]) and math.isfinite(b[1]))
    variance = [a[1] ** 2, b[1] ** 2]
    if borrowed:
        known = min(variance)
        variance = [known, known]
    va, vb = variance[0] / a[2], variance[1] / b[2]
    if borrowed:
        freedom = max(a[5], b[5])
    else:
        lower = va**2 / a[5] + vb**2 / b[5]
        freedom = (va + vb) ** 2 / lower if lower > 0 else math.inf
    told = left.told is not None or right.told is not None
    pooled = 0.0 if told else math.sqrt(sum(variance) / 2)
    return Spread(a[0], b[0], va, vb, 0.0, freedom, pooled, "unpaired", (a[3], b[3]), (a[4], b[4]))


def _one(side: Side) -> tuple[float, float, float, int, int, float]:
    """Return mean, standard deviation, effective number, number, warm-up and degrees of freedom of a side."""
    if side.told is not None and side.mean is not None:
        own = [p for n, p in side.mean.parts.items() if n.startswith(IN_SPREAD)]
        return side.mean.value, math.sqrt(sum(p * p for p in own)), 1.0, int(side.values.size), 0, side.told
    values = side.values[np.isfinite(side.values)]
    first = 0 if side.separate or not side.warmup else warmed(values)
    values = values[first:]
    n = int(values.size)
    deviation = float(values.std(ddof=1)) if n > 1 else math.inf
    worth = float(n) if side.separate else n / memory(values - values.mean())
    return float(values.mean()), deviation, worth, n, first, max(worth - 1, 1.0)


def memory(rest: Floats) -> float:
    """Return by what factor neighbours that resemble each other raise the variance of a mean, at least 1.

    (1 + ρ)/(1 − ρ) for a first-order memory ρ: the lag-one correlation, its bias −(1 + 4ρ)/n taken off
    (Marriott and Pope 1954), and half a standard error on the safe side.  Where it is not larger than
    one standard error it counts as none.  n/factor is at least 2.
    """
    n = rest.size
    bottom = float(rest @ rest)
    if n < 5 or bottom <= 0:
        return 1.0
    rho = min((n * float(rest[1:] @ rest[:-1]) / bottom + 1) / (n - 4), 0.95)
    error = math.sqrt(max(1 - rho * rho, 0.0) / n)
    if rho <= error:
        return 1.0
    rho = min(rho + error / 2, 0.95)
    return min((1 + rho) / (1 - rho), n / 2)


def warmed(values: Floats) -> int:
    """Return how many of the first values are a warm-up.

    What `repeats.warm_up` proposes, where these differ from the rest by more than three standard
    errors, the memory of the rest allowed for.
    """
    first = warm_up(values)
    head, tail = values[:first], values[first:]
    if not first or tail.size < 3:
        return 0
    error = float(tail.std(ddof=1)) * math.sqrt(memory(tail - tail.mean()) * (1 / head.size + 1 / tail.size))
    return first if abs(float(head.mean() - tail.mean())) > 3 * error else 0


def by_block(left: Side, right: Side) -> tuple[Side, Side]:
    """Return both sides with one mean per block that both have; what drifts from block to block falls out."""

    def means(side: Side, of: Floats) -> dict[Hashable, float]:
        found: dict[Hashable, list[float]] = {}
        for block, value, other in zip(side.blocks, side.values.tolist(), of.tolist(), strict=True):
            if math.isfinite(value):
                found.setdefault(block, []).append(other)
        return {block: sum(v) / len(v) for block, v in found.items()}

    a, b = means(left, left.values), means(right, right.values)
    common = [block for block in a if block in b]
    if len(common) < 2:
        raise DataError(f"{left.name} and {right.name}: fewer than two blocks hold both sides")

    def kept(side: Side, values: Mapping[Hashable, float]) -> Side:
        times = None
        if side.times_s is not None:
            when = means(side, side.times_s)
            times = np.array([when[k] for k in common])
        return replace(side, values=np.array([values[k] for k in common]), blocks=(), times_s=times)

    return kept(left, a), kept(right, b)


def pairs(left: Side, right: Side, design: str) -> Spread:
    """Compare within pairs; where it is known when each half was, a steady drift is taken out too.

    d = δ + γ (t_right − t_left) + noise.  Where the order changes between pairs (ABBA) γ comes from the
    same fit; where it does not (ABAB), from the trend of the pairs' means over the whole time.
    """
    if left.values.size != right.values.size:
        raise DataError(
            f"{left.name} and {right.name}: {left.values.size} and {right.values.size} repeats do not pair; "
            "compare them unpaired"
        )
    keep = np.isfinite(left.values) & np.isfinite(right.values)
    x, y = left.values[keep], right.values[keep]
    n = int(x.size)
    if n < 2:
        raise DataError(f"{left.name} and {right.name}: fewer than two pairs are complete")
    step = y - x
    change, freedom, extra, drift = float(step.mean()), n - 1.0, 0.0, None
    rest = step - change
    leverage = 1 / n
    if left.times_s is not None and right.times_s is not None and n >= 5:
        shift = right.times_s[keep] - left.times_s[keep]
        middle = (right.times_s[keep] + left.times_s[keep]) / 2
        apart = shift - shift.mean()
        if float(apart @ apart) > 0.1 * float(shift @ shift):
            drift = float(apart @ step / (apart @ apart))
            change -= drift * float(shift.mean())
            rest = step - change - drift * shift
            leverage += float(shift.mean()) ** 2 / float(apart @ apart)
            freedom = n - 2.0
        else:
            drift, slope_u = _trend(middle, (x + y) / 2)
            change -= drift * float(shift.mean())
            extra = (slope_u * float(shift.mean())) ** 2
    deviation = math.sqrt(float(rest @ rest) / freedom)
    widen = 1.0 if left.separate else memory(rest)
    freedom = max(freedom / widen, 1.0)
    variance = deviation**2 * leverage * widen + extra
    centred = np.cov(x, y) if n > 1 else np.zeros((2, 2))
    plain = float(centred[0, 0] + centred[1, 1] - 2 * centred[0, 1])
    # The two variances keep their shape and are scaled so that the difference has the variance just found.
    scale = variance / plain if plain > 0 else 0.0
    a, b = float(x.mean()), float(y.mean())
    off = (change - (b - a)) / 2
    pooled = math.sqrt(float(centred[0, 0] + centred[1, 1]) / 2)
    return Spread(
        a - off,
        b + off,
        float(centred[0, 0]) * scale,
        float(centred[1, 1]) * scale,
        float(centred[0, 1]) * scale,
        freedom,
        pooled,
        design,
        (n, n),
        (0, 0),
        drift,
    )


def _trend(times: Floats, values: Floats) -> tuple[float, float]:
    """Return the slope of a line and its standard uncertainty, the memory of what is left allowed for."""
    t = times - times.mean()
    square = float(t @ t)
    if square <= 0:
        return 0.0, 0.0
    slope = float(t @ values) / square
    rest = values - values.mean() - slope * t
    return slope, math.sqrt(float(rest @ rest) / max(times.size - 2, 1) / square * memory(rest))
