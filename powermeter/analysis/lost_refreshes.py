"""Rows a little slower than the instrument's refresh: a reading is late by a part of the refresh that slides, and one in some is never shown.

A loop that sleeps for a second and then asks a meter that refreshes each second loses a reading each time its lateness has slid through
one refresh.  Nothing repeats in such a log, but the edges of events show it: each reading beside one is of the last refresh before its
stamp, and only one refresh and one place of it explain them all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clock_uncertainty import perhaps_late
from powermeter.channel import Kind
from powermeter.result import Grade, worst
from powermeter.result.notes import Note
from powermeter.signals.shown_twice import one_each
from powermeter.signals.trace import CommonError, Trace, median_interval_ns
from powermeter.units import format_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

LOST = "refreshes-lost"
"""The code of the note on readings that were never shown."""
_EVENTS = 24  # of which edges are looked at together
_ROWS = 1000  # between the first of these and the last, at most
_EDGES = 10
_REACH = 2.2  # intervals behind an edge: a whole one of lateness, and one that is averaged over
_OWN = 3  # readings that show an event's own level
_INSIDE = 1.25  # readings away from edges an event, on average
_QUIET = 4  # readings beside events
_ABOVE = 8.0  # times what those scatter
_LEAST, _MOST = 0.002, 0.2  # rows are longer than the refresh by so much of it
_TURNS = 2.0  # through a refresh, from the first row to the last: less may be a clock that drifts
_APART = 0.3  # of a turn from the first row to the last
_PLACES = 16
_BETTER = 0.7  # of what the best constant lateness leaves
_EACH_SIDE = 0.85  # the same behind starts, and behind ends, alone
_SURE = 6.9  # beyond the logarithm of what was tried: one in 1000
_NATS = 0.5  # of a reading that has passed its edge or not with any chance alike
_ROUND = 0.002  # of an interval of one digit, which is likelier
_AS_WELL = 2.0
_ALONE = 1.0  # turns, from the first row to the last, within which refreshes are the same
_SURELY_ALONE = 3.0  # logarithm of how much likelier than others: 20 times
_SHOWS = 0.12  # of the step: a reading that shows the event
_FLOOR = 0.001  # mean squared rest
_FITS = 0.004  # such a rest, which needs no other explanation
_WORSE = 2.0  # times the rest of the first events, from which the place was lost
_LEFT = 0.04  # mean squared rest of means at their right refreshes, at most
_WINDOWS = np.linspace(0.0, 1.0, 6)
_PARTS = 0.0, 0.3, 1.0  # of a refresh, over which its reading may average
_DELAYS = np.linspace(-1.0, 1.0, 21)


@dataclass(frozen=True, slots=True, eq=False)
class _ReadingsAtEdges:
    """Readings beside edges of some events; times in s.

    Attributes:
        at: When each was shown.
        went: How far it went from the power beside the event to that inside.
        start, end: Of its event.
        behind: Whether it lies behind the end.
        edges: How many edges they show.
        sharp: Whether only counts that a reading shows the event, not how much of it: what an instant has of a load that is not level.
    """

    at: Floats
    went: Floats
    start: Floats
    end: Floats
    behind: NDArray[np.bool_]
    edges: int
    sharp: bool = False

    def sharper(self) -> _ReadingsAtEdges:
        return replace(self, went=(self.went > _SHOWS).astype(np.float64), sharp=True)

    def side(self, behind: bool) -> _ReadingsAtEdges:
        """Return the readings behind ends, or those behind starts."""
        some = self.behind == behind
        at, went, start, end = (x[some] for x in (self.at, self.went, self.start, self.end))
        return replace(self, at=at, went=went, start=start, end=end, behind=self.behind[some])

    def better(self, rest: float, least: float) -> float:
        """Return the logarithm of how much likelier refreshes are that leave a rest than lateness that leaves another."""
        if not self.sharp:
            return self.edges * math.log(max(least, _FLOOR) / max(rest, _FLOOR))
        wrong = max(rest, 1 / self.went.size)
        return self.went.size * (least - rest) * math.log((1 - wrong) / wrong)

    def by_chance(self) -> float:
        """Return the logarithm of the chance of what readings show where each edge is late by chance.

        Of readings as far behind their edges as others on the other side of them, half a nat each is what an even lateness leaves open.
        """
        since = self.at - np.where(self.behind, self.end, self.start)
        passed = (self.went > 1 / 2) != self.behind
        if passed.all() or not passed.any():
            return 0.0
        either = (since >= since[passed].min()) & (since <= since[~passed].max())
        return _NATS * float(np.count_nonzero(either))

    def rest(self, until: Floats, window: float) -> Floats:
        """Return the mean squared rest of readings of a window that ended at some moments: shape (..., n) to (...)."""
        if window > 0:
            upto = np.minimum(until, self.end)
            share = np.clip(upto - np.maximum(until - window, self.start), 0.0, None) / window
        else:
            share = ((until > self.start) & (until <= self.end)).astype(np.float64)
        if self.sharp:
            share = (share > _SHOWS).astype(np.float64)
        found: Floats = np.mean((self.went - share) ** 2, axis=-1)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Refresh:
    """Refreshes so many s apart, one of them at `first`, which is open by `room`; what they leave.

    Attributes:
        alone: Whether none that is further apart or closer together explains readings as well.
    """

    interval: float
    first: float
    room: float
    rest: float
    window: float
    tried: int
    alone: bool

    @property
    def averages(self) -> bool:
        """Whether a reading is the mean of its whole refresh."""
        return self.window == self.interval

    def last_before(self, times: Floats) -> Floats:
        """Return when the last refresh before each moment was."""
        found: Floats = self.first + self.interval * np.floor((times - self.first) / self.interval)
        return found


def at_refreshes(trace: Trace, start_ns: Times, end_ns: Times) -> Trace:
    """Return a log's readings at the refreshes that they are of, where events' edges show that rows are a little slower; else as they are.

    Where a load that is behind its marks by chance would show the same, nothing is moved, and both are left open (`perhaps_late`).
    """
    if (
        trace.kind not in (Kind.INSTANT, Kind.MEAN)
        or trace.kept is not None
        or trace.window_ns
        or trace.refresh_ns
        or trace.sampling
        or start_ns.size * 2 < _EDGES
        or not trace.interval_ns
        or (start_ns[1:] < end_ns[:-1]).any()
    ):
        return trace
    lasts = start_ns[_EVENTS - 1 :: _EVENTS] if start_ns.size >= _EVENTS else start_ns[-1:]
    if int(np.max(lasts - start_ns[::_EVENTS][: lasts.size])) > _ROWS * trace.interval_ns:
        return trace
    scene = _scene(trace, start_ns, end_ns, 0)
    if scene is None:
        return trace
    tau = trace.interval_ns * 1e-9
    turn = tau / max(float(np.ptp(scene.at)), tau)
    slower = np.arange(max(_LEAST, _TURNS * turn), _MOST, _APART * turn)
    every = tau / (1 + slower)
    round_ones = _round_ones(every, _APART * turn)
    perhaps: _Refresh | None = None
    for one in (scene, scene.sharper()):
        least = _constant(one, tau)
        if least < _FITS:
            continue
        for intervals in (round_ones, every):
            found = _fitted(one, intervals) if intervals.size else None
            if found is None or found.rest > min(_BETTER * least, _most_left(one, found)):
                continue
            due = math.log(found.tried) + _SURE
            if one.better(found.rest, least) <= due:
                continue
            sides = [_explains(one.side(behind), found, tau) for behind in (False, True)]
            sure = all(sides) and found.alone and (found.averages or one.by_chance() > due)
            if not sure and any(sides) and (not found.averages or not found.alone):
                perhaps = perhaps or found
            elif sure:
                moments = _followed(trace, start_ns, end_ns, found, one.sharp)
                return trace if moments is None else _moved(trace, moments, found)
    return trace if perhaps is None else _open(trace, scene, perhaps)


def _open(trace: Trace, scene: _ReadingsAtEdges, found: _Refresh) -> Trace:
    """Return readings as they are, open by how late refreshes make them: a load that is behind its marks by chance shows as much.

    An event seen through refreshes R apart lasts too long or too short by R/√6 (root mean square), beside what rows leave open of it.
    """
    late_ns = float(np.mean(scene.at - found.last_before(scene.at))) * 1e9
    jumps = float(np.mean(np.diff(trace.values) ** 2))
    drawn = found.interval * 1e9 / trace.interval_ns * math.sqrt(jumps / 12 / len(trace))
    error = CommonError(f"model:refreshes {'+'.join(trace.channels)}", absolute=drawn, limit=False)
    return replace(
        perhaps_late(trace, late_ns, by_chance=True),
        errors=(*trace.errors, error),
        grade=worst((trace.grade, Grade.ESTIMATED)),
    )


def _most_left(scene: _ReadingsAtEdges, found: _Refresh) -> float:
    """Return the mean squared rest that right refreshes leave at most: of instants any; of means, little is left open."""
    return _LEFT if found.window else math.inf


def _explains(scene: _ReadingsAtEdges, found: _Refresh, tau: float) -> bool:
    """Return whether refreshes leave less than any constant lateness of readings behind starts, or of those behind ends, does."""
    if not scene.at.size:
        return False
    return float(scene.rest(found.last_before(scene.at), found.window)) < _EACH_SIDE * _constant(scene, tau)


def _round_ones(every: Floats, step: float) -> Floats:
    """Return the intervals of one digit among some that are so far apart, and those near to them."""
    if not every.size:
        return every
    exact = np.unique(_round(every))
    exact = exact[(exact < every[0]) & (exact > every[-1] * (1 - step))]
    near = np.arange(-int(_ROUND / step), int(_ROUND / step) + 1) * step
    found: Floats = (exact[:, np.newaxis] * (1 + near)).ravel()
    return found


def _round(seconds: Floats) -> Floats:
    """Return the interval of one digit, 1, 2 or 5, that is nearest to each."""
    tens = 10.0 ** np.floor(np.log10(seconds))
    digits = np.array([1.0, 2.0, 5.0, 10.0])
    nearest = np.argmin(np.abs(seconds[:, np.newaxis] / (tens[:, np.newaxis] * digits) - 1), axis=1)
    found: Floats = tens * digits[nearest]
    return found


def _scene(trace: Trace, start_ns: Times, end_ns: Times, first: int) -> _ReadingsAtEdges | None:
    """Return readings beside the edges of some events, from the first named on, that have no other event near; None where those are few."""
    t, f = (trace.times_ns - trace.times_ns[0]) * 1e-9, trace.values
    reach = _REACH * trace.interval_ns * 1e-9
    a, b = (start_ns - trace.times_ns[0]) * 1e-9, (end_ns - trace.times_ns[0]) * 1e-9
    quiet = f[np.searchsorted(a, t, side="left") == np.searchsorted(b + reach, t, side="left")]
    if quiet.size < _QUIET:
        return None
    level = float(np.median(quiet))
    some = slice(first, first + _EVENTS)
    parts: list[tuple[Floats, Floats, float, float]] = []
    own: list[Floats] = []
    for start, end, ends_before, begins_next in zip(
        a[some], b[some], np.append(-np.inf, b[:-1])[some], np.append(a[1:], np.inf)[some], strict=True
    ):
        near = np.arange(*np.searchsorted(t, [start, min(end + reach, begins_next)], side="right"))
        near = near[t[near] - ends_before > reach]
        inside = (t[near] > start + reach) & (t[near] <= end)
        own.append(f[near[inside]] - level)
        parts.append((t[near], f[near] - level, start, end))
    every = np.concatenate(own) if own else np.empty(0)
    if every.size < max(_INSIDE * len(own), 1):
        return None
    usual = float(np.median(every))
    if abs(usual) < _ABOVE * 1.4826 * float(np.median(np.abs(quiet - level))):
        return None
    columns: list[list[Floats]] = [[], [], [], []]
    behind: list[NDArray[np.bool_]] = []
    edges = 0
    for (when, above, start, end), seen in zip(parts, own, strict=True):
        height = float(np.mean(seen)) if seen.size >= _OWN else usual
        if height * usual <= 0:
            continue
        edge = (when <= start + reach) | (when > end)
        edges += int((when <= start + reach).any()) + int((when > end).any())
        of_each = np.ones(int(edge.sum()))
        went = np.clip(above[edge] / height, 0.0, 1.0)
        for column, more in zip(columns, (when[edge], went, start * of_each, end * of_each), strict=True):
            column.append(more)
        behind.append(when[edge] > end)
    if edges < _EDGES:
        return None
    at, gone, starts, ends = (np.concatenate(column) for column in columns)
    return _ReadingsAtEdges(at, gone, starts, ends, np.concatenate(behind), edges)


def _constant(scene: _ReadingsAtEdges, tau: float) -> float:
    """Return the least mean squared rest of readings that are always late alike and average over a part of the interval, or none."""
    late = scene.at - _DELAYS[:, np.newaxis] * tau
    return min(float(scene.rest(late, window * tau).min()) for window in _WINDOWS.tolist())


def _fitted(scene: _ReadingsAtEdges, intervals: Floats) -> _Refresh:
    """Return the refreshes, so far apart as one of some intervals, that leave least of the readings."""
    places = np.arange(_PLACES) / _PLACES
    best: tuple[float, float, float, Floats] = math.inf, 0.0, 0.0, np.zeros(0)
    least = np.full(intervals.size, math.inf)
    for k, interval in enumerate(intervals.tolist()):
        first = places[:, np.newaxis] * interval
        until = first + interval * np.floor((scene.at - first) / interval)
        for part in _PARTS:
            window = part * interval
            rests = scene.rest(until, window)
            least[k] = min(least[k], rests.min())
            if rests.min() < best[0]:
                best = float(rests.min()), interval, window, rests
    rest, interval, window, rests = best
    alike = np.flatnonzero([scene.better(rest, one) < _AS_WELL for one in rests.tolist()])
    at = int(rests.argmin())
    apart = (alike - at + _PLACES // 2) % _PLACES - _PLACES // 2
    middle = (at + (int(apart.max()) + int(apart.min())) / 2) / _PLACES
    room = (int(np.ptp(apart)) + 1) / _PLACES * interval
    others = least[
        np.abs(intervals / interval - 1) > _ALONE * interval / max(float(np.ptp(scene.at)), interval)
    ]
    alone = not others.size or scene.better(rest, float(others.min())) > _SURELY_ALONE
    return _Refresh(
        interval, middle * interval, room, rest, window, intervals.size * _PLACES * len(_PARTS), alone
    )


def _followed(
    trace: Trace, start_ns: Times, end_ns: Times, found: _Refresh, sharp: bool
) -> tuple[Floats, float] | None:
    """Return when each row's reading was refreshed, in s after the first row, and how far that is open; None where the refreshes are lost on the way."""
    t = (trace.times_ns - trace.times_ns[0]) * 1e-9
    at, room = np.empty(t.size), found.room
    done = 0
    for first in range(0, start_ns.size, _EVENTS):
        # The last few events are looked at with those before them.
        scene = _scene(trace, start_ns, end_ns, max(min(first, start_ns.size - _EVENTS), 0))
        one = found
        if scene is not None:
            scene = scene.sharper() if sharp else scene
            span = max(float(np.ptp(scene.at)), found.interval)
            near = found.interval * (1 + np.linspace(-0.5, 0.5, 21) * found.interval / span)
            one = _fitted(scene, near)
            if one.rest > _WORSE * max(found.rest, _FLOOR):
                return None
        last = first + _EVENTS
        until = t.size if last >= start_ns.size else int(np.searchsorted(trace.times_ns, start_ns[last]))
        at[done:until] = one.last_before(t[done:until])
        done, room = until, max(room, one.room)
        found = replace(one, rest=found.rest)
    return at, room


