"""Whether declared means are of the whole interval before their stamp: at events' edges they lie between both levels as far as that shows.

A mean that is stamped in the middle of its interval or at its beginning, one that is logged late, and one that averages over a part of the
interval only, put the same edge elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clear_edges import LEAST, Edges, clear_edges
from powermeter.analysis.clock_uncertainty import as_stated, perhaps_late
from powermeter.analysis.means_by_turns import late_share
from powermeter.analysis.short_events_seen import PartSeen, part_seen
from powermeter.analysis.student_t import student_95
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95
from powermeter.result.notes import Note
from powermeter.signals.kept_readings import consecutive
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise
from powermeter.units import format_duration

Times = NDArray[np.int64]

MOVED = "means-stamped-elsewhere"
"""The code of the note on means that are stamped elsewhere than at the end of their intervals."""
PART = "means-of-a-part"
"""The code of the note on means of which each is of a part of its interval only."""
_FEWEST = 2  # clear edges
_PROVEN = 4  # clear edges: what fewer show may be chance
_READINGS = 8
_SURE = 10.0  # of twice the log-likelihood of a normal rest
_RESOLVED = 2e-4  # mean squared rest that steps of a twentieth leave
_WORTH = 0.002
_FITS = 0.08
_CLEARLY = 0.25  # of what the declaration leaves
_NEAR = 0.11  # of an interval: a clock that is a little off
_AT_ONCE = 0.006  # mean squared rest of a mean that is late by the same time behind all edges
_STAMPS = (-0.5, -1.0)  # of an interval: in the middle, at the beginning
_A_PART = 0.94
_OF_MANY = 23.5  # `_SURE`, and twice the logarithm of the 861 windows and delays that are tried
_UNLIKE = 0.01  # mean squared rest: exact means leave `_RESOLVED`, and a tenth of an interval is unread or misplaced here
_GRID = 0.0144
_AT_EDGES = 4.0
_OF_ENDS = math.sqrt(6) / 4
_AS_DECLARED = 0.5  # of what stamps in the middle leave
_ROW = 1.5  # intervals: none is missing in between
_SCATTERED = 0.02  # of an interval
_LOOKED = 1 << 16
_MISSED = 0.4


def as_edges_show(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return means stamped where the intervals end over which they average, as events' edges show; as they are where those show nothing else.

    Where they average over a part of the interval only, what a jump in the other part leaves out becomes noise.  Edges of a recording of which
    a part of the readings is held are not looked at.
    """
    if trace.kind is not Kind.MEAN or trace.window_ns or len(trace) < _READINGS or not start_ns.size:
        return trace
    if trace.kept is not None:
        return _perhaps_moved(trace)
    if late := late_share(trace):
        return _scattered(trace, late**2 / 2)
    edges = clear_edges(trace, start_ns, end_ns, _FEWEST)
    if edges is None:
        part = part_seen(trace, start_ns, end_ns)
        return _perhaps_moved(trace) if part is None else _with_part(trace, part)
    rest, delay, window = _best(edges)
    declared = edges.rest(1.0, 0.0)
    gain = edges.count * math.log(max(declared, 1e-12) / max(rest, _RESOLVED))
    if (
        gain < _SURE
        or declared - rest < _WORTH
        or rest > _CLEARLY * declared
        or rest > _FITS
        or not edges.both_sides(window, delay, 1.0)
    ):
        # Of many edges any part would have shown: what is left is the events' shape.
        if edges.count < LEAST and (off := edges.not_of_whole_intervals()) > _UNLIKE:
            return _unlike(trace, edges, off)
        return trace if declared < _AS_DECLARED * edges.rest(1.0, _STAMPS[0]) else _perhaps_moved(trace)
    late = delay if delay < -_NEAR else max(delay + window - 1, 0.0)
    found = trace
    if late > _NEAR and (rest > _AT_ONCE or not as_stated(trace, (delay + window) * trace.interval_ns)):
        return perhaps_late(trace, late * trace.interval_ns, by_chance=rest > _AT_ONCE)
    if abs(late) > _NEAR:
        by_chance = abs(late) if edges.count < _PROVEN and rest > _RESOLVED else _GRID
        found = _stamped(trace, late, max((rest / edges.count) ** 0.5, by_chance))
        if _uneven(trace):
            between = (
                4 * abs(late) * (1 - abs(late))
            )  # the next stamp ends an interval that begins with its own
            found = _scattered(found, _AT_EDGES * max(rest - _RESOLVED, between * _moved_by(trace) ** 2))
    return _of_a_part(found, window) if window < _A_PART else found


