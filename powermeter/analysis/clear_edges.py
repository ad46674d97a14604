"""Clear edges of events: power is level on both sides of them, and how far readings beside them have gone shows what each averages over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import median
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

EVENTS = 2000
"""Looked at, at most."""
LEAST = 8
"""Clear edges that show anything."""
_SIDE = 4
_PLAINLY = 4.0  # times the rest, that fewer edges than those contradict by
_LOOKED = 1 << 16
_FURTHEST = 2.0  # intervals that a reading can reach back: all of its own, and the longest delay
_ALIKE = 0.05
_BENT = 0.25  # of the step
_ACROSS = 0.1  # of the way from one level to the other
_AT_LEVELS = 0.4  # of what readings at either level leave
_BETWEEN = 0.4  # from the middle of both levels
_STRAYS = 1  # readings on the wrong side of a constant delay
_PARTS = 5  # events inside of one, that show edges in its place
_SEARCHED = 50_000
_WINDOWS = np.linspace(0.0, 1.0, 21)
_AHEAD = -0.11  # of an interval: a clock that is a little off
_DELAYS = np.linspace(-1.0, 1.0, 41)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
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

    def not_of_whole_intervals(self) -> float:
        """Return the mean square by which readings that hold an edge are off means of whole intervals, beyond what whole windows next to it are off its level: a shape is as much off in either.

        Where that is no more than its own standard error, 0.
        """
        over = (self.seen - np.clip(self.since, 0.0, 1.0)) ** 2 - self.ahead**2
        off = float(over.mean())
        return off if off > float(over.std(ddof=1)) / math.sqrt(over.size) else 0.0

    def both_sides(self, window: float, delay: float, other: float = 0.0) -> bool:
        """Return whether starts and ends each show such averaging at least as well as another window before the stamp: 0, instants.

        What an event draws early and late may look averaged from inside; what is read behind its end is at one level or between two.
        Few of a side, beside many ends of one shape, need only not contradict.
        """
        for side in (self.ends, ~self.ends):
            if not side.any():
                continue
            mine = Edges(self.since[side], self.seen[side], self.ahead[side], self.ends[side])
            times = 1.0 if mine.count >= _SIDE else _PLAINLY
            if mine.rest(window, delay) > times * mine.rest(other, 0.0):
                return False
        return True

    def outside(self, window: float, delay: float) -> float:
        """Return the mean squared rest of the readings behind ends and before starts alone: whatever an event draws early and late, they show nothing of it."""
        seen = np.where(self.ends, self.seen, self.ahead)
        passed = np.where(self.ends, self.since, self.since - 1) - delay
        return float(np.mean((seen - _went(passed, window)) ** 2))

    def at_levels(self, window: float, delay: float) -> bool:
        """Return whether readings that would average over an edge are at one level or the other: then edges are late at random, not averaged.

        At one of two levels with probability p, a reading is off p by p (1 − p) in the mean square; one that averages, by next to nothing.
        """
        passed, seen = (
            np.concatenate([self.since, self.since - 1]) - delay,
            np.concatenate([self.seen, self.ahead]),
        )
        if not window:
            return bool(np.count_nonzero(np.abs(seen - _went(passed, window)) > 1 / 2) > _STRAYS)
        due = _went(passed, window)
        across = (due > _ACROSS) & (due < 1 - _ACROSS)
        due, seen = due[across], seen[across]
        return bool(float(np.sum((seen - due) ** 2)) > _AT_LEVELS * float(np.sum(due * (1 - due))))

    def between(self) -> int:
        """Return how many of the readings next to edges lie clearly between both levels."""
        return int(np.count_nonzero(np.abs(np.concatenate([self.seen, self.ahead]) - 1 / 2) < _BETWEEN))

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
            total += np.mean((seen - _went(since - delays[:, None], window)) ** 2, axis=1)
        return total


def _went(passed: Floats, window: float) -> Floats:
    """Return how far readings over a window have gone from a level to the next one, so long after an edge, in intervals."""
    went: Floats = np.clip(passed / window, 0.0, 1.0) if window else (passed > 0).astype(np.float64)
    return went


def clear_edges(trace: Trace, start_ns: Times, end_ns: Times, least: int = LEAST) -> Edges | None:
    """Return what readings beside clear edges of events show, or None where there are too few."""
    t, f, tau = trace.times_ns, trace.values, trace.interval_ns
    if start_ns.size > EVENTS:
        pick = np.linspace(0, start_ns.size - 1, EVENTS).astype(int)
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
    # Power that goes on changing on either side of an edge is not a step: a ramp begins there, or a tail.
    further = np.minimum(before + 2, upto - 1), np.maximum(upto - 3, before)
    bent = [
        np.where(upto - before > 3, np.abs(x - f[at]), 0.0) for x, at in zip(inside, further, strict=True)
    ]
    behind = np.minimum(upto + 2, t.size - 1)
    bent[1] = np.maximum(bent[1], np.where(local[1] & (t[behind] <= later), np.abs(out[1] - f[behind]), 0.0))
    if int(good[0].sum() + good[1].sum()) < least:
        return None
    noise = max(
        trace.noise,
        trace.step,
        _noise_ahead(f, before, t[before - 3] - earlier, tau) if local[0].all() else 0.0,
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
    found = Edges(since, seen, ahead, np.concatenate(ends))
    return found if found.count >= least else None


def without_containers(start_ns: Times, end_ns: Times) -> tuple[Times, Times]:
    """Return the events but for those around several others, none of which reaches out of it: beside the edges of what runs in a session, the session runs on, level or not."""
    if not 1 < start_ns.size <= _SEARCHED:
        return start_ns, end_ns
    begun, ended = np.sort(start_ns), np.sort(end_ns)
    if (begun[1:] >= ended[:-1]).all():
        return start_ns, end_ns
    starts, ends = (
        np.searchsorted(x, end_ns, side="right") - np.searchsorted(x, start_ns, side="left")
        for x in (begun, ended)
    )
    keep = (starts != ends) | (starts <= _PARTS)
    return start_ns[keep], end_ns[keep]


def _noise_ahead(values: Floats, before: Indices, since_ns: Times, interval_ns: int) -> float:
    """Return how far neighbouring readings ahead of starts differ, of starts that lie an interval more behind the event before where some do: a mean holds some of it."""
    apart = np.abs(values[before - 2] - values[before - 3])
    clear = since_ns >= interval_ns
    return median(apart[clear] if clear.any() else apart)


def _between(trace: Trace, start_ns: Times, end_ns: Times) -> float:
    """Return the level of readings between events that are clear of all of them; NaN where hardly any are, or they differ."""
    t = trace.times_ns[:_LOOKED]
    began = np.searchsorted(start_ns, t, side="left")
    latest = np.concatenate([[t[0]], np.maximum.accumulate(end_ns)])[began]
    clear = trace.values[:_LOOKED][(t - _FURTHEST * trace.interval_ns >= latest)]
    if clear.size < LEAST // 2 - 1:
        return float("nan")
    level = median(clear)
    inside = trace.values[:_LOOKED][(t <= latest) & (began > 0)]
    span = abs(median(inside) - level) if inside.size else 0.0
    return level if median(np.abs(clear - level)) < _ALIKE * span else float("nan")
