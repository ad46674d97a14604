"""Bounds of what events used where instantaneous readings show no more: none inside, hardly any, or always on the same part."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import BEAT, FEW, PACE, RIPPLE, UNSEEN, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.saw_teeth import Teeth
from powermeter.result import COVERAGE_95
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NOTHING = 0.002  # of what events used: less is in every interval
_OPEN = 0.25  # of an event never met: from there on what it may hold has no upper limit
_EVENTS, _READ = 10, 2  # that show what the load does at one place, and readings in each
_VARIES = 0.25  # of the span


def beside(values: Floats, before: Indices, upto: Indices) -> tuple[Floats, Floats]:
    """Return the last reading at or before each start, and the first behind each end."""
    top = values.size - 1
    # Thousands of labels ask for a few each: np.clip takes several times as long for that.
    return values[np.minimum(np.maximum(before - 1, 0), top)], values[np.minimum(np.maximum(upto, 0), top)]


def seen_range(integral: Integral, before: Indices, upto: Indices) -> tuple[float, float]:
    """Return the lowest and the highest reading in and beside events."""
    f = integral.trace.values
    left, right = beside(f, before, upto)
    low, high = min(float(left.min()), float(right.min())), -math.inf
    some = np.flatnonzero(upto > before)
    for i in some[:1000].tolist():
        part = f[before[i] : upto[i]]
        low, high = min(low, float(part.min())), max(high, float(part.max()))
    return low, high


def unseen(
    integral: Integral, found: GroupEstimate, before: Indices, upto: Indices, seconds: Floats
) -> GroupEstimate:
    """Bound events that no reading fell into, by idle and by the most that the load was seen to do; or know nothing."""
    found.why = UNSEEN
    low, _ = seen_range(integral, before, upto)
    high = most_of_unseen(integral, low)
    if high is None:
        return found
    left, right = beside(integral.trace.values, before, upto)
    middle = (left + right) / 2
    found.value = middle * seconds
    found.below = (middle - low) * seconds
    found.above = (high - middle) * seconds
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    found.factor = 1.0
    return found


def most_of_unseen(integral: Integral, low: float) -> float | None:
    """Return the most that may have been drawn where no reading lies, W; None where the run does not rise above what is beside it.

    Args:
        low: The lowest reading beside the events, W.
    """
    trace, remembered = integral.trace, integral.trace.remembered
    if "highest" not in remembered:
        f = trace.values
        remembered["highest"] = float(f.max())
        remembered["typical"] = float(np.median(np.abs(np.diff(f[: 1 << 16])))) if f.size > 1 else 0.0
    high, typical = remembered["highest"], remembered["typical"]
    flat = high - low <= max(12 * typical, 10 * trace.noise, 2 * trace.step, 0.02 * abs(high))
    return None if flat else high + 0.5 * (high - low)


def few(
    integral: Integral, found: GroupEstimate, before: Indices, upto: Indices, seconds: Floats, readings: int
) -> GroupEstimate:
    """Bound the mean of a handful of readings by what is beside them and what they span."""
    found.why = FEW
    low, high = seen_range(integral, before, upto)
    noise = max(integral.trace.noise, integral.trace.step)
    span = high - low
    if span <= max(6 * noise, 0.02 * abs(high)):
        return found
    inside = np.concatenate(
        [integral.trace.values[a:b] for a, b in zip(before.tolist(), upto.tolist(), strict=True)]
    )
    alike = float(np.ptp(inside)) <= max(6 * noise, 0.1 * span)
    most = max(2 * high - low, 2.5 * high if alike and readings < 4 else 0.0)
    found.below = np.maximum(found.value - low * seconds, 0.0)
    found.above = np.maximum(most * seconds - found.value, 0.0)
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    found.own, found.factor, found.lean_all = np.minimum(found.own, noise * seconds), 1.0, 0.0
    found.lean = np.zeros(found.own.size)  # the bound holds what scatter of so few would state besides
    return found


def few_of_each(
    trace: Trace, inside: Floats, spans: tuple[Floats, Floats], value: Floats, seconds: Floats
) -> tuple[Bools, Floats, Floats, float]:
    """Return which of some events, each a label's only one, `few` bounds, by how much below and above, J, and the noise of a reading.

    Args:
        inside: The readings inside, as many of each, shape (events, readings).
        spans: The lowest and the highest reading in and beside each.
    """
    low, high = spans
    noise, span = max(trace.noise, trace.step), high - low
    bounded = ~(span <= np.maximum(6 * noise, 0.02 * np.abs(high)))
    alike = np.ptp(inside, axis=1) <= np.maximum(6 * noise, 0.1 * span)
    most = np.maximum(2 * high - low, np.where(alike & (inside.shape[1] < 4), 2.5 * high, 0.0))
    below, above = np.maximum(value - low * seconds, 0.0), np.maximum(most * seconds - value, 0.0)
    return bounded, np.where(bounded, below, 0.0), np.where(bounded, above, 0.0), noise


def beat(
    integral: Integral,
    found: GroupEstimate,
    before: Indices,
    upto: Indices,
    seconds: Floats,
    blind: float,
    *,
    sparse: bool = False,
) -> GroupEstimate:
    """Bound events of which readings only ever met a part; of much that was not met, nothing is an upper limit.

    Args:
        blind: Share of an event that no reading ever fell on.
        sparse: Whether so few readings lie inside that the rest of it is hardly known either.
    """
    found.why = BEAT
    found.blind = blind
    low, high = seen_range(integral, before, upto)
    margin = 0.1 * (high - low)
    level = found.value / np.maximum(seconds, 1e-12)
    found.below = np.maximum(level - low + margin, 0.0) * (1.0 if sparse else blind) * seconds
    if not sparse and blind > _OPEN and _varies(integral, before, upto, high - low):
        found.above = np.maximum(2 * high - low + margin - level, 0.0) * blind * seconds
    elif blind > _OPEN or sparse:
        found.above = np.full(seconds.shape, math.inf)
    else:
        # Of a little that was never seen, three times the highest reading is taken for the most (an assumption).
        found.above = np.maximum(max(2 * high - low, 3 * high) - level, 0.0) * blind * seconds
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    return found


def _varies(integral: Integral, before: Indices, upto: Indices, span: float) -> bool:
    """Return whether events are read twice or more and draw another power each time at the place where the first reading meets them.

    Such a load is none of which readings always meet the same part: its highest was met as often as anything else.
    """
    read = before[upto - before >= _READ]
    if read.size < max(_EVENTS, before.size / 2):
        return False
    first = integral.trace.values[read]
    noise = max(integral.trace.noise, integral.trace.step)
    return float(np.quantile(first, 0.9) - np.quantile(first, 0.1)) > max(6 * noise, _VARIES * span)


def ripple(found: GroupEstimate, span: tuple[float, float], seconds: Floats) -> GroupEstimate:
    """Return an estimate of which only is known that power was between two levels."""
    found.why = RIPPLE
    found.below = np.maximum(found.value - span[0] * seconds, 0.0)
    found.above = np.maximum(span[1] * seconds - found.value, 0.0)
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    return found


def folded(found: GroupEstimate, teeth: Teeth, seconds: Floats, over: float) -> GroupEstimate:
    """Return an estimate that holds what teeth leave of which readings may have met a slow image.

    Args:
        over: From the first start to the last end, s.
    """
    all_own = found.factor * float(found.own @ found.own)
    variance = teeth.left_in_all(seconds, over)
    found.why = RIPPLE
    found.own = np.hypot(found.own, teeth.left_over(seconds))
    found.factor = (all_own + variance) / float(found.own @ found.own)
    found.below_all = found.above_all = COVERAGE_95 * math.sqrt(variance)
    return found


def paced(trace: Trace, found: GroupEstimate, before: Indices, upto: Indices) -> GroupEstimate:
    """Return an estimate that reaches as far as what a long wait leaves out of its events' beginnings, else as it is.

    What an event draws as its label does all through is not missed: its level is right wherever readings lie.

    Args:
        before, upto: How many readings lie at or before each start, and each end.
    """
    pace = load_sets_pace(trace)
    if pace is None or found.level is None:
        return found
    values = trace.values
    steps = np.diff(values)
    off_level = np.divide(values[1:] - found.level, steps, out=np.zeros(steps.size), where=steps != 0)
    share = np.clip(off_level, 0.0, 1.0)
    missed, varies = (
        np.concatenate([[0.0, 0.0], np.cumsum(x)]) for x in (pace.missed * share, pace.variance * share**2)
    )
    each, variance = missed[upto] - missed[before], varies[upto] - varies[before]
    if float(np.abs(each).sum()) <= _NOTHING * abs(float(np.nansum(found.value))):
        return found
    all_own = found.factor * float(found.own @ found.own)
    found.own = np.sqrt(found.own**2 + variance)
    found.factor = (all_own + float(variance.sum())) / max(float(found.own @ found.own), 1e-300)
    found.why = found.why or PACE
    found.above = found.above + np.maximum(each, 0.0)
    found.below = found.below + np.maximum(-each, 0.0)
    found.above_all += max(float(each.sum()), 0.0)
    found.below_all += max(-float(each.sum()), 0.0)
    return found
