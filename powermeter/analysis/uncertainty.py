"""From the parts of an uncertainty to a 95 % interval, after the GUM (JCGM 100:2008) and its supplement 1.

A part is a standard uncertainty named `kind:origin`.  The interval's half-width is k × the
root-sum-square of the parts.  k is not always 1.96: a budget that one stated limit (a rectangular
distribution) dominates needs less, one that rests on a handful of repeats needs more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from powermeter.analysis.few_readings_carry import leaning_factors
from powermeter.analysis.limit_factors import factor, factors
from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95, ROUNDING, Grade, Result
from powermeter.signals.trace import CommonError

WORDS: Mapping[str, tuple[str, str]] = {
    "gain": (
        "the sensor's gain",
        "calibrate against a reference meter; comparisons on the same sensor are free of it",
    ),
    "offset": (
        "the sensor's offset",
        "record the sensor at zero load, or calibrate; subtracting a baseline cancels it",
    ),
    "rounding": (
        "the sensor's last digit, which may be cut in place of rounded",
        "use a finer range or display; subtracting a baseline cancels it",
    ),
    "quantisation": ("the sensor's step", "use a finer range or a larger shunt, or measure more repeats"),
    "step": ("the last digit of a display or counter", "run for longer, or read a finer display"),
    "noise": ("noise and fluctuation between samples", "measure more repeats, or sample faster"),
    "edges": ("the edges of the events between samples", "sample faster, or make each event longer"),
    "clock": (
        "the clocks of meter and program",
        "align the two with `powermeter sync`, or put both on one machine",
    ),
    "refresh": (
        "the meter's own refresh, within which a reading may have been taken at any moment",
        "make each event longer than several refreshes, or use a meter that refreshes faster",
    ),
    "skew": (
        "voltage and current that are not of one moment",
        "use a sensor that multiplies itself, or sample faster",
    ),
    "baseline": ("the baseline", "record the idle state for longer"),
    "unseen": ("power that the readings missed", "sample faster, or make each event longer"),
    "gaps": ("gaps in the recording", "repeat the run without the gaps"),
    "model": ("a model in place of an instrument", "measure with a sensor"),
    "repeats": ("the spread between repeats", "run more repeats"),
    "factor": ("a factor from a table", "use a factor for the place and time"),
}
"""Kind of part → what it is, what would reduce it; for reports."""

SNAPSHOT_OR_MEAN = "refresh:snapshot or mean"
"""The part that stands for what an instrument does during its refresh: signed, and the same in all of its recordings."""

BY_EDGES = "edges:division"
"""The part that stands for how what lies next to edges was divided: whatever is wrong in it is wrong alike in each event and recording."""


def coverage(variance: Any, largest_limit: Any, freedom: Any = math.inf) -> Any:
    """Return k for a budget.

    Args:
        variance: Of the whole.
        largest_limit: Standard uncertainty of the largest rectangular part.
        freedom: Effective degrees of freedom of the whole (`effective_freedom`).
    """
    if isinstance(variance, float) and isinstance(freedom, (int, float)):
        ratio = min(float(largest_limit) / math.sqrt(variance), 1.0) if variance > 0 else 0.0
        return factor(ratio) * (student_95(freedom) / COVERAGE_95)
    variance = np.asarray(variance, np.float64)
    share = np.divide(largest_limit, np.sqrt(variance), out=np.zeros(variance.shape), where=variance > 0)
    k = factors(np.minimum(share, 1.0))
    k = k * (student_95(freedom) / COVERAGE_95)
    return float(k) if k.ndim == 0 else k


def effective_freedom(variance: float, counted: Iterable[tuple[float, float]]) -> float:
    """Return the Welch-Satterthwaite degrees of freedom (GUM G.4.1).

    Args:
        variance: Of the whole.
        counted: (standard uncertainty, degrees of freedom) of the parts estimated from few data.
    """
    below = sum(u**4 / nu for u, nu in counted if u and nu > 0 and math.isfinite(nu))
    return variance * variance / below if below > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Shape:
    """How an interval differs from the symmetrical one of its parts.

    Attributes:
        leaning: Name of the part that is skewed, as the sum of few large contributions is.
        lean: Its skewness.
        below, above: What no part explains: by how much the truth may lie lower or higher besides, in the result's unit;
            infinite where nothing bounds it.
        floor, ceiling: The least and the most that the quantity can be (0 for an energy that nothing returns; what the whole run
            used for a part of it), or None.
    """

    leaning: str = ""
    lean: float = 0.0
    below: float = 0.0
    above: float = 0.0
    floor: float | None = None
    ceiling: float | None = None


_PLAIN = Shape()
_RECTANGLE = 0.95 * math.sqrt(3.0)


def beyond(reach: float, usual: float) -> float:
    """Return what must be added in quadrature to `usual` so that it reaches as far as `reach`."""
    return math.sqrt(max(reach * reach - usual * usual, 0.0)) if math.isfinite(reach) else reach


def budget(
    value: float,
    unit: str,
    parts: Mapping[str, float],
    *,
    grade: Grade = Grade.MEASURED,
    limits: Iterable[str] = (),
    counted: Mapping[str, float] | None = None,
    shape: Shape = _PLAIN,
    origin: str = "",
) -> Result:
    """Return a result whose coverage factor fits its budget.

    Args:
        value: In `unit`.
        parts: `kind:origin` → signed standard uncertainty in `unit`; zeros are dropped.
        limits: Names of the parts that are rectangular.
        counted: Name → degrees of freedom of parts estimated from few data.
        shape: What makes the interval other than symmetrical; it becomes a part `unseen:origin`, for results that are made of this one.
        origin: Names that part.
    """
    kept = {name: float(part) for name, part in parts.items() if part}
    cut = [COVERAGE_95 * part for name, part in kept.items() if name.startswith(ROUNDING)]
    variance = sum(part * part for name, part in kept.items() if not name.startswith(ROUNDING))
    largest = max((abs(kept[name]) for name in limits if name in kept), default=0.0)
    few = [(kept[name], nu) for name, nu in (counted or {}).items() if name in kept]
    k = coverage(variance, largest, effective_freedom(variance, few)) if kept else COVERAGE_95
    half = k * math.sqrt(variance)
    low, high = half, half
    if shape.lean and shape.leaning in kept:
        own = kept[shape.leaning] ** 2
        rest = max(half * half - COVERAGE_95**2 * own, 0.0)
        below, above = leaning_factors(shape.lean)
        low, high = math.sqrt(rest + below * below * own), math.sqrt(rest + above * above * own)
    low = math.hypot(low, shape.below) + sum(max(-part, 0.0) for part in cut)
    high = math.hypot(high, shape.above) + sum(max(part, 0.0) for part in cut)
    bottom = value - low
    if shape.floor is not None and bottom < shape.floor <= value:
        bottom = shape.floor
    top = value + high
    if shape.ceiling is not None and value <= shape.ceiling < top:
        top = shape.ceiling
    open_ended = (min(shape.below, value - bottom) + min(shape.above, top - value)) / (2 * _RECTANGLE)
    if open_ended and math.isfinite(open_ended):
        kept[f"unseen:{origin or unit}"] = open_ended
    return Result(value, unit, bottom, top, grade, kept)


def common_parts(errors: Iterable[CommonError], value: float, amount: float) -> dict[str, float]:
    """Return the parts that a trace's common errors leave in an integral.

    Args:
        value: The integral (J, C).
        amount: What the absolute errors are multiplied by: the seconds integrated over.
    """
    parts: dict[str, float] = {}
    for e in errors:
        parts[e.key] = parts.get(e.key, 0.0) + e.relative * value + e.absolute * amount
    return parts


def limit_names(errors: Iterable[CommonError]) -> tuple[str, ...]:
    """Return the keys of the errors that are stated limits."""
    return tuple(e.key for e in errors if e.limit)


def step_bias(step: float, dither: float) -> float:
    """Return the standard uncertainty that quantisation leaves in a long mean of a steady value.

    The mean error of a uniform quantiser under Gaussian dither of standard deviation σ is a Fourier
    series in the value's phase with coefficients step/(πk) × exp(−2π²k²σ²/step²); its root mean
    square over an unknown phase is given (Widrow and Kollár, Quantization Noise, 2008, chapter 4).
    Without dither it is step/√12.
    """
    if step <= 0:
        return 0.0
    ratio = (dither / step) ** 2
    if ratio > 2.0:
        return 0.0
    series = sum(math.exp(-4 * math.pi**2 * k * k * ratio) / (k * k) for k in range(1, 400))
    return step / (math.pi * math.sqrt(2.0)) * math.sqrt(series)
