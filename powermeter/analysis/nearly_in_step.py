"""What readings at regular moments leave where the load nearly keeps step with them: a loop, PWM, a refresh.

`lock_step.py` finds events that always meet the readings at the same place; here are those that wander past them slowly, and ripples
inside events whose folded image does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.images_in_short_events import image_in_short_events, share_above_beside
from powermeter.analysis.integral import Integral
from powermeter.analysis.levels_of_others import one_made_by_others
from powermeter.analysis.lock_step import FEWEST, always_alike, by_place, evenly, keep_step_nearby
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.quantiles import median, quantile
from powermeter.analysis.regular_or_random import read_at_random
from powermeter.analysis.ripple import Ripple, ripple_in_events, ripple_in_run
from powermeter.analysis.two_levels import (
    begins_at_random,
    goes_on_beside,
    in_no_event,
    rare_turns,
    stretches,
)

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_MOST = 20_000
_REACH = 1.5  # the deviation that was found is a standard uncertainty times this, so that the interval reaches 1.3 of it
_ROUNDING = 1e-9
_PERIODS = 12  # of a line, below which what it averages to is not known
_SLOW = 5  # readings that a level lasts, to be distinguished from one that is seen once
_LEAST_EVENTS = 6
_NEAR = 0.15  # of the span between two levels
_MOSTLY = 0.9
_ELSEWHERE = 0.05
_SOME = 2  # events that show no more than idle power, and as many that mostly draw more
_PARTS = 8  # of an event
_DEEP = 0.5  # of what the upper level is above idle: throttling keeps more
_ONCE = 3  # changes that are not a course of the program
_READINGS_OF_FITS = 64
_READINGS_OF_ONE = 20  # of one event, on two levels of which the lower is idle power
_STRETCHES = 4
_FITS = 1.3  # variance of their lengths over the mean's square; exponential ones have 1
_OWN = 0.4  # of the variance that a course all events share explains


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """What nearly keeping step leaves.

    Attributes:
        variance: Of the label's sum, J².
        resolved: What its readings leave otherwise, where they wander evenly over all places of the events, J²; infinite where not.
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
    marks: tuple[Labels, int] | None = None,
) -> Beats:
    """Return what the events of one label are off by where the load nearly keeps step with readings at regular moments.

    Args:
        before: How many readings lie at or before each start; inside: and in each event.
        rests: J, what the readings of each event add to the label's level.
        levels: Mean of the readings inside and of those beside, W.
        marks: The events of all labels, and which of them this one is; None where it is the only one.
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
        return _one_by_one(integral, (start_ns, end_ns), before, inside, quiet, marks)
    variance, resolved = 0.0, np.inf
    some = slice(None) if n <= _MOST else slice(0, _MOST)
    follows = before[some] < t.size
    places = np.mod((t[np.minimum(before[some], t.size - 1)] - start_ns[some]) / tau, 1.0)
    # Events that only ever meet one place are bounded by `lock_step`: what was never met has no weight to be taken evenly.
    if follows.all() and not always_alike(places) and keep_step_nearby(places):
        away, chance, unmet = evenly(places, rests[some])
        if n * abs(away) > _ROUNDING * abs(level) * float(np.sum(end_ns - start_ns)) * 1e-9:
            variance += (n * away / _REACH) ** 2 + n * n * unmet
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
        levels_found = _on_levels(f, before, held, max(trace.noise, trace.step), quiet)
        if levels_found is None:
            span = image_in_short_events(f, before, held, max(trace.noise, trace.step), quiet)
        elif _slowly(levels_found):
            span = levels_found.span
        elif (stands := _stands(levels_found)) is not None:
            share, worth = stands
            if worth < _LEAST_EVENTS:
                span = levels_found.span
            else:
                ripple = None
                swing = (levels_found.high - levels_found.low) * math.sqrt(share * (1 - share))
                variance += (swing * float(seconds.sum())) ** 2 / worth
                stretch = levels_found.upper.size / worth * tau * 1e-9
                own = swing * np.sqrt(seconds * np.minimum(seconds, stretch))
    if ripple is not None and span is None:
        own = ripple.left_over(seconds)
        # Events closer together than half a period meet the same part of it.
        apart = max(1.0, 2 * ripple.frequency * float(end_ns[-1] - start_ns[0]) * 1e-9)
        variance += float(np.mean(own**2)) * max(n, n * n / apart) + ripple.unseen_in_all(seconds)
        own = np.hypot(own, ripple.unseen_in(seconds))
        return Beats(variance, resolved, own, ripple, None)
    return Beats(variance, resolved, own, None, span)


def _one_by_one(
    integral: Integral,
    edges: tuple[Times, Times],
    before: Indices,
    inside: Indices,
    quiet: float,
    marks: tuple[Labels, int] | None,
) -> Beats:
    """Return what a line in the spectrum of each event's own readings leaves, where there is hardly more than one event."""
    start_ns, end_ns = edges
    own: Floats = np.zeros(start_ns.size)
    strongest = span = None
    if integral.trace.kept is None:
        noise = max(integral.trace.noise, integral.trace.step)
        for k, (first, count) in enumerate(zip(before.tolist(), inside.tolist(), strict=True)):
            values = integral.trace.values[first : first + count]
            seconds = (end_ns[k : k + 1] - start_ns[k : k + 1]) * 1e-9
            line = ripple_in_run(values, integral.trace.interval_ns)
            if line is not None and one_made_by_others(integral.trace, edges, (before, inside), k, marks):
                continue
            if line is not None:
                own[k] = float(np.hypot(line.left_over(seconds), line.unseen_in(seconds))[0])
                strongest = line
            elif (fits := by_fits(values[1:-1], noise, quiet)) is not None:
                if _is_the_load(integral, edges, (before, inside), k, marks):
                    continue
                deviation, worth = fits
                own[k] = deviation * float(seconds[0]) / math.sqrt(worth)
                if worth < _LEAST_EVENTS:
                    span = float(values.min()), float(values.max())
    return Beats(float(own @ own), np.inf, own, strongest, span)


