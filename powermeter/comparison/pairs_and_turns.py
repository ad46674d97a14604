"""What the repeats of two sides show: means, the variance of their difference, degrees of freedom, by the design of the experiment.

The sensor's errors and the verdict are in `contrast.py`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.comparison import drift
from powermeter.errors import DataError, plural
from powermeter.result import Grade, Result

Floats = NDArray[np.floating[Any]]

IN_SPREAD = ("noise:", "repeats:")
"""Parts of a mean that the spread between its repeats contains already."""

OF_A_SIDE = " @ each recording of a side"
"""Ends the names of parts that the recordings of a side have in common, and the two sides have not: other work meets the same doubt otherwise."""

TURNS = 5
"""Stretches of one recording (A B B A has three) without which its sides do not count as having taken turns."""

_IN_TWOS = 2
"""Events in the longest stretch, up to which each counts by itself."""


class Design(str, Enum):
    """How the repeats were made, and so what is known about the programs."""

    TURNS = "in turns"  # the sides alternate: what drifts falls out
    ORDER = "in order"  # several recordings, one side after the other: a drift may look like a difference
    PAIRED = "paired"  # the same inputs on both sides
    ONE_RUN = "one run"  # a single recording before or after several: nothing shows whether a drift is the difference
    THESE_RUNS = "these runs"  # one recording a side: nothing is known about other runs
    SINGLE = "single"  # one value a side: only the meter's errors are known

    def __str__(self) -> str:
        return self.value

    @property
    def about_programs(self) -> bool:
        """Whether a difference is one of the programs, and not only of these runs."""
        return self in (Design.TURNS, Design.ORDER, Design.PAIRED)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes:
        name: For people.
        values: One number per repeat (J per inference); NaN where it is not known.
        unit: Theirs.
        mean: The mean as every report prints it, with its parts; None where only the spread counts.
        instrument: What measured it; sides with equal ones share their sensor's errors.
        grade: The grade of the values.
        keys: What pairs the repeats with those of the other side (an input's name); empty without.
        times_s: When each repeat was, in s, on a clock that both sides share; None where there is none.
        separate: Whether each repeat is a recording of its own.
        limits: Names of the parts of `mean` that are stated limits (rectangular).
        warmup: How many first events are left out of `values` already.
        resolved: Whether the values of single repeats are known, and not only their mean (by regression).
    """

    name: str
    values: Floats
    unit: str = "J"
    mean: Result | None = None
    instrument: str = ""
    grade: Grade = Grade.MEASURED
    keys: tuple[Hashable, ...] = ()
    times_s: Floats | None = None
    separate: bool = False
    limits: tuple[str, ...] = ()
    warmup: int = 0
    resolved: bool = True

    @property
    def known(self) -> Floats:
        """The values that are known."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True, slots=True)
class Spread:
    """What the repeats show.

    Attributes:
        left, right: The means that the ratio is made of; right − left is the difference.
        variance_left, variance_right: Of the two, so that their sum is the variance of the difference.
        freedom: Degrees of freedom behind it.
        one: Standard deviation of one repeat of a side, of the difference in pairs; for the effect size and for planning.
        design: How the repeats were made.
        counts: Repeats of both sides.
    """

    left: float
    right: float
    variance_left: float
    variance_right: float
    freedom: float
    one: float
    design: Design
    counts: tuple[int, int]

    @property
    def variance(self) -> float:
        """Of right − left."""
        return self.variance_left + self.variance_right


def in_time(left: Side, right: Side) -> Spread:
    """Return the difference of repeats in a known order, a drift or a wandering level allowed for; see `drift.py`.

    Several recordings without a time of day are taken as the left side's first, then the right side's.

    Raises:
        DataError: A side has no repeat.
    """
    values, whose, counts = _sequence(left, right)
    sides = [values[whose == i] for i in (0, 1)]
    if not all(side.size for side in sides):
        raise DataError(f"{left.name} and {right.name}: nothing is known of one of them")
    turns = int(np.count_nonzero(np.diff(whose))) + 1
    fewest = min(int(side.size) for side in sides)
    design = Design.TURNS if turns > 2 else Design.ORDER if fewest > 1 else Design.ONE_RUN
    found = drift.difference(values, whose == 1, counts)
    numbers = (int(left.known.size), int(right.known.size))
    if found is None:
        a, b = (float(np.average(values[whose == i], weights=counts[whose == i])) for i in (0, 1))
        return Spread(a, b, math.inf, math.inf, 1.0, 0.0, design, numbers)
    middle = float(np.average(values, weights=counts))
    share = float(counts[whose == 1].sum() / counts.sum())
    noises = found.noise_left**2, found.noise_right**2
    whole = sum(noises) or 1.0
    variance = found.uncertainty**2
    a = middle - share * found.difference
    split = noises[0] / whole if sum(noises) else 0.5
    return Spread(
        a,
        a + found.difference,
        variance * split,
        variance * (1 - split),
        found.freedom,
        found.repeat,
        design,
        numbers,
    )


def _sequence(left: Side, right: Side) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return values, sides and event counts in order of time; the events of one stretch of a side are one value, their mean.

    Events that take turns one by one or in twos (A B B A) stay as they are: their means would be half as many, and what those show of
    the spread far less.
    """
    kept = [np.isfinite(side.values) for side in (left, right)]
    values = np.concatenate([side.values[k] for side, k in zip((left, right), kept, strict=True)])
    whose = np.repeat([0, 1], [int(k.sum()) for k in kept])
    if left.times_s is not None and right.times_s is not None:
        order = np.argsort(np.concatenate([left.times_s[kept[0]], right.times_s[kept[1]]]), kind="stable")
        values, whose = values[order], whose[order]
    if left.separate or right.separate:
        return values, whose, np.ones(values.size)
    first = (
        np.concatenate([[0], np.flatnonzero(np.diff(whose)) + 1]) if values.size else np.empty(0, np.int64)
    )
    counts = np.diff(np.append(first, values.size)).astype(float)
    if counts.max(initial=0.0) <= _IN_TWOS:
        return values, whose, np.ones(values.size)
    return np.add.reduceat(values, first) / counts, whose[first], counts


