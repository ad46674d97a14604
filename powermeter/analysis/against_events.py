"""What events' times show about the sum of readings over a run: how many readings fell into them, and how many should have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import BEAT, FEW, IN_STEP, RIPPLE, UNSEEN, Activity
from powermeter.analysis.integral import Integral
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.looks import LOOKS
from powermeter.analysis.means_by_turns import by_turns
from powermeter.analysis.regular_or_random import count_variance, read_at_random
from powermeter.analysis.rows_on_change import rows_on_change

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_NONE = np.empty(0, np.int64), np.empty(0, np.int64)
_IN_STEP = (BEAT, RIPPLE, IN_STEP)
_LOOKED = 4096
_LONGER = 1.5  # steps that are so many intervals long are not jitter
_ROUNDING = 1e-9
_SPARSE = 8  # readings, below which a label shows nothing of its scatter (as in `instants`)
_MANY_LABELS = 30
_MANY_EVENTS = 8
_ANOTHER_KIND = 30.0  # lengths of one kind of work leave no such step between neighbours
_WAKES_UP, _IS_AWAKE = 1000.0, 100.0
_LITTLE = 0.05  # of the run's energy
_REACH = (
    1.5  # a deviation that was found is a standard uncertainty times this: the interval reaches 1.3 of it
)


def edges_of(activity: Sequence[Activity]) -> tuple[Times, Times]:
    """Return the starts and ends of all events."""
    if not activity:
        return _NONE
    return np.concatenate([x.start_ns for x in activity]), np.concatenate([x.end_ns for x in activity])


@dataclass(frozen=True, slots=True)
class Seen:
    """What events show about the sum of readings: J² and J.

    Attributes:
        variance: What their power leaves in a sum of so few readings.
        below, above: By how much the run may be lower or higher besides.
        beat: Whether readings kept step with events.
        blind_s: Seconds of events that no reading fell into.
    """

    variance: float
    below: float
    above: float
    beat: bool
    blind_s: float


def against_events(integral: Integral, activity: Sequence[Activity], usual: float, tau: float) -> Seen:
    """Hold the readings against the events: how many fell into them, how many should have."""
    trace = integral.trace
    t = trace.times_ns
    quiet = _quiet(integral, activity)
    varied = read_at_random(trace)
    jitter = 0.0 if varied else _jitter(integral, tau)
    # Rows that are missing now and then leave no hole, but fewer readings than an interval each.
    read_s = float(t[-1] - t[0]) * 1e-9 - float(np.sum(integral.gap_end - integral.gap_start)) * 1e-9
    mean_s = read_s / max(
        int(integral.counted(np.array([0]), np.array([t.size]))[0]) - 1 - integral.hole.size, 1
    )
    # Of steps that are long and short by turns, the median is one of the two.
    usual_s = mean_s if trace.kept is None and by_turns(t) else max(mean_s, tau)
    # Looks that wrote no row were put at even times, those that did have their own.
    if any(note.code == LOOKS for note in trace.notes):
        usual_s = _inside(integral, activity, usual_s)
    labels = _counts(integral, activity, usual_s)
    by_place = count_variance(labels.expected, varied)
    doubt = by_place + labels.expected * (max(1 - tau / usual_s, 0.0) if usual_s else 0.0) + jitter
    # Of longer events the sum's own weights know of missing rows and jitter.
    chance, left = labels.sum(doubt), labels.sum(np.where(labels.expected < 2, doubt, by_place))
    expected, seen, events = labels.sum(labels.expected), labels.sum(labels.seen), labels.sum()
    pool = _pool(expected, seen, events)
    variance = off = blind_s = below = above = 0.0
    beat = False
    highest = _IS_AWAKE if bool(seen.any()) else _WAKES_UP
    base = 0.0 if quiet is None else quiet
    for k in np.flatnonzero((events > 0) & (tau > 0)).tolist():
        found = activity[k].found
        variance += found.beat
        if found.why in (_IN_STEP if pool[k] else (FEW, UNSEEN, *_IN_STEP)) and found.level is not None:
            below, above = below + found.below_all, above + found.above_all
        if found.level is None and not pool[k]:
            blind_s += float(labels.seconds[k])
            above += (
                found.above_all
                if found.above_all > 0
                else _of_a_moment(integral, float(labels.seconds[k]), highest)
            )
    if (
        load_sets_pace(trace) is not None or rows_on_change(trace) is not None
    ):  # how many readings lie in events is then the reader's own doing
        return Seen(variance, below, above, False, blind_s)
    steps = tau * (np.array([np.nan if x.found.level is None else x.found.level for x in activity]) - base)
    usable = pool & np.isfinite(steps) & (seen > 0)
    # Labels of an event or two are one kind of work: which of them a reading fell into is chance.
    if pool.any():
        mine = np.flatnonzero(pool)
        step = float(np.average(steps[usable], weights=np.maximum(seen[usable], 1e-9)))
        square = float(np.average(steps[usable] ** 2, weights=np.maximum(seen[usable], 1e-9)))
        missing = float(expected[mine].sum() - seen[mine].sum())
        likely = math.sqrt(float(chance[mine].sum()))
        variance += float(left[mine].sum()) * square
        off += -missing * step
        beat = abs(missing) > 4 * likely + 1 and events[mine].sum() >= _MANY_EVENTS and not varied
    # The others each, in their order, for sums to be those of one after the other.
    mine = np.flatnonzero(~pool & np.isfinite(steps) & (events > 0))
    weight = np.maximum(seen[mine], 1e-9)
    missed = expected[mine] - seen[mine]
    variance = _added(variance, left[mine] * (steps[mine] ** 2 * weight / weight))
    off = _added(off, -missed * (steps[mine] * weight / weight))
    strange = (np.abs(missed) > 4 * np.sqrt(chance[mine]) + 1) & (events[mine] >= _MANY_EVENTS)
    beat = beat or (bool(strange.any()) and not varied)
    usual = max(math.hypot(usual, math.sqrt(variance)), _ROUNDING * abs(float(integral.running[-1])))
    if abs(off) > usual and not beat:
        variance += (off / _REACH) ** 2
    elif abs(off) > usual:
        low, high = (1.3 * abs(off), 0.3 * abs(off)) if off > 0 else (0.3 * abs(off), 1.3 * abs(off))
        below, above = below + low, above + high
    return Seen(variance, below, above, beat, blind_s)


def _added(first: float, others: Floats) -> float:
    """Return a sum, added up one after the other."""
    return float(np.cumsum(np.append(first, others))[-1])


def _inside(integral: Integral, activity: Sequence[Activity], usual_s: float) -> float:
    """Return the mean interval between readings that follow each other inside events, in s; `usual_s` where none do."""
    t = integral.trace.times_ns
    start, end = (np.sort(edge) for edge in edges_of(activity))
    inside = np.searchsorted(start, t, side="right") > np.searchsorted(end, t, side="left")
    steps = np.diff(t)[inside[1:] & inside[:-1]] * 1e-9
    steps = steps[steps < _LONGER * usual_s]
    return float(steps.mean()) if steps.size else usual_s


def _of_a_moment(integral: Integral, seconds: float, highest: float) -> float:
    """Return what events that nothing shows may have used besides, in J; infinite unless they are so short that it hardly matters.

    A peak a thousand times the highest reading is room for a board that wakes up, a hundred times where readings fell into other
    events, which show it awake; where even that is a small share of the run, events of microseconds leave the run its interval.
    """
    most = highest * float(np.abs(integral.trace.values).max()) * seconds
    return most if most <= _LITTLE * abs(float(integral.running[-1])) else math.inf


@dataclass(frozen=True, slots=True, eq=False)
class _ReadingsInEvents:
    """How many readings should have fallen into each event inside the run, and how many did; arrays over events.

    Attributes:
        label: Which label each event is of.
        seconds: Of each label's events together, s.
    """

    label: NDArray[np.int64]
    expected: Floats
    seen: Floats
    seconds: Floats

    def sum(self, values: Floats | None = None) -> Floats:
        """Return the sum over each label's events of something, or how many there are."""
        return np.bincount(self.label, values, self.seconds.size).astype(np.float64)


