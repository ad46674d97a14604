"""Whether something follows some of a label's events (a log flush after every seventh), on meters that average.

What follows few of many events hardly moves the mean of the windows behind ends, which `tails.py` looks at.  But each such window is
known to the noise of windows beside events: one that stands out shows an event that is followed.  How much of it lies in the window that
this event's end cuts, and in those of events behind which no whole window reaches it, nothing shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import SOME, GroupEstimate
from powermeter.analysis.quantiles import quantile

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 8  # whole windows beside events
_AROUND = 4  # such windows on either side whose median is idle power
_QUARTILE = 0.3186  # standard deviations that a quarter of normal deviations lie within
_STANDS_OUT = 6.0  # standard deviations
_WORTH = 0.01  # of the power inside
_CHANCE = 0.05
_FURTHEST = 8  # windows behind an end that may hold what follows
_OTHERS = 16  # windows beside events that are looked at for each end, spread evenly
_FEWEST_OTHERS = 64
_SURE = 1.645  # standard deviations that 95 % lie below
_INSIDE = 2  # windows from the one that an event's start cuts to the one that its end does, beyond which two lie inside
_LATE = 2.0  # standard errors
_PAID = 0.002  # of the energy, below which it is not


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The events that something follows.

    Attributes:
        which: Whether each is seen to be followed, shape (n,).
        behind: What of that was seen behind the window that each end cuts, J, shape (n,).
        others: So many of the others may be followed as well.
        late: Whether some begin late as well, as behind stamps that are: what follows is then the events' own.
    """

    which: Bools
    behind: Floats
    others: float
    late: bool = False


def some_are_followed(
    rates: Floats,
    tau: Floats,
    reach: Floats,
    edges: tuple[Indices, Indices],
    beside: Indices,
    noise: float,
    inside: float,
) -> Followed | None:
    """Return which events something follows, or None where no whole window behind an end stands out.

    Args:
        rates, tau: Of each window, W and s.
        reach: How far behind its event's end the window that it cuts ends, as a share of the window, shape (n,).
        edges: The windows that hold each event's start, and its end.
        beside: The whole windows beside events, sorted.
        noise: Of a window, W.
        inside: Power inside the events, W.
    """
    starts, ends = edges
    if beside.size < _LEAST:
        return None
    at = np.minimum(np.searchsorted(beside, ends + 1), beside.size - 1)
    looked = beside[at] == ends + 1
    if not looked.any():
        return None
    elsewhere = _spread_over(beside.size, at[looked])
    behind = _above_idle(rates, beside, at)
    others = _above_idle(rates, beside, elsewhere)
    away = np.abs(np.concatenate([behind[looked], others]))
    usual = max(quantile(away, 0.25) / _QUARTILE, noise)
    least = max(_STANDS_OUT * usual, _WORTH * abs(inside))
    seen = looked & (behind > least)
    m, n = int(seen.sum()), int(looked.sum())
    also = int(np.count_nonzero(others > least))
    if not m or (also and _by_chance(m, n, also, others.size) > _CHANCE):
        return None
    joules, long = _joules_behind((rates, tau), beside, at, seen, least)
    # Behind an end that lies further from its window's end than what follows lasts, nothing shows it.
    shows = 1.0 if long else min(float(reach[seen].max()) * (m + 1) / m, 1.0)
    places = max(n * shows, 1.0)
    return Followed(
        seen,
        joules,
        min(_at_most(m) * max(ends.size - places, 0.0) / places, ends.size - m),
        _begin_late(rates, starts, ends, float(joules.mean()) / float(np.median(tau))),
    )


def _begin_late(rates: Floats, starts: Indices, ends: Indices, power: float) -> bool:
    """Return whether the first whole windows of events may lie as far below the next ones, in the mean, as so much power behind ends does above idle power."""
    some = starts[ends - starts > _INSIDE]
    rises = rates[some + 2] - rates[some + 1]
    if some.size < _LEAST:
        return False
    return float(rises.mean() + _LATE * rises.std(ddof=1) / math.sqrt(some.size)) >= power