def stretches(left: Side, right: Side) -> int:
    """Return how often the sides of one recording took over from each other, plus one; 0 without a common clock."""
    if left.times_s is None or right.times_s is None:
        return 0
    times = np.concatenate([left.times_s, right.times_s])
    whose = np.repeat([0, 1], [left.times_s.size, right.times_s.size])[np.argsort(times, kind="stable")]
    return int(np.count_nonzero(np.diff(whose))) + 1 if whose.size else 0


def in_pairs(left: Side, right: Side, design: Design) -> Spread:
    """Return the mean difference within pairs: the n-th of each side, or those with equal keys.

    Pairs of one recording may remember each other: see `memory`.

    Raises:
        DataError: The sides do not pair, or fewer than two pairs are complete.
    """
    x, y = _paired(left, right)
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    n = int(x.size)
    if n < 2:
        raise DataError(f"{left.name} and {right.name}: fewer than two pairs are complete")
    step = y - x
    rest = step - step.mean()
    widen = 1.0 if left.separate else memory(rest)
    one = float(step.std(ddof=1))
    variance = one**2 * widen / n
    return Spread(
        float(x.mean()),
        float(y.mean()),
        variance / 2,
        variance / 2,
        max(n / widen - 1, 1.0),
        one,
        design,
        (n, n),
    )


def _paired(left: Side, right: Side) -> tuple[Floats, Floats]:
    if left.keys and right.keys:
        a, b = (_by_key(side) for side in (left, right))
        common = [key for key in a if key in b]
        return np.array([a[key] for key in common]), np.array([b[key] for key in common])
    if left.values.size != right.values.size:
        raise DataError(
            f"{left.name} and {right.name}: {left.values.size} and {plural(right.values.size, 'repeat')} do not pair; "
            "compare them unpaired"
        )
    return left.values, right.values


def _by_key(side: Side) -> Mapping[Hashable, float]:
    """Return one mean for each key."""
    found: dict[Hashable, list[float]] = {}
    for key, value in zip(side.keys, side.values.tolist(), strict=True):
        if math.isfinite(value):
            found.setdefault(key, []).append(value)
    return {key: sum(values) / len(values) for key, values in found.items()}


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


def these_runs(left: Side, right: Side) -> Spread:
    """Return what one recording a side states about these two runs: the means that the reports print, and their scatter.

    A side of one event borrows the scatter of the other: one number reports nothing about how much it varies.
    """
    scatter = [_own(side) for side in (left, right)]
    counts = (int(left.known.size), int(right.known.size))
    many = [side for side, n in zip((left, right), counts, strict=True) if n > 1]
    if not many:
        (a, va, _, _), (b, vb, _, _) = scatter  # no repeat's spread holds their noise
        return Spread(a, b, va, vb, math.inf, 0.0, Design.SINGLE, counts)
    if len(many) == 1:
        lone = counts.index(min(counts))
        (value, noise, _, _), (_, _, freedom, one) = scatter[lone], scatter[1 - lone]
        scatter[lone] = (value, max(one**2, noise), freedom, one)
    (a, va, fa, sa), (b, vb, fb, sb) = scatter
    below = va**2 / fa + vb**2 / fb
    freedom = (va + vb) ** 2 / below if below > 0 else math.inf
    return Spread(a, b, va, vb, freedom, math.sqrt((sa**2 + sb**2) / 2), Design.THESE_RUNS, counts)


def _own(side: Side) -> tuple[float, float, float, float]:
    """Return mean, its variance from the repeats, degrees of freedom, and the standard deviation of one repeat.

    From the printed mean where it has parts for it, else from the values themselves.
    """
    values = side.known
    n = int(values.size)
    one = float(values.std(ddof=1)) if n > 1 and side.resolved else 0.0
    if side.mean is not None:
        parts = [p for name, p in side.mean.parts.items() if name.startswith(IN_SPREAD)]
        variance = sum(p * p for p in parts)
        stated = any(name.startswith("repeats:") for name in side.mean.parts)
        if stated or not side.resolved or n < 2:
            return side.mean.value, variance, float(max(n - 1, 1)), one or math.sqrt(variance * max(n, 1))
    mean = float(values.mean()) if side.mean is None else side.mean.value
    if n < 2:
        return mean, 0.0, 1.0, 0.0
    widen = memory(values - values.mean())
    return mean, one**2 * widen / n, max(n / widen - 1, 1.0), one


def without(side: Side, first: int) -> Side:
    """Return a side without its first repeats, which are a warm-up."""
    if not first:
        return side
    times = None if side.times_s is None else side.times_s[first:]
    return replace(side, values=side.values[first:], keys=side.keys[first:], times_s=times, warmup=first)
