"""Labels of one event each, measured all at once: ids used as names, of which a recording holds thousands.

What `measure_instants` computes of one event is computed here of all that hold as many readings, as the rows of a table, to the last bit.  In so few
readings no image, beat or course can be found, and what needs several events does not apply.  A label whose edges or readings may show more than
that (an instrument that averages, marks beside the power, coarse steps) is left to `measure_instants`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.averaging_instrument import may_average
from powermeter.analysis.beside_events import jumps_beside_all
from powermeter.analysis.bounds import beside, few_of_each
from powermeter.analysis.energy_from_instants import BORROWED, FEW_JUMPS, HEAVY, is_sparse
from powermeter.analysis.equal_readings import equal_of_each
from powermeter.analysis.event_estimate import EQUAL, FEW, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.levels_apart import may_be_apart
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.marks_off_the_power import MarksBeside, may_be_off
from powermeter.analysis.means_by_turns import long_step
from powermeter.analysis.other_labels import Labels
from powermeter.analysis.perhaps_in_step import never_in_step
from powermeter.analysis.readings_inside import ReadingsInside
from powermeter.analysis.regular_or_random import coarse_steps_of_each, own_moments
from powermeter.analysis.rows_of_readings import ScatterOfRows
from powermeter.analysis.slow_across_edges import may_go_on
from powermeter.channel import Kind
from powermeter.signals.rows_that_stand import rows_that_stand
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

LABELS = 32
"""From which on tables pay."""

_READINGS = 21
"""Inside an event, at most: a ripple, a comb of levels and teeth are looked for in more."""

_CODES = ("", FEW, EQUAL)


@dataclass(slots=True, eq=False)
class _Events:
    """Events, and what lies in and about them; arrays of shape (n,).

    Attributes:
        index: Their positions among all.
        start_ns, end_ns: Their edges.
        before, count: How many readings lie at or before each start, and inside.
        energy, weight, gap_s: As in `ReadingsInside`.
        next_ns: When the next event of any label begins.
        ahead_ns, behind_ns: The marks next to them, as in `MarksBeside`.
    """

    index: Indices
    start_ns: Times
    end_ns: Times
    before: Indices
    count: Indices
    energy: Floats
    weight: Floats
    gap_s: Floats
    next_ns: Times
    ahead_ns: Times
    behind_ns: Times

    @property
    def seconds(self) -> Floats:
        """How long each lasts."""
        return (self.end_ns - self.start_ns) * 1e-9

    def at(self, some: Indices) -> _Events:
        """Return some of them."""
        return _Events(*(getattr(self, one.name)[some] for one in fields(self)))

    def alike(self, trace: Trace) -> list[tuple[int, Indices]]:
        """Return how many readings lie in events of which nothing forbids that they are measured here, and which hold so many."""
        plain = (self.count > 0) & (self.count <= _READINGS) & (self.weight > 0) & (self.gap_s == 0)
        plain &= ~coarse_steps_of_each(trace, self.start_ns, self.end_ns)
        numbers = np.unique(self.count[plain]).tolist()
        return [(readings, np.flatnonzero(plain & (self.count == readings))) for readings in numbers]


@dataclass(slots=True, eq=False)
class _Estimates:
    """What `GroupEstimate` holds of labels with one event each; arrays of shape (n,).  `why` is a place in `_CODES`."""

    value: Floats
    own: Floats
    lean: Floats
    below: Floats
    above: Floats
    quiet: Floats
    level: Floats
    factor: Floats
    freedom: Floats
    lean_all: Floats
    why: Indices

    def at(self, some: Indices) -> _Estimates:
        """Return some of them."""
        return _Estimates(*(getattr(self, one.name)[some] for one in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[_Estimates]) -> _Estimates:
        """Return those of all parts, one part after the other."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))

    def of_labels(self) -> list[GroupEstimate]:
        """Return that of each, without what is known of its single event."""
        columns = (self.quiet, self.level, self.factor, self.freedom, self.lean_all, self.below, self.above)
        found = []
        for why, quiet, level, factor, freedom, lean, below, above in zip(
            self.why.tolist(), *(column.tolist() for column in columns), strict=True
        ):
            one = GroupEstimate.of_one_event()
            one.quiet, one.level, one.factor, one.freedom, one.lean_all = quiet, level, factor, freedom, lean
            one.below_all, one.above_all, one.why = below, above, _CODES[why]
            found.append(one)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class LabelsOfOneEvent:
    """What these labels have used.

    Attributes:
        of_label: What was found of each, without what is known of its single event.
        index: Positions of all their events.
        seen: Readings inside each.
        found: Of these events, in the same order.
    """

    of_label: dict[int, GroupEstimate]
    index: Indices
    seen: Indices
    found: _Estimates

    @classmethod
    def of(
        cls,
        integral: Integral,
        edges: tuple[Times, Times],
        inside: ReadingsInside,
        members: Sequence[Indices],
        labels: Labels,
        marks: MarksBeside,
    ) -> LabelsOfOneEvent | None:
        """Return them; None where they are few, or more has to be asked of every label.

        Args:
            edges: Starts and ends of all events.
            inside: The readings inside all events.
            members: The positions of each label's events that last.
            labels: The events of all labels.
            marks: The marks next to those of each label.
        """
        alone = labels.alone(len(members))
        single = [g for g, mine in enumerate(members) if mine.size == 1 and alone[g]]
        if len(single) < LABELS or not _plain(integral.trace):
            return None
        label, index = np.array(single, np.int64), np.concatenate([members[g] for g in single])
        start_ns, end_ns = edges[0][index], edges[1][index]
        every = _Events(
            index,
            start_ns,
            end_ns,
            inside.before[index],
            integral.counted(inside.before[index], inside.upto[index]),
            inside.energy[index],
            inside.weight[index],
            inside.gap_s[index],
            labels.next_start(end_ns, np.full(end_ns.size, integral.trace.times_ns[-1] + 1)),
            *marks.of_single(label),
        )
        elsewhere = jumps_beside_all(integral, labels)
        taken, parts = [label[:0]], []
        for readings, mine in every.alike(integral.trace):
            events = every.at(mine)
            values = integral.trace.values[events.before[:, None] + np.arange(readings)]
            found = _measured(integral, events, values, elsewhere)
            sure = np.flatnonzero(~_may_be_more(integral, events, values, found))
            taken.append(mine[sure])
            parts.append(found.at(sure))
        if not parts:
            return None
        which, together = np.concatenate(taken), _Estimates.joined(parts)
        of_label = dict(zip(label[which].tolist(), together.of_labels(), strict=True))
        return cls(of_label, index[which], every.count[which], together)


