"""Two sides against each other: difference, ratio, interval, effect size and whether that is a difference.

Both sides were measured with errors of the sensor and vary from repeat to repeat.  What the two
share (the gain of one sensor) cancels in the ratio; what they do not share does not.  Where the
repeats come from is in `sides.py`; how many more would tell is in `planning.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from powermeter.analysis.uncertainty import budget, coverage, student_95
from powermeter.comparison.designs import IN_SPREAD, Side, Spread, by_block, pairs, unpaired
from powermeter.comparison.sample_size import Plan, t_tail
from powermeter.errors import DataError
from powermeter.result import Grade, Result, worst

LEVEL = 0.04
"""A verdict is given where chance alone would do so in at most 4 % of comparisons of equals: one percent
is kept back for what the spread between few repeats does not tell of itself."""

_PROPORTIONAL = ("gain:", "model:")
_NEVER_SHARED = ("edges:", "gaps:", "quantisation:")


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
        start = f"{self.right} against {self.left}: cannot tell" + (
            f" ({_percent(self.ratio)})" if self.ratio else ""
        )
        if self.design == "single":
            return f"{start}: without repeats nobody knows how much they vary; three a side are the least"
        if self.repeats_needed is None:
            return f"{start}; no number of such repeats would tell a difference of this size"
        return f"{start}; {self.repeats_needed:,} repeats a side would tell a difference of this size"

    def at(self, level: float, told: bool) -> Contrast:
        """Return this with another verdict, and the plan behind it at another chance of a false one."""
        verdict = _direction(self.difference.value) if told else "cannot tell"
        plan = replace(self.plan, level=level) if self.plan else None
        return replace(
            self,
            verdict=verdict,
            plan=plan,
            detectable=plan.detectable() if plan else None,
            repeats_needed=_needed(plan, self.difference.value, self.mean_left.value * self.margin, verdict),
        )


def _percent(ratio: Result) -> str:
    return (
        f"{(ratio.value - 1) * 100:+.3g} %, {(ratio.low - 1) * 100:+.3g} to {(ratio.high - 1) * 100:+.3g} %"
    )


def _direction(change: float) -> str:
    return "less" if change < 0 else "more"


def _needed(plan: Plan | None, change: float, margin: float, verdict: str) -> int | None:
    if verdict != "cannot tell":
        return 0
    return plan.repeats(abs(change) - abs(margin)) if plan else None


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
        raise DataError(
            f"{left.name} is in {left.unit}, {right.name} in {right.unit}: they cannot be compared"
        )
    for side in (left, right):
        if side.told is None and not np.isfinite(side.values).any():
            raise DataError(f"{side.name}: nothing is known of it")
    if left.told is not None or right.told is not None:
        if paired or left.blocks or right.blocks:
            raise DataError(
                f"{left.name} and {right.name}: too short for their meter; only means are known, not pairs"
            )
        spread = unpaired(left, right)
    elif paired:
        spread = pairs(left, right, "paired")
    elif paired is None and left.blocks and right.blocks:
        spread = pairs(*by_block(left, right), "blocks")
    else:
        spread = unpaired(left, right)
    return _conclude(left, right, spread, margin)


def _conclude(left: Side, right: Side, s: Spread, margin: float) -> Contrast:
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
        plan = Plan(
            seeming * math.sqrt(s.variance), systematic, s.freedom, (s.counts[0] + s.counts[1]) / 2, LEVEL
        )
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
    """Return the sensor's errors of a side's mean; those of a shared sensor keep their name."""
    parts: dict[str, float] = {}
    limits: set[str] = set()
    if side.mean is None:
        return parts, limits
    size = mean / side.mean.value if side.mean.value else 1.0
    for name, part in side.mean.parts.items():
        if name.startswith(IN_SPREAD) or not part:
            continue  # the spread between repeats holds it
        key = name if shared and not name.startswith(_NEVER_SHARED) else f"{name} of {side.name}"
        parts[key] = part * (size if name.startswith(_PROPORTIONAL) else 1.0)
        if name in side.limits:
            limits.add(key)
    return parts, limits


def _against(a: Mapping[str, float], b: Mapping[str, float], ratio: float) -> dict[str, float]:
    """Return the parts of right − ratio × left."""
    return {name: b.get(name, 0.0) - ratio * a.get(name, 0.0) for name in {**a, **b}}


def _mean(
    side: Side, value: float, variance: float, s: Spread, parts: Mapping[str, float], limits: set[str]
) -> Result:
    own = f"repeats:{side.name}"
    whole = {**parts, own: math.sqrt(variance)}
    if s.design == "single" and side.mean is not None:
        whole = {**parts, **{n: p for n, p in side.mean.parts.items() if n.startswith("noise:")}}
    freedom = s.freedom / 2 if s.design == "unpaired" else s.freedom
    counted = {own: max(freedom, 1.0)} if math.isfinite(freedom) else {}
    return budget(value, side.unit, whole, grade=side.grade, limits=limits, counted=counted)


def _ratio(
    s: Spread, a: Mapping[str, float], b: Mapping[str, float], limits: set[str], own: str, grade: Grade
) -> Result | None:
    """Return right / left: every R for which right − R × left may be 0 (Fieller 1954), so not always centred.

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
    """Return `96 %`: how sure a verdict is."""
    return f"{(1 - level) * 100:.3g} %"
