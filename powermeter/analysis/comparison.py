"""Is B less than A?  Difference, ratio, interval, effect size, and a verdict: less, more or cannot tell.

Both sides were measured with errors of the sensor and vary from repeat to repeat.  What the two
sides share (the gain of one sensor) cancels in the ratio; what they do not share does not.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.repeats import Settled, settle
from powermeter.analysis.uncertainty import student_95
from powermeter.errors import DataError
from powermeter.result import COVERAGE_95, Grade, Result, worst

Floats = NDArray[np.floating[Any]]

_POWER_80 = 0.8416212335729143
_MARGIN = 1.06  # memory found where there is none costs some power
_MOST = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes:
        name: For people.
        values: One number per repeat (J per inference), in order.
        unit: Theirs.
        mean: The mean as measured, with the sensor's errors as parts; None where only the spread counts.
        instrument: What measured it; sides with equal ones share their sensor's errors.
        grade: The grade of the values.
        blocks: For a block design: which block (A, B side by side in time) each repeat belongs to.
    """

    name: str
    values: Floats
    unit: str = "J"
    mean: Result | None = None
    instrument: str = ""
    grade: Grade = Grade.MEASURED
    blocks: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two sides say about each other: always right against left.

    Attributes:
        left, right: Their names.
        mean_left, mean_right: Their means, in `difference.unit`.
        difference: right − left, with its interval.
        ratio: right / left, with its interval; None where left is 0.
        effect: The difference over the pooled standard deviation of a repeat (Cohen's d); None without spread.
        verdict: `less`, `more` or `cannot tell`.
        design: `unpaired`, `paired` or `blocks`.
        repeats_left, repeats_right: How many repeats stand behind it, warm-up left out.
        repeats_needed: Repeats per side at which the difference seen would be told with 80 % power; 0
            where it is told; None where no number of repeats would do (the sensor's errors rule).
        shared: Whether the sensor's errors are common to both sides.
        text: One sentence.
    """

    left: str
    right: str
    mean_left: float
    mean_right: float
    difference: Result
    ratio: Result | None
    effect: float | None
    verdict: str
    design: str
    repeats_left: int
    repeats_right: int
    repeats_needed: int | None
    shared: bool
    text: str


def compare(left: Side, right: Side, *, paired: bool | None = None) -> Comparison:
    """Compare two sides.

    Args:
        paired: Whether the n-th repeat of one belongs to the n-th of the other (same input, one after
            the other).  None: blocks where both have them, else unpaired.

    Raises:
        DataError: Fewer than two repeats on a side, units that differ, or pairs that do not match.
    """
    if left.unit != right.unit:
        raise DataError(f"{left.name} is in {left.unit}, {right.name} in {right.unit}: they cannot be compared")
    for side in (left, right):
        if np.isfinite(side.values).sum() < 2:
            raise DataError(f"{side.name}: one repeat has no spread; two are the least, five are better")
    if paired:
        return _paired(left, right, "paired")
    if paired is None and left.blocks and right.blocks:
        return _blocked(left, right)
    return _unpaired(left, right)


def _unpaired(left: Side, right: Side) -> Comparison:
    a, b = settle(left.values, cautious=False), settle(right.values, cautious=False)
    worth_a, worth_b = max(a.effective, 2.0), max(b.effective, 2.0)
    va, vb = _variance(a) / worth_a, _variance(b) / worth_b
    spread = math.sqrt(va + vb)
    # Welch: each side has its own spread.
    freedom = (va + vb) ** 2 / max(va**2 / (worth_a - 1) + vb**2 / (worth_b - 1), 1e-300) if spread else math.inf
    pooled = math.sqrt((_variance(a) + _variance(b)) / 2)
    counts = (a.repeats - a.warmup, b.repeats - b.warmup)
    memory = (counts[0] / worth_a + counts[1] / worth_b) / 2
    per_repeat = math.sqrt((_variance(a) + _variance(b)) * memory)
    return _conclude(left, right, a.mean, b.mean, spread, freedom, pooled, per_repeat, counts, "unpaired")


def _variance(settled: Settled) -> float:
    return settled.spread**2 if math.isfinite(settled.spread) else 0.0


def _paired(left: Side, right: Side, design: str) -> Comparison:
    if left.values.size != right.values.size:
        raise DataError(f"{left.values.size} and {right.values.size} repeats do not pair; compare them unpaired")
    keep = np.isfinite(left.values) & np.isfinite(right.values)
    x, y = left.values[keep], right.values[keep]
    if x.size < 2:
        raise DataError("fewer than two pairs are complete")
    found = settle(y - x, cautious=False) if x.size >= 8 else None
    steps = y - x
    worth = float(x.size)
    deviation = float(steps.std(ddof=1))
    if found is not None and found.warmup == 0:
        worth, deviation = max(found.effective, 2.0), max(found.spread, 1e-300)
    spread = deviation / math.sqrt(worth)
    pooled = math.sqrt((float(x.var(ddof=1)) + float(y.var(ddof=1))) / 2)
    per_repeat = deviation * math.sqrt(x.size / worth)
    counts = (int(x.size), int(x.size))
    return _conclude(
        left, right, float(x.mean()), float(y.mean()), spread, worth - 1, pooled, per_repeat, counts, design
    )


def _blocked(left: Side, right: Side) -> Comparison:
    """Compare inside blocks: what drifts from block to block (temperature) falls out."""

    def means(side: Side) -> dict[Hashable, float]:
        found: dict[Hashable, list[float]] = {}
        for block, value in zip(side.blocks, side.values.tolist(), strict=True):
            if math.isfinite(value):
                found.setdefault(block, []).append(value)
        return {block: sum(v) / len(v) for block, v in found.items()}

    a, b = means(left), means(right)
    common = [block for block in a if block in b]
    if len(common) < 2:
        raise DataError("fewer than two blocks hold both sides")
    one = replace(left, values=np.array([a[k] for k in common]), blocks=())
    two = replace(right, values=np.array([b[k] for k in common]), blocks=())
    return _paired(one, two, "blocks")


def _conclude(
    left: Side, right: Side, mean_left: float, mean_right: float, spread: float, freedom: float,
    pooled: float, per_repeat: float, counts: tuple[int, int], design: str,
) -> Comparison:  # fmt: skip
    """Add the sensor's errors to the spread, and judge."""
    shared = bool(left.instrument) and left.instrument == right.instrument
    grade = worst((left.grade, right.grade))
    unit = left.unit
    sensor = _sensor_parts(left, right, mean_left, mean_right, shared)
    own = f"repeats:{left.name} and {right.name}"
    change = mean_right - mean_left
    systematic = math.sqrt(sum(p * p for p in sensor.values()))
    variance = spread**2 + systematic**2
    effective = freedom * (variance / spread**2) ** 2 if spread > 0 else math.inf
    k = student_95(max(effective, 1.0))
    difference = Result.of(change, unit, {**sensor, own: spread}, grade, k)
    ratio = _ratio(left, right, mean_left, mean_right, spread, shared, k, grade, own)
    # What the two share cannot make one the larger: the verdict rests on the rest.
    judged = math.sqrt(spread**2 + _apart(sensor, left, right, mean_left, mean_right, shared) ** 2)
    half = k * judged
    verdict = "cannot tell" if not half < abs(change) else ("less" if change < 0 else "more")
    needed = _needed(change, per_repeat, math.sqrt(max(judged**2 - spread**2, 0.0)), verdict)
    return Comparison(
        left=left.name,
        right=right.name,
        mean_left=mean_left,
        mean_right=mean_right,
        difference=difference,
        ratio=ratio,
        effect=change / pooled if pooled > 0 else None,
        verdict=verdict,
        design=design,
        repeats_left=counts[0],
        repeats_right=counts[1],
        repeats_needed=needed,
        shared=shared,
        text=_sentence(left, right, ratio, verdict, needed),
    )


def _sensor_parts(left: Side, right: Side, a: float, b: float, shared: bool) -> dict[str, float]:
    """Give the sensor's errors of the difference, scaled to the means compared."""
    parts: dict[str, float] = {}
    for side, mean, sign in ((left, a, -1.0), (right, b, 1.0)):
        if side.mean is None:
            continue
        for name, part in side.mean.parts.items():
            if name.startswith(("noise:", "repeats:")):
                continue  # the spread between repeats holds it
            scale = mean / side.mean.value if name.startswith(("gain:", "model:")) and side.mean.value else 1.0
            common = shared and not name.startswith(("edges:", "gaps:", "quantisation:"))
            key = name if common else f"{name} of {side.name}"
            parts[key] = parts.get(key, 0.0) + sign * part * scale
    return {name: part for name, part in parts.items() if part}


def _apart(
    sensor: dict[str, float], left: Side, right: Side, a: float, b: float, shared: bool
) -> float:
    """Give the standard uncertainty of the difference that could turn its sign.

    A gain common to both scales the difference and leaves its sign; all else counts.
    """
    kept = [
        part for name, part in sensor.items()
        if not (shared and name.startswith(("gain:", "model:")) and " of " not in name)
    ]  # fmt: skip
    return math.sqrt(sum(part * part for part in kept))


def _ratio(
    left: Side, right: Side, a: float, b: float, spread: float, shared: bool, k: float, grade: Grade, own: str
) -> Result | None:
    if not a:
        return None
    value = b / a
    parts: dict[str, float] = {own: spread / abs(a)}
    for side, mean, sign in ((left, a, -1.0), (right, b, 1.0)):
        if side.mean is None or not side.mean.value:
            continue
        for name, part in side.mean.parts.items():
            if name.startswith(("noise:", "repeats:")):
                continue
            common = shared and not name.startswith(("edges:", "gaps:", "quantisation:"))
            relative = part / side.mean.value if name.startswith(("gain:", "model:")) else part / mean if mean else 0.0
            key = name if common else f"{name} of {side.name}"
            parts[key] = parts.get(key, 0.0) + sign * relative * value
    return Result.of(value, "1", {n: p for n, p in parts.items() if abs(p) > 1e-15}, grade, k)


def _needed(change: float, per_repeat: float, systematic: float, verdict: str) -> int | None:
    """Give the repeats per side at which a difference of this size is told in 80 % of cases.

    (z₀.₉₇₅ + z₀.₈₀)² × (standard deviation of one difference)² / difference², what repeats cannot
    shrink taken off the difference first; three more for Student's t and a spread that is itself uncertain.
    """
    if verdict != "cannot tell":
        return 0
    room = change**2 - ((COVERAGE_95 + _POWER_80) * systematic) ** 2
    if room <= 0 or not per_repeat:
        return None
    wanted = _MARGIN * ((COVERAGE_95 + _POWER_80) * per_repeat) ** 2 / room + 3
    return math.ceil(wanted) if wanted < _MOST else None


def repeats_to_tell(relative: float, spread_relative: float) -> int:
    """Give the repeats per side that tell a relative difference with 80 % power (planning, unpaired).

    Args:
        relative: The difference to tell, over the mean (0.02).
        spread_relative: Standard deviation of one repeat over the mean.
    """
    if relative == 0:
        raise DataError("a difference of nothing is not told by any number of repeats")
    return max(2, math.ceil(2 * _MARGIN * ((COVERAGE_95 + _POWER_80) * spread_relative / relative) ** 2 + 3))


def _sentence(left: Side, right: Side, ratio: Result | None, verdict: str, needed: int | None) -> str:
    if ratio is None:
        return f"{right.name} against {left.name}: {verdict}"
    change, half = (ratio.value - 1) * 100, (ratio.high - ratio.low) / 2 * 100
    size = f"{change:+.3g} % ±{half:.2g} %"
    if verdict != "cannot tell":
        return f"{right.name} uses {verdict} than {left.name}: {size}"
    if needed is None:
        return f"{right.name} against {left.name}: cannot tell ({size}); more repeats of this size will not tell either"
    return f"{right.name} against {left.name}: cannot tell ({size}); {needed} repeats a side would tell such a difference"


def sides(left: Any, right: Any, label: str, **group: Any) -> tuple[Side, Side]:
    """Give the sides for one label of two analyses: the energy per item of each event.

    Raises:
        DataError: A label is missing in one of them.
    """
    return of_row(left, label, "A", **group), of_row(right, label, "B", **group)


def of_row(analysis: Any, label: str, name: str = "", block: str | None = None, **group: Any) -> Side:
    """Give one side from a row of an analysis.

    Args:
        block: An attribute of the events that names their block.

    Raises:
        DataError: There is no such row, or its energies are not known one by one.
    """
    try:
        row = analysis.row(label, **group)
    except KeyError:
        names = ", ".join(sorted({r.title for r in analysis.rows})) or "none"
        raise DataError(f"there is no label {label!r}; there are: {names}") from None
    if row.energy_per_item is None:
        raise DataError(f"no energy is known of {row.title!r}")
    index = row.index[analysis.energies.known[row.index]]
    events = [analysis.events[i] for i in index.tolist()]
    counts = np.array([max(e.count, 1) for e in events], float)
    values = analysis.energies.value[index] / counts
    if row.method == "regression":
        raise DataError(f"{row.title!r} is too short for its meter: only its mean is known, not its repeats")
    blocks = tuple(str(e.attributes.get(block)) for e in events) if block else ()
    return Side(
        name or row.title, values, row.energy_per_item.unit, row.energy_per_item,
        analysis.instrument, row.energy_per_item.grade, blocks,
    )  # fmt: skip