def _counts(integral: Integral, activity: Sequence[Activity], usual_s: float) -> _ReadingsInEvents:
    t = integral.trace.times_ns
    start, end = edges_of(activity)
    label = np.repeat(np.arange(len(activity)), [x.start_ns.size for x in activity])
    inside = (start >= t[0]) & (end <= t[-1])
    start, end, label = start[inside], end[inside], label[inside]
    lengths = (end - start) * 1e-9
    expected = np.maximum(lengths - integral.gap_seconds(start, end), 0.0) / max(usual_s, 1e-12)
    if integral.hole.size:
        expected = expected + _at_holes(integral, start, end)
    seen = integral.counted(np.searchsorted(t, start, side="right"), np.searchsorted(t, end, side="right"))
    seconds: Floats = np.bincount(label, lengths, len(activity)).astype(np.float64)
    return _ReadingsInEvents(label, expected, seen.astype(np.float64), seconds)


def _at_holes(integral: Integral, start: Times, end: Times) -> Floats:
    """Return how many readings of each event the time beside holes does not account for: a stretch that ends at a reading has half a one more than intervals."""
    found: Floats = np.zeros(start.size)
    for edge in (integral.gap_start, integral.gap_end):
        found += (np.searchsorted(edge, end, side="right") - np.searchsorted(edge, start, side="right")) / 2
    return found


