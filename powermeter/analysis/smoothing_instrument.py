"""An instrument that smooths over one or several of its readings and does not state so, recognised by all edges of events at once.

Where pauses are shorter than what it smooths over, no edge is clear and nothing is quiet.  But the readings are known then but for a few numbers: with
N(t) the events that run at t, a sliding mean over W shows the mean of N over the W before each stamp, a filter of time constant θ what is left of N
after it.  What follows starts and what follows ends is the same course, which is the instrument's: a load that begins softly has it at starts alone, one with a tail
at ends alone, one that is late at neither.  So each is asked of the readings by least squares, and the instrument is believed where none of the loads comes near it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import LAG, GroupEstimate
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95
from powermeter.result.notes import Note
from powermeter.signals.deconvolution import unfolded
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
_Course = Callable[[Floats, float], Floats]

SLIDES = "readings-slide"
AVERAGES = "readings-average"
_ROWS = 800  # that are looked at
_EVENTS = 24
_FEWEST = 4  # events
_ROWS_LEAST = 16
_BETWEEN = 0.1  # of the way
_RIDGE = 1e-9  # of the largest square: events that no reading touches have no power
_ON_THE_WAY = 8  # readings between levels
_PARTS = 6  # of an event, each at a power of its own
_SHORTEST, _LONGEST = 0.6, 30.0  # of intervals
_OF_RUN = 1 / 6
_WIDTHS = 16
_INNER = 0.9  # of the longest: what fits best there is power that moves by itself, over which any longer would fit better still
_READINGS_EACH = 4  # of an event, at least: of fewer, a power for each follows whatever moves slowly
_FINER = 9
_ASIDE = 0.1  # of the width, at which squares show how well it is known
_LEAST_DOUBT, _MOST_DOUBT = 0.05, 0.3
_NO_LOAD, _HARDLY_A_LOAD = 0.35, 0.6  # of the squares that the nearest load leaves
_BACKWARDS, _BACKWARDS_AT_MOST = 0.02, 0.4  # for each event, of what the same leaves when time runs backwards
_PERHAPS = 0.7
_OWN_SHORTEST, _OWN_LONGEST = 0.85, 1.2  # intervals
_SEVERAL = 1.6  # intervals
_WHOLE = 0.06  # of the window that it may lie from a whole number of intervals


@dataclass(frozen=True, slots=True)
class Smoothing:
    """What an instrument smooths by.

    Attributes:
        seconds: The width of a sliding mean, or a filter's time constant.
        filters: Whether it is the latter.
        doubt: Standard uncertainty of `seconds`, of itself.
        sure: Whether no load comes near it.
    """

    seconds: float
    filters: bool
    doubt: float
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Input:
    """Readings and events, in s.

    Attributes:
        edges: Of each event its start, the edges between its parts, its end; shape (parts + 1, events).
        alike: Which events are at one power: 1 or 0, shape (events, powers).
        looked: Which of all events they are.
    """

    t: Floats
    y: Floats
    edges: Floats
    alike: Floats
    looked: Indices

    def finer(self, interval_s: float) -> Iterator[_Input]:
        """Return the same with one power for each event, for each label, and for each part of a label's events."""
        a, b = self.edges
        alone = np.eye(a.size)
        if self.t.size >= _READINGS_EACH * a.size and not np.array_equal(self.alike, alone):
            yield replace(self, alike=alone)
        yield self
        parts = min(int(np.median(b - a) / interval_s), _PARTS)
        if parts > 1:
            yield replace(self, edges=a + np.linspace(0, 1, parts + 1)[:, None] * (b - a))

    @property
    def each_alone(self) -> bool:
        """Whether each event has a power of its own."""
        return bool(self.alike.shape[1] == self.edges.shape[1])

    def backwards(self) -> _Input:
        """Return the same as it is when time runs backwards: what an instrument shows follows edges, what power does by itself has no direction."""
        return _Input(
            -self.t[::-1], self.y[::-1], -self.edges[::-1, ::-1], self.alike[::-1], self.looked[::-1]
        )

    def squares(
        self, course: _Course, rise: float, fall: float, late: float = 0.0, tail: float = 0.0
    ) -> float:
        """Return what least squares leaves, a width for starts and one for ends."""
        rest = self.solved(course, rise, fall, late, tail)[1]
        return float(rest @ rest)

    def solved(
        self, course: _Course, rise: float, fall: float, late: float = 0.0, tail: float = 0.0
    ) -> tuple[Floats, Floats, Floats]:
        """Return the powers, idle power first, what they leave of each reading, and the inverse of the normal matrix.

        Args:
            tail: For how long one more power, the same for all events, follows their ends, s.
        """
        since = self.t[:, None] - late
        went = [course(since - e, rise) for e in self.edges[:-1]] + [course(since - self.edges[-1], fall)]
        x = np.column_stack([np.ones((self.t.size, 1)), *((u - v) @ self.alike for u, v in pairwise(went))])
        if tail:
            behind = went[-1] - course(since - self.edges[-1] - tail, fall)
            x = np.column_stack([x, behind.sum(axis=1)])
        normal = x.T @ x
        normal[np.diag_indices_from(normal)] += _RIDGE * float(normal.max())
        inverse: Floats = np.linalg.inv(normal)
        powers = inverse @ (x.T @ self.y)
        return powers, self.y - x @ powers, inverse

    def on_the_way(self, course: _Course, width: float) -> int:
        """Return how many readings lie clearly between what starts and ends lead to."""
        since = self.t[:, None]
        went = course(since - self.edges[0], width) - course(since - self.edges[-1], width)
        return int(np.count_nonzero(np.abs(went - np.rint(went)).max(axis=1) > _BETWEEN))


