"""Power that begins and ends beside its marks, by the same time at both: what two clocks that disagree look like.

A lag of the instrument, a slow start or a tail moves one edge, or neither by its whole length.  Where readings are at the idle level for as long behind
the start of each event as they stay at the load's behind its end (or ahead of both), the marks moved by that time hold more than the marks do.  A load that starts
late and has a tail of its own looks the same; so the interval reaches up to what the moved marks hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import BEYOND, LAG, LATE, LEAD, OFF_MARKS, SOME, TAIL, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import opened
from powermeter.analysis.quantiles import median
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_LOOKED = 200
_FURTHEST_S, _FURTHEST_ROWS = 2.0, 10
_CLEARLY = 1.25  # intervals
_ALIKE = 0.3  # of the offset
_STRAYS = 0.1  # of the readings about an edge, and of the edges
_SURE = 2.0
_CELLS = 1 << 20  # readings that are looked at together
_OTHERS = ("", LATE, LAG, LEAD, TAIL, SOME, BEYOND)


@dataclass(frozen=True)
class MarksBeside:
    """The marks next to those events of each group that are looked at: of all events' marks, which are not held, few."""

    some: list[Indices]
    """Of each group, which of its events are looked at."""
    ahead_ns: Times
    """Of those of all groups, one group after the other: the last mark ahead of the start; the start itself where there is none."""
    behind_ns: Times
    """The first mark behind the end; the end itself where there is none."""
    first: list[int]
    """Of each group, where its events begin in the two."""

    @classmethod
    def of(cls, start_ns: Times, end_ns: Times, covered: Bools, members: Sequence[Indices]) -> MarksBeside:
        """Find them.

        Args:
            start_ns, end_ns: Of all events.
            covered: Those whose marks count.
            members: The positions of each group's events.
        """
        some = [_looked(index.size) for index in members]
        first = np.cumsum([0, *(one.size for one in some)]).tolist()
        each = [index[one] for index, one in zip(members, some, strict=True)]
        looked = np.concatenate(each) if each else np.zeros(0, np.int64)
        in_order = np.sort(
            np.concatenate([start_ns[covered], end_ns[covered]]), kind="stable"
        )  # two sorted halves
        marks_ns = in_order[np.diff(in_order, prepend=in_order[:1] - 1) > 0]
        ahead = np.searchsorted(marks_ns, start_ns[looked], side="left") - 1
        behind = np.searchsorted(marks_ns, end_ns[looked], side="left") + 1
        return cls(
            some, marks_ns[np.maximum(ahead, 0)], marks_ns[np.minimum(behind, marks_ns.size - 1)], first
        )

    def group(self, g: int) -> tuple[Indices, list[int], list[int]]:
        """Return which events of a group are looked at, and the marks ahead of and behind each."""
        here = slice(self.first[g], self.first[g + 1])
        return self.some[g], self.ahead_ns[here].tolist(), self.behind_ns[here].tolist()

    def of_single(self, groups: Indices) -> tuple[Times, Times]:
        """Return the marks ahead of and behind the first event of some groups."""
        at = np.array(self.first, np.int64)[groups]
        return self.ahead_ns[at], self.behind_ns[at]


def _looked(events: int) -> Indices:
    if events <= _LOOKED:
        return np.arange(events)
    return np.unique(np.linspace(0, events - 1, _LOOKED).astype(np.int64))


def off_its_marks(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, marks: MarksBeside, g: int
) -> None:
    """Open an estimate upward to what marks moved by one time hold, where readings fit those clearly better.

    Args:
        marks: The marks of all labels next to the events looked at.
        g: Which of its groups this is.
    """
    trace = integral.trace
    if found.why not in _OTHERS or trace.window_ns or not np.isfinite(found.value).all():
        return
    offset_ns, step = _offset(integral, start_ns, end_ns, *marks.group(g))
    if not offset_ns or abs(offset_ns) <= max(trace.clock_ns, found.marks_step_ns):
        return
    first, last = int(trace.times_ns[0]), int(trace.times_ns[-1])
    moved = np.clip(start_ns + offset_ns, first, last), np.clip(end_ns + offset_ns, first, last)
    more = integral.between(*moved) - integral.between(start_ns, end_ns)
    # What is interpolated across an edge in a reading's interval is less than what lies there.
    least = step * abs(offset_ns) * 1e-9
    one = step * trace.interval_ns * 1e-9 / math.sqrt(12 * 2)
    n = more.size
    chance = _SURE * math.hypot(one, float(more.std())) / math.sqrt(n)
    most = max(float(more.mean()), least) + chance
    each: Floats = np.maximum(more, least) + max(chance, _SURE * one)
    if most * n <= found.above_all:
        return
    found.above = np.zeros(n)
    found.above_all, found.tail, found.offset_s = 0.0, None, offset_ns * 1e-9
    opened(found, OFF_MARKS, most, each)