def _pool(expected: Floats, seen: Floats, events: Floats) -> NDArray[np.bool_]:
    """Return which labels are treated together: many that hardly a reading each falls into, of which together enough do.

    It goes by what was to be expected: those that chance left without a reading must not be chosen for it.
    """
    sparse = (events > 0) & (expected < _SPARSE)
    sparse &= ~_of_another_kind(np.where(sparse, expected, 0.0))
    enough = sparse.sum() >= _MANY_LABELS and expected[sparse].sum() >= _SPARSE and seen[sparse].any()
    return sparse & bool(enough)


def _of_another_kind(expected: Floats) -> NDArray[np.bool_]:
    """Return which labels a reading falls into so much more rarely than into the next ones that those show nothing of them."""
    order = np.argsort(expected, kind="stable")
    order = order[expected[order] > 0]
    wider = np.flatnonzero(expected[order][1:] > _ANOTHER_KIND * expected[order][:-1])
    found = np.zeros(expected.size, bool)
    found[order[: int(wider[-1]) + 1 if wider.size else 0]] = True
    return found


def _jitter(integral: Integral, tau: float) -> float:
    """Return the variance of the count of readings in an event that stamps off their even moments leave.

    An edge has a reading on the wrong side of it as often as steps are off, on average, in intervals.
    """
    steps = np.diff(integral.trace.times_ns[:_LOOKED]) * 1e-9
    steps = steps[steps < _LONGER * tau]
    return float(np.mean(np.abs(steps - tau))) / tau if steps.size else 0.0


def _quiet(integral: Integral, activity: Sequence[Activity]) -> float | None:
    """Return the mean of the readings that lie in no event, or None where none does."""
    t, f = integral.trace.times_ns, integral.trace.values
    pick = integral.fair_index(20_000)
    starts, ends = edges_of(activity)
    active = np.searchsorted(np.sort(starts), t[pick], side="right")
    active -= np.searchsorted(np.sort(ends), t[pick], side="left")
    free = active <= 0
    return float(f[pick[free]].mean()) if free.any() else None
