"""Events of several labels in one window of the meter: prefill and decode of an answer, both shorter than its interval.

Alone, each label would take what lies in such a window beside its own event for idle, and so count its neighbour's energy as well.
Together they are the least-squares problem that they are: a window's energy is the sum over labels and idle of level × overlap.
The levels divide what an edge cuts; what they leave of a window's energy goes to each part by how much that part is seen to vary.
An event's halves, quarters and so on have a level each where there are events enough, since a neighbour shares its window with one end
only; what the last halving changed is a measure of what the shape within may still do, and is paid for.
What the levels themselves are off by is found by leaving out one stretch of the recording after the other (delete-a-group jackknife:
Shao and Tu, The Jackknife and Bootstrap, 1995, 2.3), which asks nothing of how the load varies within or between events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.crowded_windows import bound
from powermeter.analysis.event_estimate import FEW, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import effective_freedom
from powermeter.analysis.window_pieces import (
    WORTH_IT,
    Parts,
    foreign_seconds,
    in_between,
    pieces,
    positions,
    usual_ns,
    without_overlaps,
)
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_LEAST_EVENTS = 6
_FEWEST = 4
_PARTS = {1: _FEWEST, 2: _LEAST_EVENTS, 4: 20, 8: 20, 16: 20}
"""Equal parts of an event that have a level each, and how many events that asks for."""
_MANY, _TOO_MANY = 100, 20_000  # events of each label, from which parts may be shorter; of all, for memory
_EVEN = 1 / 4  # of what one halving changes, the next one does where power rises evenly
_TWICE = 4.0  # variances
_STRETCHES = 40
_OWN_SCATTER = 0.05
"""An event's level varies by at least so much of what it is above idle."""
_PASSED, _LEAST_AHEAD = 2 / 3, 1 / 3
"""Where power rises evenly, parts of n windows leave 1 − 2/3n of what halving them changed, and a third where n is below 1.

A window cuts off a piece x of a part, uniform from 0 to 1: the level is off by n/2 − x/2 of it, n/4 − 1/6 in the mean, n²/12 below 1.
"""
_SHAPE = 0.1
"""How far an event's level at its edge may be from its mean, where its halves cannot be distinguished."""
_BEND = 0.5
"""Of the square of what a half's end is away from its mean, over the parts of it that a window's edge cuts off."""
_MOST_LABELS, _MOST_EVENTS = 12, 200_000
_CONDITION = 1e8
_ALONE = 12
"""Whole windows in each event, with which its cut ones hardly count, and what they hold besides is bounded well enough."""


def divide(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    members: Sequence[Indices],
    groups: Sequence[GroupEstimate],
) -> None:
    """Correct the estimates of labels whose events share windows of the meter; labels that overlap are left as they are.

    Args:
        start_ns, end_ns: Of all events.
        members: The events of each group, sorted by start.
        groups: What was found of each alone, in the members' order; changed in place.
    """
    if integral.trace.kind is Kind.INSTANT or len(groups) < 2:
        return
    if len(groups) > _MOST_LABELS:
        bound(integral, start_ns, end_ns, members, groups)
        return
    if start_ns.size > _MOST_EVENTS:
        return
    free = without_overlaps(start_ns, end_ns, members)
    if len(free) < 2:
        return
    own = [members[g] for g in free]
    parts = pieces(integral, start_ns, end_ns, own, 1)
    foreign = foreign_seconds(parts, len(free))
    lengths = [float((end_ns - start_ns)[index].sum()) * 1e-9 for index in own]
    wanted = [
        k
        for k, g in enumerate(free)
        if foreign[k] > WORTH_IT * lengths[k] and float(np.median(groups[g].seen)) < _ALONE
    ]
    if not wanted:
        return
    fewest = min(index.size for index in own)
    systems: list[_System] = []
    for count, least in _PARTS.items():
        if fewest < least or (systems and not systems[-1].is_solved):
            break
        some = parts if count == 1 else pieces(integral, start_ns, end_ns, own, count)
        if count == 1 or some.levels != systems[-1].parts.levels:
            systems.append(_System(integral, some, start_ns, own))
    solved = [system for system in systems if system.is_solved]
    finer: list[_System] = []
    for count in _PARTS if solved and fewest >= _MANY and start_ns.size <= _TOO_MANY else ():
        some = pieces(integral, start_ns, end_ns, own, count, many=True)
        if not finer or some.levels != finer[-1].parts.levels:
            system = _System(integral, some, start_ns, own)
            if not system.is_solved:
                break
            finer.append(system)
    longest = max(float(np.median((end_ns - start_ns)[index])) for index in own) / usual_ns(integral)
    for k in wanted:
        found, index, few = groups[free[k]], own[k], False
        if not solved:
            leave_open(integral, parts, found, index, k)
            continue
        if len(finer) > 1 and finer[-1].parts.levels != solved[-1].parts.levels:
            finest, doubt = _of_many(finer, index, k)
        else:
            finest, doubt = _finest(solved, index, k, longest)
            few = 1 < max(map(len, solved[-1].parts.levels)) < longest and not np.median(found.seen)
            if few:  # parts of a neighbour that are longer than a window show nothing of what it does beside the edge
                doubt = math.hypot(doubt, solved[-1].shape_doubt(k) / math.sqrt(3))
        _fill(found, finest, doubt, (end_ns - start_ns)[index] * 1e-9)
        if few:
            found.why = FEW