def _offset(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    some: Indices,
    ahead_ns: list[int],
    behind_ns: list[int],
) -> tuple[int, float]:
    """Return by how much power begins and ends behind its marks, ns, and by how much it rises, W; 0 where it does not by one time."""
    rows = _PowerOfReadings(integral)
    tau = integral.trace.interval_ns
    furthest = max(_FURTHEST_S * 1e9, _FURTHEST_ROWS * tau)
    edges: list[tuple[int, float, float]] = []
    both_ends = start_ns[some].tolist(), end_ns[some].tolist()
    for begin, end, before, after in zip(*both_ends, ahead_ns, behind_ns, strict=True):
        inside = min((end - begin) / 2, furthest)
        ahead = begin - rows.first_ns if before == begin else (begin - before) / 2
        follows = rows.last_ns - end if after == end else (after - end) / 2
        edges.append((begin, min(ahead, furthest), inside))
        edges.append((end, inside, min(follows, furthest)))
    places = rows.about(edges)
    quiet, level = rows.levels(places)
    if not level > quiet:
        return 0, 0.0
    found = [
        rows.edge(at, place, (quiet + level) / 2, falls=bool(k % 2))
        if min(ahead, behind) >= 2 * tau
        else None
        for k, ((at, ahead, behind), place) in enumerate(zip(edges, places, strict=True))
    ]
    starts, ends = (np.array([x for x in side if x is not None]) for side in (found[::2], found[1::2]))
    if min(starts.size, ends.size) < max(1, math.ceil((1 - _STRAYS) * some.size)):
        return 0, 0.0
    both = np.concatenate([starts, ends])
    offset = median(both)
    if min(abs(median(starts)), abs(median(ends))) < _CLEARLY * tau or median(starts) * median(ends) < 0:
        return 0, 0.0
    apart = np.abs(both - offset) > max(tau, _ALIKE * abs(offset))
    if np.count_nonzero(apart) > _STRAYS * apart.size:
        return 0, 0.0
    return int(offset), level - quiet


