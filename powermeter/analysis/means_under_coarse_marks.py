"""What marks in coarser steps than the stamps of means and counters take from events: whole windows a step beyond both marks hold it.

`edges_in_coarse_steps` derives how much that is.  Windows from the last stamp a step ahead of an event to the first one a step behind it hold
all that it used, however its marks were rounded, and what was used beside it for the rest of their time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.edges_in_coarse_steps import clear_of_others
from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import TAIL, GroupEstimate
from powermeter.analysis.event_levels import ranges
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.late_means import opened
from powermeter.analysis.other_labels import Labels, Others
from powermeter.analysis.regular_or_random import coarse_step
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_COARSE = 4  # such steps in a window, at most
_LITTLE = 0.001  # of what events used
_FEWEST = 3  # events with nothing else near them


@dataclass(frozen=True, slots=True, eq=False)
class WholeWindows:
    """What whole windows show of events that have nothing else near them.

    Attributes:
        joules: What each has used.
        event: Which one it is.
        beside: Mean power next to those windows, W.
        quiet: Standard uncertainty of all together from the power beside them, J.
        level: Mean power further inside than a step, W; NaN where no window lies there.
        unlike: Mean square of what they used less than a step inside against that level for so long, beyond what windows inside differ by, J².
    """

    joules: Floats
    event: NDArray[np.int64]
    beside: float
    quiet: float
    level: Floats
    unlike: float


def whole_windows_beyond(
    integral: Integral,
    edges: tuple[Times, Times],
    bridges: Bridges | None,
    others: Others | None,
    labels: Labels | None,
) -> GroupEstimate | None:
    """Return what events used by what windows up to a step outside of coarse marks hold; None where marks are fine, or show nothing of it.

    Args:
        edges: Starts and ends, sorted by start.
        bridges, others: As for `measure_means`.
        labels: The events of all labels, where there are several.
    """
    trace = integral.trace
    if trace.kept is not None or trace.window_ns or edges[0].size < _FEWEST:
        return None
    step = coarse_step(trace, edges)
    if not step or (step * _COARSE < trace.interval_ns and not trace.tick_ns):
        return None
    seen = _whole(integral, edges, step, labels)
    if seen is None:
        return with_what_follows(measure_means(integral, *edges, bridges, others))
    seconds = (edges[1] - edges[0]) * 1e-9
    power = float(seen.joules.sum()) / float(seconds[seen.event].sum())
    adds = power - seen.beside
    if abs(adds) * step * 0.5e-9 <= _LITTLE * abs(power) * float(seconds.mean()):
        return None
    # What marks cut off looks like what follows events, or comes ahead of them.
    found = measure_means(integral, *edges, bridges, others, tails=False)
    return with_whole_windows(found, seen, (power, adds, step * 1e-9), seconds)


def with_whole_windows(
    found: GroupEstimate, seen: WholeWindows, powers: tuple[float, float, float], seconds: Floats
) -> GroupEstimate:
    """Return an estimate with what whole windows hold more.

    Args:
        powers: Of events, W, what of it they add to what is beside them, W, and the step, s.
    """
    power, adds, g = powers
    n = seconds.size
    more = seen.joules - found.value[seen.event]
    spread = float(more.std(ddof=1)) / math.sqrt(more.size)
    sign = math.copysign(1.0, adds)
    most = n * (abs(adds) * g / 2 + COVERAGE_95 * spread)
    # Marks that are rounded leave as much missing inside as is outside: more may follow events and be none of theirs.
    known = np.isfinite(seen.level)
    flat = (seen.joules - seen.level * seconds[seen.event])[known]
    shown = max(sign * float(more.mean()), 0.0) * n
    outside = min(shown, most)
    theirs = min(max(sign * float(flat.mean()) * n, 0.0), outside) if flat.size else outside
    variance = (n * spread) ** 2 + (n * seen.quiet / more.size) ** 2 + theirs**2 / 3
    # How far edges are from their marks shows in that as well: rounded ones leave a quarter of a step.
    moved = min((max(sign * float(more.mean()), 0.0) + 2 * spread) / (abs(adds) * g / 4), 1.0)
    # So it does where what events used is unlike the level inside for as long as their marks state.
    moved = max(moved, min(seen.unlike / (adds * g) ** 2 * 6, 1.0))
    variance += n * (seen.beside * g) ** 2 / 6 * moved
    before = found.factor * float(found.own @ found.own)
    found.value = found.value + sign * outside / n
    found.own = np.hypot(found.own, power * g * math.sqrt(moved / 6))
    found.factor = (before + variance) / float(found.own @ found.own)
    if shown > most:  # something follows events, and marks do not show how much of it is theirs
        further = (shown - most) / n + COVERAGE_95 * spread
        return opened(found, TAIL, further, np.full(n, further))
    return found


def with_what_follows(found: GroupEstimate) -> GroupEstimate:
    """Return an estimate that reaches up to what follows the events, if anything does: marks that are dropped fractions leave it there."""
    if found.why or found.tail is None:
        return found
    most = abs(found.tail[0]) + COVERAGE_95 * found.tail[1]
    found.tail = None
    return opened(found, TAIL, most, np.full(found.value.size, most))


def _whole(
    integral: Integral, edges: tuple[Times, Times], step: int, labels: Labels | None
) -> WholeWindows | None:
    """Return what whole windows show of events, or None where fewer than three have nothing else near them."""
    t, running, (start, end) = integral.trace.times_ns, integral.running, edges
    top = t.size - 1
    a = np.searchsorted(t, start - step, side="right") - 1
    b = np.searchsorted(t, end + step, side="left")
    fit = (a >= 1) & (b < top)
    reach = np.maximum(start - t[np.maximum(a - 1, 0)], t[np.minimum(b + 1, top)] - end) + step
    clear = clear_of_others(edges, reach, labels)
    fit &= clear[0] & clear[1]
    if integral.hole.size:
        fit &= np.searchsorted(integral.hole, a - 1) == np.searchsorted(integral.hole, b + 1)
    event = np.flatnonzero(fit)
    if event.size < _FEWEST:
        return None
    a, b, lasts = a[event], b[event], (end - start)[event] * 1e-9
    beside = np.concatenate(
        [
            (running[a] - running[a - 1]) / ((t[a] - t[a - 1]) * 1e-9),
            (running[b + 1] - running[b]) / ((t[b + 1] - t[b]) * 1e-9),
        ]
    )
    rest_s = (t[b] - t[a]) * 1e-9 - lasts
    joules = running[b] - running[a] - float(beside.mean()) * rest_s
    c = np.searchsorted(t, (start + step)[event], side="left")
    d = np.searchsorted(t, (end - step)[event], side="right") - 1
    d = np.maximum(np.minimum(d, top), np.minimum(c, top))
    c = np.minimum(c, top)
    inner_s, inner = (t[d] - t[c]) * 1e-9, running[d] - running[c]
    level = np.divide(inner, inner_s, out=np.full(event.size, np.nan), where=inner_s > 0)
    doubt = float(beside.std(ddof=1)) / math.sqrt(beside.size) * float(rest_s.sum())
    index = ranges(c + 1, d - c)
    rates = (running[index] - running[index - 1]) / ((t[index] - t[index - 1]) * 1e-9)
    unlike = _unlike(rates, joules - inner, lasts - inner_s, window_s=integral.trace.interval_ns * 1e-9)
    return WholeWindows(joules, event, float(beside.mean()), doubt, level, unlike)


def _unlike(rates: Floats, outer: Floats, outer_s: Floats, window_s: float) -> float:
    """Return the mean square of outer parts against the level inside, beyond what windows there differ by, and two standard errors of it, J²; infinite where too few windows show that.

    Args:
        rates: Of windows inside, W.
        outer, outer_s: What events used further out, J, and how long their marks make it.
        window_s: Interval of the windows, s.
    """
    if rates.size < _FEWEST:
        return math.inf
    square = float(np.mean((outer - float(rates.mean()) * outer_s) ** 2))
    usual = float(rates.var(ddof=1)) * window_s * float(outer_s.mean())
    return max(square - usual, 0.0) + 2 * square / math.sqrt(outer.size)
