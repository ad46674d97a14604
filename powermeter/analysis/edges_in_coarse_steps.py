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
from powermeter.analysis.quantiles import median
from powermeter.analysis.regular_or_random import coarse_step, in_step_with
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

_OFF = 0.15  # of a step
_LITTLE = 0.001  # of what events used
_CLEARLY = 0.1  # of their power, that events add to what is beside them
_RESOLVED = 2.0  # intervals in a step, from which readings show where edges are
_SURE = 4.6  # readings expected of rounded edges: that none comes has a chance of 1 in 100
_CHANCE = 2  # readings
_FEW = 8  # readings beside edges, of which the level there is known
_LATE = 2.5  # standard errors, by which power further behind ends is above that ahead of starts
_VARY = 0.1  # of the edges, beside which no single delay puts readings right
_LEAST = 4  # such readings
_FEW_AWAY = (
    0.1  # of the readings expected on the wrong side, that are none where power goes to and fro by itself
)
_HALF = 0.5  # of the readings beside, at which the wrong side is no longer an exception
_BY_CHANCE = 2.0  # standard deviations of what power beside and inside does by itself


@dataclass(frozen=True, slots=True, eq=False)
class BesideClearEdges:
    """What readings near clear edges show.

    Attributes:
        outside: Readings up to a step outside, above the level further out, W.
        sums: What they hold beside all edges, J, and what readings up to a step inside lack of the level further in.
        low: The level further out, W.
        adds: The level further in above that, W.
        doubt: Standard uncertainty of what power beside edges, by itself, does to the sum outside, J.
        share: Of edges, beside which that was looked for.
        beyond: How many readings outside, and inside, are on the wrong side.
        away: How many do show edges that are not at their marks.
        expected: How many would, at least.
        dropped_s: How long events are outside where fractions are dropped, as readings show it, s: half a step each, unless they keep step.
        vary: How many no single delay puts right at starts, and at ends.
        behind_s: For how long readings up to a step behind each clear end show the event, s.
    """

    outside: Floats
    sums: tuple[float, float]
    low: float
    adds: float
    doubt: float
    share: float
    beyond: tuple[int, int]
    away: int
    expected: float
    dropped_s: float
    vary: tuple[float, ...]
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
    trace = integral.trace
    step = coarse_step(trace, edges)
    if not step or found.level is None or found.quiet is None:
        return found, 0
    g, n = step * 1e-9, edges[0].size
    tau = trace.interval_ns * 1e-9
    seen = _seen(integral, edges, step, labels, found.quiet)
    if seen is None or abs(seen.adds) < _CLEARLY * abs(found.level):
        return found, 0
    if abs(seen.adds) * g / 2 * n <= _LITTLE * abs(float(np.nansum(found.value))):
        return found, 0
    if _always_as_late(seen.behind_s, g, tau):
        return found, 0
    if not seen.away and (g >= _RESOLVED * tau or seen.expected > _SURE):
        if not in_step_with(trace, step) or seen.expected > _SURE:
            return found, 0
        found.quiet = seen.low
        total = found.factor * float(found.own @ found.own)
        return _uneven(found, total, (g, min(g, tau) * seen.adds), 1.0), step
    found.quiet = seen.low
    if not seen.away:
        # No reading inside lacks anything: however edges lie, the level is that of events, whose marks are right on average.
        total = found.factor * float(found.own @ found.own)
        return _uneven(found, total, (g, min(g, tau) * seen.adds), 1.0), step
    return with_outside(found, seen, g, tau, alike=in_step_with(trace, step)), step


def marks_vary(integral: Integral, edges: tuple[Times, Times], quiet: float, labels: Labels | None) -> bool:
    """Return whether readings beside coarse marks show edges now here, now there: where readings lie behind such marks is not where they lie in events.

    No single delay puts the readings on both sides of starts right, nor those of ends, beyond what power beside and inside does by itself.

    Args:
        edges: Starts and ends, sorted by start.
        quiet: The level beside events, where nothing shows it further out, W.
        labels: The events of all labels, where there are several.
    """
    trace = integral.trace
    step = coarse_step(trace, edges)
    if step < max(trace.interval_ns, 1):
        return False
    seen = _seen(integral, edges, step, labels, quiet)
    return seen is not None and min(seen.vary) >= _LEAST and seen.adds != 0


def _always_as_late(behind_s: Floats, g: float, tau: float) -> bool:
    """Return whether readings show ends behind their marks, and all about as far: a load or a meter that is late under exact marks."""
    if behind_s.size < _FEW or g < _RESOLVED * tau or not _OFF * g < float(behind_s.mean()) < g / 2:
        return False
    return float(behind_s.std(ddof=1)) < _OFF * g


