"""Whether readings that are called instantaneous are: at events' edges they would be at one level or the other.

A meter that averages over its interval and does not state so shows levels between: in proportion to how much of the interval
lay inside the event.  One that averages over a part of its interval only, or that shows late what it measured, does so over a part of the
places at which an edge may lie.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clear_edges import EVENTS, LEAST, Edges, clear_edges, without_containers
from powermeter.analysis.clock_uncertainty import DELAY_STEP, as_stated, edges_late, perhaps_late
from powermeter.analysis.edges_between_labels import edges_between_labels
from powermeter.analysis.lagging_instrument import lags
from powermeter.analysis.late_at_marks import at_late_changes
from powermeter.analysis.looks import at_looks
from powermeter.analysis.lost_refreshes import at_refreshes
from powermeter.analysis.means_at_edges import as_edges_show
from powermeter.analysis.means_by_turns import by_turns
from powermeter.analysis.regular_or_random import coarse_step, place_known_to
from powermeter.analysis.rows_on_change import rows_on_change
from powermeter.analysis.smoothing_instrument import AVERAGES as AVERAGE_CODE
from powermeter.analysis.smoothing_instrument import Smoothing, as_sliding_means, is_own_interval
from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.clock_ticks import open_in_ticks
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise
from powermeter.units import format_duration

Times = NDArray[np.int64]

AVERAGES = Note.info(
    AVERAGE_CODE,
    "its readings average over their interval, as events' edges show, although nothing states that they do",
)

_CLEARLY = 0.4
_FEWEST = 3  # edges, of fewer than show a part or a delay
_SURE_OF_FEW = 5.3  # natural logarithm of chance: one in 200
_NEAREST = 0.01  # of the step: to be as near by chance is no less likely
_FITS_FEW = 0.005
_CLOSE = 0.02
_BETTER = 0.6
_LOOKED = 1 << 16
_SETTLES = 3  # readings behind an edge, by which what averages over its interval has settled
_DRIFT = 0.04  # of the step
_WORTH = 0.01


def as_events_show(trace: Trace, start_ns: Times, end_ns: Times, smooths: Smoothing | None = None) -> Trace:
    """Return a trace of instantaneous readings as means where events' edges show that it averages; else as it is.

    Where they show that it averages over a part of its interval, stamps are moved to the middle of that part, which becomes its
    `window_ns`.  Where the edges show any of these, a stated refresh no longer leaves the stamps in doubt.  What declared means are,
    `means_at_edges` asks.

    Args:
        smooths: Over what readings smooth, as all edges at once show.
    """
    found = _as_shown(trace, start_ns, end_ns, smooths)
    return open_in_ticks(found, placed=found.times_ns is not trace.times_ns)


def _as_shown(trace: Trace, start_ns: Times, end_ns: Times, smooths: Smoothing | None) -> Trace:
    """Return a trace as the edges of events show that it is, whatever its clock."""
    start_ns, end_ns = without_containers(start_ns, end_ns)
    trace = at_late_changes(at_refreshes(trace, start_ns, end_ns), start_ns, end_ns)
    if edges_late(trace):
        return trace
    if smooths is not None and (smooths.filters or not smooths.sure):
        return trace
    if smooths is not None and (means := as_sliding_means(trace, smooths)) is not None:
        return means
    found = _beside_clear_edges(trace, start_ns, end_ns)
    if found is trace and smooths is not None and is_own_interval(trace, smooths):
        return _as_means(trace, 0.0, 1, smooths.doubt)
    return found


def _beside_clear_edges(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return a trace as what readings beside clear edges show that it is."""
    if trace.kind is Kind.MEAN:
        return as_edges_show(trace, start_ns, end_ns)
    if trace.kind is not Kind.INSTANT or len(trace) < 16 or trace.window_ns:
        return trace
    if by_turns(trace.times_ns):
        return trace
    if rows_on_change(trace) is not None:
        return _of_looks(trace, start_ns, end_ns)
    edges = clear_edges(trace, start_ns, end_ns, _FEWEST)
    if edges is None and (between := edges_between_labels(trace, start_ns, end_ns)) is not None:
        return _of_abutting(trace, between)
    if edges is None or _goes_on(trace, start_ns, end_ns) or lags(trace, start_ns, end_ns):
        return trace
    if edges.count < LEAST:
        return _of_few(trace, edges)
    instant, mean, count = edges.rest(0.0, 0.0), edges.rest(1.0, 0.0), edges.count
    rest, delay, window = edges.best()
    surer = rest < _CLEARLY * mean and mean - rest > _WORTH
    if mean < _CLEARLY * instant and mean < 4 * _CLOSE and not surer and edges.both_sides(1.0, 0.0):
        return _as_means(trace, mean, count, 1 - window + (rest / count) ** 0.5)
    part = rest < _BETTER * instant and instant - rest > _WORTH and rest < 4 * _CLOSE
    part = part and edges.both_sides(window, delay) and _shown_outside(edges, window, delay)
    part = part and not _rounded(trace, (start_ns, end_ns), delay, window)
    by_chance = part and edges.at_levels(window, delay)
    stated = as_stated(trace, (delay + window) * trace.interval_ns)
    if by_chance or (part and not window and not stated):
        return perhaps_late(trace, (delay + window / 2) * trace.interval_ns, by_chance=by_chance)
    if part:
        found = _as_part(trace, window, delay, max((rest / count) ** 0.5, 1 / count))
        if stated or delay <= DELAY_STEP:
            return found
        return perhaps_late(found, delay * trace.interval_ns, by_chance=False)
    if instant < _CLEARLY * mean and instant < _CLOSE:
        return replace(
            trace, clock_ns=min(trace.clock_ns, trace.interval_ns * max((instant / count) ** 0.5, 1 / count))
        )
    return trace