def smoothing(trace: Trace, start_ns: Times, end_ns: Times, group: Indices | None = None) -> Smoothing | None:
    """Return by what an instrument smooths its readings, or None where events' edges do not show that it does.

    Args:
        group: Of which label each event is; negative for those that are of none.
    """
    if trace.kind is Kind.COUNTER or trace.window_ns or trace.kept is not None or not trace.interval_ns:
        return None
    tau = trace.interval_ns * 1e-9
    scene = _scene(trace, start_ns, end_ns, group)
    if scene is None:
        return None
    longest = min(_LONGEST * tau, _OF_RUN * float(scene.t[-1] - scene.t[0]))
    if longest < _SHORTEST * tau:
        return None
    widths = np.geomspace(_SHORTEST * tau, longest, _WIDTHS)
    return next((found for one in scene.finer(tau) if (found := _of(one, trace, widths)) is not None), None)


def _rather_smooth(scene: _Input, widths: Floats) -> bool:
    """Return whether some instrument that smooths leaves less than any load that is read at once; looked at in large steps."""
    at_once = min(scene.squares(slid, 0.0, 0.0, late) for late in (0.0, *(widths[::3] / 2).tolist()))
    return any(
        scene.squares(course, w, w) < _PERHAPS * at_once
        for course, some in ((slid, widths[::3]), (filtered, widths[::3] / 2))
        for w in some.tolist()
    )


def _of(scene: _Input, trace: Trace, widths: Floats) -> Smoothing | None:
    """Return what smooths where it leaves much less than any load that is read at once, or as declared."""
    if not _rather_smooth(scene, widths):
        return None
    (slides, width), (filters, constant) = (
        _least(scene, course, some) for course, some in ((slid, widths), (filtered, widths / 2))
    )
    least, seconds, course = (slides, width, slid) if slides <= filters else (filters, constant, filtered)
    declared = trace.kind is Kind.MEAN and seconds * 1e9 < _SEVERAL * trace.interval_ns
    longest = float(widths[-1]) if course is slid else float(widths[-1]) / 2
    if declared or seconds > _INNER * longest or scene.on_the_way(course, seconds) < _ON_THE_WAY:
        return None
    loads = math.inf
    for one in _loads(scene, trace, widths, seconds):
        loads = min(loads, one)
        if least > _HARDLY_A_LOAD * loads:
            return None
    if scene.each_alone:
        other = min(_least(scene.backwards(), c, w)[0] for c, w in ((slid, widths), (filtered, widths / 2)))
        if least > min(_BACKWARDS * scene.edges.shape[1], _BACKWARDS_AT_MOST) * other:
            return None
    # Events are at levels of their own, so that each counts as one reading does.
    aside = min(scene.squares(course, x, x) for x in (seconds * (1 - _ASIDE), seconds * (1 + _ASIDE)))
    bent = max(aside / max(least, 1e-300) - 1, 1e-6) * scene.edges.shape[1]
    return Smoothing(
        seconds,
        course is filtered,
        min(max(_ASIDE / math.sqrt(bent), _LEAST_DOUBT), _MOST_DOUBT),
        least <= _NO_LOAD * loads,
    )