def with_outside(
    found: GroupEstimate, seen: BesideClearEdges, g: float, tau: float, *, alike: bool
) -> GroupEstimate:
    """Return an estimate with what is outside, and what that leaves open.

    Dropped fractions leave g/2 of an event outside, on average; nothing leaves more, unless few events do by chance.

    Args:
        g, tau: The step and the interval, s.
        alike: Whether readings always lie at about the same place of a step.
    """
    n = found.value.size
    chance_s = COVERAGE_95 * g / 2 * math.sqrt(n / 3)
    most = abs(seen.adds) * (max(g / 2 * n, seen.dropped_s) + chance_s)
    sign = math.copysign(1.0, seen.adds)
    outside, lacking = sign * seen.sums[0], sign * seen.sums[1]
    kept = min(max(outside, 0.0), most)
    # Where edges are rounded, as much is missing inside as lies outside: few by chance are no more certain than many.
    one = (tau * seen.adds / seen.share) ** 2
    counted = max(seen.beyond[0], sum(seen.beyond) / 2) * one
    resolved = g >= _RESOLVED * tau
    if resolved:  # each edge lies anywhere between two readings
        counted = min(counted, n * one / 3)
    # What lies outside of edges beside which nobody could look is known as a uniform length is, and as the others' mean.
    hidden = 2 * n * (1 - seen.share)
    squares = counted + one + seen.doubt**2
    squares += hidden * (1 + (1 - seen.share) / seen.share) * (seen.adds * g) ** 2 / 12
    # What is outside and not missing inside may follow events, or come ahead of them, and be none of theirs.
    others = min(max(outside - max(lacking, 0.0), 0.0), kept)
    variance = min(squares, most**2 / 3 + seen.doubt**2) + others**2 / 3
    before = found.factor * float(found.own @ found.own)
    cubes = found.lean_all * before**1.5
    if not resolved:  # readings that come by chance are a count
        cubes += (tau / seen.share) ** 3 * float(np.sum(seen.outside**3))
    found.lean_all = cubes / (before + variance) ** 1.5
    found.value = found.value + sign * kept / n
    # How far edges are away from their marks shows in both, unless they are always read at one place.
    away = abs(seen.sums[0] + seen.sums[1]) / abs(seen.adds) + _CHANCE * tau
    moved = 1.0 if alike else min(away / (n * g / 2), 1.0)
    found = _uneven(found, before + variance, (g, min(g, tau) * seen.adds), moved)
    if outside <= most + COVERAGE_95 * seen.doubt or found.why or sign < 0 or not resolved:
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
    integral: Integral, edges: tuple[Times, Times], step: int, labels: Labels | None, quiet: float
) -> BesideClearEdges | None:
    """Return what readings near clear edges show, or None where none is clear, no reading lies further inside, or most further out, or most outside of both edges, do not show another level."""
    t, f, tau = integral.trace.times_ns, integral.trace.values, integral.trace.interval_ns * 1e-9
    start, end = edges
    # What ends a step ahead by its mark may end up to a step later.
    clear = clear_of_others(edges, step, labels, rounded=True)
    far = clear_of_others(edges, 2 * step, labels, rounded=True)
    if not (clear[0].any() or clear[1].any()):
        return None
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
    after = _where_quiet(t, f, (start[far[0]] - 2 * step, end[far[1]] + step), step)
    beside = _between(t, f, after, after + step)
    level = float(core.mean())
    if beside.size >= _FEW:
        low = float(beside.mean())
    else:
        levels = [quiet, *(median(x) for x in outside if x.size)]
        low = max(levels, key=lambda w: abs(level - w))
    adds = level - low
    sides = [float(side.mean()) for side in clear]
    share = (sides[0] + sides[1]) / 2
    scaled = sides if min(sides) > 0 else [share, share]
    outer = [np.concatenate([outside[0], on[0]]) - low, outside[1] - low]
    inner = [level - inside[0], level - np.concatenate([inside[1], on[1]])]
    if all(_on_the_wrong_side(x, adds) >= max(_LEAST, _HALF * x.size + 1) for x in outer):
        return None  # rounding leaves no more than a step of an event outside of both marks together: `low` is another event's
    over = [_on_the_wrong_side(x, adds) for x in (np.concatenate(outer), np.concatenate(inner))]
    by_itself = _on_the_wrong_side(beside - low, adds) / max(beside.size, 1)
    if by_itself >= _HALF:
        return None  # most of what is beside shows what is inside: no level that edges would lead to
    dips = _on_the_wrong_side(level - core, adds) / core.size
    chance = by_itself * sum(x.size for x in outer) + dips * sum(x.size for x in inner)
    around = [_around(t, f, at, step) for at in (starts, ends)]
    by_chance = [(by_itself + dips) * since.size / 2 for since, _ in around]
    vary = [
        _no_single_delay(since, (watts - low) / (adds or math.inf) > 0.5, rises=not side)
        - chance
        - _BY_CHANCE * math.sqrt(chance)
        if since.size
        else math.inf
        for side, ((since, watts), chance) in enumerate(zip(around, by_chance, strict=True))
    ]
    dropped = [_cut_off(since * by, step) for by, (since, _) in zip((-1, 1), around, strict=True)]
    placed = np.concatenate([since for since, _ in around])
    ticks = integral.trace.tick_ns > 0
    expected = _expected(placed if ticks else placed[placed != 0], step)
    # A reading on a mark shows either side of an edge that is exactly there; one in the same tick of a clock is on either side of it.
    apart = np.concatenate(
        [*outer, *inner] if ticks else [*(x - low for x in outside), *(level - x for x in inside)]
    )
    away = _on_the_wrong_side(apart, adds)
    return BesideClearEdges(
        outside=np.concatenate(outer),
        sums=(
            tau * sum(float(x.sum()) / by for x, by in zip(outer, scaled, strict=True)),
            tau * sum(float(x.sum()) / by for x, by in zip(inner, scaled, strict=True)),
        ),
        share=share,
        beyond=(over[0], over[1]),
        low=low,
        adds=adds,
        doubt=tau / share * _doubt(t, f, (after, step), low, starts.size + ends.size)
        if beside.size >= _FEW
        else 0.0,
        away=0 if away - chance < _FEW_AWAY * expected and chance else away,
        expected=expected,
        dropped_s=tau * max(x / by for x, by in zip(dropped, scaled, strict=True)),
        vary=tuple(v if v >= _VARY * at.size else 0.0 for v, at in zip(vary, (starts, ends), strict=True)),
        behind_s=_shown_s(integral, (ends, ends + step), (low, adds)),
    )