def _finest(solved: Sequence[_System], index: Indices, own: int, longest: float) -> tuple[_Divided, float]:
    """Return what the events of a group used by the smallest parts, and what the shape within these leaves in doubt, J.

    Args:
        solved: From one part of an event to the most.
        longest: How many windows events of the label with the longest ones last.
    """
    finest = solved[-1].divided(index, own)
    if len(solved) == 1:
        return finest, solved[0].shape_doubt(own)
    coarser = solved[-2].divided(index, own)
    part = longest / max(map(len, solved[-1].parts.levels))
    ahead = max(1 - _PASSED / part, _LEAST_AHEAD)
    step = finest.total - coarser.total
    doubt = abs(step)
    if len(solved) > 2:
        before = coarser.total - solved[-3].divided(index, own).total
        doubt = _unlike_even(step, before, part, ahead)
    return finest.beyond(coarser, ahead), doubt


def _of_many(solved: Sequence[_System], index: Indices, own: int) -> tuple[_Divided, float]:
    """Return the same of many events: their edges lie everywhere in windows, and show parts of a few hundredths of one.

    Halving ends where it changes less than the standard uncertainty that it doubles.
    """
    every = [system.divided(index, own) for system in solved]
    while len(every) > 2:
        step = every[-1].total - every[-2].total
        if every[-1].common < _TWICE * every[-2].common or step**2 > every[-1].common:
            break
        every.pop()
    steps = np.abs(np.diff([one.total for one in every]))
    return every[-1], float(max(steps[-1], _EVEN * steps[-2] if steps.size > 1 else 0.0))


def _unlike_even(step: float, before: float, part: float, ahead: float) -> float:
    """Return what two halvings leave in doubt, J: how far the last is from what the one before makes of an even rise or fall.

    Not less than the way ahead of the last, and not more than the last itself.

    Args:
        step, before: What the last halving changed, and the one before, J.
        part: How many windows the smallest parts last.
        ahead: Which part of the last halving those to come are.
    """
    usual = (_off(2 * part) - _off(part)) / (_off(4 * part) - _off(2 * part))
    return min(max(abs(step - usual * before), ahead * abs(step)), abs(step))


def _off(part: float) -> float:
    """Return how far a level is off where power rises evenly, of the rise in a window (`_PASSED`)."""
    return part / 4 - 1 / 6 if part >= 1 else part * part / 12


def leave_open(integral: Integral, parts: Parts, found: GroupEstimate, index: Indices, own: int) -> None:
    """Bound what a group's events used by what their windows hold, of which it is not known whose it is."""
    running = integral.running
    window, place = np.unique(parts.window, return_inverse=True)
    mine = parts.group == own
    joules = np.abs(running[window] - running[window - 1])
    shared = np.bincount(place, ~mine, window.size) > 0
    at = positions(index, parts.event[mine])
    doubt = np.bincount(at, (joules * shared)[place[mine]], index.size)
    if not doubt.any():
        return
    found.why = FEW
    found.below = np.maximum(found.below, np.minimum(doubt, np.abs(found.value)))
    found.above = np.maximum(found.above, doubt)
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Divided:
    """What the events of a group used, J, and the variances, J²: of each one's division, and of all together.

    Attributes:
        cut: What lies in cut windows, of `value`.
        moved: What leaving out each stretch of the recording does to the total, J.
        stretches: How many independent stretches the levels were found from.
        idle: The power beside the events, W.
    """

    value: Floats
    cut: Floats
    own: Floats
    split: float
    moved: Floats
    stretches: int
    idle: float

    @property
    def common(self) -> float:
        """The variance of the total that the levels leave, J²."""
        return (self.stretches - 1) / self.stretches * float(self.moved @ self.moved)

    def beyond(self, coarser: _Divided, ahead: float) -> _Divided:
        """Return where halving on and on would lead: what is left is `ahead` of what halving once changed.

        That is exact for a power that rises or falls evenly (Richardson, Phil. Trans. A 226, 1927); the step made is the doubt.
        """
        return replace(
            self,
            value=self.value + ahead * (self.value - coarser.value),
            cut=self.cut + ahead * (self.cut - coarser.cut),
            own=self.own + (self.value - coarser.value) ** 2,
            moved=self.moved + ahead * (self.moved - coarser.moved),
        )

    @property
    def total(self) -> float:
        """Of all events, J."""
        return float(self.value.sum())


