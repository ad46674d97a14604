"""The energy of the whole run: the channel's own rule between its first and last reading, and how far that may be off.

Nothing that was learned from the events' edges touches the value.  What the events' times show goes into the interval: how often
readings fell into events against how often they should have, and which events no reading fell into.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from powermeter.analysis.against_events import Seen, against_events, edges_of
from powermeter.analysis.averaging_instrument import as_fed, held_back
from powermeter.analysis.clock_uncertainty import late_kind
from powermeter.analysis.equal_readings import open_ends
from powermeter.analysis.event_estimate import Activity
from powermeter.analysis.few_readings_carry import carriers
from powermeter.analysis.holes import Bridges, with_events
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_counter import late_ends
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.log_clock_set_forward import perhaps_no_time
from powermeter.analysis.lost_while_high import lost_while_high
from powermeter.analysis.marks_in_pauses import marks_in_pauses
from powermeter.analysis.means_at_edges import MOVED
from powermeter.analysis.means_by_turns import open_by_turns
from powermeter.analysis.mostly_refused import mostly_refused
from powermeter.analysis.mostly_unread import mostly_unread
from powermeter.analysis.parts_of_one_rate import parts_of_one_rate, with_their_events
from powermeter.analysis.perhaps_in_step import mostly_steady
from powermeter.analysis.reasons_for_estimated import graded
from powermeter.analysis.regular_or_random import read_at_random
from powermeter.analysis.ripple import Ripple, ripple_in_run
from powermeter.analysis.rows_in_bursts import scatter_of_bursts
from powermeter.analysis.rows_on_change import rows_on_change
from powermeter.analysis.sampling_error import Scatter, scatter_of_line
from powermeter.analysis.saturation import open_above
from powermeter.analysis.skipped_refreshes import skipped_refreshes
from powermeter.analysis.slew_limited import slew_limited
from powermeter.analysis.steady_wave import Wave, wave_of_run
from powermeter.analysis.uncertainty import Shape, budget, common_parts, limit_names, step_bias
from powermeter.analysis.unmarked_loop import loop_of_run
from powermeter.channel import Kind
from powermeter.result import Result
from powermeter.signals.rows_that_stand import rows_that_stand
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import noise_without_memory, unstated_noise
from powermeter.signals.zero_below import energy_below

_STRETCH = 4096
_STRETCHES = 48
_LONGEST = 4.0  # intervals that one reading stands for at most, where nothing but chance made them long


@dataclass(frozen=True, slots=True, eq=False)
class WholeRun:
    """What a stretch of a trace used.

    Attributes:
        energy: In J (C).
        seconds: Its length.
        plain: The bare rule, in J: as `energy`, but for holes that swallowed edges of events.
        gap_s: Seconds of it that nobody saw.
        beat: Whether readings kept step with events.
        blind_s: Seconds of events that no reading fell into.
        ripple: Frequency in Hz of an oscillation in the readings that may be a faster one; 0 where there is none.
        no_time: Of the energy, what was bridged over holes in which perhaps a clock was set and no time passed, J (C).
        paced: What the sum may put down too little since the load decides how long its reader waits, J (C); negative where too much.
        starved: What holes may hold beyond their bridges since rows were lost while the load was high, J (C).
        slew: By how much a display moves at most that was too slow for some peaks, W/s (A/s); 0 for any other.
        unread: Of it, that lies in holes which are no sample of it; 0 where they are one.
        on_change: Whether its rows were written at once on a change.
        marks_in_pauses: Whether events bound what they used in unread time, so that only what lies between them is open.
        skipped: Of the instrument's refreshes, the share that it did not show.
        mute: How many readings it has where those are few and all agree; otherwise 0.
        carriers: As how many readings those few count that carry much of the energy; 0 where many do.
    """

    energy: Result
    seconds: float
    plain: float
    gap_s: float
    beat: bool = False
    blind_s: float = 0.0
    carriers: int = 0
    ripple: float = 0.0
    no_time: float = 0.0
    mute: int = 0
    starved: float = 0.0
    paced: float = 0.0
    slew: float = 0.0
    unread: float = 0.0
    on_change: bool = False
    marks_in_pauses: bool = False
    skipped: float = 0.0

    @property
    def power(self) -> Result:
        """Its mean, in W (A)."""
        unit = {"J": "W", "C": "A"}[self.energy.unit]
        return self.energy.scaled(1 / self.seconds, unit) if self.seconds else self.energy.scaled(0.0, unit)


def measure_run(
    integral: Integral,
    start_ns: int | None = None,
    end_ns: int | None = None,
    *,
    activity: Sequence[Activity] = (),
    bridges: Bridges | None = None,
    origin: str = "run",
    wave_of: Callable[[Integral], Wave | None] = wave_of_run,
) -> WholeRun:
    """Return what a stretch used; the whole run where none is named.

    Args:
        activity: What is known of each label's events; for the whole run.
        bridges: The holes, where there are any.
        origin: Names the parts that are this result's own.
        wave_of: Returns the sine under everything; of many stretches, one that keeps what it found.
    """
    trace = integral.trace
    whole = start_ns is None and end_ns is None
    start = integral.start_ns if start_ns is None else start_ns
    end = integral.end_ns if end_ns is None else end_ns
    edges = np.array([start], np.int64), np.array([end], np.int64)
    value = plain = float(integral.between(*edges)[0])
    seconds = (end - start) * 1e-9
    gap_s = float(integral.gap_seconds(*edges)[0])
    own = f"{trace.own} {origin}"
    scatter, tau = _scatter(as_fed(integral, activity), start, end)
    lean = scatter.lean
    skipped = skipped_refreshes(trace, start, end)
    variance = scatter.variance * tau * tau + late_ends(trace, start, end) ** 2 + skipped.joules**2
    below = above = moved = gaps = unread = no_time = starved = paced = slew = blind_s = 0.0
    if bridges is not None:
        moved, gaps = with_events(integral, bridges, activity, start, end)
        value += moved
    mute, beat, on_change, bounded = 0, False, False, False
    if whole and trace.kind is Kind.INSTANT:
        seen = _against_events(integral, activity, variance, tau)
        variance = max(variance, seen.variance)
        beat, blind_s, below, above = seen.beat, seen.blind_s, seen.below, seen.above
    if integral.hole.size and (whole or bridges is not None):
        inside = (integral.gap_start >= start) & (integral.gap_end <= end)
        paused = mostly_unread(integral)
        if paused is None:  # else the interval reaches as far down anyway
            no_time = float(perhaps_no_time(integral, *edges_of(activity))[inside].sum())
            below += no_time
        starved = float(lost_while_high(integral, *edges)[0])
        beat = beat and not starved  # rows that were lost are missing in events, too
        if paused is not None:
            beat, unread = False, gap_s / seconds if seconds else 0.0
            put = moved + float(
                np.sum((integral.running[integral.hole + 1] - integral.running[integral.hole])[inside])
            )
            between = marks_in_pauses(integral, *edges_of(activity)) if whole else None
            bounded = between is not None
            less, more = paused.reach(put, gap_s) if between is None else between.reach()
            below, above = max(below, less), max(above, more)
    if trace.kind is Kind.INSTANT and trace.kept is None:
        first, last = np.searchsorted(trace.times_ns, [start, end + 1]).tolist()
        lower, upper = open_ends(trace, trace.values[first:last], within_noise=whole)
        below, above = max(below, lower * seconds), max(above, upper * seconds)
        mute = last - first if upper else 0
        if (pace := load_sets_pace(trace)) is not None:
            paced, inside_each, by_count = pace.over(first, max(last - 1, first))
            variance, lean = variance + inside_each, max(lean, by_count, key=abs)
            below, above = max(below, -paced), max(above, paced)
        if (standing := rows_on_change(trace)) is not None:
            shift, variance, open_j = standing.over(first, max(last - 1, first), seconds)
            value, on_change = value + shift, True
            below, above = max(below, open_j), max(above, open_j)
    if whole:
        less, more = held_back(trace, activity, start, end)
        below += less + sum(x.found.below_lost for x in activity)
        above += more + sum(x.found.above_lost for x in activity)
    if whole and (slow := slew_limited(trace)) is not None:
        slew, below, above = slow.rate, below + slow.below, above + slow.above
    if whole and trace.kind is Kind.INSTANT and (loop := loop_of_run(trace, activity)) is not None:
        known = loop.mean_known(trace.values.size)
        variance += ((known or 0.0) * seconds) ** 2
        if known is None:
            below, above = max(below, value - loop.low * seconds), max(above, loop.high * seconds - value)
    ripple = wave = None
    if trace.kind is Kind.INSTANT and activity:
        wave = next((x.found.wave for x in activity if x.found.wave is not None), None)
    elif trace.kind is Kind.INSTANT:
        ripple = _ripple(integral, start, end)
        wave = wave_of(integral) if ripple is None else None
    if ripple is not None:
        variance += 2 * float(ripple.left_over(np.array([seconds]))[0]) ** 2 + (ripple.unseen * seconds) ** 2
    if wave is not None:
        variance += wave.left_in_all(*edges)
    above = float(open_above(trace, *edges, above + starved + energy_below(trace, *edges))[0])
    if (refused := mostly_refused(trace)) is not None:
        ends = refused.opened(edges, *(np.array([one]) for one in (value, below, above)))
        below, above = (float(one[0]) for one in ends)
    parts = common_parts(trace.errors, value, seconds)
    coarse = trace.kind is Kind.COUNTER and trace.step**2 / 12 > trace.noise**2
    noise = f"{'step' if coarse else 'noise'}:{own}"
    parts[noise] = math.sqrt(variance)
    parts[f"gaps:{own}"] = gaps
    if trace.kind is Kind.INSTANT and trace.refresh_ns:
        # A refresh is seen late: what the sum is of lies a little before its stamps, and leaves out at one end what it adds at the other.
        parts[f"{late_kind(trace)}:{own}"] = trace.refresh_ns * 1e-9 * _ends_apart(trace, start, end)
    if trace.kind is Kind.MEAN and trace.clock_ns and any(note.code == MOVED for note in trace.notes):
        parts[f"{late_kind(trace)}:{own}"] = trace.clock_ns * 1e-9 * _ends_apart(trace, start, end)
    if (uneven := open_by_turns(trace, start, end)) > 0:
        parts[f"clock:{own}"] = math.hypot(parts.get(f"clock:{own}", 0.0), uneven)
    if trace.kind is not Kind.COUNTER and trace.step:
        parts[f"quantisation:common {'+'.join(trace.channels)} {origin}"] = (
            step_bias(trace.step, trace.noise) * seconds * _alike(integral)
        )
    steady = whole and mostly_steady(trace, activity, seconds)
    grade = graded(integral, *edges, open_question=bool(skipped.share or beat or below or above or steady))
    shape = Shape(noise, lean, below, above, 0.0 if never_negative(integral) else None)
    energy = budget(
        value,
        integral.unit,
        parts,
        grade=grade,
        limits=(*limit_names(trace.errors), *_few_jumps(scatter, noise)),
        counted={noise: scatter.freedom if trace.kind is Kind.INSTANT else math.inf},
        shape=shape,
        origin=own,
    )
    few = carriers(scatter.lean)
    if trace.kept is None:
        few = min(few, int(np.diff(np.searchsorted(trace.times_ns, [start, end + 1]))[0]))
    line = ripple or wave
    hertz = line.frequency if line is not None else max((x.found.ripple for x in activity), default=0.0)
    return WholeRun(
        energy,
        seconds,
        plain,
        gap_s,
        beat,
        blind_s,
        few,
        hertz,
        no_time,
        mute,
        starved,
        paced,
        slew,
        unread,
        on_change,
        bounded,
        skipped.share,
    )


def _ends_apart(trace: Trace, start: int, end: int) -> float:
    """Return by how much the first and the last reading of a stretch differ."""
    first, last = np.searchsorted(trace.times_ns, [start, end + 1]).tolist()
    return abs(float(trace.values[last - 1] - trace.values[first])) if last > first else 0.0


def _ripple(integral: Integral, start: int, end: int) -> Ripple | None:
    """Return an oscillation that readings at regular moments show over a stretch without events."""
    trace = integral.trace
    if read_at_random(trace):
        return None
    first, last = (int(k) for k in np.searchsorted(trace.times_ns, [start, end + 1]))
    if trace.kept is not None:
        first, last = max(
            ((max(a, first), min(b, last)) for a, b in trace.kept.fair), key=lambda ab: ab[1] - ab[0]
        )
    return ripple_in_run(trace.values[first:last], trace.interval_ns)


def never_negative(integral: Integral) -> bool:
    """Whether no reading is below zero, so that no energy can be."""
    values = integral.trace.values
    if integral.trace.kept is not None and integral.trace.kind is not Kind.COUNTER:
        return bool(values.min() >= 0)
    if integral.trace.kind is Kind.COUNTER:
        return bool((np.diff(values[:: max(1, values.size // 65536)]) >= 0).all())
    return bool(values[:: max(1, values.size // 65536)].min() >= 0)


def _few_jumps(scatter: Scatter, noise: str) -> tuple[str, ...]:
    """Name the noise a limit where hardly anything but one jump makes it: that lies between two readings, anywhere."""
    return (noise,) if scatter.white < 0.05 * scatter.variance and scatter.count < 8 else ()


def _alike(integral: Integral) -> float:
    """Return the root of the share of variance that readings on one step have in common."""
    trace = integral.trace
    values = trace.values[integral.fair_index(20_000)]
    codes = np.rint(values / trace.step)
    shares = np.unique(codes, return_counts=True)[1] / codes.size
    return math.sqrt(float(np.sum(shares**2)))


def _against_events(integral: Integral, activity: Sequence[Activity], variance: float, tau: float) -> Seen:
    """Return what events show about the sum of readings, of each rate by itself.

    Args:
        variance: Of the sum, J², where there is one rate only.
    """
    parts = with_their_events(integral, activity)
    if len(parts) == 1:
        return against_events(integral, activity, math.sqrt(variance), tau)
    found = Seen(0.0, 0.0, 0.0, False, 0.0)
    for part, mine in parts:
        own, seconds = _scatter_at_one_rate(part.integral, part.start_ns, part.end_ns)
        square = own.variance * seconds * seconds
        seen = against_events(part.integral, mine, math.sqrt(square), seconds)
        found = Seen(
            found.variance + max(square, seen.variance),
            found.below + seen.below,
            found.above + seen.above,
            found.beat or seen.beat,
            found.blind_s + seen.blind_s,
        )
    return found


def _scatter(integral: Integral, start: int, end: int) -> tuple[Scatter, float]:
    """Return the scatter of the rule's sum over a stretch, and the interval in s that it is for: that of each rate by itself, put together."""
    trace = integral.trace
    none = np.empty(0, np.int64)
    parts = [p for p in parts_of_one_rate(integral, none, none)[0] if p.start_ns < end and p.end_ns > start]
    if not parts or trace.kind is Kind.COUNTER:
        return _scatter_at_one_rate(integral, start, end)
    tau = trace.interval_ns * 1e-9
    found = Scatter()
    for part in parts:
        own, seconds = _scatter_at_one_rate(part.integral, max(start, part.start_ns), min(end, part.end_ns))
        found = found.beside(own.over(seconds / tau))
    return found, tau