def _is_the_load(
    integral: Integral,
    edges: tuple[Times, Times],
    readings: tuple[Indices, Indices],
    k: int,
    marks: tuple[Labels, int] | None,
) -> bool:
    """Return whether two levels in one of one or two events are the load's own: other labels' events make them, or they go on beside it alike.

    Args:
        readings: The first inside each event, and how many there are.
        k: Which event.
    """
    if one_made_by_others(integral.trace, edges, readings, k, marks):
        return True
    trace, (first, count) = integral.trace, readings
    values = trace.values[first[k] + 1 : first[k] + count[k] - 1]
    levels = _levels(values)
    if levels is None:
        return False
    free = in_no_event(trace.times_ns, edges, None if marks is None else marks[0])
    return goes_on_beside(values, trace.values[free], (levels[0] + levels[1]) / 2)


def by_fits(values: Floats, noise: float, quiet: float | None = None) -> tuple[float, float] | None:
    """Return for readings that go between two levels by fits their standard deviation, and as how many independent ones they count.

    A loop whose phase wanders past the readings at random crosses an edge of it many times at once and stays away for long:
    lengths of stretches scatter by more than their mean, where those of what programs do one after the other scatter by less.
    Where the lower level is idle power, any long stretches do: a loop that rests between its turns looks so at regular moments.

    Args:
        quiet: Idle power beside the event, W, where it is known.
    """
    if values.size < _READINGS_OF_ONE:
        return None
    levels = _levels(values)
    if levels is None:
        return None
    low, high, upper = levels
    span = high - low
    near = np.abs(values - np.where(upper, high, low)) <= _NEAR * span
    if span <= max(10 * noise, 0.2 * abs(high)) or float(near.mean()) < _MOSTLY:
        return None
    if begins_at_random(upper):
        return None
    lasts = stretches(upper)
    each = float(lasts @ lasts) / values.size
    idle = quiet is not None and abs(low - quiet) <= _NEAR * span
    rests = idle and each >= _SLOW + 1
    fits = (
        values.size >= _READINGS_OF_FITS
        and lasts.size >= _STRETCHES
        and float(np.var(lasts)) >= _FITS * float(np.mean(lasts)) ** 2
    )
    if not (fits or rests):
        return None
    if (left := rare_turns(upper)) is None:
        return float(np.std(values)), values.size / each
    share = float(upper.mean())
    return (float(np.std(values)), share * (1 - share) / left) if left else None


