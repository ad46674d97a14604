"""What marks in coarser steps than stamps take from events, and stamps in coarser steps than marks: it lies up to a step outside of their edges.

Marks rounded to a step g lie up to g/2 beside what they mark, dropped fractions up to g before it.  Where an edge lies too far
outside, readings beside it count as inside and hold nothing; where it lies too far inside, what an event used is outside.  Both together
take from a flat event g/4 (rounded) or g/2 (dropped) of what it adds to its surroundings, and no number of events averages that out.
Readings up to a step outside of edges hold it; exact marks that only look rounded leave nothing there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import LATE, GroupEstimate
from powermeter.analysis.event_levels import ranges
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import opened
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.regular_or_random import coarse_step, in_step_with

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

_OFF = 0.15  # of a step
_LITTLE = 0.001  # of what events used
_CLEARLY = 0.1  # of their power, that events add to what is beside them
_RESOLVED = 2.0  # intervals in a step, from which readings show where edges are
_SURE = 4.6  # readings expected of rounded edges: that none comes has a chance of 1 in 100
_CHANCE = 2  # readings
_FEW = 8  # readings beside edges, of which the level there is known


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What readings near clear edges show.

    Attributes:
        outside: Readings up to a step outside, above the level further out, W.
        inside: How far readings up to a step inside are below the level further in, W.
        adds: The level further in above that further out, W.
        doubt: Standard uncertainty of the level further out, W.
        away: How many readings show edges that are not at their marks.
        behind_s: For how long readings up to a step behind each clear end show the event, s.
    """

    outside: Floats
    inside: Floats
    adds: float
    doubt: float
    away: int
    behind_s: Floats


def a_step_outside(
    integral: Integral,
    found: GroupEstimate,
    edges: tuple[Times, Times],
    labels: Labels | None,
) -> tuple[GroupEstimate, int]:
    """Return an estimate with what readings up to a step outside of edges hold, and the step that edges lie in, ns; 0 where it changes nothing.

    Args:
        edges: Starts and ends, sorted by start.
        labels: The events of all labels, where there are several.
    """
    step = coarse_step(integral.trace, edges)
    if not step or found.level is None or found.quiet is None:
        return found, 0
    g, n = step * 1e-9, edges[0].size
    if abs(found.level - found.quiet) * g / 2 * n <= _LITTLE * abs(float(np.nansum(found.value))):
        return found, 0
    clear = clear_of_others(edges, step, labels)
    if not (clear[0].any() or clear[1].any()):
        return found, 0
    seen = _seen(integral, edges, step, (clear, clear_of_others(edges, 2 * step, labels)), found.quiet)
    if seen is None or abs(seen.adds) < _CLEARLY * abs(found.level):
        return found, 0
    if _always_as_late(seen.behind_s, g, integral.trace.interval_ns * 1e-9):
        return found, 0
    share = float(np.mean((clear[0].astype(np.float64) + clear[1]) / 2))
    tau, alike = integral.trace.interval_ns * 1e-9, in_step_with(integral.trace, step)
    exact = not seen.away and (g >= _RESOLVED * tau or n * share * g / 2 > _SURE * tau)
    if exact and not alike:
        return found, 0
    if exact:
        total = found.factor * float(found.own @ found.own)
        return _uneven(found, total, (g, min(g, tau) * seen.adds), 1.0), step
    return _with(found, seen, (g, share), tau, alike=alike), step


def _always_as_late(behind_s: Floats, g: float, tau: float) -> bool:
    """Return whether readings show ends behind their marks, and all about as far: a load or a meter that is late under exact marks."""
    if behind_s.size < _FEW or g < _RESOLVED * tau or not _OFF * g < float(behind_s.mean()) < g / 2:
        return False
    return float(behind_s.std(ddof=1)) < _OFF * g


def _with(
    found: GroupEstimate, seen: _Seen, steps: tuple[float, float], tau: float, *, alike: bool
) -> GroupEstimate:
    """Return an estimate with what is outside, and what that leaves open.

    Dropped fractions leave g/2 of an event outside, on average; nothing leaves more, unless few events do by chance.

    Args:
        steps: The step in s, and the share of edges beside which it was looked for.
        alike: Whether readings always lie at about the same place of a step.
    """
    g, share = steps
    n = found.value.size
    most = abs(seen.adds) * (g / 2 * n + g / 2 * math.sqrt(n / 3))
    sign = math.copysign(1.0, seen.adds)
    outside = sign * tau * float(seen.outside.sum()) / share
    lacking = sign * tau * float(seen.inside.sum()) / share
    kept = min(max(outside, 0.0), most)
    # Where edges are rounded, as much is missing inside as lies outside: few by chance are no more certain than many.
    squares = float(seen.outside @ seen.outside)
    squares = max(squares, (squares + float(seen.inside @ seen.inside)) / 2) + seen.adds**2
    squares += (seen.outside.size * seen.doubt) ** 2
    # What is outside and not missing inside may follow events, or come ahead of them, and be none of theirs.
    others = min(max(outside - max(lacking, 0.0), 0.0), kept)
    variance = min(tau**2 * squares / share**2, most**2 / 3) + others**2 / 3
    before = found.factor * float(found.own @ found.own)
    cubes = found.lean_all * before**1.5 + (tau / share) ** 3 * float(np.sum(seen.outside**3))
    found.lean_all = cubes / (before + variance) ** 1.5
    found.value = found.value + sign * kept / n
    # How far edges are away from their marks shows in both, unless they are always read at one place.
    away = tau * abs(float(seen.outside.sum()) + float(seen.inside.sum())) / abs(seen.adds) + _CHANCE * tau
    moved = 1.0 if alike else min(away / (n * share * g / 2), 1.0)
    found = _uneven(found, before + variance, (g, min(g, tau) * seen.adds), moved)
    if outside <= most or found.why or sign < 0 or g < _RESOLVED * tau:
        return found
    # Dropped fractions leave no more outside, unless what is read is late as well: by up to a step more.
    further = max(abs(seen.adds) * 1.5 * g - kept / n, 0.0)
    return opened(found, LATE, further, np.full(n, further))