def may_be_off(
    integral: Integral, start_ns: Times, end_ns: Times, ahead_ns: Times, behind_ns: Times
) -> Bools:
    """Return which of some events, each a label's only one, power begins and ends beside by one time, as `_offset` finds it.

    Args:
        ahead_ns, behind_ns: The marks next to each, as in `MarksBeside`.
    """
    t, tau = integral.trace.times_ns, integral.trace.interval_ns
    furthest = max(_FURTHEST_S * 1e9, _FURTHEST_ROWS * tau)
    inside = np.minimum((end_ns - start_ns) / 2, furthest)
    ahead = np.where(ahead_ns == start_ns, start_ns - t[0], (start_ns - ahead_ns) / 2)
    follows = np.where(behind_ns == end_ns, t[-1] - end_ns, (behind_ns - end_ns) / 2)
    ahead, follows = np.minimum(ahead, furthest), np.minimum(follows, furthest)
    found: Bools = np.minimum(np.minimum(ahead, follows), inside) >= 2 * tau
    some = np.flatnonzero(found)
    found[:] = False
    edges = start_ns.astype(np.float64), end_ns.astype(np.float64)
    rise = _places(t, edges[0][some], ahead[some], inside[some])
    fall = _places(t, edges[1][some], inside[some], follows[some])
    width = np.maximum(rise[:, 3] - rise[:, 0], fall[:, 3] - fall[:, 0]) + 1
    widest = np.argsort(-width, kind="stable")
    done = 0
    while done < some.size:
        rows = widest[done : done + max(_CELLS // int(width[widest[done]]), 1)]
        done += rows.size
        found[some[rows]] = _off(integral, edges[0][some[rows]], edges[1][some[rows]], rise[rows], fall[rows])
    return found


def _places(t: Times, at: Floats, ahead: Floats, behind: Floats) -> Indices:
    asked = np.stack([at - ahead, at - ahead / 2, at + behind / 2, at + behind], axis=1)
    found: Indices = np.searchsorted(t, np.ceil(asked).astype(np.int64))
    return found


def _off(integral: Integral, start: Floats, end: Floats, rise: Indices, fall: Indices) -> Bools:
    """Return beside which events power begins and ends by one time, of each one's places about its edges."""
    f, tau = integral.trace.values, integral.trace.interval_ns
    quiet = _medians(f, (rise[:, 0], rise[:, 1]), (fall[:, 2], fall[:, 3]))
    level = _medians(f, (rise[:, 2], rise[:, 3]), (fall[:, 0], fall[:, 1]))
    half = (quiet + level) / 2
    a = _edge_of_each(integral, rise, start, half, falls=False)
    b = _edge_of_each(integral, fall, end, half, falls=True)
    offset = (a + b) / 2
    alike = np.maximum(np.abs(a - offset), np.abs(b - offset)) <= np.maximum(tau, _ALIKE * np.abs(offset))
    far = np.minimum(np.abs(a), np.abs(b)) >= _CLEARLY * tau
    moved: Bools = (level > quiet) & alike & far & ~(a * b < 0) & (np.abs(offset) >= 1)
    return moved


def _medians(f: Floats, *ranges_of: tuple[Indices, Indices]) -> Floats:
    """Return of each row the median of its ranges of readings; NaN where they are empty."""
    parts = []
    for first, until in ranges_of:
        at = first[:, None] + np.arange(int((until - first).max(initial=0)))
        parts.append(np.where(at < until[:, None], f[np.minimum(at, f.size - 1)], np.inf))
    ordered = np.sort(np.concatenate([*parts, np.full((first.size, 1), np.inf)], axis=1), axis=1)
    size = sum((np.maximum(until - first, 0) for first, until in ranges_of), np.zeros(first.size, np.int64))
    row, middle = np.arange(first.size), size // 2
    upper, lower = ordered[row, middle], ordered[row, np.maximum(middle - 1, 0)]
    found: Floats = np.where(size % 2 == 1, upper, (lower + upper) / 2)
    return np.where(size > 0, found, np.nan)


def _edge_of_each(integral: Integral, places: Indices, at: Floats, half: Floats, *, falls: bool) -> Floats:
    """Return what `_PowerOfReadings.edge` does of each row, NaN where that is None."""
    t, f = integral.trace.times_ns, integral.trace.values
    first, size = places[:, 0], places[:, 3] - places[:, 0]
    column = np.arange(max(int(size.max(initial=0)), 1))
    inside = column < size[:, None]
    up = (f[np.minimum(first[:, None] + column, f.size - 1)] > half[:, None]) != falls
    better = np.where(inside, np.cumsum(np.where(up, 1, -1), axis=1), column.size + 1)
    row, last = np.arange(first.size), better.argmin(axis=1)
    least = better[row, last]
    wrong = least + size - np.count_nonzero(up & inside, axis=1)
    none = (size < 4) | (least >= 0) | (last + 1 == size) | (wrong > _STRAYS * size)
    here = np.minimum(first + last, t.size - 2)
    return np.where(none, np.nan, (t[here] + t[here + 1]).astype(np.float64) / 2 - at)


class _PowerOfReadings:
    """Power as each reading has it: at its stamp, or in the middle of what it speaks for; of each stretch when it is asked for."""

    def __init__(self, integral: Integral) -> None:
        self._integral = integral
        self._instant = integral.trace.kind is Kind.INSTANT
        self._t = integral.trace.times_ns
        times = self._times(0, 1), self._times(self._size - 1, self._size)
        self.first_ns, self.last_ns = (one.item() for one in times)

    @property
    def _size(self) -> int:
        return self._t.size if self._instant else self._t.size - 1

    def _times(self, first: int, upto: int) -> Floats | Times:
        if self._instant:
            return self._t[first:upto]
        t = self._t[first : upto + 1]
        return (t[1:] + t[:-1]) / 2

    def _power(self, first: int, upto: int) -> Floats:
        if self._instant:
            return self._integral.trace.values[first:upto]
        t, running = self._t[first : upto + 1], self._integral.running[first : upto + 1]
        return np.diff(running) / np.maximum(np.diff(t) * 1e-9, 1e-9)

    def about(self, edges: list[tuple[int, float, float]]) -> list[list[int]]:
        """Return of each edge the readings from which on the stretch ahead lies, its second half, the second half of the stretch behind, and its end."""
        at, ahead, behind = (np.array(one, np.float64) for one in zip(*edges, strict=True))
        asked = np.stack([at - ahead, at - ahead / 2, at + behind / 2, at + behind], axis=1)
        place = np.searchsorted(self._t, np.ceil(asked).astype(np.int64))
        if not self._instant:
            # Of two stamps about a moment the middle may lie behind it.
            early = np.clip(place - 1, 0, self._size - 1)
            place = np.where((self._t[early] + self._t[early + 1]) / 2 >= asked, early, early + 1)
        found: list[list[int]] = place.tolist()
        return found

    def levels(self, places: list[list[int]]) -> tuple[float, float]:
        """Return the power away from events and in the middle of them; NaN where no reading shows it."""
        out, inside = [], []
        for k, (begin, half, late, end) in enumerate(places):
            before, behind = self._power(begin, half), self._power(late, end)
            out.append(behind if k % 2 else before)
            inside.append(before if k % 2 else behind)
        low, high = np.concatenate(out), np.concatenate(inside)
        if not low.size or not high.size:
            return math.nan, math.nan
        return median(low), median(high)

    def edge(self, at: int, places: list[int], half: float, *, falls: bool) -> float | None:
        """Return how far behind its mark power rises (or falls), ns; None where it does not do so once."""
        first, upto = places[0], places[-1]
        if upto - first < 4:
            return None
        up = self._power(first, upto) > half
        if falls:
            up = ~up
        # The place that leaves the fewest readings on the wrong side of it, against one ahead of all.
        better = np.cumsum(np.where(up, 1, -1))
        place = int(np.argmin(better)) + 1
        wrong = int(better[place - 1]) + up.size - int(np.count_nonzero(up))
        if better[place - 1] >= 0 or place == up.size or wrong > _STRAYS * up.size:
            return None
        here = self._times(first + place - 1, first + place + 1)
        return float(here[0] + here[1]) / 2 - at
