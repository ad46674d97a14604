"""The energy of events from instantaneous readings.

A reading falls on a part of an event by chance.  Whatever the load does inside, the readings that fall into an event, each
times its interval, add up to the event's energy on average (Horvitz and Thompson, JASA 47, 1952); taken of the power less a
constant level c, with c × duration put back, they do so with little scatter:

    E = c · L + Σ τ (f − c)         over the readings f inside, L the duration

c is the mean of all readings inside the events of a label, moved towards the event's own mean as far as events differ by more
than their readings scatter.  No shape of the load is assumed.  What is assumed is that nothing chose the readings' moments by
the events' edges; where the phases show otherwise (`lock_step`), the part of an event that no reading ever fell on costs what the load could
have done there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.averaging_instrument import averaging
from powermeter.analysis.beside_events import jumps_beside
from powermeter.analysis.bounds import beat, beside, few, folded, paced, ripple, unseen
from powermeter.analysis.early_readings import leading
from powermeter.analysis.edges_in_coarse_steps import a_step_outside, marks_vary
from powermeter.analysis.edges_on_readings import either_side
from powermeter.analysis.equal_readings import equal
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.event_levels import (
    STRETCHES,
    chosen,
    clusters,
    levels,
    ranges,
    seen_in_pairs,
    unlike_neighbours,
)
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.lagging_instrument import lagging
from powermeter.analysis.late_stamps import late_at_random
from powermeter.analysis.levels_apart import levels_apart
from powermeter.analysis.levels_of_others import made_by_others
from powermeter.analysis.lock_step import Phase, level_throughout, unseen_part
from powermeter.analysis.lost_parts import as_other_events
from powermeter.analysis.means_by_turns import long_step
from powermeter.analysis.nearly_in_step import beats, explained_by_place
from powermeter.analysis.other_labels import Labels, Others
from powermeter.analysis.quantiles import median, quantile
from powermeter.analysis.readings_inside import ReadingsInside
from powermeter.analysis.refresh_beat import (
    always_one_place,
    leave_a_mark,
    levels_differ,
    levels_of_few,
    plateaus,
    slow_swings,
    unmarked_levels,
)
from powermeter.analysis.regular_or_random import own_moments, place_known_to, read_at_random, step_in_common
from powermeter.analysis.rows_on_change import timer_runs_free
from powermeter.analysis.sampling_error import Scatter, bounded, end_jumps, scatter_of_stretches, slow_of
from powermeter.analysis.saw_teeth import saw_teeth
from powermeter.analysis.slow_across_edges import slow_across_edges
from powermeter.analysis.smoothed_edges import SMOOTHED, smoothed_edges
from powermeter.analysis.steady_wave import Wave
from powermeter.analysis.student_t import student_95
from powermeter.analysis.unmarked_loop import loop_beside
from powermeter.result import COVERAGE_95
from powermeter.signals.decimation import INSIDE, LEAST_INSIDE
from powermeter.signals.rows_that_stand import rows_that_stand

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_FEW_READINGS = 8
_FEW_PAIRS = 4
_LUCK = 1.5  # more readings than this times those expected fell in by chance: what they put down is too much
HEAVY = 0.15
FEW_JUMPS = 14
_LONG = 12
_READ_WHOLE = 5
BORROWED = 10.0  # so many readings' worth of jumps are expected as beside the events


def measure_instants(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    bridges: Bridges | None = None,
    inside: ReadingsInside | None = None,
    wave: Wave | None = None,
    others: Others | None = None,
    marks: tuple[Labels, int] | None = None,
) -> GroupEstimate:
    """Return what the events of one label used, from instantaneous readings.

    Args:
        start_ns, end_ns: Shape (n,), sorted by start.
        bridges: The trace's holes.
        inside: The readings inside these events, where they are known already.
        wave: A sine under all readings that may be a faster one (`steady_wave`).
        others: The events of other labels, where there are any.
        marks: The events of all labels, whether or not they run at once, and which of them this one is.
    """
    trace = integral.trace
    t, f = trace.times_ns, trace.values
    n = start_ns.size
    inside = ReadingsInside.of(integral, start_ns, end_ns) if inside is None else inside
    before, upto, energy, weight, gap_s = (
        inside.before,
        inside.upto,
        inside.energy,
        inside.weight,
        inside.gap_s,
    )
    m = integral.counted(before, upto)
    bridges = bridges if gap_s.any() else None
    seconds = (end_ns - start_ns) * 1e-9
    covered = np.maximum(seconds - gap_s, 0.0)
    tau = trace.interval_ns * 1e-9
    found = GroupEstimate.empty(n)
    found.seen = m
    found.quiet = median(np.concatenate(beside(f, before, upto)))
    readings = int(m.sum())
    total = float(weight.sum())
    if not readings or total <= 0:
        return unseen(integral, found, before, upto, seconds)
    level = float(energy.sum()) / total
    found.level = level
    first, count, owners = clusters(start_ns, end_ns, before, upto, trace.interval_ns)
    every = integral.counted(first, first + count)
    e: Floats = np.bincount(owners, weights=energy, minlength=first.size).astype(np.float64)
    w: Floats = np.bincount(owners, weights=weight, minlength=first.size).astype(np.float64)
    paired = seen_in_pairs(start_ns, end_ns, owners, trace.interval_ns)
    own_level, spread, between, lost = levels(
        integral, first, (count, every), (e, w), level, trace.noise, paired
    )
    c = own_level[owners]
    shrink = np.minimum(1.0, np.divide(covered, weight, out=np.ones(n), where=weight > 0))
    rest = energy - c * weight
    single = c * covered + shrink * rest
    whole = float((c * covered).sum() + rest.sum())
    if single.sum():
        single = single * (whole / float(single.sum()))
    lost_parts = None if bridges is None else as_other_events(integral, bridges, start_ns, end_ns)
    if lost_parts is not None:
        single = single + np.bincount(lost_parts.event, lost_parts.joules, n)
    elif bridges is not None:
        held, held_u, held_s = bridges.inside(start_ns, end_ns)
        gap_s = np.maximum(gap_s - held_s, 0.0)
        single = single + held + c * gap_s
    smoothed = smoothed_edges(integral, before, upto, c, found.quiet)
    found.value = single + smoothed
    scatter, own = _scatter(integral, start_ns, end_ns, first, (count, every), own_level)
    seen_stretches = max(int(np.count_nonzero(w > 0)), 1)
    del single, c, shrink, own_level, e, w, every, paired  # of a million events, 20 MB of a label
    scatter = scatter.scaled(readings / max(readings - lost, 0.5) if readings > lost else 1.0)
    elsewhere = jumps_beside(integral, start_ns, end_ns, others)
    # How far an event is taken at its own level, for which the edges' readings speak as well: a jump behind the last is in none.
    own_share = min(lost / seen_stretches, 1.0)
    borrowed = max(readings * BORROWED / (readings + BORROWED), 2 * n * own_share)
    few_jumps = min(1.0, (FEW_JUMPS / readings) ** 2)
    scatter = replace(scatter, jumps=scatter.jumps + elsewhere * borrowed, doubt=few_jumps)
    white = max(scatter.white, readings * trace.noise**2)
    jumps = scatter.jumps * (1 + 5 * scatter.doubt) / 12
    own_jumps = jumps * long_step(trace) ** 2
    found.own = tau * np.sqrt(white * covered / max(float(covered.sum()), 1e-30) + own_jumps / n)
    found.lean_all = scatter.lean
    heavy = abs(scatter.lean) > HEAVY
    if heavy and own is not None:
        found.own = np.maximum(found.own, tau * np.sqrt(own[owners] / np.bincount(owners)[owners]))
    short = covered < tau
    variance = tau * tau * (white + jumps)
    found.lean = np.divide(
        scatter.cubes * tau**3 * covered / max(float(covered.sum()), 1e-30),
        found.own**3,
        out=np.zeros(n),
        where=(found.own > 0) & ~short,
    )
    found.own = np.where(short, found.own * np.sqrt(covered / tau) if tau else found.own, found.own)
    shared = np.bincount(owners)[owners] > 1
    if shared.any():
        found.own = np.maximum(found.own, np.where(shared, unlike_neighbours(rest, seconds, tau), 0.0))
    found.freedom = scatter.freedom
    if lost_parts is not None:
        found.in_holes = lost_parts
        found.gaps = np.sqrt(np.bincount(lost_parts.event, lost_parts.variance, n))
    elif bridges is not None:
        usual = max(quantile(m, 0.5), 1.0)
        apart = (
            math.sqrt(between + spread * np.minimum(1.0, tau / max(float(np.max(gap_s)), tau)))
            if gap_s.any()
            else 0.0
        )
        if n < 3 or usual < 1:
            apart = max(apart, abs(level - (found.quiet or 0.0)) / COVERAGE_95)  # it may have ended there
        known = max(int((weight > 0).sum()), 1)
        t95 = float(student_95(max(known - 1.0, 1.0))) / COVERAGE_95 if known > 1 else 1.0
        lost = float(np.sqrt(np.sum(gap_s**2)))
        common = math.sqrt(1 + float(np.sum(gap_s)) ** 2 / max(lost * lost, 1e-30) / known)
        # An event of which half was read is at its own level, as far as those that were read whole are level.
        level_u = (
            math.sqrt(max(spread, 0.0)) if int(((m >= 2) & (gap_s <= 0)).sum()) >= _READ_WHOLE else math.inf
        )
        known_level = np.where((m >= 2) & (gap_s <= 0.5 * seconds), level_u, apart)
        found.gaps = np.sqrt((gap_s * np.minimum(known_level, apart) * t95 * common) ** 2 + held_u)
    pairs = int(np.maximum(count - 1, 0).sum())
    edges = start_ns, end_ns
    steps = place_known_to(trace, edges), step_in_common(trace, edges)
    phase = unseen_part(t, start_ns, end_ns, before, m, trace.interval_ns, steps)
    if max(phase.coherent, phase.blind) > 0 and marks_vary(
        integral, edges, found.quiet or 0.0, None if marks is None else marks[0]
    ):
        phase = Phase()
    if phase.coherent > 0:
        variance *= 1 + (n - 1) * phase.coherent
    blind = int(np.count_nonzero(weight <= 0))
    if blind:
        unread = _unread(weight, covered, (spread + between) * own_share)
        variance += float(unread @ unread) * (1 + blind / seen_stretches)
        found.own = np.hypot(found.own, unread)
    step = beats(integral, start_ns, end_ns, before, m, energy - level * weight, (level, found.quiet), marks)
    found.own = np.hypot(found.own, step.own)
    found.beat = step.variance
    found.ripple = step.ripple.frequency if step.ripple is not None else 0.0
    total = min(variance, step.resolved) + step.variance
    met = explained_by_place(
        integral, start_ns, before, np.where(weight > 0, energy - level * weight, np.nan)
    )
    if met > 0:
        stands_for = float(covered.sum()) / float(weight.sum())
        by_place = n * met * stands_for**2
        found.own = np.maximum(found.own, math.sqrt(met) * stands_for)
        found.beat += max(by_place - total, 0.0)
        total = max(total, by_place)
    marked = own_moments(trace) and leave_a_mark(trace, before, m)
    if marked:
        swings = slow_swings(trace, before, m)
        unseen_sum = float(swings @ swings)
        if n >= _READ_WHOLE:
            apart_all, apart_own = levels_differ(between, level, found.quiet, seconds)
            unseen_sum += apart_all
            swings = np.hypot(swings, apart_own)
        found.own = np.hypot(found.own, swings)
        found.beat += unseen_sum
        total += unseen_sum
    if trace.window_ns:
        doubt = SMOOTHED * np.abs(smoothed)
        found.own = np.hypot(found.own, doubt)
        total += float(np.sum(doubt)) ** 2
    if (standing := rows_that_stand(trace)) is not None and standing.band:
        within = standing.band / math.sqrt(3) * seconds
        found.own = np.hypot(found.own, within)
        total += float(within @ within)
    if (loop := loop_beside(trace, before, m)) is not None:
        one = loop.deviation * np.sqrt(seconds * np.minimum(seconds, loop.stretch * tau))
        found.own = np.hypot(found.own, one)
        total += ((loop.mean_known(readings) or 0.0) * float(seconds.sum())) ** 2
    if wave is not None:
        found.wave = wave
        found.own = np.hypot(found.own, wave.left_over(start_ns, end_ns))
        total += wave.left_in_all(start_ns, end_ns)
    if (
        total > 0 and not found.own.any()
    ):  # readings that do not scatter at all: what is shared is spread evenly
        found.own = np.full(found.own.shape, math.sqrt(total / max(found.own.size, 1)))
    found.factor = total / max(float((found.own**2).sum()), 1e-300)
    expected = float(covered.sum()) / tau if tau else math.inf
    sparse = is_sparse(readings, expected, pairs)
    if (
        phase.blind
        and quantile(m, 0.5) < 4
        and not timer_runs_free(trace, start_ns, before, m)
        and not level_throughout(trace, start_ns, (before, m), phase.blind, level - (found.quiet or 0.0))
    ):
        return beat(integral, found, before, upto, seconds, phase.blind, sparse=sparse)
    if sparse:
        return few(integral, found, before, upto, seconds, readings)
    span = step.span
    if span is not None and made_by_others(t, f, trace.interval_ns, (before, m), edges, marks):
        span = None
    elif span is None and own_moments(trace):
        unmarked = None if marked or wave is not None else unmarked_levels(trace, before, m)
        span = unmarked or plateaus(trace, before, m) or always_one_place(trace, before, m)
    if (
        span is None
        and (loop := loop_beside(trace, before, m)) is not None
        and loop.mean_known(readings) is None
    ):
        span = loop.low, loop.high
    if span is None and not read_at_random(trace):
        span = levels_of_few(trace, before, m)
    if span is not None:
        return ripple(found, span, seconds)
    jobs = levels_apart(trace, start_ns, before, m)
    if jobs is not None and not made_by_others(t, f, trace.interval_ns, (before, m), edges, marks):
        return jobs.widened(found, seconds)
    if (teeth := saw_teeth(trace, before, m)) is not None:
        return folded(found, teeth, seconds, float(end_ns[-1] - start_ns[0]) * 1e-9)
    sums = float(energy.sum()), float(weight.sum())
    found, in_steps = a_step_outside(integral, found, edges, None if marks is None else marks[0])
    if not in_steps:
        found = either_side(integral, found, edges, (before, upto), sums, covered)
    found = paced(trace, equal(integral, found, before, upto, seconds), before, upto)
    found = averaging(integral, start_ns, end_ns, found, others)
    found = lagging(integral, start_ns, end_ns + in_steps, found, others)
    if in_steps:
        found.marks_step_ns = in_steps
        return found
    found = late_at_random(integral, start_ns, end_ns, found, others)
    found = leading(integral, start_ns, end_ns, found, others)
    return slow_across_edges(integral, found, edges, (before, upto), elsewhere * borrowed / 12)


def is_sparse(readings: int, expected: float, pairs: int) -> bool:
    """Return whether so few of so many expected readings, and pairs of neighbours, lie in a label's events that they show nothing of its scatter."""
    return min(readings, _LUCK * expected) < _FEW_READINGS and pairs < _FEW_PAIRS


