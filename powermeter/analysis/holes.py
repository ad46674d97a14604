"""What lay in holes: how wrong a bridge may be, and what events that fall into one show about it.

Bridges of the same length are tried where the truth was recorded.  Where an event begins or ends inside a hole, its label's
level stands for its part of the hole instead, in the label and in the run alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.any_event import AnyEvent, labels_near
from powermeter.analysis.event_estimate import Activity, InHoles
from powermeter.analysis.free_stretches import NOT_LONG, free_level
from powermeter.analysis.integral import Floats, Integral, Times
from powermeter.analysis.student_t import student_95
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95

_BRIDGED_MUCH = 0.1
_ROWS_MUCH = 0.25
_LONG = 3.5
_FURTHER = 3
_NEIGHBOURS = 200  # readings on either side of a hole that are looked at for those beside events
_BESIDE = 8
_TRIALS = 256
_REACH = 100
_GAPS = 200
_LOOKED_AT = 20_000


def bridging_errors(integral: Integral) -> Floats:
    """Return the standard uncertainty, in J or C, of what was bridged over each gap.

    Bridges of the gap's length are laid over up to 256 recorded stretches within a hundred gap
    lengths of it; their root-mean-square error, weighted towards stretches whose ends differ as the
    gap's do, is the uncertainty.  It is bounded by what the channel's range there allows:
    (highest − lowest)/2 × length/√3, for a counter by that error itself where it is larger.  Past 200 gaps, a gap takes the result of one of like length.
    """
    lengths = integral.gap_end - integral.gap_start
    order = np.argsort(lengths, kind="stable")
    tried = order if order.size <= _GAPS else order[np.linspace(0, order.size - 1, _GAPS).astype(int)]
    spread = np.zeros(lengths.size)
    for k in tried.tolist():
        spread[k] = _one(integral, int(integral.gap_start[k]), int(integral.gap_end[k]))
    if tried.size < order.size:
        rank = np.empty(order.size, int)
        rank[order] = np.arange(order.size)
        near = np.searchsorted(rank[tried], rank, side="left").clip(0, tried.size - 1)
        like = tried[near]
        spread = spread[like] * lengths / np.maximum(lengths[like], 1)
    if integral.trace.kind is Kind.COUNTER:
        spread = np.hypot(spread, _counted_since(integral) / math.sqrt(3.0))
    return spread


def _counted_since(integral: Integral) -> Floats:
    """Return by how much each restarted counter showed more than the rates beside its hole account for, J or C.

    It is what was counted after the restart; as much again may have been lost before it.
    """
    times, running, hole = integral.trace.times_ns, integral.running, integral.hole
    steps, seconds = np.diff(running), np.diff(times) * 1e-9
    rates = np.divide(steps, seconds, out=np.zeros_like(steps), where=seconds > 0)
    before, after = rates[np.maximum(hole - 1, 0)], rates[np.minimum(hole + 1, rates.size - 1)]
    before, after = np.where(hole > 0, before, after), np.where(hole + 1 < rates.size, after, before)
    excess: Floats = np.maximum(steps[hole] - (before + after) / 2 * seconds[hole], 0.0)
    return excess


def _one(integral: Integral, start: int, end: int) -> float:
    length = end - start
    reach = max(_REACH * length, 64 * integral.trace.interval_ns)
    low = max(integral.trace.start_ns, start - reach)
    high = min(integral.trace.end_ns, end + reach) - length
    if high <= low:
        return _bound(integral, low, high + length, length)
    places = np.linspace(low, high, _TRIALS).astype(np.int64)
    counted = integral.trace.kind is Kind.COUNTER
    if counted:  # its holes begin and end at readings
        readings = integral.trace.times_ns
        places = np.unique(readings[np.searchsorted(readings, np.maximum(places, readings[0]))])
        places = places[places <= high]
    ended = np.searchsorted(integral.gap_end, places, side="right")
    places = places[np.searchsorted(integral.gap_start, places + length, side="left") <= ended]  # in no hole
    bound = _bound(integral, low, high + length, length)
    if places.size < 8:
        return bound
    # So many stretches of a hole's length were recorded near it; those that overlap show the same.
    apart = max((high - low - float(np.sum(integral.gap_end - integral.gap_start))) / length, 1.0)
    t95 = float(student_95(apart)) / COVERAGE_95
    places = np.append(places, start)  # the hole itself last
    first, last = _rate(integral, places), _rate_behind(integral, places + length)
    (first, before), (last, after), places = (first[:-1], first[-1]), (last[:-1], last[-1]), places[:-1]
    errors = integral.between(places, places + length) - (first + last) / 2 * (length * 1e-9)
    width = 0.15 * max(float(np.ptp(first)), 1e-12)
    away = ((last - first) - (after - before)) / width
    level = ((last + first) - (after + before)) / 2 / width
    weights = np.exp(-0.5 * (away**2 + level**2))
    if weights.sum() < 8:
        weights = np.ones(places.size)
    tried = math.sqrt(float(np.average(errors**2, weights=weights)))
    # Errors of a counter's many holes add up as squares do: the range of one does not bound them.
    return min(max(bound, tried) if counted else bound, t95 * tried)


def _rate(integral: Integral, times: Times) -> Floats:
    """Return the rate at the last sample before each time: what a bridge would start from."""
    return integral.rates(integral.locate(times + 1))


def _rate_behind(integral: Integral, times: Times) -> Floats:
    """Return the rate that a bridge would end at: a counter's at a reading is of before it, and so of the hole itself."""
    at = integral.locate(times + 1)
    if integral.trace.kind is Kind.COUNTER:
        at = np.minimum(at + 1, len(integral.trace) - 1)
    return integral.rates(at)


