"""What snapshots of an instrument's own refresh leave open: a load that is nearly in step with it.

A card that refreshes its power ten times a second meets a loop of 50 ms always at the same place, or wanders over it slowly.  The recorder
cannot vary those moments.  What swings slowly in the readings of an event, again and again, may be such an image: then the mean of the
readings is known as that of any slow noise is, from its spectrum next to zero frequency.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.student_t import student_95
from powermeter.result import COVERAGE_95
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_LEAST = 16
_SHARED = 4  # events that show one reading's place, whose mean is the program's own course
_ORDINATES = 3
_LEAST_MARKS = 5  # events
_EDGE = 2  # readings on either side
_DECILE, _BY_CHANCE = 0.9, 0.01
_SWINGS = 4  # changes from one side of the middle to the other, which a program's own phases hardly make
_ASIDE = 0.25  # of the span, from the middle
_EVENTS = 2000
_DIFFER = 0.2
_FAST_NS = 250_000_000  # refreshes that loops and frames of programs keep step with; plugs and gauges average over theirs
_SLOW_NS = 2_000_000_000  # at which steps and folds of about a second are met at one place
_AS_MANY = 1.2  # times as many readings in the longest of a slow log's few events as in the shortest, and one
_FLAT_OF_SLOW = 0.6  # of them, on one level all through: the others crossed an edge of the loop
_PLATEAU = 5  # readings
_NEAR = 0.15  # of the span between two levels
_MOSTLY = 0.9
_FEW = 3
_AS_LONG = 2.0  # as a whole stretch on the same level: a loop's rate wanders by far less
_ONE_STEP = 1.5
_MOST_OF_FEW = 9  # events: of more, the places at which they were met show it
_INSIDE = 5  # readings of each of few events
_TURNS = 5  # events of two kinds that come by turns, of fewer by chance
_LEVEL = 0.3  # of the span between two levels, that readings inside an event differ by
_AS_HIGH, _MARGIN = 3.0, 0.1  # as where readings always fall on one part of events (`bounds.beat`)


def slow_swings(trace: Trace, first: Indices, count: Indices) -> Floats:
    """Return the standard uncertainty that slow swings inside each event leave, J; 0 in those that show none.

    The variance of the mean of n readings is S(0)/n, S(0) the spectrum next to zero frequency: the mean of three ordinates, with Student's t of
    twice as many degrees of freedom.  What all events do alike after their start is the program's own and is taken off.

    Args:
        first, count: Of each event's readings, in order.
    """
    found = np.zeros(count.size)
    long = np.flatnonzero(count >= _LEAST)[:_EVENTS]
    if not long.size:
        return found
    course = np.zeros(int(count[long].max()))
    met = np.zeros(course.size)
    for k in long.tolist():
        part = trace.values[first[k] : first[k] + count[k]]
        course[: part.size] += part
        met[: part.size] += 1
    course = np.where(met >= _SHARED, course / np.maximum(met, 1), 0.0)
    t95 = float(student_95(2.0 * _ORDINATES)) / COVERAGE_95
    for k in long.tolist():
        x = trace.values[first[k] : first[k] + count[k]]
        shared = int(np.count_nonzero(met[: x.size] >= _SHARED))
        x = x - course[: x.size] if shared == x.size else x - x.mean()
        if _changes(x) < _SWINGS:
            continue
        power = np.abs(np.fft.rfft(x - x.mean())[1 : _ORDINATES + 1]) ** 2 / x.size
        found[k] = trace.interval_ns * 1e-9 * math.sqrt(x.size * float(power.mean())) * t95
    return found


def _changes(x: Floats) -> int:
    low, high = (float(v) for v in np.percentile(x, [10, 90]))
    away = x - (low + high) / 2
    sides = np.sign(away[np.abs(away) > _ASIDE * (high - low)])
    return int(np.count_nonzero(np.diff(sides)))


def levels_differ(between: float, level: float, quiet: float, seconds: Floats) -> tuple[float, Floats]:
    """Return what levels that differ from event to event leave, where each may be that of the place at which readings met a loop.

    Args:
        between: Variance between events, W².

    Returns:
        The variance of the sum, J², and the standard uncertainty of each event, J: 0 where they differ by as little as programs do.
    """
    total = between * float(seconds @ seconds)
    far = between > (_DIFFER * (level - quiet)) ** 2
    return total, math.sqrt(between) * seconds if far else np.zeros(seconds.size)


def leave_a_mark(trace: Trace, first: Indices, count: Indices) -> bool:
    """Return whether power changes where events begin and end: what goes on beside them as inside is not a loop of theirs.

    Steps over edges are as often beyond the ninth decile of all other steps as chance makes them, and as often up as down, where the load
    does not know of the events (binomial, each at 1 %).
    """
    f, some = trace.values, count > 0
    begins, ends = first[some], (first + count)[some]
    # From the last reading but one beside to the second inside: a late refresh shows an edge one reading away.
    apart = 2 * _EDGE - 1
    inside = np.minimum(count[some], _EDGE) - 1
    over = np.concatenate(
        [
            (f[begins + inside] - f[np.maximum(begins - _EDGE, 0)])[begins > 0],
            (f[ends - 1 - inside] - f[np.minimum(ends + _EDGE - 1, f.size - 1)])[ends < f.size],
        ]
    )
    near = np.concatenate([begins - k for k in range(1, apart + 1)] + [ends - k for k in range(1, apart + 1)])
    steps = f[apart:] - f[:-apart]
    rest = np.delete(steps, np.unique(near[(near >= 0) & (near < steps.size)]))
    if over.size < 2 * _LEAST_MARKS or rest.size < _LEAST:
        return True
    beyond = int(np.count_nonzero(np.abs(over) > np.quantile(np.abs(rest), _DECILE)))
    up, down = int(np.count_nonzero(over > 0)), int(np.count_nonzero(over < 0))
    often = _at_least(beyond, over.size, 1 - _DECILE)
    one_way = 2 * _at_least(max(up, down), up + down, 0.5)
    return min(often, one_way) < _BY_CHANCE


def _at_least(hits: int, n: int, chance: float) -> float:
    """Return the probability of so many hits or more in n."""
    from scipy.special import bdtrc

    return float(bdtrc(hits - 1, n, chance)) if hits > 0 else 1.0


def plateaus(trace: Trace, first: Indices, count: Indices) -> tuple[float, float] | None:
    """Return the two levels between which power changes once to three times in one or two events, W; None where it does not.

    A loop that wanders past a fast refresh looks like that, and so does a program that loads and then computes: nothing distinguishes them.
    """
    if count.size >= _FEW or trace.interval_ns > _FAST_NS:
        return None
    parts = [trace.values[a + 1 : a + n - 1] for a, n in zip(first.tolist(), count.tolist(), strict=True)]
    bounds = [found for x in parts if (found := _two_levels(trace, x)) is not None]
    return (min(b[0] for b in bounds), max(b[1] for b in bounds)) if bounds else None


def levels_of_few(trace: Trace, first: Indices, count: Indices) -> tuple[float, float] | None:
    """Return the two levels on which few events lie, each on one of them all through, W; None where they do not.

    A loop in step with the readings is met by each event at a place of its own, and shows its two levels so; a program that does two kinds of
    work looks the same, but where they take turns, or last for unlike times in a slow log.
    """
    slow = trace.interval_ns > _FAST_NS
    if not _FEW <= count.size <= _MOST_OF_FEW or int(count.min()) < _INSIDE:
        return None
    if slow and (trace.interval_ns > _SLOW_NS or int(count.max()) > _AS_MANY * int(count.min()) + 1):
        return None
    parts = [trace.values[a + 1 : a + n - 1] for a, n in zip(first.tolist(), count.tolist(), strict=True)]
    levels = np.array([float(np.median(x)) for x in parts])
    low, high = float(levels.min()), float(levels.max())
    span = high - low
    upper = levels > (low + high) / 2
    turns = upper.size > _TURNS and bool((upper[1:] != upper[:-1]).all())
    near = bool((np.abs(levels - np.where(upper, high, low)) <= _NEAR * span).all())
    clear = span > max(10 * trace.noise, 10 * trace.step, _DIFFER * high)
    flat = float(np.mean([float(np.ptp(x)) <= _LEVEL * span for x in parts]))
    if turns or not near or not clear or flat < (_FLAT_OF_SLOW if slow else 1.0):
        return None
    return min(float(x.min()) for x in parts), max(float(x.max()) for x in parts)


def unmarked_levels(trace: Trace, first: Indices, count: Indices) -> tuple[float, float] | None:
    """Return the two levels of a run that changes between them once to three times wherever its events begin and end, W; None elsewhere.

    A loop that goes on beside the events as well, and wanders past a fast refresh within many of them, looks like that.
    """
    if count.size < _FEW or trace.interval_ns > _FAST_NS or trace.kept is not None:
        return None
    found = _two_levels(trace, trace.values)
    seen = [trace.values[a : a + n] for a, n in zip(first.tolist(), count.tolist(), strict=True) if n]
    if found is None or not seen:
        return None
    return min(found[0], *(float(x.min()) for x in seen)), max(found[1], *(float(x.max()) for x in seen))


def _two_levels(trace: Trace, x: Floats) -> tuple[float, float] | None:
    """Return the lowest and the highest of readings that change once to three times between two clean levels."""
    if x.size < 2 * _PLATEAU:
        return None
    low, high = (float(v) for v in np.percentile(x, [5, 95]))
    upper = x > (low + high) / 2
    if upper.all() or not upper.any():
        return None
    low, high = float(np.median(x[~upper])), float(np.median(x[upper]))
    span = high - low
    edges = np.flatnonzero(np.diff(upper))
    lasts = np.diff(np.concatenate([[-1], edges, [x.size - 1]]))
    near = float(np.mean(np.abs(x - np.where(upper, high, low)) <= _NEAR * span))
    clear = span > max(10 * trace.noise, 10 * trace.step, 0.2 * high)
    if (
        clear
        and near >= _MOSTLY
        and edges.size < _SWINGS
        and int(lasts.min()) >= _PLATEAU
        and comes_back(lasts)
    ):
        return float(x.min()), float(x.max())
    return None


def comes_back(lasts: Indices) -> bool:
    """Return whether stretches on two levels may be those of a loop that wanders past readings at a rate of its own.

    Its image comes back: what the first and the last reading cut of a stretch is no longer than twice the longest whole one on the same level.
    A loop whose rate wanders so far that it is crosses its edge many times at once instead.

    Args:
        lasts: Readings of each stretch, in order, levels by turns.
    """
    whole = np.arange(1, lasts.size - 1)
    cut = ((0, whole[whole % 2 == 0]), (lasts.size - 1, whole[(lasts.size - 1 - whole) % 2 == 0]))
    return all(int(lasts[k]) <= _AS_LONG * int(lasts[same].max()) for k, same in cut if same.size)


def always_one_place(trace: Trace, first: Indices, count: Indices) -> tuple[float, float] | None:
    """Return bounds of power inside events all of whose snapshots at a fast refresh agree to a step, W; None where they do not.

    A load draws noise of its own; what shows none is met at one place of its period again and again, or simulated.  It was then anything from
    what lies beside to what was never seen (`bounds`).
    """
    some = np.flatnonzero(count >= _LEAST)
    if not some.size or trace.interval_ns > _FAST_NS:
        return None
    step = max(trace.step, trace.code)
    parts = [trace.values[first[k] + 1 : first[k] + count[k] - 1] for k in some[:_EVENTS].tolist()]
    if step <= 0 or max(float(np.ptp(x)) for x in parts) > _ONE_STEP * step:
        return None
    top = trace.values.size - 1
    beside = trace.values[np.clip(np.concatenate([first - 1, first + count]), 0, top)]
    low = min(float(beside.min()), min(float(x.min()) for x in parts))
    high = max(float(x.max()) for x in parts)
    if float(np.ptp(beside)) <= _ONE_STEP * step and high - low <= _ONE_STEP * step:
        return None  # nothing changes where events begin and end
    most = max(2 * high - low, _AS_HIGH * high)
    return low, most + _MARGIN * (most - low)