def _least(scene: _Input, course: _Course, widths: Floats) -> tuple[float, float]:
    """Return the least squares that any width leaves, and that width."""
    best = int(np.argmin([scene.squares(course, w, w) for w in widths.tolist()]))
    near = np.linspace(widths[max(best - 1, 0)], widths[min(best + 1, widths.size - 1)], _FINER)
    return min((scene.squares(course, w, w), w) for w in near.tolist())


def _loads(scene: _Input, trace: Trace, widths: Floats, seconds: float) -> Iterator[float]:
    """Return what loads leave that are read at once, or as declared: late, soft at starts or at ends alone, or, beside declared means, at a level of its own behind ends."""
    yield from (scene.squares(slid, 0.0, 0.0, late) for late in (seconds / 2, 0.0, seconds))
    for w in (seconds, seconds / 2, 2 * seconds):
        for course in (slid, filtered):
            for late in (0.0, w / 2):
                yield scene.squares(course, w, 0.0, late)
                yield scene.squares(course, 0.0, w, late)
    some = [*(-widths[:6:2]).tolist(), *(widths[::2] / 2).tolist()]
    yield from (scene.squares(slid, 0.0, 0.0, late) for late in some)
    if trace.kind is Kind.MEAN:
        tau = trace.interval_ns * 1e-9
        yield from (scene.squares(slid, tau, tau, late) for late in (0.0, *(x for x in some if x > -tau)))
        for w in (seconds + tau, *(widths[::2] + tau).tolist()):  # what follows events, or is ahead of them
            yield scene.squares(slid, tau, w)
            yield scene.squares(slid, w, tau)
        yield from (scene.squares(slid, tau, tau, tail=w) for w in (*widths.tolist(), seconds))


def slid(since: Floats, width: float) -> Floats:
    """Return how far a sliding mean has gone, so long after an edge."""
    went: Floats = np.clip(since / width, 0.0, 1.0) if width > 0 else (since > 0).astype(np.float64)
    return went


def filtered(since: Floats, constant: float) -> Floats:
    """Return how far a filter of first order has gone, so long after an edge."""
    if constant <= 0:
        return (since > 0).astype(np.float64)
    went: Floats = -np.expm1(-np.maximum(since, 0.0) / constant)
    return went


def _scene(trace: Trace, start_ns: Times, end_ns: Times, group: Indices | None) -> _Input | None:
    group = np.zeros(start_ns.size, np.int64) if group is None else group
    use = np.flatnonzero((group >= 0) & (end_ns > start_ns) & (start_ns <= trace.end_ns))
    use = use[np.argsort(start_ns[use], kind="stable")]
    size = min(len(trace), _ROWS)
    if use.size > _EVENTS:
        size = min(size, int(np.searchsorted(trace.times_ns, start_ns[use[_EVENTS]])))
        use = use[:_EVENTS]
    use = use[start_ns[use] <= trace.times_ns[max(size - 1, 0)]]
    if use.size < _FEWEST or size < _ROWS_LEAST:
        return None
    alike = (group[use][:, None] == np.unique(group[use])).astype(np.float64)
    edges = (np.stack([start_ns[use], end_ns[use]]) - trace.start_ns) * 1e-9
    return _Input((trace.times_ns[:size] - trace.start_ns) * 1e-9, trace.values[:size], edges, alike, use)


def shown(trace: Trace) -> bool:
    """Return whether a trace is that of means already, as events' edges show."""
    return trace.kind is Kind.MEAN and any(note.code in (SLIDES, AVERAGES) for note in trace.notes)


def is_own_interval(trace: Trace, found: Smoothing) -> bool:
    """Return whether what is called an instant is the mean over the interval before it."""
    intervals = found.seconds * 1e9 / trace.interval_ns
    return _OWN_SHORTEST <= intervals <= _OWN_LONGEST and trace.kind is Kind.INSTANT and not found.filters


def as_sliding_means(trace: Trace, found: Smoothing) -> Trace | None:
    """Return means over windows that overlap as means over their interval; None where that cannot be."""
    tau = trace.interval_ns * 1e-9
    if found.seconds < _SEVERAL * tau:
        return None
    whole = round(found.seconds / tau) * tau
    seconds = whole if abs(whole - found.seconds) <= _WHOLE * found.seconds else found.seconds
    means = unfolded(replace(trace, kind=Kind.MEAN), round(seconds * 1e9))
    if means is None:
        return None
    note = Note.info(
        SLIDES,
        f"each reading is the mean of the {format_duration(seconds)} before it, as events' edges show, although nothing states that it is",
    )
    off = 0.0 if seconds == whole else found.doubt * seconds / 2 * 1e9
    return replace(means, clock_ns=math.hypot(means.clock_ns, off), notes=(*trace.notes, note))