def _uneven(found: GroupEstimate, total: float, steps: tuple[float, float], moved: float) -> GroupEstimate:
    """Return an estimate that leaves open how much longer or shorter than their marks events lasted: g/√6 each.

    Args:
        total: The variance of all events without that, J².
        steps: The step, s, and what readings do not show of one, J.
        moved: The share of that variance by which edges are away from their marks.
    """
    g, unseen = steps
    total += found.value.size * moved / 6 * ((float(found.quiet or 0.0) * g) ** 2 + unseen**2)
    found.own = np.hypot(found.own, abs(found.level or 0.0) * g * math.sqrt(moved / 6))
    found.factor = total / float(found.own @ found.own)
    return found


def _seen(
    integral: Integral,
    edges: tuple[Times, Times],
    step: int,
    near: tuple[tuple[Mask, Mask], ...],
    quiet: float,
) -> _Seen | None:
    """Return what readings near clear edges show, or None where no reading lies further inside."""
    t, f = integral.trace.times_ns, integral.trace.values
    (start, end), (clear, far) = edges, near
    middle = start + (end - start) // 2
    first, last = np.minimum(start + step, middle), np.maximum(end - step, middle)
    core = _between(t, f, first, last)
    if not core.size:
        return None
    starts, ends = start[clear[0]], end[clear[1]]
    outside = [_between(t, f, starts - step, starts - 1), _between(t, f, ends, ends + step)]
    inside = [_between(t, f, starts, first[clear[0]]), _between(t, f, last[clear[1]], ends - 1)]
    # Readings on marks are counted before starts, and inside at ends.
    on = [_between(t, f, at - 1, at) for at in (starts, ends)]
    beside = np.concatenate(
        [
            _between(t, f, start[far[0]] - 2 * step, start[far[0]] - step),
            _between(t, f, end[far[1]] + step, end[far[1]] + 2 * step),
        ]
    )
    known = beside.size >= _FEW
    low = float(beside.mean()) if known else quiet
    doubt = float(beside.std(ddof=1)) / math.sqrt(beside.size) if known else 0.0
    level = float(core.mean())
    adds = level - low
    over = np.concatenate([*(x - low for x in outside), *(level - x for x in inside)])
    return _Seen(
        np.concatenate([*outside, on[0]]) - low,
        level - np.concatenate([*inside, on[1]]),
        adds,
        doubt,
        int(np.count_nonzero(over * math.copysign(1.0, adds) > abs(adds) / 2)),
        _shown_s(integral, (ends, ends + step), (low, adds)),
    )


def _shown_s(integral: Integral, spans: tuple[Times, Times], levels: tuple[float, float]) -> Floats:
    """Return for how long readings in each span show what adds to a level so much, s."""
    t, (low, adds) = integral.trace.times_ns, levels
    first, last = np.searchsorted(t, spans[0], side="right"), np.searchsorted(t, spans[1], side="right")
    own = np.repeat(np.arange(first.size), last - first)
    over = np.asarray(_between(t, integral.trace.values, *spans), np.float64) - low
    shown: Floats = (
        np.bincount(own, over, first.size) * integral.trace.interval_ns * 1e-9 / (adds or math.inf)
    )
    return shown


def _between(t: Times, f: Floats, after: Times, until: Times) -> Floats:
    """Return the readings behind some moments, up to and with others, W."""
    first, last = np.searchsorted(t, after, side="right"), np.searchsorted(t, until, side="right")
    return np.asarray(f[ranges(first, np.maximum(last - first, 0))], np.float64)


def clear_of_others(
    edges: tuple[Times, Times], within_ns: int | Times, labels: Labels | None
) -> tuple[Mask, Mask]:
    """Return which starts and which ends have no event of any label so near outside of them."""
    start, end = edges
    starts = start if labels is None else labels.sorted_starts
    ends = np.sort(end) if labels is None else labels.sorted_ends
    begun = np.searchsorted(starts, start, side="left")
    ended = np.searchsorted(ends, end, side="right")
    return (
        begun == np.searchsorted(ends, start - within_ns, side="right"),
        ended == np.searchsorted(starts, end + within_ns, side="right"),
    )
