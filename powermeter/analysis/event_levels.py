"""Which level each event is taken at: its own as far as events differ by more than their readings scatter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.quantiles import median, variance_of
from powermeter.signals.decimation import INSIDE, LEAST_INSIDE

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

STRETCHES = 4_000
"""Events of a label that are looked at."""
_ENOUGH = 200  # whole ones stand for the others: of those but a few readings beside edges are held, each of which counts for many
_AT_ONCE = 10  # events that are so many times as long as the pause between them are one stretch
_PAIRED = 2  # of an event shorter than so many intervals, the middle is never one of two readings


def seen_in_pairs(start_ns: Times, end_ns: Times, owners: Indices, interval_ns: int) -> NDArray[np.bool_]:
    """Return which clusters are so long that each of their moments may be one of two readings.

    Of one that lasts L < 2 τ, two readings lie in its first and its last L − τ, and never between: what they agree on shows nothing of the middle.
    """
    size = int(owners.max(initial=-1)) + 1
    if size == start_ns.size:  # each is one of its own
        alone: NDArray[np.bool_] = end_ns - start_ns >= _PAIRED * interval_ns
        return alone
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(first, owners, start_ns)
    np.maximum.at(last, owners, end_ns)
    found: NDArray[np.bool_] = last - first >= _PAIRED * interval_ns
    return found


def clusters(
    start_ns: Times, end_ns: Times, before: Indices, upto: Indices, interval_ns: int
) -> tuple[Indices, Indices, Indices]:
    """Put events that overlap or follow at once together: first reading, number of readings, each event's cluster."""
    n = start_ns.size
    if n < 2:
        return before, upto - before, np.arange(n)
    usual = int(median(end_ns - start_ns))
    latest = np.maximum.accumulate(end_ns)
    apart = start_ns[1:] > latest[:-1] + min(interval_ns // 2, usual // _AT_ONCE)
    if apart.all():
        return before, upto - before, np.arange(n)
    apart = np.append(True, apart)
    owners = np.cumsum(apart) - 1
    begins = np.flatnonzero(apart)
    first = before[begins]
    until = np.maximum.reduceat(upto, begins)
    return first, until - first, owners


def levels(
    integral: Integral,
    first: Indices,
    counts: tuple[Indices, Indices],
    sums: tuple[Floats, Floats],
    level: float,
    noise: float,
    paired: NDArray[np.bool_],
) -> tuple[Floats, float, float, float]:
    """Return each cluster's level c, the readings' variance inside, the variance between clusters, what c cost in readings.

    Args:
        counts: Readings of each cluster that are held, and all of them.
        sums: Σ τ f and Σ τ of each.
        paired: Which clusters are so long that each of their moments may be one of two readings.  Only those show how readings differ inside;
            a shorter one has no level of its own, so that all that its readings differ from the label's mean counts as scatter.
    """
    f = integral.trace.values
    energy, weight = sums
    count, every = counts
    seen = weight > 0
    own = np.divide(energy, weight, out=np.full(weight.size, level), where=seen)
    pick = chosen(np.flatnonzero((count > 1) & paired), count, every)
    inside = noise**2
    if pick.size:
        lengths = np.minimum(count[pick], max(2, INSIDE // pick.size))
        index = ranges(first[pick], lengths)
        values = f[index]
        begins = lengths.cumsum() - lengths
        means = np.add.reduceat(values, begins) / lengths
        rest = values - means.repeat(lengths)
        inside = max(float((rest * rest).sum() / (lengths - 1).sum()), inside)
    elif np.count_nonzero(seen) > 1:
        return np.full(weight.size, level), 0.0, variance_of(own[seen]), 1.0
    if np.count_nonzero(seen) < 2:
        return own, inside, 0.0, 1.0
    readings = np.maximum(every[seen], 1)
    of_mean = float((1 / readings).sum() / readings.size)
    between = max(variance_of(own[seen]) - inside * of_mean, 0.0)
    share = (
        np.where(seen & paired, between / np.maximum(between + inside / np.maximum(every, 1), 1e-300), 0.0)
        if between > 0
        else np.zeros(weight.size)
    )
    return level + share * (own - level), inside, between, max(1.0, float(share.sum()))


def unlike_neighbours(rests: Floats, seconds: Floats, tau: float) -> Floats:
    """Return the standard uncertainty in J of each short event of a stretch: how far those of its label are from what their level makes of them.

    Of events that follow at once, what the readings put down too much for one they lack in the next, so that their sum shows nothing of it.  An event
    of two or more intervals shows by its own readings how they scatter.

    Args:
        rests: J, what the readings of each event add to the level of its stretch.
    """
    short = seconds < _PAIRED * tau
    n = int(short.sum())
    if n < 2:
        return np.zeros(rests.size)
    square = float(np.sum(rests[short] ** 2)) / (n - 1)
    found: Floats = np.where(short, np.sqrt(square * seconds / max(float(seconds[short].mean()), 1e-12)), 0.0)
    return found


def chosen(index: Indices, count: Indices, every: Indices) -> Indices:
    """Return the clusters that are looked at: of many, those of which every reading is held, or a stretch from either end."""
    whole = index[count[index] >= np.minimum(every[index], LEAST_INSIDE)]
    if whole.size >= _ENOUGH:
        index = whole
    return index if index.size <= STRETCHES else index[np.linspace(0, index.size - 1, STRETCHES).astype(int)]


def ranges(first: Indices, lengths: Indices) -> Indices:
    """Return first[0], first[0] + 1 …, first[1] … as one array."""
    until = lengths.cumsum()
    found: Indices = (first - until + lengths).repeat(lengths)
    found += np.arange(found.size)
    return found
