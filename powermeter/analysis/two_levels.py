"""Whether two levels that readings go between are the load's own, or may be the slow image of a faster loop.

A single mark on a long stretch (a session, an idle time in which something wakes) shows nothing of what power does inside.  What goes on beside
it alike is judged as a run without marks is; and a load whose turns begin at random moments and last about as long each is no image:
a loop's stays for longer on one level than on the other, and its lengths scatter by no larger a share of their mean there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.refresh_beat import comes_back

if TYPE_CHECKING:
    from powermeter.analysis.other_labels import Labels

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

_STRETCHES = 5  # on either level
_FITS = 2.0  # variance of their lengths over the mean's square, on either level: exponential ones have 1
_STAYS = 20  # readings that a level lasts at least once
_CHANGES = 4  # from one level to the other, at least: programs make fewer once in a while
_ALIKE = 0.3  # of their mean: what whole stretches of a steady loop on one level differ by at most, or by a reading
_TURNS = 6  # whole stretches on either level, that show how their lengths scatter
_LONGER = 1.5  # times the turns: what lies between them
_SCATTERS = 0.3  # variance of what lies between turns over the mean's square, at least
_MORE = 3.0  # times that of the turns
_SINGLES = 0.1  # of the turns that are read once, at most
_AT_ONCE = 0.1  # of the stretches on either level that are read once, where a phase passes an edge many times at once
_LONG = 4  # readings that some of them last then
_RARE = 0.2  # of readings on the upper level
_BY_CHANCE = 1.3  # variance of lengths over the mean's square, on either level
_WAITS = 3  # between rare turns
_SHORT = 2  # readings of a turn: of longer ones, a phase is seen to pass
_SAME = 0.1  # of a wait, by which others are about as long
_EDGES = 1 / 6  # of a reading squared: two jumps
_CUT = 1.5  # times the longest wait: what the beginning and the end cut
_REGULAR = 0.3  # variance of lengths over the mean's square, on both levels, of a loop at a steady rate
_BESIDE = 20  # readings in no event
_ELSEWHERE = 0.05  # of them on the upper level, at least
_AS_OFTEN = 3.0  # times as often, inside or beside, at most


def stretches(upper: Bools) -> Indices:
    """Return for how many readings each level lasts, in order."""
    lasts: Indices = np.diff(np.concatenate([[-1], np.flatnonzero(np.diff(upper)), [upper.size - 1]]))
    return lasts


def begins_at_random(upper: Bools) -> bool:
    """Return whether a load's turns last about as long each, and what lies between them scatters as random waits do."""
    whole = stretches(upper)[1:-1]
    if whole.size < 2 * _TURNS:
        return False
    off_first = int(upper[0])
    on, off = whole[off_first::2], whole[1 - off_first :: 2]
    turns, waits = _scatter(on), _scatter(off)
    longer = float(off.mean()) >= _LONGER * float(on.mean())
    resolved = float(np.mean(on == 1)) <= _SINGLES
    return longer and resolved and waits >= max(_SCATTERS, _MORE * turns)