def _plain(trace: Trace) -> bool:
    """Return whether readings are such that of a single event with few of them nothing else is asked."""
    return (
        trace.kind is Kind.INSTANT
        and trace.kept is None
        and trace.interval_ns > 0
        and not trace.window_ns
        and never_in_step(trace)
        and not own_moments(trace)
        and load_sets_pace(trace) is None
        and ((stand := rows_that_stand(trace)) is None or not stand.band)
    )


def _measured(integral: Integral, events: _Events, values: Floats, elsewhere: float) -> _Estimates:
    """Return what events used that hold as many readings each, as `measure_instants` finds it.

    Args:
        values: The readings inside, shape (events, readings).
        elsewhere: What readings beside all events jump by, squared.
    """
    trace, readings = integral.trace, values.shape[1]
    tau, seconds, weight = trace.interval_ns * 1e-9, events.seconds, events.weight
    left, right = beside(trace.values, events.before, events.before + readings)
    level = events.energy / weight
    rest = events.energy - level * weight
    value = level * seconds + np.minimum(1.0, seconds / weight) * rest
    whole = level * seconds + rest
    value = np.where(
        value != 0, value * np.divide(whole, value, out=np.ones(whole.size), where=value != 0), value
    )
    above_level = _above_level(trace, events.before, values, level)
    scatter = ScatterOfRows.of(above_level).scaled(
        readings / max(readings - 1.0, 0.5) if readings > 1 else 1.0
    )
    borrowed = max(readings * BORROWED / (readings + BORROWED), 2.0)
    scatter = scatter.with_jumps(elsewhere * borrowed, min(1.0, (FEW_JUMPS / readings) ** 2))
    white = np.maximum(scatter.white, readings * trace.noise**2)
    jumps = scatter.jumps * (1 + 5 * scatter.doubt) / 12
    lasting = np.maximum(seconds, 1e-30)
    own = tau * np.sqrt(white * seconds / lasting + jumps * long_step(trace) ** 2)
    lean_all = scatter.lean
    squares = np.add.reduceat((above_level * above_level).ravel(), np.arange(0, values.size, readings))
    own = np.where(np.abs(lean_all) > HEAVY, np.maximum(own, tau * np.sqrt(squares)), own)
    short, variance = seconds < tau, tau * tau * (white + jumps)
    lean = np.divide(
        scatter.cubes * tau**3 * seconds / lasting,
        own**3,
        out=np.zeros(own.size),
        where=(own > 0) & ~short,
    )
    own = np.where(short, own * np.sqrt(seconds / tau), own)
    own = np.where((variance > 0) & (own == 0), np.sqrt(variance), own)
    factor, freedom = variance / np.maximum(own * own, 1e-300), scatter.freedom
    spans = (
        np.minimum(np.minimum(left, right), values.min(axis=1)),
        values.max(axis=1),
    )
    if is_sparse(readings, math.inf, readings - 1):
        bounded, below, above, noise = few_of_each(trace, values, spans, value, seconds)
        own = np.where(bounded, np.minimum(own, noise * seconds), own)
        factor, lean_all, lean = (
            np.where(bounded, otherwise, column)
            for otherwise, column in ((1.0, factor), (0.0, lean_all), (0.0, lean))
        )
        why = np.full(value.size, _CODES.index(FEW))
    else:
        alike, below, above = equal_of_each(trace, values, spans, seconds)
        why = np.where(alike, _CODES.index(EQUAL), 0)
    quiet = (left + right) / 2
    return _Estimates(value, own, lean, below, above, quiet, level, factor, freedom, lean_all, why)