def _unread(weight: Floats, covered: Floats, variance: float) -> Floats:
    """Return the standard uncertainty in J of each event that no reading fell into and that is taken at the label's level.

    Args:
        weight: Seconds that the readings inside stand for.
        covered: Seconds of each event outside of holes.
        variance: Of an event's power about the label's level, as far as readings of the others are not taken to stand for it, W².
    """
    found: Floats = np.where(weight <= 0, covered * math.sqrt(max(variance, 0.0)), 0.0)
    return found


def _scatter(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    first: Indices,
    counts: tuple[Indices, Indices],
    level: Floats,
) -> tuple[Scatter, Floats | None]:
    """Return the scatter of Σ (f − c) over all clusters, from as many as can be looked at, and each one's white part.

    Args:
        counts: Readings of each cluster that are held, and all of them.
    """
    trace = integral.trace
    count, every = counts
    t, f = trace.times_ns, trace.values
    some = np.flatnonzero(count > 0)
    pick = chosen(some, count, every)
    # Long events are looked at in one stretch from their start and, every second, to their end.
    longest = max(LEAST_INSIDE, INSIDE // max(min(some.size, STRETCHES), 1))
    lengths = np.minimum(count[pick], longest)
    begin = np.where(np.arange(pick.size) % 2 == 0, first[pick], first[pick] + count[pick] - lengths)
    index = ranges(begin, lengths)
    x = f[index] - np.repeat(level[pick], lengths)
    if start_ns.size != count.size:
        stamps = t[index]
        x = x * (
            np.searchsorted(start_ns, stamps, side="left")
            - np.searchsorted(np.sort(end_ns), stamps, side="left")
        )
    top = t.size - 1
    step = (t[np.minimum(index + 1, top)] - t[np.maximum(index - 1, 0)]) / 2
    if trace.interval_ns:
        x = x * np.minimum(step / trace.interval_ns, 3.0)
    whole_scatter = scatter_of_stretches(x, lengths)
    found = bounded(whole_scatter, _slowest(x, lengths), int(lengths.sum()))
    # A spectrum of what is inside shows nothing of the jumps from the level to an event's ends.
    found = replace(found, jumps=max(found.jumps, min(whole_scatter.jumps, end_jumps(x, lengths))))
    whole = float(every[some].sum()) / max(float(lengths.sum()), 1.0)
    if lengths.size < some.size or (lengths < every[pick]).any():
        # A cut stretch has one edge that is none: jumps are counted by stretches, the rest by readings.
        found = Scatter(
            found.white * whole,
            found.jumps * max(some.size / max(pick.size, 1), whole),
            found.cubes * whole,
            found.fourths * whole,
            round(found.count * whole),
        )
        return found, None
    own = np.zeros(count.size)
    own[pick] = np.add.reduceat(x * x, lengths.cumsum() - lengths)
    return found, own


def _slowest(x: Floats, lengths: Indices) -> float | None:
    """Return the variance a reading of the slower changes inside events, where some are long enough to show it."""
    long = np.flatnonzero(lengths >= _LONG)
    if not long.size or float(lengths[long].sum()) < 0.5 * float(lengths.sum()):
        return None
    ends = np.cumsum(lengths)
    return slow_of([x[ends[k] - lengths[k] : ends[k]] for k in long[:200].tolist()])