def _spread_over(size: int, behind: Indices) -> Indices:
    """Return some of so many windows beside events, spread evenly, that do not follow this label's ends."""
    some = min(size, max(_OTHERS * behind.size, _FEWEST_OTHERS))
    return np.setdiff1d(np.linspace(0, size - 1, some).astype(np.int64), behind)


def _above_idle(rates: Floats, beside: Indices, some: Indices) -> Floats:
    """Return how far some of the windows beside events lie above the median of those around each."""
    around = min(_AROUND, (beside.size - 1) // 2)
    near = np.abs(some[:, np.newaxis] + np.arange(-around, around + 1))
    near = np.minimum(near, 2 * (beside.size - 1) - near)  # turned back at either end
    found: Floats = rates[beside[some]] - np.median(rates[beside[near]], axis=1)
    return found


def _by_chance(seen: int, looked: int, elsewhere: int, others: int) -> float:
    """Return the chance that of all windows that stand out so many or more lie behind ends (Fisher's exact test)."""
    every, all_seen = looked + others, seen + elsewhere
    whole = math.lgamma(every + 1) - math.lgamma(all_seen + 1) - math.lgamma(every - all_seen + 1)
    return sum(
        math.exp(_ways(looked, k) + _ways(others, all_seen - k) - whole)
        for k in range(seen, min(looked, all_seen) + 1)
        if all_seen - k <= others
    )


def _ways(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _joules_behind(
    windows: tuple[Floats, Floats], beside: Indices, at: Indices, seen: Bools, least: float
) -> tuple[Floats, bool]:
    """Return what lies above idle power behind the ends of the events that are followed, and whether it reaches a second window."""
    rates, tau = windows
    found, goes_on = np.zeros(seen.size), seen.copy()
    long = False
    for j in range(_FURTHEST):
        next_one = np.minimum(at + j, beside.size - 1)
        excess = _above_idle(rates, beside, next_one)
        goes_on = goes_on & (at + j < beside.size) & (excess > least) & (beside[next_one] == beside[at] + j)
        found[goes_on] += excess[goes_on] * tau[beside[next_one[goes_on]]]
        long |= bool(j and goes_on.any())
        if not goes_on.any():
            break
    return found, long


def _at_most(seen: int) -> float:
    """Return the mean of a Poisson count that is no more than `seen` once in twenty (Garwood, Biometrika 28, 1936; Wilson and Hilferty's cube root)."""
    k = seen + 1.0
    return float(k * (1 - 1 / (9 * k) + _SURE / (3 * math.sqrt(k))) ** 3)


def open_to_followed(
    found: GroupEstimate, followed: Followed, held: Floats, rest: Floats, room: Floats
) -> None:
    """Open the intervals of events, and of their sum, down to what may have followed and not been theirs; where some begin late, up to all that may be.

    Args:
        held: What the window that each end cuts counts for its event and may be what follows, J; shape (n,).
        rest: What it holds beyond the expected, J; shape (n,).
        room: What the windows that edges cut hold above idle power and the event does not have, J; shape (n,).
    """
    which = followed.which
    largest = float(np.max(followed.behind[which] + np.clip(rest[which], 0.0, held[which])))
    each = np.minimum(held, largest)
    chance = np.where(which, 1.0, followed.others / max(int(np.count_nonzero(~which)), 1))
    below = chance * each
    if float(below.sum()) < _PAID * abs(float(np.sum(found.value))):
        return
    found.why = SOME
    if followed.late:
        above = followed.behind + room
        found.above = np.maximum(found.above, above)
        found.above_all = max(found.above_all, float(above.sum()))
    found.below = np.maximum(found.below, below)
    found.below_all = float(found.below.sum())
    # A single one is followed or not; what their sum has of that is in `below`.
    total = found.factor * float(found.own @ found.own)
    found.own = np.hypot(found.own, each * np.sqrt(chance * (1 - chance)))
    found.factor = total / max(float(found.own @ found.own), 1e-300)