def _best(edges: Edges) -> tuple[float, float, float]:
    """Return the least mean squared rest, its delay and its window; of few edges, only the usual stamps are asked, unless another fits without doubt."""
    if edges.count >= LEAST:
        return edges.best()
    if edges.count >= _PROVEN:
        found = edges.best()
        if edges.count * math.log(max(edges.rest(1.0, 0.0), 1e-12) / max(found[0], _RESOLVED)) > _OF_MANY:
            return found
    return min((edges.rest(1.0, delay), delay, 1.0) for delay in (*_STAMPS, 0.0))


def _stamped(trace: Trace, late: float, doubt: float) -> Trace:
    """Return means with stamps moved back by a share of the interval to which each is next; negative shares move them forward."""
    t, tau = trace.times_ns, trace.interval_ns
    steps = np.diff(t, append=t[-1] + tau) if late < 0 else np.diff(t, prepend=t[0] - tau)
    by = np.rint(-late * np.minimum(steps, 2 * tau)).astype(np.int64)
    whole = round(-late * tau)
    where = "before" if late < 0 else "behind"
    note = Note.info(
        MOVED,
        f"as events' edges show, its means are stamped {format_duration(abs(late) * tau * 1e-9)} {where} the end of the interval that they cover",
    )
    return replace(
        trace,
        times_ns=t + by,
        gaps=tuple(replace(g, start_ns=g.start_ns + whole, end_ns=g.end_ns + whole) for g in trace.gaps),
        saturated_ns=None if trace.saturated_ns is None else trace.saturated_ns + whole,
        clock_ns=math.hypot(trace.clock_ns, doubt * tau),
        notes=(*trace.notes, note),
    )


def _uneven(trace: Trace) -> bool:
    """Return whether stamps scatter about a grid."""
    steps = np.diff(trace.times_ns[consecutive(trace.kept, len(trace), _LOOKED)])
    usual = steps[steps < _ROW * trace.interval_ns]
    return float(usual.std()) > _SCATTERED * trace.interval_ns


def _moved_by(trace: Trace) -> float:
    """Return how far stamps in the middle of intervals leave their ends open, in intervals (standard deviation).

    Stamps that scatter by σ put middles ½ (tₖ + tₖ₋₁) whose second differences scatter by σ, and ends half way between two middles are off by
    ¼ (2 tₖ − tₖ₋₁ − tₖ₊₁), by 0.61 σ.
    """
    t, tau = trace.times_ns[consecutive(trace.kept, len(trace), _LOOKED)], trace.interval_ns
    bent = np.diff(t, 2)[(np.diff(t)[1:] < _ROW * tau) & (np.diff(t)[:-1] < _ROW * tau)]
    return _OF_ENDS * float(np.std(bent)) / tau if bent.size > 1 else 0.0


def _perhaps_moved(trace: Trace) -> Trace:
    """Return means at uneven moments, of which no edge shows whether they are stamped at the ends of their intervals, with what that leaves open."""
    return _scattered(trace, _AT_EDGES * _moved_by(trace) ** 2) if _uneven(trace) else trace


def _unlike(trace: Trace, edges: Edges, off: float) -> Trace:
    """Return means whose edges do not look as declared, and do not show what else they are: each jump may be put down as wrongly as those.

    So few squares are known as of their number: t² in place of 1.96².
    """
    times = (float(student_95(edges.count - 1.0)) / COVERAGE_95) ** 2
    note = Note.warning(
        "means-unlike-declared",
        "beside events' edges its means do not lie where means of the whole interval would: a part of each may not be measured, rows be missing, "
        "or marks be off. The intervals allow for as much at every change of power",
    )
    found = _scattered(trace, min(times * off, _MISSED))
    return replace(found, notes=(*found.notes, note))


def _of_a_part(trace: Trace, window: float) -> Trace:
    """Return means of which a share of the interval is not seen: a jump anywhere in it is put down with an error of 0.63 of that share."""
    return _noted(_scattered(trace, _MISSED * (1 - window) ** 2), window)


def _with_part(trace: Trace, part: PartSeen) -> Trace:
    """Return means that leave open as much of short events as these show."""
    noise = math.hypot(trace.noise or unstated_noise(trace.values), part.noise)
    return _noted(replace(trace, noise=noise), part.share)


def _noted(trace: Trace, window: float) -> Trace:
    tau = trace.interval_ns * 1e-9
    note = Note.warning(
        PART,
        f"as events' edges show, each mean is of {format_duration(window * tau)} of the {format_duration(tau)} between two of them: the rest is not measured",
    )
    return replace(trace, notes=(*trace.notes, note))


def _scattered(trace: Trace, square: float) -> Trace:
    """Return means of which each jump is put down with an error of so much of itself, squared."""
    jumps = float(np.mean(np.diff(trace.values[consecutive(trace.kept, len(trace), _LOOKED)]) ** 2))
    noise = trace.noise or unstated_noise(trace.values)
    return replace(trace, noise=math.sqrt(noise**2 + square * jumps))