def _fill(found: GroupEstimate, by: _Divided, doubt: float, seconds: Floats) -> None:
    """Write what the events of a group used into its estimate."""
    common = by.common + doubt**2
    share = by.cut / max(float(by.cut.sum()), 1e-30)
    found.value = by.value
    found.own = np.sqrt(by.own + common * share**2)
    total = by.split + common
    found.factor = total / max(float(np.sum(found.own**2)), 1e-300)
    found.freedom = effective_freedom(total, [(math.sqrt(common), max(by.stretches - 1.0, 1.0))])
    found.level = by.total / max(float(seconds.sum()), 1e-30)
    found.quiet = by.idle
    found.why, found.tail, found.levelled = "", None, True
    found.shared.clear()
    found.below, found.above, found.lean = np.zeros(share.size), np.zeros(share.size), np.zeros(share.size)
    found.below_all = found.above_all = found.lean_all = 0.0


class _System:
    """The windows' energies as sums of level × overlap, and the levels that fit best."""

    def __init__(self, integral: Integral, parts: Parts, start_ns: Times, members: Sequence[Indices]) -> None:
        trace = integral.trace
        t, running = trace.times_ns, integral.running
        self.parts = parts
        self.running = running
        self.cut, self.owner = np.unique(parts.window, return_inverse=True)
        self.tau = np.maximum(t[self.cut] - t[self.cut - 1], 1) * 1e-9
        self.joules = running[self.cut] - running[self.cut - 1]
        overlap = np.zeros((self.cut.size, parts.levels[-1][-1] + 1))
        np.add.at(overlap, (self.owner, parts.level), parts.seconds)
        overlap[:, 0] = np.maximum(self.tau - overlap[:, 1:].sum(axis=1), 0.0)
        self.overlap = overlap
        self.noise = (trace.noise**2 + (trace.step**2 / 12 if trace.kind is Kind.MEAN else 0.0)) * self.tau**2
        if trace.kind is Kind.COUNTER:
            self.noise = np.full(self.cut.size, 2 * (trace.noise**2 + trace.step**2 / 12))
        blind = np.zeros(t.size + 1, bool)
        blind[integral.hole + 1] = True
        self.usable = ~blind[self.cut]
        self._take_whole(t, running, blind)
        self._fit(t, start_ns, members)

    def _take_whole(self, t: Times, running: Floats, blind: NDArray[np.bool_]) -> None:
        """Find the windows that hold one level only."""
        state = np.zeros(t.size, np.int64)
        blocked = np.zeros(t.size, bool)
        blocked[self.cut] = True
        _, part, first, last = in_between(self.parts)
        level = self.parts.level[part]
        for own, a, b in zip(level.tolist(), first.tolist(), last.tolist(), strict=True):
            state[a + 1 : b] = own
        rows = np.flatnonzero(~blocked[1:] & ~blind[1 : t.size]) + 1
        self.row_window, self.row_level = rows, state[rows]
        self.row_rate = (running[rows] - running[rows - 1]) / np.maximum(t[rows] - t[rows - 1], 1) * 1e9

    def _fit(self, t: Times, start_ns: Times, members: Sequence[Indices]) -> None:
        size = self.overlap.shape[1]
        firsts = np.sort(np.concatenate([start_ns[m] for m in members]))
        smallest = min(m.size for m in members)
        count = self.stretches = min(_STRETCHES, max(smallest // 3, min(smallest, _LEAST_EVENTS)))
        edges = firsts[np.linspace(0, firsts.size, count, endpoint=False).astype(int)]

        def place(window: Indices) -> Indices:
            return np.clip(np.searchsorted(edges, t[window], side="right") - 1, 0, count - 1)

        normal, right = np.zeros((count, size, size)), np.zeros((count, size))
        use = self.usable
        scaled = (self.overlap / self.tau[:, None])[use]
        where = place(self.cut[use])
        rates = (self.joules / self.tau)[use]
        for i in range(count):
            part = where == i
            normal[i] = scaled[part].T @ scaled[part]
            right[i] = scaled[part].T @ rates[part]
        at = place(self.row_window)
        np.add.at(normal, (at, self.row_level, self.row_level), 1.0)
        np.add.at(right, (at, self.row_level), self.row_rate)
        total, vector = normal.sum(axis=0), right.sum(axis=0)
        rests = [total, *(total - part for part in normal)]
        self.is_solved = count > 2 and all(np.linalg.cond(rest) < _CONDITION for rest in rests)
        if not self.is_solved:
            return
        self.levels: Floats = np.linalg.solve(total, vector)
        self.without = np.array(
            [np.linalg.solve(total - part, vector - own) for part, own in zip(normal, right, strict=True)]
        )
        self._find_scatter()

    def _find_scatter(self) -> None:
        """Find how much each part's level varies, W², and what the levels leave of each window, J."""
        variance = (_OWN_SCATTER * (self.levels - self.levels[0])) ** 2
        for level in range(variance.size):
            own = self.row_rate[self.row_level == level]
            if own.size >= _LEAST_EVENTS:
                variance[level] = max(variance[level], float(np.var(own)))
        for levels in (levels for levels in self.parts.levels if len(levels) > 1):
            # A power that differs from part to part goes on rising or falling within each: its ends are half of that away.
            bend = float(np.max(np.abs(np.diff(self.levels[list(levels)])))) / 2
            for level in levels:
                variance[level] = max(variance[level], _BEND * bend**2)
        variance[0] = max(variance[0], float(np.median(self.noise / self.tau**2)))
        self.rest = self.joules - self.overlap @ self.levels
        model = (self.overlap**2) @ variance + self.noise
        use = self.usable
        excess = float(np.sum(self.rest[use] ** 2)) / max(float(np.sum(model[use])), 1e-300)
        self.variance = variance * max(excess, 1.0)

    def divided(self, index: Indices, group: int) -> _Divided:
        """Return what the events of a group used."""
        parts, owner = self.parts, self.owner
        own = list(parts.levels[group])
        weights = self.overlap**2 * self.variance
        whole = weights.sum(axis=1)
        part = np.divide(weights, whole[:, None], out=np.zeros(weights.shape), where=whole[:, None] > 0)
        part[~self.usable] = 0.0
        kappa = part[:, own].sum(axis=1)
        split = (
            np.maximum(kappa * (1 - kappa) * whole, kappa * (1 - kappa) * self.rest**2)
            + kappa**2 * self.noise
        )
        mine = parts.group == group
        level, window = parts.level[mine], owner[mine]
        among = parts.seconds[mine] / np.maximum(self.overlap[window, level], 1e-30)
        joules = among * (self.overlap * self.levels + part * self.rest[:, None])[window, level]
        at = positions(index, parts.event[mine])
        cut = np.asarray(np.bincount(at, joules, index.size), np.float64)
        event, _, first, last = in_between(self.parts)
        keep = np.isin(event, index)
        joules_between = (self.running[last - 1] - self.running[first])[keep]
        inner = np.asarray(np.bincount(positions(index, event[keep]), joules_between, index.size), np.float64)
        portion = parts.seconds[mine] / np.maximum(self.overlap[:, own].sum(axis=1)[window], 1e-30)
        each = np.asarray(np.bincount(at, portion**2 * split[window], index.size), np.float64)
        # d total / d level: what the cut parts take of it, less what they leave to the others.
        slope = -kappa[:, None] * self.overlap
        slope[:, own] += self.overlap[:, own]
        moved = (self.without - self.without.mean(axis=0)) @ slope.sum(axis=0)
        n = self.stretches
        alone = kappa > 0
        value: Floats = inner + cut
        return _Divided(value, cut, each, float(split[alone].sum()), moved, n, float(self.levels[0]))

    def shape_doubt(self, group: int) -> float:
        """Return what others' shape may do to the energy of a group, J, where it cannot be seen."""
        own = list(self.parts.levels[group])
        here = self.overlap[:, own].sum(axis=1) > 0
        others = np.delete(self.overlap, [0, *own], axis=1)
        above = np.abs(np.delete(self.levels, [0, *own]) - self.levels[0])
        return float(_SHAPE * (others[here] @ above).sum())