def _scatter_at_one_rate(integral: Integral, start: int, end: int) -> tuple[Scatter, float]:
    """Return the scatter of the rule's sum over a stretch of one rate, and the interval in s that it is for."""
    trace = integral.trace
    t = trace.times_ns
    first, last = (int(k) for k in np.searchsorted(t, [start, end + 1]))
    n = int(integral.counted(np.array([first]), np.array([last]))[0])
    tau = trace.interval_ns * 1e-9
    if trace.kind is not Kind.INSTANT:
        if trace.kind is Kind.COUNTER:
            return Scatter(white=2 * (trace.noise**2 + trace.step**2 / 12)), 1.0
        shown = max(unstated_noise(trace.values, of_few=True), noise_without_memory(trace.values))
        counted = max(trace.noise, shown) if trace.noise_seen else trace.noise or shown
        noise = counted**2 + (0.0 if trace.step else trace.code) ** 2 / 12
        rows = np.array([max(n - 1, 1)])
        return Scatter(white=noise * float(trace.independent(rows)[0])), tau
    f = trace.values
    if n < 2 or not tau:
        return Scatter(), tau
    if trace.kept is not None:
        inside = [(max(a, first), min(b, last)) for a, b in trace.kept.fair]
        places = [(a, b) for a, b in inside if b - a > 1] or [(first, last)]
    elif n <= _STRETCH * _STRETCHES:
        places = [(first, last)]
    else:
        places = [(int(k), int(k) + _STRETCH) for k in np.linspace(first, last - _STRETCH, _STRETCHES)]
    found = Scatter()
    longest = _LONGEST if load_sets_pace(trace) is None else math.inf
    for a, b in places:
        steps = np.diff(t[a:b]) * 1e-9
        weights = np.empty(b - a)
        weights[1:-1] = (steps[1:] + steps[:-1]) / 2
        weights[0], weights[-1] = steps[0], steps[-1]
        hole = integral.hole[(integral.hole >= a) & (integral.hole < b - 1)] - a
        values = f[a:b]
        if hole.size:
            weights[hole] = weights[np.minimum(hole + 1, b - a - 1)] = tau
        part = scatter_of_bursts(steps, values, weights / tau, longest)
        found = replace(found.beside(part), doubt=part.doubt)
    found = found.scaled(n / max(found.count, 1)) if found.count < n else found
    return _of_standing(trace, found, first, last), tau


def _of_standing(trace: Trace, rows: Scatter, first: int, last: int) -> Scatter:
    """Return the scatter of a sum of rows of which some repeat the reading before them, each of which stood until the next; else as it is."""
    standing = rows_that_stand(trace)
    if standing is None:
        return rows
    fresh = standing.rows[(standing.rows >= first) & (standing.rows < last)]
    if fresh.size < 2:
        return rows
    until = np.minimum(np.append(fresh[1:], last), len(trace) - 1)
    stood = (trace.times_ns[until] - trace.times_ns[fresh]) / trace.interval_ns
    if standing.band:  # no row is further from the load than that, somewhere
        return replace(rows, white=rows.white + standing.band**2 / 3 * float(stood @ stood))
    usual = float(stood.mean())
    return scatter_of_line(trace.values[fresh], stood / usual).over(usual)