def _moved(trace: Trace, moments: tuple[Floats, float], found: _Refresh) -> Trace:
    """Return the trace with its rows at the refreshes that they are of; of two rows at one refresh, the second stays."""
    refresh_ns, (at, room) = round(found.interval * 1e9), moments
    times = trace.times_ns[0] + np.rint(np.maximum.accumulate(at) * 1e9).astype(np.int64)
    times = one_each(times, np.zeros(times.size, bool), refresh_ns)
    last = np.append(np.diff(times) > refresh_ns / 2, True)
    saturated = trace.saturated_ns
    if saturated is not None:
        saturated = times[np.clip(np.searchsorted(trace.times_ns, saturated), 0, times.size - 1)]
    lost = round(int(times[-1] - times[0]) / refresh_ns) + 1 - int(last.sum())
    each = format_duration(found.interval)
    note = Note.warning(
        LOST,
        f"as events' edges show, its readings are refreshed each {each} and were asked for each {format_duration(trace.interval_ns * 1e-9)}: {lost} were never shown. Ask a little more often than each {each}",
    )
    return replace(
        trace,
        times_ns=times[last],
        values=trace.values[last],
        interval_ns=median_interval_ns(times[last]),
        clock_ns=math.hypot(trace.clock_ns, room * 1e9 / math.sqrt(12)),
        grade=worst((trace.grade, Grade.ESTIMATED)),
        saturated_ns=saturated,
        notes=(*trace.notes, note),
    )
