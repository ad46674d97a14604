"""Whether readings that are called instantaneous are: at events' edges they would be at one level or the other.

A meter that averages over its interval and does not state so shows levels between: in proportion to how much of the interval
lay inside the event.  One that averages over a part of its interval only, or that shows late what it measured, does so over a part of the
places at which an edge may lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.lag import lags
from powermeter.channel import Kind
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

AVERAGES = Note.info(
    "readings-average",
    "its readings average over their interval, as events' edges show, although it calls them instantaneous",
)

_EVENTS = 2000
_LEAST = 8
_SIDE = 4
_CLEARLY = 0.4
_CLOSE = 0.02
_BETTER = 0.6
_LOOKED = 1 << 16
_FURTHEST = 2.0  # intervals that a reading can reach back: all of its own, and the longest delay
_ALIKE = 0.05
_SETTLES = 3  # readings behind an edge, by which what averages over its interval has settled
_DRIFT = 0.04  # of the step
_BENT = 0.25  # of the step
_WORTH = 0.01
_WINDOWS = np.linspace(0.0, 1.0, 21)
_AHEAD = -0.11  # of an interval: a clock that is a little off
_DELAYS = np.linspace(-1.0, 1.0, 41)


def as_events_show(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return a trace of instantaneous readings as means where events' edges show that it averages; else as it is.

    Where they show that it averages over a part of its interval, stamps are moved to the middle of that part, which becomes its
    `window_ns`.  Where the edges show any of these, a stated refresh no longer leaves the stamps in doubt.
    """
    if trace.kind is not Kind.INSTANT or len(trace) < 16 or trace.window_ns:
        return trace
    edges = _edges(trace, start_ns, end_ns)
    if edges is None or _goes_on(trace, start_ns, end_ns) or lags(trace, start_ns, end_ns):
        return trace
    instant, mean, count = edges.rest(0.0, 0.0), edges.rest(1.0, 0.0), edges.count
    rest, delay, window = edges.best()
    surer = rest < _CLEARLY * mean and mean - rest > _WORTH
    if mean < _CLEARLY * instant and mean < 4 * _CLOSE and not surer and edges.both_sides(1.0, 0.0):
        return _as_means(trace, mean, count, 1 - window + (rest / count) ** 0.5)
    part = rest < _BETTER * instant and instant - rest > _WORTH and rest < 4 * _CLOSE
    if part and edges.both_sides(window, delay):
        return _as_part(trace, window, delay, max((rest / count) ** 0.5, 1 / count))
    if instant < _CLEARLY * mean and instant < _CLOSE:
        return replace(
            trace, clock_ns=min(trace.clock_ns, trace.interval_ns * max((instant / count) ** 0.5, 1 / count))
        )
    return trace


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
    note = Note.info(
        "readings-average-part",
        f"as events' edges show, each reading averages over {seconds} of the {format_duration(tau * 1e-9)} between two of them",
    )
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

    Then an instrument smooths over several intervals, or the load does, and levels next to the edges are none.
    """
    t, f = trace.times_ns, trace.values
    order = np.argsort(start_ns, kind="stable")[: _EVENTS + 1]
    start_ns, end_ns = start_ns[order], end_ns[order]
    a, b = np.searchsorted(t, start_ns, side="right"), np.searchsorted(t, end_ns, side="right")
    following = np.concatenate([a[1:], [t.size]])
    fit = (b - a > _SETTLES + 1) & (following - b > _SETTLES + 1) & (a > 0)
    a, b = a[fit], b[fit]
    if a.size < _LEAST // 2:
        return False
    step = np.maximum(f[a + _SETTLES], f[b - 1]) - f[a - 1]
    on = [f[a + _SETTLES] - f[a + 1], f[b + 1] - f[b + _SETTLES]]
    return all(
        float(x.mean()) > max(_DRIFT * float(step.mean()), 4 * float(x.std(ddof=1)) / math.sqrt(x.size))
        for x in on
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Readings beside clear edges.

    Attributes:
        since: How far behind its edge the first reading after it lies, in intervals.
        seen, ahead: How far that reading and the one before it went from the level before the edge to that after it, 0 to 1.
        ends: Which edges are ends.
    """

    since: Floats
    seen: Floats
    ahead: Floats
    ends: NDArray[np.bool_]

    def both_sides(self, window: float, delay: float) -> bool:
        """Return whether starts and ends each show such averaging at least as well as instants.

        What an event draws early and late may look averaged from inside; what is read behind its end is at one level or between two.
        """
        for side in (self.ends, ~self.ends):
            if int(side.sum()) < _SIDE:
                continue
            mine = _Edges(self.since[side], self.seen[side], self.ahead[side], self.ends[side])
            if mine.rest(window, delay) > mine.rest(0.0, 0.0):
                return False
        return True

    @property
    def count(self) -> int:
        return self.since.size

    def rest(self, window: float, delay: float) -> float:
        """Return the mean squared rest of readings that average over a part of the interval which ended a delay before the stamp."""
        return float(self._rests(window, np.array([delay]))[0])

    def best(self) -> tuple[float, float, float]:
        """Return the least rest, and the delay and the window that leave it."""
        rests = np.column_stack([self._rests(window, _DELAYS) for window in _WINDOWS.tolist()])
        # A stamp ahead of what was measured is that of a mean over the whole interval, at its beginning or in its middle.
        rests[np.ix_(_DELAYS < _AHEAD, _WINDOWS < 1)] = np.inf
        delay, window = divmod(int(np.argmin(rests)), _WINDOWS.size)
        return float(rests[delay, window]), float(_DELAYS[delay]), float(_WINDOWS[window])

    def _rests(self, window: float, delays: Floats) -> Floats:
        total = np.zeros(delays.size)
        for since, seen in ((self.since, self.seen), (self.since - 1, self.ahead)):
            passed = since - delays[:, None]
            went = np.clip(passed / window, 0.0, 1.0) if window else (passed > 0).astype(np.float64)
            total += np.mean((seen - went) ** 2, axis=1)
        return total