def _above_level(trace: Trace, before: Indices, values: Floats, level: Floats) -> Floats:
    """Return how far readings lie above their event's level, each times its interval."""
    at, t = before[:, None] + np.arange(values.shape[1]), trace.times_ns
    step = (t[np.minimum(at + 1, t.size - 1)] - t[np.maximum(at - 1, 0)]) / 2
    found: Floats = (values - level[:, None]) * np.minimum(step / trace.interval_ns, 3.0)
    return found


def _may_be_more(integral: Integral, events: _Events, values: Floats, found: _Estimates) -> Bools:
    """Return of which events readings may show more than what was found here."""
    trace, before, upto = integral.trace, events.before, events.before + values.shape[1]
    more: Bools = ~np.isfinite(found.value)
    few = found.why == _CODES.index(FEW)
    if not few.all():
        t = trace.times_ns
        on_start = (before > 0) & (t[np.maximum(before - 1, 0)] == events.start_ns)
        more |= on_start | (t[upto - 1] == events.end_ns)
        more |= may_be_apart(trace, values) | may_average(
            trace, events.start_ns, events.end_ns, events.next_ns
        )
        plain = found.why == 0
        more[plain] |= may_go_on(
            integral, before[plain], upto[plain], (np.sqrt(found.factor) * found.own)[plain]
        )
        edges = (events.start_ns, events.end_ns, events.ahead_ns, events.behind_ns)
        more[plain] |= may_be_off(integral, *(edge[plain] for edge in edges))
        more &= ~few
    return more | ~np.isfinite(found.value)