def rare_turns(upper: Bools) -> float | None:
    """Return the variance of the share of readings on the upper level that rare turns leave, however they came about, beyond what their edges do; None where turns are few and last, not rare, keep time or come in bursts.

    Of k turns the share p is known to p (1 − p) √((c₁ + c₂)/k), c the variance of stretches on either level over their mean's square (renewals),
    times what four waits in a row scatter more than single ones.  Of that, turns that are read once leave all by chance, longer ones a sixth.
    """
    share = float(upper.mean())
    every = stretches(upper)
    whole = every[1:-1]
    off_first = int(upper[0])
    on, off = whole[off_first::2], whole[1 - off_first :: 2]
    if share > _RARE or off.size < _WAITS or (float(np.median(on)) <= _SHORT and _keeps_time(off)):
        return None
    if (
        whole.size < 2 * _TURNS
    ):  # few, each of which is read once: none stays on the upper level as an image does
        return 0.0 if int(every[off_first ^ 1 :: 2].max(initial=0)) == 1 else None
    scatters = _scatter(on), _scatter(off)
    cut = max((int(every[k]) for k in (0, -1) if not upper[k]), default=0)
    if max(scatters) > _BY_CHANCE or cut > _CUT * int(off.max()):
        return None
    single, turns = int(np.count_nonzero(on == 1)), min(on.size, off.size)
    many = turns >= 2 * _TURNS
    if not many and single < (1 - _SINGLES) * on.size:
        return None
    bursts = 1.0
    if many:
        fours = off[: off.size // 4 * 4].reshape(-1, 4).sum(axis=1)
        bursts = max(float(np.var(fours, ddof=1)) / max(4 * float(np.var(off, ddof=1)), 1e-12), 1.0)
    known = (share * (1 - share)) ** 2 * (sum(scatters) * bursts + 1 / turns) / turns
    by_edges = (single + (on.size - single) * _EDGES) / upper.size**2
    return max(float(known) - by_edges, 0.0)


def _keeps_time(waits: Indices) -> bool:
    """Return whether half of some waits are about as long: of a loop that readings meet at few places, and of a timer."""
    ordered = np.sort(waits)
    within = np.maximum(_SAME * ordered, 1.0)
    near = np.searchsorted(ordered, ordered + within, side="right") - np.searchsorted(
        ordered, ordered - within
    )
    return bool(near.max() > waits.size / 2)


def wanders(upper: Bools) -> bool:
    """Return whether stretches on either level are many short ones beside few long ones, as where a phase walks at random past an edge."""
    lasts = stretches(upper)
    return all(
        side.size >= _STRETCHES and int(side.max()) >= _STAYS and _scatter(side) >= _FITS
        for side in (lasts[::2], lasts[1::2])
    )


def comes_back_alike(upper: Bools) -> bool:
    """Return whether stretches come back alike, on either level, as those of a steady loop do."""
    lasts = stretches(upper)
    return lasts.size > _CHANGES and comes_back(lasts) and all(_alike(lasts[k:-1:2]) for k in (1, 2))


def goes_on_beside(inside: Floats, beside: Floats, middle: float) -> bool:
    """Return whether a load of two levels goes on beside an event as often as inside, and shows nothing of an image in all readings of either.

    Args:
        inside, beside: Readings inside the event, and in no event at all, W.
        middle: Between the levels, W.
    """
    if beside.size < _BESIDE:
        return False
    there, here = float(np.mean(beside > middle)), float(np.mean(inside > middle))
    if there < _ELSEWHERE or max(there, here) > _AS_OFTEN * min(there, here):
        return False
    upper = np.concatenate([inside, beside]) > middle
    return not (wanders(upper) or _looks_like_an_image(upper) or comes_back_alike(inside > middle))


def in_no_event(times_ns: Times, own: tuple[Times, Times], labels: Labels | None) -> Bools:
    """Return which readings lie in no event of any label.

    Args:
        own: Starts and ends of a label's events, where it is the only one.
        labels: The events of all.
    """
    starts, ends = own if labels is None else (labels.sorted_starts, labels.sorted_ends)
    running = np.searchsorted(starts, times_ns, side="left") - np.searchsorted(ends, times_ns, side="left")
    found: Bools = running <= 0
    return found


def _looks_like_an_image(upper: Bools) -> bool:
    """Return whether stretches on both levels are about as long each, or some of both are read once beside long ones, as where a phase comes to an edge."""
    whole = stretches(upper)[1:-1]
    if whole.size < _CHANGES - 1:
        return False
    sides = whole[::2], whole[1::2]
    regular = all(_scatter(side) <= _REGULAR for side in sides)
    return regular or all(
        float(np.mean(side == 1)) >= _AT_ONCE and int(side.max()) >= _LONG for side in sides
    )


def _scatter(lasts: Indices) -> float:
    """Return the variance of lengths over their mean's square."""
    return float(np.var(lasts)) / float(np.mean(lasts)) ** 2


def _alike(lasts: Indices) -> bool:
    return bool(np.ptp(lasts) <= max(1, _ALIKE * float(np.mean(lasts))))