def before_smoothing(
    trace: Trace, found: Smoothing, start_ns: Times, end_ns: Times, group: Indices
) -> _Before:
    """Return what is known of events before an instrument smoothed them."""
    means = None
    if found.filters:
        means = _without_filter(trace, found)
    elif is_own_interval(trace, found):
        means = replace(trace, kind=Kind.MEAN, noise=trace.noise or unstated_noise(trace.values))
    else:
        means = as_sliding_means(trace, found)
    if means is not None:
        return _Before(found, Integral.of(means), start_ns, end_ns)
    return _Before(found, None, start_ns, end_ns, *_levels(trace, found, start_ns, end_ns, group))


def _without_filter(trace: Trace, found: Smoothing) -> Trace:
    """Return readings as means over their intervals of what a filter was fed with: θ dy/dt of it is held back."""
    seconds = np.diff(trace.times_ns) * 1e-9
    y = trace.values
    fed = (y[1:] + y[:-1]) / 2 + found.seconds * np.diff(y) / np.maximum(seconds, 1e-12)
    noise = (trace.noise or unstated_noise(y)) * math.sqrt(2) * found.seconds / (trace.interval_ns * 1e-9)
    return replace(
        trace,
        values=np.concatenate([y[:1], fed]),
        kind=Kind.MEAN,
        noise=noise,
        window_ns=round(2 * found.seconds * 1e9),
    )


def _levels(
    trace: Trace, found: Smoothing, start_ns: Times, end_ns: Times, group: Indices
) -> tuple[Floats, Floats]:
    """Return what events used at levels of their own, J, and its standard uncertainty; those not looked at, at the mean level."""
    value, own = np.full(start_ns.size, np.nan), np.zeros(start_ns.size)
    scene = _scene(trace, start_ns, end_ns, group)
    if scene is None:
        return value, own
    scene = replace(scene, alike=np.eye(scene.edges.shape[1]))
    powers, rest, inverse = scene.solved(slid, found.seconds, found.seconds)
    spread = float(rest @ rest) / max(rest.size - powers.size, 1)
    each = np.sqrt(np.diagonal(inverse)[1:] * spread)
    seconds = (end_ns - start_ns) * 1e-9
    value[:], own[:] = seconds * (powers[0] + powers[1:].mean()), seconds * float(np.std(powers[1:], ddof=1))
    at = scene.looked
    value[at], own[at] = seconds[at] * (powers[0] + powers[1:]), seconds[at] * each
    return value, own


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """What is known of events before an instrument smoothed them.

    Attributes:
        means: What it was fed with, as means; None where that cannot be.
        start_ns, end_ns: Of all events.
        value, own: Where it cannot: what each used, and its standard uncertainty, J.
    """

    found: Smoothing
    means: Integral | None
    start_ns: Times
    end_ns: Times
    value: Floats | None = None
    own: Floats | None = None

    def both(
        self, found: GroupEstimate, lasting: Indices, bridges: Bridges | None, others: Others | None
    ) -> GroupEstimate:
        """Return what events used before the instrument, with an interval that reaches to what they used if the load does what it seems to.

        Args:
            found: What they used if readings are what they are called.
            lasting: Their positions among all events, sorted by start.
        """
        if found.averages_s:
            return found  # few long events show it one by one
        other = GroupEstimate.empty(lasting.size)
        if self.means is not None:
            other = measure_means(self.means, self.start_ns[lasting], self.end_ns[lasting], bridges, others)
        elif self.value is not None and self.own is not None:
            other.value, other.own = self.value[lasting], self.own[lasting]
        if not np.isfinite(other.value).all():
            return found
        other.seen, other.why, other.tail = found.seen, LAG, None  # what follows may be theirs
        if not np.isfinite(found.value).all():
            return other
        apart = found.value - other.value
        own = COVERAGE_95 * found.own
        own_all = math.sqrt(found.factor * float(own @ own))
        total = float(apart.sum())
        other.above = np.maximum(other.above, apart + own + found.above)
        other.below = np.maximum(other.below, own + found.below - apart)
        other.above_all = max(other.above_all, total + own_all + found.above_all)
        other.below_all = max(other.below_all, own_all + found.below_all - total)
        edges = other.shared.get(BY_EDGES, np.zeros(apart.size))
        other.shared[BY_EDGES] = np.hypot(edges, self.found.doubt * apart)
        other.level, other.quiet = found.level, found.quiet
        other.averages_s = self.found.seconds if self.found.filters else 0.0
        return other