def _where_quiet(t: Times, f: Floats, after: tuple[Times, Times], step: int) -> Times:
    """Return behind which moments a step shows the level beside events: ahead of starts alone where it still shows them behind ends."""
    ahead, behind = (_between(t, f, at, at + step) for at in after)
    if min(ahead.size, behind.size) < _FEW:
        return np.concatenate(after)
    error = math.hypot(*(float(x.std(ddof=1)) / math.sqrt(x.size) for x in (ahead, behind)))
    apart = abs(float(behind.mean()) - float(ahead.mean()))
    return after[0] if apart > _LATE * error else np.concatenate(after)


def _on_the_wrong_side(over: Floats, adds: float) -> int:
    """Return how many readings are more than half of what events add away from their own level."""
    return int(np.count_nonzero(over * math.copysign(1.0, adds) > abs(adds) / 2))


def _around(t: Times, f: Floats, edges: Times, step: int) -> tuple[Times, Floats]:
    """Return how far behind its edge each reading up to a step beside one lies, ns, and the readings, W."""
    first, last = (np.searchsorted(t, edges + by, side="right") for by in (-step, step))
    index = ranges(first, last - first)
    return t[index] - np.repeat(edges, last - first), np.asarray(f[index], np.float64)


def _no_single_delay(since: Times, upper: NDArray[np.bool_], *, rises: bool) -> int:
    """Return how many readings are on the wrong side of the one delay behind their edges that puts most of them right."""
    early = upper[np.argsort(since, kind="stable")] == rises  # what belongs behind the edge
    wrong = np.count_nonzero(~early) + np.cumsum(np.where(early, 1, -1))
    return int(min(wrong.min(), np.count_nonzero(~early)))


def _expected(since: Times, step: int) -> float:
    """Return how many of readings so far behind marks are on the wrong side of what was marked, at least: rounded, or with fractions dropped."""
    d = since / step
    rounded = np.maximum(0.5 - np.abs(d), 0.0).sum()
    return min(float(rounded), _cut_off(since, step), _cut_off(-since, step))


def _cut_off(since: Times, step: int) -> float:
    """Return how many of readings so far behind the ends' marks show events, where fractions are dropped."""
    d = since[since >= 0] / step
    return float(np.sum(1 - d))


def _doubt(t: Times, f: Floats, spans: tuple[Times, int], low: float, count: int) -> float:
    """Return the standard deviation of the sum of readings in so many such spans, and of what is taken for their mean, W."""
    after, step = spans
    first, last = (np.searchsorted(t, at, side="right") for at in (after, after + step))
    own = np.repeat(np.arange(after.size), last - first)
    each = np.bincount(own, f[ranges(first, last - first)] - low, after.size)
    return float(each.std()) * math.sqrt(count * (1 + count / after.size))


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
    edges: tuple[Times, Times], within_ns: int | Times, labels: Labels | None, *, rounded: bool = False
) -> tuple[Mask, Mask]:
    """Return which starts and which ends have no event of any label so near outside of them.

    Args:
        rounded: Whether an end exactly so far ahead of a start is near as well.
    """
    start, end = edges
    starts = start if labels is None else labels.sorted_starts
    ends = np.sort(end) if labels is None else labels.sorted_ends
    begun = np.searchsorted(starts, start, side="left")
    ended = np.searchsorted(ends, end, side="right")
    return (
        begun == np.searchsorted(ends, start - within_ns, side="left" if rounded else "right"),
        ended == np.searchsorted(starts, end + within_ns, side="right"),
    )
