"""Two sides against each other: difference, ratio, interval, effect size and verdict.

Both sides were measured with errors of the sensor and vary from repeat to repeat.  What the two
share (the gain of one sensor) cancels in the ratio; what they do not share does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from powermeter.analysis.student_t import t_quantile, t_tail
from powermeter.analysis.uncertainty import SNAPSHOT_OR_MEAN, budget, coverage
from powermeter.comparison.pairs_and_turns import (
    IN_SPREAD,
    OF_A_SIDE,
    Design,
    Side,
    Spread,
    in_pairs,
    in_time,
    stretches,
    these_runs,
)
from powermeter.comparison.pairs_and_turns import TURNS as ENOUGH_TURNS
from powermeter.comparison.percent_change import change_in_percent
from powermeter.comparison.repeats_to_show_difference import RepeatPlan
from powermeter.comparison.verdict import LEVEL, Verdict, apart, decide, furthest
from powermeter.errors import DataError, plural
from powermeter.result import COVERAGE_95, ROUNDING, Grade, Result, worst

_IN_COMMON = ("gain:", "offset:", ROUNDING, "model:", "clock:", "baseline:", SNAPSHOT_OR_MEAN)
"""Parts that two measurements may have in common, where their names agree; all others belong to each measurement."""

_PROPORTIONAL = ("gain:", "model:")

BOUND_OF = "bound of "
"""Begins the name of the part by which a side's own interval is wider than its parts."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """How two sides compare: always right against left.

    Attributes:
        left, right: Their names.
        mean_left, mean_right: Their means as every report prints them.
        difference: right − left.
        ratio: right / left, by Fieller's theorem; None where left may be 0.
        effect: The difference over the standard deviation of a repeat (Cohen's d); None without spread.
        p_value: How often equal sides would differ as much by chance (and more than `margin`), 0 to 1.
        verdict: What is known about the programs: the cautious one, which gates rest on.
        these_runs: What is known about these two runs, where nothing more is; None where the verdict is about programs.
        within: The smallest share of left within which the sides are the same; None without a ratio.
        design: How the repeats were made.
        repeats_left, repeats_right: How many repeats stand behind it, warm-up left out.
        warmup_left, warmup_right: How many were left out.
        repeats_needed: Repeats a side, in turns, that show the difference seen in 80 % of cases; 0 where the verdict
            is less or more; None where no number of them would do, or nothing is known of the spread.
        detectable: The smallest difference that as many repeats show in 80 % of cases, in `difference.unit`; None where
            nothing is known of the spread.
        shared: Whether the sensor's errors are common to both sides.
        margin: Difference, relative to left, that does not count.
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
    verdict: Verdict
    these_runs: Verdict | None
    within: float | None
    design: Design
    repeats_left: int
    repeats_right: int
    warmup_left: int
    warmup_right: int
    repeats_needed: int | None
    detectable: float | None
    shared: bool
    margin: float
    plan: RepeatPlan | None

    @property
    def found(self) -> Verdict:
        """The verdict about the programs or, where there is none, about these runs."""
        return self.verdict if self.these_runs is None else self.these_runs

    @property
    def significant(self) -> bool:
        """Whether a difference was found, of the programs or of these runs."""
        return self.found in (Verdict.LESS, Verdict.MORE)

    def withheld(self) -> Contrast:
        """Return the same numbers without a verdict: what they rest on does not stand for the whole runs."""
        these_runs = None if self.these_runs is None else Verdict.CANNOT_TELL
        return replace(
            self,
            verdict=Verdict.CANNOT_TELL,
            these_runs=these_runs,
            p_value=None,
            within=None,
            repeats_needed=None,
            detectable=None,
            plan=None,
        )

    @property
    def text(self) -> str:
        """One sentence."""
        changed = change_in_percent(self.ratio) if self.ratio else None
        size = "" if changed is None else f", {changed.text}" if changed.span else f" ({changed.text})"
        if self.these_runs is not None:
            return f"{self._of_these_runs(size)}; {self._remedy()}"
        if self.significant:
            return f"{self.right}: {self.verdict} than {self.left}{size}"
        if self.verdict is Verdict.SAME and self.within is not None:
            return f"{self.right}: the same as {self.left} within {format(100 * self.within, '.2g')} %{size}"
        start = f"{self.right} against {self.left}: cannot tell{size}"
        if self.repeats_needed is None:
            return f"{start}; no number of such repeats would show a difference of this size"
        return f"{start}; {plural(self.repeats_needed, 'repeat')} a side in turns would show a difference of this size"

    def _of_these_runs(self, size: str) -> str:
        if self.these_runs in (Verdict.LESS, Verdict.MORE):
            return f"this run of {self.right} used {self.these_runs} than this run of {self.left}{size}"
        if self.these_runs is Verdict.SAME and self.within is not None:
            return f"these runs of {self.left} and {self.right} used the same within {format(100 * self.within, '.2g')} %{size}"
        return f"these runs of {self.left} and {self.right}: cannot tell{size}"

    def _remedy(self) -> str:
        return "for the programs, let the sides take turns, or record at least three runs a side"


def contrast(
    left: Side, right: Side, *, paired: bool | None = None, margin: float = 0.0, level: float = LEVEL
) -> Contrast:
    """Compare two sides.

    Args:
        paired: Whether the n-th repeat of one belongs to the n-th of the other (same input, one after
            the other).  None: where both have keys.
        margin: A difference up to this share of the left side's mean does not count.
        level: The chance of a false verdict.

    Raises:
        DataError: No repeats on a side, units that differ, or pairs that do not match.
    """
    if left.unit != right.unit:
        raise DataError(
            f"{left.name} is in {left.unit}, {right.name} in {right.unit}: they cannot be compared"
        )
    for side in (left, right):
        if side.resolved and not side.known.size:
            raise DataError(f"{side.name}: nothing is known of it")
    return _conclude(left, right, _spread(left, right, paired), margin, level)


def _spread(left: Side, right: Side, paired: bool | None) -> Spread:
    resolved = left.resolved and right.resolved
    turns = stretches(left, right) >= ENOUGH_TURNS
    several = left.separate or right.separate
    if paired or (paired is None and left.keys and right.keys):
        if not resolved:
            raise DataError(
                f"{left.name} and {right.name}: too short for their meter; only means are known, not pairs"
            )
        return in_pairs(left, right, Design.PAIRED if several or turns else Design.THESE_RUNS)
    if several or (turns and resolved and paired is None):
        return in_time(left, right)
    return these_runs(left, right)


def _conclude(left: Side, right: Side, s: Spread, margin: float, level: float) -> Contrast:
    """Add the sensor's errors to the spread, and judge."""
    bounds = [side.mean for side in (left, right) if side.mean is not None]
    if not all(map(math.isfinite, (s.variance, *(m.high - m.low for m in bounds)))):
        return _unknown(left, right, s, margin)
    shared = bool(left.instrument) and left.instrument == right.instrument
    grade = worst((left.grade, right.grade))
    parts_a, limits_a = _sensor(left, s.left, shared, s.design)
    parts_b, limits_b = _sensor(right, s.right, shared, s.design)
    limits = limits_a | limits_b
    change = s.right - s.left
    own = f"repeats:{left.name} and {right.name}"
    counted = {own: s.freedom} if math.isfinite(s.freedom) else {}
    spread = {own: math.sqrt(s.variance)}

    def interval(sensor: Mapping[str, float]) -> Result:
        return budget(change, left.unit, {**sensor, **spread}, grade=grade, limits=limits, counted=counted)

    difference = interval(parts_of_difference(parts_a, parts_b, 1.0))
    # A factor that both sides share changes what they differ by, and not whether they differ.
    apart_a, apart_b = without_common_factors(parts_a, parts_b, s)
    sensor = parts_of_difference(apart_a, apart_b, 1.0)
    judged = interval(sensor)
    half = (judged.high - judged.low) / 2
    systematic = math.sqrt(sum(p * p for p in sensor.values()))
    whole = s.variance + systematic**2
    effective = s.freedom * (whole / s.variance) ** 2 if s.variance > 0 else math.inf
    wider = t_quantile(1 - level / 2, effective) / t_quantile(0.975, effective)
    ratio = _Ratio(s, apart_a, apart_b, limits, own, grade)
    shown, at_level = ratio.interval(1.0), ratio.interval(wider)
    ends = None if at_level is None or s.left <= 0 else (at_level.low - 1, at_level.high - 1)
    mean_left, mean_right = mean_of_side(left, parts_a, limits), mean_of_side(right, parts_b, limits)
    found = decide((change - half * wider, change + half * wider), ends, margin, abs(mean_left.high))
    beyond = max(abs(change) - margin * abs(s.left), 0.0)
    p_value = (
        1.0
        if not beyond
        else 0.0
        if not half
        else t_tail(beyond / half * t_quantile(0.975, effective), effective)
    )
    plan = None
    if s.one > 0 or s.design.about_programs:
        pairs = s.design is Design.PAIRED
        plan = RepeatPlan(s.one, systematic, s.freedom, sum(s.counts) / 2, level, pairs)
    about = s.design.about_programs
    verdict = found if about else Verdict.CANNOT_TELL
    significant = verdict in (Verdict.LESS, Verdict.MORE)
    return Contrast(
        left=left.name,
        right=right.name,
        mean_left=mean_left,
        mean_right=mean_right,
        difference=difference,
        ratio=shown,
        effect=change / s.one if s.one > 0 else None,
        p_value=p_value if s.design is not Design.SINGLE else None,
        verdict=verdict,
        these_runs=None if about else found,
        within=None if ends is None else furthest(ends),
        design=s.design,
        repeats_left=s.counts[0],
        repeats_right=s.counts[1],
        warmup_left=left.warmup,
        warmup_right=right.warmup,
        repeats_needed=0 if significant else plan.repeats(beyond) if plan else None,
        detectable=plan.detectable() if plan else None,
        shared=shared,
        margin=margin,
        plan=plan,
    )


def _unknown(left: Side, right: Side, s: Spread, margin: float) -> Contrast:
    """Return the sentence where too few recordings show how much they vary, or a side is known to one side only."""
    grade = worst((left.grade, right.grade))
    change = Result(s.right - s.left, left.unit, -math.inf, math.inf, grade, {})
    means = mean_of_side(left, {}, set()), mean_of_side(right, {}, set())
    is_open = any(not math.isfinite(mean.high - mean.low) for mean in means)
    found = apart(*means, margin) if is_open else Verdict.CANNOT_TELL
    return Contrast(
        left.name,
        right.name,
        *means,
        change,
        None,
        None,
        None,
        Verdict.CANNOT_TELL,
        None if s.design.about_programs else found,
        None,
        s.design,
        *s.counts,
        left.warmup,
        right.warmup,
        None,
        None,
        bool(left.instrument) and left.instrument == right.instrument,
        margin,
        None,
    )


def _sensor(side: Side, mean: float, shared: bool, design: Design) -> tuple[dict[str, float], set[str]]:
    """Return the sensor's errors of a side's mean; those of a shared instrument keep their name.

    An interval that is wider than its parts (a bound) becomes a part of its own; of one recording a side also one that is wider than its
    repeats without order would make it (what they lead to, or how few of them count), so that no difference is surer than a side.
    """
    parts: dict[str, float] = {}
    limits: set[str] = set()
    if side.mean is None:
        return parts, limits
    size = mean / side.mean.value if side.mean.value else 1.0
    for name, part in side.mean.parts.items():
        if name.startswith(IN_SPREAD) or not part:
            continue  # the spread between repeats contains it
        common = shared and name.startswith(_IN_COMMON) and not name.endswith(OF_A_SIDE)
        key = name if common else f"{name} of {side.name}"
        parts[key] = part * (size if name.startswith(_PROPORTIONAL) else 1.0)
        if name in side.limits:
            limits.add(key)
    cut = {name: part for name, part in side.mean.parts.items() if name.startswith(ROUNDING)}
    # A last digit that may be cut is added to its side as it is, not as a square.
    above = side.mean.high - side.mean.value - COVERAGE_95 * sum(max(part, 0.0) for part in cut.values())
    below = side.mean.value - side.mean.low - COVERAGE_95 * sum(max(-part, 0.0) for part in cut.values())
    stated = max(above, below, 0.0) / COVERAGE_95
    explained = sum(part * part for name, part in side.mean.parts.items() if name not in cut)
    few = any(name.startswith("repeats:") for name in side.mean.parts)
    if few and design is Design.THESE_RUNS:
        explained *= (t_quantile(0.975, max(side.known.size - 1.0, 1.0)) / COVERAGE_95) ** 2
        few = False
    if not few and stated**2 > 1.1 * explained:
        parts[f"{BOUND_OF}{side.name}"] = math.sqrt(stated**2 - explained)
    return parts, limits


def without_common_factors(
    a: Mapping[str, float], b: Mapping[str, float], s: Spread
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the parts of both sides without the relative error that each shared gain or model leaves on both alike."""
    apart_a, apart_b = dict(a), dict(b)
    if not s.left or not s.right:
        return apart_a, apart_b
    for name in a.keys() & b.keys():
        if name.startswith(_PROPORTIONAL):
            common = (a[name] / s.left + b[name] / s.right) / 2
            apart_a[name], apart_b[name] = a[name] - common * s.left, b[name] - common * s.right
    return apart_a, apart_b


def parts_of_difference(a: Mapping[str, float], b: Mapping[str, float], ratio: float) -> dict[str, float]:
    """Return the parts of right − ratio × left."""
    return {name: b.get(name, 0.0) - ratio * a.get(name, 0.0) for name in {**a, **b}}


def mean_of_side(side: Side, parts: Mapping[str, float], limits: set[str]) -> Result:
    """Return the mean of a side as the reports print it; of several recordings with the scatter between them."""
    if side.mean is not None and not side.separate:
        return side.mean
    values = side.known
    n = int(values.size)
    mean = float(values.mean())
    own = f"repeats:{side.name}"
    if n < 2:
        return side.mean or Result.of(mean, side.unit, {}, side.grade)
    whole = {**parts, own: float(values.std(ddof=1)) / math.sqrt(n)}
    return budget(mean, side.unit, whole, grade=side.grade, limits=limits, counted={own: n - 1.0})


@dataclass(frozen=True, slots=True)
class _Ratio:
    """right / left: every R for which right − R × left may be 0 (Fieller 1954), so not always centred."""

    spread: Spread
    a: Mapping[str, float]
    b: Mapping[str, float]
    limits: set[str]
    own: str
    grade: Grade

    def interval(self, wider: float) -> Result | None:
        """Return the ratio with its interval `wider` times as wide; None where left may be 0: no ratio is ruled out then."""
        s = self.spread
        if not s.left:
            return None
        value = s.right / s.left
        parts = {name: part / s.left for name, part in parts_of_difference(self.a, self.b, value).items()}
        parts[self.own] = math.sqrt(s.variance_right + value**2 * s.variance_left) / abs(s.left)
        parts = {name: part for name, part in parts.items() if abs(part) > 1e-15}
        total = sum(p * p for p in parts.values())
        if not total:
            return Result.of(value, "1", {}, self.grade)
        effective = s.freedom * (total / parts[self.own] ** 2) ** 2 if parts.get(self.own) else math.inf
        largest = max((abs(parts[name]) for name in self.limits if name in parts), default=0.0)
        k = coverage(total, largest, effective) * wider
        names = {**self.a, **self.b}
        aa = s.variance_left + sum(self.a.get(n, 0.0) ** 2 for n in names)
        bb = s.variance_right + sum(self.b.get(n, 0.0) ** 2 for n in names)
        ab = sum(self.a.get(n, 0.0) * self.b.get(n, 0.0) for n in names)
        square = s.left**2 - k * k * aa
        cross = s.left * s.right - k * k * ab
        root = cross**2 - square * (s.right**2 - k * k * bb)
        if square <= 0 or root < 0:
            return None
        low, high = sorted(((cross - math.sqrt(root)) / square, (cross + math.sqrt(root)) / square))
        return Result(value, "1", min(low, value), max(high, value), self.grade, parts)


def sure(level: float = LEVEL) -> str:
    """Return `96 %`: how sure a verdict is."""
    return f"{(1 - level) * 100:.3g} %"
