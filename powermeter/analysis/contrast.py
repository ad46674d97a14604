"""Two sides against each other: difference, ratio, interval, effect size and whether that is a difference.

Both sides were measured with errors of the sensor and vary from repeat to repeat.  What the two
share (the gain of one sensor) cancels in the ratio; what they do not share does not.  Where the
repeats come from is in `sides.py`; how many more would tell is in `planning.py`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.planning import Plan, t_tail
from powermeter.analysis.repeats import warm_up
from powermeter.analysis.uncertainty import budget, coverage, student_95
from powermeter.errors import DataError
from powermeter.result import Grade, Result, worst

Floats = NDArray[np.floating[Any]]

LEVEL = 0.04
"""A verdict is given where chance alone would do so in at most 4 % of comparisons of equals: one percent
is kept back for what the spread between few repeats does not tell of itself."""

_PROPORTIONAL = ("gain:", "model:")
_IN_SPREAD = ("noise:", "repeats:")
_NEVER_SHARED = ("edges:", "gaps:", "quantisation:")


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
class Contrast:
    """What two sides say about each other: always right against left.

    Attributes:
        left, right: Their names.
        mean_left, mean_right: Their means with all their errors.
        difference: right − left.
        ratio: right / left, by Fieller's theorem; None where left may be 0.
        effect: The difference over the standard deviation of a repeat (Cohen's d); None without spread.
        p_value: How often equals would differ as much by chance (and more than `margin`), 0 to 1.
        verdict: `less`, `more` or `cannot tell`.
        design: `unpaired`, `paired`, `blocks`, or `single` where a side has no repeats to vary.
        repeats_left, repeats_right: How many repeats stand behind it, warm-up left out.
        warmup_left, warmup_right: How many were left out.
        drift_per_s: Drift in `difference.unit` per s that a block design took out; None elsewhere.
        repeats_needed: Repeats per side at which the difference seen would be told in 80 % of cases; 0
            where it is told; None where no number of them would do, or nothing is known of the spread.
        detectable: The smallest difference that as many repeats tell in 80 % of cases, in
            `difference.unit`; None where nothing is known of the spread.
        shared: Whether the sensor's errors are common to both sides.
        margin: Difference, relative to left, that was not to count.
        plan: What `repeats_needed` was worked out from, for other differences.
    """

    left: str
    right: str
    mean_left: Result
    mean_right: Result
    difference: Result
    ratio: Result | None
    effect: float | None
    p_value: float | None
    verdict: str
    design: str
    repeats_left: int
    repeats_right: int
    warmup_left: int
    warmup_right: int
    drift_per_s: float | None
    repeats_needed: int | None
    detectable: float | None
    shared: bool
    margin: float
    plan: Plan | None

    @property
    def text(self) -> str:
        """One sentence."""
        if self.verdict != "cannot tell":
            size = f" ({_percent(self.ratio)})" if self.ratio else ""
            return f"{self.right}: {self.verdict} than {self.left}{size}"
        start = f"{self.right} against {self.left}: cannot tell" + (f" ({_percent(self.ratio)})" if self.ratio else "")
        if self.design == "single":
            return f"{start}: without repeats nobody knows how much they vary; three a side are the least"
        if self.repeats_needed is None:
            return f"{start}; no number of such repeats would tell a difference of this size"
        return f"{start}; {self.repeats_needed:,} repeats a side would tell a difference of this size"

    def at(self, level: float, told: bool) -> Contrast:
        """Give this with another verdict, and the plan behind it at another chance of a false one."""
        verdict = _direction(self.difference.value) if told else "cannot tell"
        plan = replace(self.plan, level=level) if self.plan else None
        return replace(
            self, verdict=verdict, plan=plan, detectable=plan.detectable() if plan else None,
            repeats_needed=_needed(plan, self.difference.value, self.mean_left.value * self.margin, verdict),
        )  # fmt: skip


def _percent(ratio: Result) -> str:
    return f"{(ratio.value - 1) * 100:+.3g} %, {(ratio.low - 1) * 100:+.3g} to {(ratio.high - 1) * 100:+.3g} %"


def _direction(change: float) -> str:
    return "less" if change < 0 else "more"


def _needed(plan: Plan | None, change: float, margin: float, verdict: str) -> int | None:
    if verdict != "cannot tell":
        return 0
    return plan.repeats(abs(change) - abs(margin)) if plan else None


@dataclass(frozen=True, slots=True)
class _Spread:
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


def contrast(left: Side, right: Side, *, paired: bool | None = None, margin: float = 0.0) -> Contrast:
    """Compare two sides.

    Args:
        paired: Whether the n-th repeat of one belongs to the n-th of the other (same input, one after
            the other).  None: blocks where both have them, else unpaired.
        margin: A difference up to this share of the left side's mean gets no verdict.

    Raises:
        DataError: No repeats on a side, units that differ, or pairs that do not match.
    """
    if left.unit != right.unit:
        raise DataError(f"{left.name} is in {left.unit}, {right.name} in {right.unit}: they cannot be compared")
    for side in (left, right):
        if side.told is None and not np.isfinite(side.values).any():
            raise DataError(f"{side.name}: nothing is known of it")
    if left.told is not None or right.told is not None:
        if paired or left.blocks or right.blocks:
            raise DataError(f"{left.name} and {right.name}: too short for their meter; only means are known, not pairs")
        spread = _unpaired(left, right)
    elif paired:
        spread = _pairs(left, right, "paired")
    elif paired is None and left.blocks and right.blocks:
        spread = _pairs(*_by_block(left, right), "blocks")
    else:
        spread = _unpaired(left, right)
    return _conclude(left, right, spread, margin)


def _unpaired(left: Side, right: Side) -> _Spread:
    """Welch's comparison of two means, each with its own spread and memory between neighbours.

    A side of one repeat borrows the spread of the other.
    """
    a, b = _one(left), _one(right)
    if not math.isfinite(a[1]) and not math.isfinite(b[1]):
        return _Spread(a[0], b[0], 0.0, 0.0, 0.0, math.inf, 0.0, "single", (a[3], b[3]), (a[4], b[4]))
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
    return _Spread(a[0], b[0], va, vb, 0.0, freedom, pooled, "unpaired", (a[3], b[3]), (a[4], b[4]))


def _one(side: Side) -> tuple[float, float, float, int, int, float]:
    """Give mean, standard deviation, effective number, number, warm-up and degrees of freedom of a side."""
    if side.told is not None and side.mean is not None:
        own = [p for n, p in side.mean.parts.items() if n.startswith(_IN_SPREAD)]
        return side.mean.value, math.sqrt(sum(p * p for p in own)), 1.0, int(side.values.size), 0, side.told
    values = side.values[np.isfinite(side.values)]
    first = 0 if side.separate or not side.warmup else warmed(values)
    values = values[first:]
    n = int(values.size)
    deviation = float(values.std(ddof=1)) if n > 1 else math.inf
    worth = float(n) if side.separate else n / memory(values - values.mean())
    return float(values.mean()), deviation, worth, n, first, max(worth - 1, 1.0)


def memory(rest: Floats) -> float:
    """Give by what factor neighbours that resemble each other raise the variance of a mean, at least 1.

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
    """Give how many of the first values are a warm-up.

    What `repeats.warm_up` proposes, where these differ from the rest by more than three standard
    errors, the memory of the rest allowed for.
    """
    first = warm_up(values)
    head, tail = values[:first], values[first:]
    if not first or tail.size < 3:
        return 0
    error = float(tail.std(ddof=1)) * math.sqrt(memory(tail - tail.mean()) * (1 / head.size + 1 / tail.size))
    return first if abs(float(head.mean() - tail.mean())) > 3 * error else 0


def _by_block(left: Side, right: Side) -> tuple[Side, Side]:
    """Give both sides with one mean per block that both have; what drifts from block to block falls out."""

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


def _pairs(left: Side, right: Side, design: str) -> _Spread:
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
    return _Spread(
        a - off, b + off, float(centred[0, 0]) * scale, float(centred[1, 1]) * scale, float(centred[0, 1]) * scale,
        freedom, pooled, design, (n, n), (0, 0), drift,
    )  # fmt: skip


def _trend(times: Floats, values: Floats) -> tuple[float, float]:
    """Give the slope of a line and its standard uncertainty, the memory of what is left allowed for."""
    t = times - times.mean()
    square = float(t @ t)
    if square <= 0:
        return 0.0, 0.0
    slope = float(t @ values) / square
    rest = values - values.mean() - slope * t
    return slope, math.sqrt(float(rest @ rest) / max(times.size - 2, 1) / square * memory(rest))


def _conclude(left: Side, right: Side, s: _Spread, margin: float) -> Contrast:
    """Add the sensor's errors to the spread, and judge."""
    shared = bool(left.instrument) and left.instrument == right.instrument
    grade = worst((left.grade, right.grade))
    parts_a, limits_a = _sensor(left, s.left, shared)
    parts_b, limits_b = _sensor(right, s.right, shared)
    limits = limits_a | limits_b
    change = s.right - s.left
    own = f"repeats:{left.name} and {right.name}"
    sensor = _against(parts_a, parts_b, 1.0)
    counted = {own: s.freedom} if math.isfinite(s.freedom) else {}
    difference = budget(
        change, left.unit, {**sensor, own: math.sqrt(s.variance)}, grade=grade, limits=limits, counted=counted
    )
    systematic = math.sqrt(sum(p * p for p in sensor.values()))
    plan = p_value = None
    if s.design != "single":
        half = (difference.high - difference.low) / 2
        variance = s.variance + systematic**2
        effective = s.freedom * (variance / s.variance) ** 2 if s.variance > 0 else math.inf
        beyond = max(abs(change) - margin * abs(s.left), 0.0)
        p_value = 1.0 if not half or not beyond else t_tail(beyond / half * student_95(effective), effective)
        p_value = 0.0 if beyond and not half else p_value
        # Longer series show a little memory where there is none (see `planning.repeats_to_tell`).
        seeming = 1.0 if left.separate and right.separate else 1.05
        plan = Plan(seeming * math.sqrt(s.variance), systematic, s.freedom, (s.counts[0] + s.counts[1]) / 2, LEVEL)
    told = p_value is not None and p_value <= LEVEL
    verdict = _direction(change) if told else "cannot tell"
    return Contrast(
        left=left.name,
        right=right.name,
        mean_left=_mean(left, s.left, s.variance_left, s, parts_a, limits),
        mean_right=_mean(right, s.right, s.variance_right, s, parts_b, limits),
        difference=difference,
        ratio=_ratio(s, parts_a, parts_b, limits, own, grade),
        effect=change / s.pooled if s.pooled > 0 else None,
        p_value=p_value,
        verdict=verdict,
        design=s.design,
        repeats_left=s.counts[0],
        repeats_right=s.counts[1],
        warmup_left=s.warmups[0],
        warmup_right=s.warmups[1],
        drift_per_s=s.drift,
        repeats_needed=_needed(plan, change, s.left * margin, verdict),
        detectable=plan.detectable() if plan else None,
        shared=shared,
        margin=margin,
        plan=plan,
    )


def _sensor(side: Side, mean: float, shared: bool) -> tuple[dict[str, float], set[str]]:
    """Give the sensor's errors of a side's mean; those of a shared sensor keep their name."""
    parts: dict[str, float] = {}
    limits: set[str] = set()
    if side.mean is None:
        return parts, limits
    size = mean / side.mean.value if side.mean.value else 1.0
    for name, part in side.mean.parts.items():
        if name.startswith(_IN_SPREAD) or not part:
            continue  # the spread between repeats holds it
        key = name if shared and not name.startswith(_NEVER_SHARED) else f"{name} of {side.name}"
        parts[key] = part * (size if name.startswith(_PROPORTIONAL) else 1.0)
        if name in side.limits:
            limits.add(key)
    return parts, limits


def _against(a: Mapping[str, float], b: Mapping[str, float], ratio: float) -> dict[str, float]:
    """Give the parts of right − ratio × left."""
    return {name: b.get(name, 0.0) - ratio * a.get(name, 0.0) for name in {**a, **b}}


def _mean(
    side: Side, value: float, variance: float, s: _Spread, parts: Mapping[str, float], limits: set[str]
) -> Result:
    own = f"repeats:{side.name}"
    whole = {**parts, own: math.sqrt(variance)}
    if s.design == "single" and side.mean is not None:
        whole = {**parts, **{n: p for n, p in side.mean.parts.items() if n.startswith("noise:")}}
    freedom = s.freedom / 2 if s.design == "unpaired" else s.freedom
    counted = {own: max(freedom, 1.0)} if math.isfinite(freedom) else {}
    return budget(value, side.unit, whole, grade=side.grade, limits=limits, counted=counted)


def _ratio(
    s: _Spread, a: Mapping[str, float], b: Mapping[str, float], limits: set[str], own: str, grade: Grade
) -> Result | None:
    """Give right / left: every R for which right − R × left may be 0 (Fieller 1954), so not always centred.

    None where left itself may be 0: no ratio is ruled out then.
    """
    if not s.left:
        return None
    value = s.right / s.left
    parts = {name: part / s.left for name, part in _against(a, b, value).items()}
    variance = max(s.variance_right - 2 * value * s.covariance + value**2 * s.variance_left, 0.0)
    parts[own] = math.sqrt(variance) / abs(s.left)
    parts = {name: part for name, part in parts.items() if abs(part) > 1e-15}
    total = sum(p * p for p in parts.values())
    if not total:
        return Result.of(value, "1", {}, grade)
    effective = s.freedom * (total / parts[own] ** 2) ** 2 if parts.get(own) else math.inf
    largest = max((abs(parts[name]) for name in limits if name in parts), default=0.0)
    k = coverage(total, largest, effective)
    names = {**a, **b}
    aa = s.variance_left + sum(a.get(n, 0.0) ** 2 for n in names)
    bb = s.variance_right + sum(b.get(n, 0.0) ** 2 for n in names)
    ab = s.covariance + sum(a.get(n, 0.0) * b.get(n, 0.0) for n in names)
    square = s.left**2 - k * k * aa
    cross = s.left * s.right - k * k * ab
    root = cross**2 - square * (s.right**2 - k * k * bb)
    if square <= 0 or root < 0:
        return None
    low, high = (cross - math.sqrt(root)) / square, (cross + math.sqrt(root)) / square
    return Result(value, "1", min(low, value), max(high, value), grade, parts)


def sure(level: float = LEVEL) -> str:
    """Give `96 %`: how sure a verdict is."""
    return f"{(1 - level) * 100:.3g} %"