@dataclass(frozen=True, slots=True, eq=False)
class _Levels:
    """Readings inside events that lie on one of two levels.

    Attributes:
        low, high: The levels, W.
        values: Of the readings, event after event, without the first and the last of each, W.
        ahead, size: Where each event's begin, and how many there are.
        upper: Which of them lie on the upper level.
        idle: Whether the lower level is that of the readings beside events.
        deep: Whether of what the upper level is above those the lower one is no more than half.
    """

    low: float
    high: float
    values: Floats
    ahead: Indices
    size: Indices
    upper: NDArray[np.bool_]
    idle: bool
    deep: bool = False

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest reading, W."""
        return float(self.values.min()), float(self.values.max())

    @property
    def changes(self) -> int:
        """How often power goes from one level to the other inside events."""
        upper, starts = self.upper, self.ahead[1:]
        between = np.count_nonzero(upper[starts] != upper[starts - 1])
        return int(np.count_nonzero(upper[1:] != upper[:-1]) - between)


def _on_levels(f: Floats, first: Indices, count: Indices, noise: float, quiet: float) -> _Levels | None:
    """Return the readings of six or more events that lie on one of two levels; None where they do not."""
    some = np.flatnonzero(count >= _SLOW + 2)[:_MOST]
    if some.size < _LEAST_EVENTS:
        return None
    # What a program does at its start and end for less than an interval is its own: the readings between count.
    size = np.minimum(count[some] - 2, _MOST)
    ahead = np.cumsum(size) - size
    index = np.repeat(first[some] + 1 - ahead, size) + np.arange(int(size.sum()))
    values = f[index]
    levels = _levels(values)
    if levels is None:
        return None
    low, high, upper = levels
    span = high - low
    if span <= max(10 * noise, 0.2 * abs(high)):
        return None
    near = np.abs(values - np.where(upper, high, low)) <= _NEAR * span
    if float(near.mean()) < _MOSTLY:
        return None
    # What goes on beside the events as well has nothing to do with them.
    if share_above_beside(f[: int(index[-1]) + 3], first, count, (low + high) / 2) > _ELSEWHERE:
        return None
    idle, deep = abs(low - quiet) <= _NEAR * span, low - quiet <= _DEEP * (high - quiet)
    return _Levels(low, high, values, ahead, size, upper, idle, deep)


def _slowly(found: _Levels) -> bool:
    """Return whether power changes slowly between the levels, whatever the beginning of events."""
    upper, ahead = found.upper, found.ahead
    starts = upper[ahead]
    changes = found.changes
    share = np.add.reduceat(upper, ahead) / found.size
    on = share > 0.5
    again = int(np.count_nonzero(on[1:] != on[:-1])) > 1  # once and for all: a warm-up
    if found.idle and again and min(np.sum(share == 0), np.sum(on)) >= _SOME:
        return True  # some events show nothing at all, others most of it
    if found.deep and not found.idle and _drifted(starts, share, int(changes)):
        return True
    if not found.idle and not found.deep and int(np.count_nonzero(upper[1:] != upper[:-1])) == 1:
        return False  # once and for all, to more than half of what it was: throttled
    return not (
        starts.all()
        or not starts.any()
        or changes > 2 * _PERIODS
        or not (changes or found.idle)
        or not (changes or np.count_nonzero(starts[1:] != starts[:-1]) > 1)  # once and for all: a warm-up
        or upper.size < _SLOW * (changes + starts.size)
    )


def _drifted(starts: NDArray[np.bool_], share: Floats, changes: int) -> bool:
    """Return whether events lie on one level, then on the other for long, which nothing in their own course explains.

    A first half of events at another level is a warm-up, and events that keep going to and fro are inputs that differ.
    """
    between = np.flatnonzero(starts[1:] != starts[:-1]) + 1
    if changes:
        return changes <= _ONCE and int(np.count_nonzero((share > 0) & (share < 1))) <= starts.size // 4
    return between.size == 2 or (between.size == 1 and int(between[0]) > starts.size // 2)


def _stands(found: _Levels) -> tuple[float, float] | None:
    """Return the share of readings at the upper level, and the effective number of readings, of power that switches inside events for many readings at a time.

    Off means idle power, so that only those stretches distinguish a wave that readings nearly keep step with from a program that
    waits.  What all events do alike, at the same place behind their start or in the same part of them, is the program's own.  None where
    stretches are short, or alike.
    """
    if not found.idle or not found.changes:
        return None
    upper, size = found.upper, found.size
    share = float(upper.mean())
    place = np.arange(upper.size) - np.repeat(found.ahead, size)
    x = upper - share
    for where in (place, (place * _PARTS) // np.repeat(size, size)):
        met = np.bincount(where)
        course = np.bincount(where, x) / np.maximum(met, 1)
        if float(np.sum(met * course**2)) > _OWN * float(x @ x):
            return None
    lasts = stretches(upper)
    each = float(lasts @ lasts) / upper.size
    return (share, upper.size / each) if each >= _SLOW + 1 else None


def explained_by_place(integral: Integral, start_ns: Times, before: Indices, rests: Floats) -> float:
    """Return the variance of what events' readings leave, J², that regular readings make by the places at which they meet events that keep no step with them.

    Args:
        before: How many readings lie at or before each start.
        rests: J, what the readings of each event add to the label's level; NaN where there are none.
    """
    trace = integral.trace
    if trace.interval_ns <= 0 or read_at_random(trace):
        return 0.0
    use = np.flatnonzero(np.isfinite(rests) & (before < len(trace)))[:_MOST]
    if use.size < FEWEST:
        return 0.0
    places = np.mod((trace.times_ns[before[use]] - start_ns[use]) / trace.interval_ns, 1.0)
    if keep_step_nearby(places) or always_alike(places):
        return 0.0
    return by_place(places, rests[use])


def _levels(values: Floats) -> tuple[float, float, NDArray[np.bool_]] | None:
    """Return the medians below and above the middle, W, and which values lie above; None where all lie on one side."""
    low, high = quantile(values, 0.05), quantile(values, 0.95)
    upper: NDArray[np.bool_] = values > (low + high) / 2
    if upper.all() or not upper.any():
        return None
    return median(values[~upper]), median(values[upper]), upper
