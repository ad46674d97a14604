"""What readings at regular moments leave where the load nearly keeps step with them: a loop, PWM, a refresh.

`phases.py` finds events that always meet the readings at the same place; here are those that wander past them slowly, and ripples
inside events whose folded image does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.moments import read_at_random
from powermeter.analysis.phases import always_alike, evenly, keep_step_nearby
from powermeter.analysis.ripple import Ripple, ripple_in_events, ripple_in_run

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_MOST = 20_000
_REACH = 1.5  # the deviation that was found is a standard uncertainty times this, so that the interval reaches 1.3 of it
_ROUNDING = 1e-9
_PERIODS = 12  # of a line, below which what it averages to is not known
_SLOW = 5  # readings that a level lasts, to be told from one that is seen once
_LEAST_EVENTS = 6
_NEAR = 0.15  # of the span between two levels
_MOSTLY = 0.9
_ELSEWHERE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """What nearly keeping step leaves.

    Attributes:
        variance: Of the label's sum, J².
        resolved: What its readings leave else, where they wander evenly over all places of the events, J²; infinite where not.
        own: Standard uncertainty of each event, J.
        ripple: What oscillates inside events, or None.
        span: The two levels between which power changes slowly whenever events begin, W; None where it does not.
    """

    variance: float
    resolved: float
    own: Floats
    ripple: Ripple | None
    span: tuple[float, float] | None


def beats(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    before: Indices,
    inside: Indices,
    rests: Floats,
    levels: tuple[float, float],
) -> Beats:
    """Return what the events of one label are off by where the load nearly keeps step with readings at regular moments.

    Args:
        before: How many readings lie at or before each start; inside: and in each event.
        rests: J, what the readings of each event add to the label's level.
        levels: Mean of the readings inside and of those beside, W.
    """
    level, quiet = levels
    trace = integral.trace
    n = start_ns.size
    none = Beats(0.0, np.inf, np.zeros(n), None, None)
    tau = trace.interval_ns
    t, f = trace.times_ns, trace.values
    if tau <= 0 or read_at_random(trace):
        return none
    if n < 3:
        return _one_by_one(integral, start_ns, end_ns, before, inside)
    variance, resolved = 0.0, np.inf
    some = slice(None) if n <= _MOST else slice(0, _MOST)
    follows = before[some] < t.size
    places = np.mod((t[np.minimum(before[some], t.size - 1)] - start_ns[some]) / tau, 1.0)
    # Events that only ever meet one place are bounded by `phases`: what was never met has no weight to be taken evenly.
    if follows.all() and not always_alike(places) and keep_step_nearby(places):
        away, chance = evenly(places, rests[some])
        if n * abs(away) > _ROUNDING * abs(level) * float(np.sum(end_ns - start_ns)) * 1e-9:
            variance += (n * away / _REACH) ** 2
        resolved = n * n * chance
    held = (
        inside
        if trace.kept is None
        else np.where(integral.counted(before, before + inside) == inside, inside, 0)
    )
    ripple = ripple_in_events(t, f, tau, before, held, level)
    own: Floats = np.zeros(n)
    span = None
    seconds = (end_ns - start_ns) * 1e-9
    if ripple is None or ripple.frequency * float(end_ns[-1] - start_ns[0]) * 1e-9 < _PERIODS:
        span = _two_levels(f, before, held, max(trace.noise, trace.step), quiet)
    if ripple is not None and span is None:
        own = ripple.left_over(seconds)
        # Events closer together than half a period meet the same part of it.
        apart = max(1.0, 2 * ripple.frequency * float(end_ns[-1] - start_ns[0]) * 1e-9)
        variance += (
            float(np.mean(own**2)) * max(n, n * n / apart) + (ripple.unseen * float(seconds.sum())) ** 2
        )
        own = np.hypot(own, ripple.unseen * seconds)
        return Beats(variance, resolved, own, ripple, None)
    return Beats(variance, resolved, own, None, span)


def _one_by_one(
    integral: Integral, start_ns: Times, end_ns: Times, before: Indices, inside: Indices
) -> Beats:
    """Return what a line in the spectrum of each event's own readings leaves, where there is hardly more than one event."""
    own: Floats = np.zeros(start_ns.size)
    strongest = None
    if integral.trace.kept is None:
        for k, (first, count) in enumerate(zip(before.tolist(), inside.tolist(), strict=True)):
            line = ripple_in_run(integral.trace.values[first : first + count], integral.trace.interval_ns)
            if line is not None:
                seconds = (end_ns[k : k + 1] - start_ns[k : k + 1]) * 1e-9
                own[k] = float(np.hypot(line.left_over(seconds), line.unseen * seconds)[0])
                strongest = line
    return Beats(float(own @ own), np.inf, own, strongest, None)


def _two_levels(
    f: Floats, first: Indices, count: Indices, noise: float, quiet: float
) -> tuple[float, float] | None:
    """Return the levels between which power changes slowly inside events, whatever their beginning; None where it does not."""
    some = np.flatnonzero(count >= _SLOW + 2)[:_MOST]
    if some.size < _LEAST_EVENTS:
        return None
    # What a program does at its start and end for less than an interval is its own: the readings between count.
    first, size = first + 1, np.minimum(count[some] - 2, _MOST)
    ahead = np.cumsum(size) - size
    index = np.repeat(first[some] - ahead, size) + np.arange(int(size.sum()))
    values = f[index]
    low, high = float(np.percentile(values, 5)), float(np.percentile(values, 95))
    upper = values > (low + high) / 2
    if upper.all() or not upper.any():
        return None
    low, high = float(np.median(values[~upper])), float(np.median(values[upper]))
    span = high - low
    if span <= max(10 * noise, 0.2 * abs(high)):
        return None
    near = np.abs(values - np.where(upper, high, low)) <= _NEAR * span
    starts = upper[ahead]
    changes = int(np.count_nonzero(upper[1:] != upper[:-1])) - int(
        np.count_nonzero(upper[ahead[1:]] != upper[ahead[1:] - 1])
    )
    if (
        float(near.mean()) < _MOSTLY
        or starts.all()
        or not starts.any()
        or changes > 2 * _PERIODS
        or not (changes or abs(low - quiet) <= _NEAR * span)
        or not (changes or np.count_nonzero(starts[1:] != starts[:-1]) > 1)  # once and for all: a warm-up
        or values.size < _SLOW * (changes + some.size)
    ):
        return None
    # What goes on beside the events as well has nothing to do with them.
    outside = np.delete(f[: int(index[-1]) + 1], index[index <= index[-1]])
    if outside.size and float(np.mean(outside > (low + high) / 2)) > _ELSEWHERE:
        return None
    return float(values.min()), float(values.max())