def _of_looks(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return rows on change as readings of each look of their device where edges show that those are no snapshots; else as they are.

    The rows' own intervals are none that it averages over.
    """
    looks = at_looks(trace)
    if looks is None:
        return trace
    steps = replace(looks, noise=trace.noise)  # an edge stands out of a row's own noise
    edges = clear_edges(steps, start_ns, end_ns, _FEWEST)
    if edges is None or edges.rest(0.0, 0.0) < _CLOSE:
        return trace
    shown = as_events_show(steps, start_ns, end_ns)
    return replace(shown, noise=math.hypot(shown.noise, looks.noise))


def _of_few(trace: Trace, edges: Edges) -> Trace:
    """Return readings as means where few edges leave no doubt: readings between the levels lie where means do; else as they are.

    A reading that lies between the levels by chance is as near to where a mean would with the chance of twice the distance.
    """
    mean = edges.rest(1.0, 0.0)
    fits = mean < _FITS_FEW and mean < _FITS_FEW / _CLOSE * edges.rest(0.0, 0.0)
    if not fits or edges.between() * math.log(1 / max(2 * math.sqrt(mean), _NEAREST)) < _SURE_OF_FEW:
        return trace
    rest, _, window = edges.best()
    return _as_means(trace, mean, edges.count, 1 - window + (rest / edges.count) ** 0.5)


def _of_abutting(trace: Trace, edges: Edges) -> Trace:
    """Return readings as means where those beside edges between events lie where means do; else as they are: what is late there, or a part, is not asked."""
    mean = edges.rest(1.0, 0.0)
    rest, _, window = edges.best()
    surer = rest < _CLEARLY * mean and mean - rest > _WORTH
    if surer or mean >= min(4 * _CLOSE, _CLEARLY * edges.rest(0.0, 0.0)):
        return trace
    return _as_means(trace, mean, edges.count, 1 - window + (rest / edges.count) ** 0.5)


def _rounded(trace: Trace, edges: tuple[Times, Times], delay: float, window: float) -> bool:
    """Return whether readings are no later, and their edges no less sharp, than steps of stamps and marks leave: as often early as late."""
    step = max(place_known_to(trace, edges), coarse_step(trace, edges)) / trace.interval_ns
    middle = delay + window / 2
    return abs(middle) <= max(step, DELAY_STEP) / 2 and window <= 2 * step + DELAY_STEP


def _shown_outside(edges: Edges, window: float, delay: float) -> bool:
    """Return whether readings outside of events show such averaging: those inside also follow what an event draws early and late."""
    return edges.outside(window, delay) < _BETTER * edges.outside(0.0, 0.0)


def _as_means(trace: Trace, rest: float, count: int, unseen: float) -> Trace:
    """Return readings as means over their interval, of which a share may not be seen.

    A jump J anywhere in an interval of which the share d is not seen is put down with an error of 0.63 d J (root mean square).
    """
    clock = trace.interval_ns * (rest / count) ** 0.5
    jumps = float(np.mean(np.diff(trace.values[:_LOOKED]) ** 2))
    return replace(
        trace,
        values=trace.values if trace.kept is None else trace.kept.means(trace.times_ns, trace.values),
        kind=Kind.MEAN,
        clock_ns=min(trace.clock_ns, clock),
        noise=((trace.noise or unstated_noise(trace.values)) ** 2 + 0.4 * unseen**2 * jumps) ** 0.5,
        notes=(*trace.notes, AVERAGES),
    )


def _as_part(trace: Trace, window: float, delay: float, doubt: float) -> Trace:
    """Return readings that average over a part of their interval, stamped in its middle; what is in doubt is in intervals too."""
    tau = trace.interval_ns
    late = round((delay + window / 2) * tau)
    seconds = format_duration(window * tau * 1e-9)
    shown = f"averages over {seconds} of the {format_duration(tau * 1e-9)} between two of them"
    if not window:
        shown = f"is {format_duration(delay * tau * 1e-9)} late, as its stated refresh allows"
    note = Note.info("readings-average-part", f"as events' edges show, each reading {shown}")
    return replace(
        trace,
        times_ns=trace.times_ns - late,
        gaps=tuple(replace(g, start_ns=g.start_ns - late, end_ns=g.end_ns - late) for g in trace.gaps),
        saturated_ns=None if trace.saturated_ns is None else trace.saturated_ns - late,
        window_ns=round(window * tau),
        clock_ns=min(trace.clock_ns, doubt * tau) if trace.clock_ns else doubt * tau,
        notes=(*trace.notes, note),
    )


def _goes_on(trace: Trace, start_ns: Times, end_ns: Times) -> bool:
    """Return whether power goes on rising behind starts, and falling behind ends, for longer than a reading can average over.

    Then an instrument smooths over several intervals, or the load does, and readings next to the edges are not levels.
    """
    t, f = trace.times_ns, trace.values
    order = np.argsort(start_ns, kind="stable")[: EVENTS + 1]
    start_ns, end_ns = start_ns[order], end_ns[order]
    a, b = np.searchsorted(t, start_ns, side="right"), np.searchsorted(t, end_ns, side="right")
    following = np.concatenate([a[1:], [t.size]])
    fit = (b - a > _SETTLES + 1) & (following - b > _SETTLES + 1) & (a > 0)
    a, b = a[fit], b[fit]
    if a.size < LEAST // 2:
        return False
    step = np.maximum(f[a + _SETTLES], f[b - 1]) - f[a - 1]
    on = [f[a + _SETTLES] - f[a + 1], f[b + 1] - f[b + _SETTLES]]
    return all(
        float(x.mean()) > max(_DRIFT * float(step.mean()), 4 * float(x.std(ddof=1)) / math.sqrt(x.size))
        for x in on
    )