def _bound(integral: Integral, low: int, high: int, length: int) -> float:
    first, last = np.searchsorted(integral.trace.times_ns, [low, high])
    first, last = max(int(first) - 1, 0), min(int(last) + 2, len(integral.trace))
    places = np.arange(max(first, 1), last) if last > first + 1 else np.array([first])
    seen = integral.rates(places)
    return float(np.ptp(seen)) / 2 * length * 1e-9 / math.sqrt(3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Bridges:
    """The holes of a trace as they were bridged.

    Attributes:
        start_ns, end_ns: Shape (h,), in order.
        joules: What the bridge puts into each, J (C).
        error: Its standard uncertainty.
    """

    start_ns: Times
    end_ns: Times
    joules: Floats
    error: Floats

    @classmethod
    def of(cls, integral: Integral) -> Bridges | None:
        """Return the bridges of a trace, or None where it has no hole."""
        hole = integral.hole
        if not hole.size:
            return None
        joules = integral.running[hole + 1] - integral.running[hole]
        return cls(integral.gap_start, integral.gap_end, joules, bridging_errors(integral))

    def inside(self, start_ns: Times, end_ns: Times) -> tuple[Floats, Floats, Floats]:
        """Return what lies in holes that each window holds whole: J, its variance in J², and s."""
        first = np.searchsorted(self.start_ns, start_ns, side="left")
        last = np.maximum(np.searchsorted(self.end_ns, end_ns, side="right"), first)
        found = []
        for column in (self.joules, self.error**2, (self.end_ns - self.start_ns) * 1e-9):
            sums = np.concatenate([[0.0], np.cumsum(column)])
            found.append(sums[last] - sums[first])
        return found[0], found[1], found[2]


def bridged_much(integral: Integral, start_ns: Times, end_ns: Times, gap_s: Floats | None = None) -> bool:
    """Return whether so much of some windows together was bridged that their energy is an estimate.

    A row or two between rows that were read are as good as interpolated readings; what nobody saw for longer counts from less on.
    What a counter counted over a restart was read by nobody, however short it is.

    Args:
        gap_s: Seconds of each window that lie in holes, where they are known already.
    """
    if not integral.hole.size:
        return False
    if integral.trace.kind is Kind.COUNTER:
        middle = (integral.gap_start + integral.gap_end) // 2
        inside = ((middle[:, None] >= start_ns) & (middle[:, None] < end_ns)).any(axis=1)
        hole = integral.hole[inside]
        bridged = float(np.sum(integral.running[hole + 1] - integral.running[hole]))
        if bridged > _BRIDGED_MUCH * float(np.sum(integral.between(start_ns, end_ns))):
            return True
    seconds = float(np.sum(end_ns - start_ns)) * 1e-9
    rows = float(np.sum(integral.gap_seconds(start_ns, end_ns) if gap_s is None else gap_s))
    if rows <= _BRIDGED_MUCH * seconds:
        return False
    limit = round(_LONG * integral.trace.interval_ns)
    return (
        rows > _ROWS_MUCH * seconds
        or float(np.sum(integral.gap_seconds(start_ns, end_ns, limit))) > _BRIDGED_MUCH * seconds
    )


def with_events(
    integral: Integral, bridges: Bridges, activity: Sequence[Activity], start: int, end: int
) -> tuple[float, float]:
    """Return what events that a hole cuts or swallows change in its bridge, and the standard uncertainty of all holes, J.

    A bridge from a mean's window that an edge cuts starts at neither level: an edge within a window of a hole counts as one inside.
    """
    moved = variance = 0.0
    means = integral.trace.kind is not Kind.INSTANT
    reach = integral.trace.interval_ns if means else 0
    usual = integral.trace.interval_ns * 1e-9
    known = [x for x in activity if x.found.level is not None]
    quiet = [x.found.quiet for x in known if x.found.quiet is not None] if means else []
    quiet_variance = [x.found.quiet_variance for x in known if x.found.quiet_variance is not None]
    inside = (bridges.start_ns >= start) & (bridges.end_ns <= end)
    looked_at = _long(integral, inside)
    of_hole = labels_near(known, bridges.start_ns, bridges.end_ns, reach)
    any_event = AnyEvent.of(activity)
    for k in np.flatnonzero(inside).tolist():
        a, b = int(bridges.start_ns[k]), int(bridges.end_ns[k])
        covered = used = doubt = inner = 0.0
        edge = False
        for label in (known[i] for i in of_hole.get(k, ())):
            first = int(np.searchsorted(label.start_ns, a - reach, side="left"))
            last = int(np.searchsorted(label.start_ns, b + reach, side="left"))
            low = max(0, first - 1)
            starts, ends = label.start_ns[low:last], label.end_ns[low:last]
            near = (ends > a - reach) & (starts < b + reach)
            cut = near & ~((starts < a - reach) & (ends > b + reach))
            use = near if label.found.in_holes is not None else cut
            if not near.any():
                continue
            edge = edge or bool(cut.any())
            if label.found.in_holes is None:
                swallowing = np.arange(low, last)[near & (starts <= a) & (ends >= b)]
                inner = max(inner, float(np.max(label.found.gaps[swallowing] ** 2, initial=0.0)))
            if not use.any():
                continue
            seconds, joules, square = _held(label, k, (a, b), np.arange(low, last)[use])
            covered, used, doubt = covered + seconds, used + joules, doubt + square
        length = (b - a) * 1e-9
        rest = max(length - covered, 0.0)
        error = float(bridges.error[k]) ** 2
        free = (
            free_level(integral, activity, (a, b), rest)
            if k in looked_at and rest > NOT_LONG * usual
            else None
        )
        if free is not None and means and not edge and not covered and free[1] < error:
            moved += rest * free[0] - float(bridges.joules[k])
            variance += free[1]
            continue
        if quiet_variance and free is None:
            near_by, away = (max(column) for column in zip(*quiet_variance, strict=True))
            wander = away * length**2 if edge else 2 * near_by * length * integral.trace.interval_ns * 1e-9
            error = min(error, wander)
        if not edge:
            variance += doubt if covered else max(error, inner)
            continue
        if free is not None:
            beside, wander = free
            doubt, error = doubt + wander, doubt + wander
        elif means:
            beside = _quiet_beside(integral, any_event, k, quiet)
        else:
            beside, wander = _free_readings(integral, any_event, k, rest)
            doubt += wander
        scale = min(1.0, length / covered) if covered else 1.0
        put = used * scale + rest * beside
        moved += put - float(bridges.joules[k])
        own = doubt if covered else error
        variance += (
            own if integral.trace.kind is not Kind.COUNTER else max(own, _over_a_fall(integral, put, length))
        )
    return moved, math.sqrt(variance)


def _over_a_fall(integral: Integral, joules: float, seconds: float) -> float:
    """Return the mean square of what a counter's other steps hold more than was put into one over which it fell, J²: each weighs as much as it holds.

    A counter that starts again at some height falls in a step the more likely, the more that holds.
    """
    rates = np.maximum(integral.rates(np.maximum(integral.fair_index(_LOOKED_AT), 1)), 0.0)
    whole = float(rates.sum())
    return float(rates @ (rates * seconds - joules) ** 2) / whole if whole > 0 else 0.0


def _long(integral: Integral, inside: NDArray[np.bool_]) -> frozenset[int]:
    """Return the longest of some holes in which readings beside them show little of what the load did throughout."""
    if integral.trace.kind is Kind.COUNTER:
        return frozenset()
    lengths = np.where(inside, integral.gap_end - integral.gap_start, 0)
    longest = np.argsort(-lengths, kind="stable")[:_GAPS]
    return frozenset(longest[lengths[longest] > NOT_LONG * integral.trace.interval_ns].tolist())


def _held(label: Activity, hole: int, span: tuple[int, int], events: Times) -> tuple[float, float, float]:
    """Return the seconds of a hole that lie in some events, what those used then, and its variance, as the label has it."""
    found = label.found
    if found.in_holes is not None:
        here = (found.in_holes.hole == hole) & np.isin(found.in_holes.event, events)
        columns = found.in_holes.seconds, found.in_holes.joules, found.in_holes.variance
        seconds, joules, variance = (float(np.sum(column[here])) for column in columns)
        return seconds, joules, variance
    over = np.minimum(label.end_ns[events], span[1]) - np.maximum(label.start_ns[events], span[0])
    lasts = float(np.sum(np.clip(over, 0, None))) * 1e-9
    level = found.level or 0.0
    return lasts, lasts * level, float(np.sum(found.gaps[events[over > 0]] ** 2))


def in_holes(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    levels: Floats,
    variances: tuple[float, float],
) -> InHoles:
    """Return what events of a mean channel used in holes: as the whole windows of the event beside the hole, else at its level.

    Args:
        start_ns, end_ns: One after the other, shape (n,).
        levels: Each event's mean power, W.
        variances: Of one window against the one beside it, and against its event's level, W².
    """
    t = integral.trace.times_ns
    top = t.size - 1
    a, b = integral.gap_start, integral.gap_end
    low = np.searchsorted(end_ns, a, side="right")
    count = np.maximum(np.searchsorted(start_ns, b, side="left") - low, 0)
    hole = np.repeat(np.arange(a.size), count)
    event = np.repeat(low - (np.cumsum(count) - count), count) + np.arange(hole.size)
    seconds = (np.minimum(end_ns[event], b[hole]) - np.maximum(start_ns[event], a[hole])) * 1e-9
    before, after = integral.hole[hole], integral.hole[hole] + 2
    left = (
        (before > 0) & ~np.isin(before - 1, integral.hole) & (t[np.maximum(before - 1, 0)] >= start_ns[event])
    )
    right = (after <= top) & ~np.isin(after - 1, integral.hole)
    right &= t[np.minimum(after, top)] <= end_ns[event]
    sides = left.astype(int) + right.astype(int)
    behind = np.minimum(after, top)
    beside = np.where(left, integral.rates(before), 0.0) + np.where(right, integral.rates(behind), 0.0)
    level = np.where(sides > 0, beside / np.maximum(sides, 1), levels[event])
    windows = np.maximum(seconds * 1e9 / max(integral.trace.interval_ns, 1), 1.0)
    # From one window to the next twice the variance; over more of them it adds up, to that of the event's level at most.
    near = np.minimum(variances[0] * np.where(sides == 2, 1.0, 2.0) * windows, max(variances))
    square = seconds**2 * np.where(sides > 0, near, variances[1])
    if integral.trace.kind is Kind.COUNTER:
        falls = [
            _over_a_fall(integral, p * s, s) for p, s in zip(level.tolist(), seconds.tolist(), strict=True)
        ]
        square = np.maximum(square, np.array(falls))
    return InHoles(hole, event, seconds, level * seconds, square)


def _free_readings(integral: Integral, events: AnyEvent, hole: int, rest: float) -> tuple[float, float]:
    """Return what instants next to a hole that lie in no event read, W, and the variance of `rest` seconds at that, J².

    Where both neighbours lie in events, as where one ends in the hole and the next begins, those further away stand for it.
    """
    t = integral.trace.times_ns
    first = int(integral.hole[hole])
    low, high = max(first - _NEIGHBOURS, 0), min(first + 2 + _NEIGHBOURS, t.size)
    k = np.arange(low, high)
    busy = events.at(t[k])
    rates = integral.rates(k)
    sides = [np.flatnonzero(~busy & (k <= first))[::-1], np.flatnonzero(~busy & (k > first))]
    near = [side[0] for side in sides if side.size and abs(int(k[side[0]]) - first - 0.5) < 1]
    some = np.sort(np.concatenate([side[:_BESIDE] for side in sides]))
    if not some.size:
        both = rates[[first - low, min(first + 1 - low, k.size - 1)]]
        return float(both.min()), (rest * float(np.ptp(both))) ** 2 / 12
    level = float(np.mean(rates[near or some]))
    if some.size < 2:
        return level, (rest * float(np.ptp(rates))) ** 2 / 12
    # What the next reading does not resemble averages out over the rest; what stays does not.
    steps = np.diff(rates[some])
    quick = float(np.mean(steps**2)) / 2
    slow = max(float(np.var(rates[some], ddof=1)) - quick, 0.0)
    return level, rest * (quick * integral.trace.interval_ns * 1e-9 + slow * rest)


def _quiet_beside(integral: Integral, events: AnyEvent, hole: int, usual: Sequence[float]) -> float:
    """Return the power of the windows next to a hole that lie in no event; what is usual beside events where none does.

    A window that an edge cuts lies in an event: one or two further away are looked at then.
    """
    trace = integral.trace
    t = trace.times_ns
    first = int(integral.hole[hole])
    before = range(first, max(first - _FURTHER, 0), -1)
    after = range(first + 2, min(first + 2 + _FURTHER, t.size))
    free, near = [], []
    for side in (before, after):
        for k in side:
            a, b = int(t[k]) - trace.interval_ns, int(t[k])
            rate = float(integral.rates(np.array([k]))[0])
            if k == side[0]:
                near.append(rate)
            if not events.within(a, b):
                free.append(rate)
                break
    if free:
        return float(np.mean(free))
    return float(np.mean(usual)) if usual else min(near, default=0.0)