def _edges(trace: Trace, start_ns: Times, end_ns: Times) -> _Edges | None:
    """Return what readings beside clear edges of events show, or None where there are too few."""
    t, f, tau = trace.times_ns, trace.values, trace.interval_ns
    if start_ns.size > _EVENTS:
        pick = np.linspace(0, start_ns.size - 1, _EVENTS).astype(int)
        start_ns, end_ns = start_ns[pick], end_ns[pick]
    order = np.argsort(start_ns, kind="stable")
    start_ns, end_ns = start_ns[order], end_ns[order]
    before = np.searchsorted(t, start_ns, side="right")
    upto = np.searchsorted(t, end_ns, side="right")
    earlier = np.concatenate([[t[0]], np.maximum.accumulate(end_ns)[:-1]])
    later = np.concatenate([start_ns[1:], [t[-1]]])
    long = (upto - before >= 2) & (before >= 3) & (upto + 1 < t.size) & (start_ns >= earlier)
    before, upto, start_ns, end_ns = before[long], upto[long], start_ns[long], end_ns[long]
    earlier, later = earlier[long], later[long]
    quiet = _between(trace, start_ns, end_ns)
    # Levels are taken one reading away from the edge: stamps that are a little off leave those alone.  Two readings on either side
    # belong to no other event, or one does and the level between events is known.
    local = t[before - 3] >= earlier, t[upto + 1] <= later
    near = t[before - 1] - _FURTHEST * tau >= earlier, t[upto] <= later
    out = [np.where(here, f[at], quiet) for here, at in zip(local, (before - 2, upto + 1), strict=True)]
    good = [here | (some & np.isfinite(quiet)) for here, some in zip(local, near, strict=True)]
    inside = f[before + 1], f[np.maximum(upto - 2, before + 1)]
    # Power that goes on changing on either side of an edge is no step: a ramp begins there, or a tail.
    further = np.minimum(before + 2, upto - 1), np.maximum(upto - 3, before)
    bent = [
        np.where(upto - before > 3, np.abs(x - f[at]), 0.0) for x, at in zip(inside, further, strict=True)
    ]
    behind = np.minimum(upto + 2, t.size - 1)
    bent[1] = np.maximum(bent[1], np.where(local[1] & (t[behind] <= later), np.abs(out[1] - f[behind]), 0.0))
    if int(good[0].sum() + good[1].sum()) < _LEAST:
        return None
    noise = max(
        trace.noise,
        trace.step,
        float(np.median(np.abs(f[before - 1] - f[before - 2]))) if local[0].all() else 0.0,
    )
    size = 0.05 * float(np.median(np.abs(np.concatenate(inside))))
    columns: list[list[Floats]] = [[], [], []]
    ends: list[NDArray[np.bool_]] = []
    for side, (at, edge) in enumerate(((before, start_ns), (upto, end_ns))):
        step = inside[side] - out[side]
        use = good[side] & (np.abs(step) > max(8 * noise, size)) & ~(bent[side] > _BENT * np.abs(step))
        # How far each reading is from the level before the edge, as a share of the step.
        for column, k in zip(columns[1:], (at, at - 1), strict=True):
            went = (f[k[use]] - out[side][use]) / step[use]
            column.append(1 - went if side else went)
        ends.append(np.full(int(use.sum()), bool(side)))
        columns[0].append((t[at[use]] - edge[use]) / np.maximum(t[at[use]] - t[at[use] - 1], 1))
    since, seen, ahead = (np.concatenate(column) for column in columns)
    found = _Edges(since, seen, ahead, np.concatenate(ends))
    return found if found.count >= _LEAST else None


def _between(trace: Trace, start_ns: Times, end_ns: Times) -> float:
    """Return the level of readings between events that are clear of all of them; NaN where hardly any are, or they differ."""
    t = trace.times_ns[:_LOOKED]
    began = np.searchsorted(start_ns, t, side="left")
    latest = np.concatenate([[t[0]], np.maximum.accumulate(end_ns)])[began]
    clear = trace.values[:_LOOKED][(t - _FURTHEST * trace.interval_ns >= latest)]
    if clear.size < _LEAST // 2 - 1:
        return float("nan")
    level = float(np.median(clear))
    inside = trace.values[:_LOOKED][(t <= latest) & (began > 0)]
    span = abs(float(np.median(inside)) - level) if inside.size else 0.0
    return level if float(np.median(np.abs(clear - level))) < _ALIKE * span else float("nan")
