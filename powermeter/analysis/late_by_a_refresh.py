"""Few events, or readings that stand, behind whose ends readings still hold something: perhaps each is the mean of a refresh, and late by another.

A meter that shows the mean of its last refresh until the next one puts what a load draws up to two refreshes behind it.  The whole window from the
reading ahead of an event to the one that is back at idle power holds all of the event, whatever it averaged over and however late it was; so it does of a snapshot.
What lies behind the end then is the event's, or a tail of the load: the interval holds both, unless power is there at once at the event's start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import FEW, HELD, LAG, LATE, LEAD, OFF_MARKS, PACE, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lagging_instrument import LEAST_EVENTS, SETTLING
from powermeter.analysis.other_labels import Others
from powermeter.analysis.quantiles import median
from powermeter.analysis.regular_or_random import own_moments
from powermeter.analysis.uncertainty import SNAPSHOT_OR_MEAN
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_FEW_EVENTS = 12  # of several readings, of which other ways do not ask
_MOST_EVENTS = 2000
_QUIET = 3  # rows behind, at least, that lie between an event and the next one
_STANDS_OUT = 3.0
_SETTLED = 0.05  # of the step at ends
_ROWS = 3  # behind ends, of whatever looks like a tail
_LIKELY = 2.0  # standard errors
_WORTH = 0.01
_OTHERS = ("", LATE, LAG, HELD, FEW, OFF_MARKS, LEAD, PACE)
_AT_ONCE = 0.75  # of the level, shown by the first reading inside
_LEVEL = 3  # readings inside, of which the first shows that
_SOON = 0.25  # of the interval behind starts
_SEVERAL = 5  # readings there
_HALF = 0.5  # of the highest reading
_STANDS = 1 / 4
_ONCE_EACH = 1 / 50
_ALIKE = 2.0
_TOGETHER = 64  # rows that are looked at at once


@dataclass(frozen=True, slots=True, eq=False)
class _WholeWindows:
    """Of each event looked at, from the reading ahead of it to the first one back at idle power.

    Attributes:
        event: Which events they are.
        first, inside, behind, last: The reading ahead, the first inside, the first behind the end, the one back at idle power.
        quiet, noise: Idle power about each, W, and how much one reading scatters about it.
        known: Readings behind each that show idle power.
    """

    event: Indices
    first: Indices
    inside: Indices
    behind: Indices
    last: Indices
    quiet: Floats
    noise: float
    known: Indices


def late_by_a_refresh(
    integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate, others: Others | None
) -> GroupEstimate:
    """Return an estimate whose interval holds what events used if their readings are means that come late; else as it is.

    Where marks lie in coarse steps, readings off them show the steps.

    Args:
        start_ns, end_ns: The label's events, sorted by start.
    """
    trace, n = integral.trace, start_ns.size
    standing, long, many = own_moments(trace), n > 0 and _long(found), n > _FEW_EVENTS
    if (
        trace.kind is not Kind.INSTANT
        or trace.kept is not None
        or found.why not in _OTHERS
        or found.marks_step_ns
        or not 0 < n <= (_MOST_EVENTS if standing or not long else _FEW_EVENTS)
        or not np.isfinite(found.value).all()
        or (start_ns[1:] < end_ns[:-1]).any()
    ):
        return found
    if not standing and (found.why == OFF_MARKS or (n > LEAST_EVENTS and found.why != LAG and long)):
        return found  # other ways have asked
    windows = _windows(integral, start_ns, end_ns, others)
    if windows is None or _at_once(integral, windows, start_ns):
        return found
    t, tau = trace.times_ns, integral.pace_s
    k, seconds = windows.event, (end_ns - start_ns) * 1e-9
    span = (t[windows.last] - t[windows.first]) * 1e-9
    above = integral.running[windows.last] - integral.running[windows.first] - windows.quiet * span
    held = np.mean(above + windows.quiet * seconds[k] - found.value[k])
    whole = found.value + held
    whole[k] = above + windows.quiet * seconds[k]
    rows = windows.last - windows.first
    once = _STANDS if (standing or many) and not trace.repeats else _ONCE_EACH
    own = np.zeros(n)
    own[k] = np.sqrt(
        windows.noise**2 * (rows * tau**2 + (span - seconds[k]) ** 2 / windows.known)
        + once * _squares(integral, windows) * tau**2
    )
    own = np.where(own > 0, own, float(np.sqrt(np.mean(own[k] ** 2))))
    more, error = float(whole.sum() - found.value.sum()), math.sqrt(float(own @ own) * n / k.size)
    held_already = found.why not in (LAG, HELD, OFF_MARKS, PACE) and more + error <= found.above_all
    shown = (not many or more > _LIKELY * error) and (
        (many and standing) or _stands_out(integral, windows, whole)
    )
    if held_already or not shown or (max(more, 0.0) < _WORTH * float(whole.sum()) and many):
        return found
    return _both(found, whole, own)


def _long(found: GroupEstimate) -> bool:
    return median(found.seen) >= SETTLING


def _windows(
    integral: Integral, start_ns: Times, end_ns: Times, others: Others | None
) -> _WholeWindows | None:
    trace = integral.trace
    t, f = trace.times_ns, trace.values
    following = np.append(start_ns[1:], t[-1] + 1)
    ahead = np.concatenate([t[:1], end_ns[:-1]])
    if others is not None:
        following = np.minimum(following, others.next_start(end_ns, following))
        ahead = np.maximum(ahead, others.last_end(start_ns, ahead))
    a, b, c = (np.searchsorted(t, e, side="right") for e in (start_ns, end_ns, following))
    fit = (a >= 1) & (c - b >= _QUIET) & (ahead <= t[np.maximum(a - 1, 0)])
    if integral.hole.size:
        fit &= np.searchsorted(integral.hole, a - 1) == np.searchsorted(integral.hole, c - 1)
    k = np.flatnonzero(fit)
    if 2 * k.size < start_ns.size or not k.size:
        return None
    a, b, c = a[k], b[k], c[k]
    rest = [f[j - m : j] for j, m in zip(c.tolist(), np.maximum((c - b) // 3, 1).tolist(), strict=True)]
    low = np.array([float(x.mean()) for x in rest])
    scatter = np.concatenate([x - x.mean() for x in rest])
    freedom = max(scatter.size - k.size, 1)
    noise = max(math.sqrt(float(scatter @ scatter) / freedom), trace.noise, trace.step / math.sqrt(12))
    step = float(np.max([f[b - 1], f[np.minimum(b, t.size - 1)]], axis=0).mean() - low.mean())
    quiet = median(low)
    if step <= _STANDS_OUT * max(noise, float(low.std())):
        return None
    j = rows_until_quiet(f, b, c - b, (low, quiet), (_SETTLED * step, noise), (start_ns.size + 1) // 2)
    if j is None:
        return None
    some = c - b > j
    last = b[some] + j
    known = c[some] - last
    level = np.array([float(f[x : x + m].mean()) for x, m in zip(last.tolist(), known.tolist(), strict=True)])
    return _WholeWindows(k[some], a[some] - 1, a[some], b[some], last, level, noise, known)


def rows_until_quiet(
    f: Floats,
    behind: Indices,
    pause: Indices,
    idle: tuple[Floats, float],
    settled: tuple[float, float],
    least: int,
) -> int | None:
    """Return how many rows behind ends readings are back at idle power, in the mean of events; None where they are not while so many events have rows.

    Args:
        f: All readings.
        behind: The first reading behind each end.
        pause: Readings from there to the next event.
        idle: Idle power about each event, and about all, W.
        settled: How far from idle power readings count as back, and how much one scatters, W.
        least: Events.
    """
    for first in range(1, int(pause.max()), _TOGETHER):
        j = np.arange(first, min(first + _TOGETHER, int(pause.max())))[:, None]
        some = pause > j
        count = some.sum(axis=1)
        apart = f[np.minimum(behind + j, f.size - 1)] - np.where(pause > j + 1, *idle)
        mean = np.where(some, apart, 0.0).sum(axis=1) / np.maximum(count, 1)
        back = mean <= np.maximum(settled[0], _LIKELY * settled[1] / np.sqrt(np.maximum(count, 1)))
        ends = np.flatnonzero(back | (count < least))
        if ends.size:
            return first + int(ends[0]) if count[ends[0]] >= least else None
    return None


def _stands_out(integral: Integral, windows: _WholeWindows, whole: Floats) -> bool:
    """Return whether readings behind ends hold something: of many events, whole windows have to hold more than marks, beyond how often each refresh was read."""
    f, tau = integral.trace.values, integral.pace_s
    rows = zip(windows.behind.tolist(), windows.last.tolist(), windows.quiet.tolist(), strict=True)
    behind = np.array([tau * float(np.sum(f[i:j] - q)) for i, j, q in rows])
    count = windows.last - windows.behind
    chance = tau * windows.noise * np.sqrt(count + count**2 / windows.known)
    least = max(
        _LIKELY * math.sqrt(float(chance @ chance)) / behind.size,
        _WORTH * abs(float(whole[windows.event].mean())),
    )
    return float(behind.mean()) > least


def _squares(integral: Integral, windows: _WholeWindows) -> Floats:
    """Return the sum of squares of the readings in each window, above idle power."""
    sums = [
        float(np.sum((integral.trace.values[i:j] - q) ** 2))
        for i, j, q in zip(windows.first.tolist(), windows.last.tolist(), windows.quiet.tolist(), strict=True)
    ]
    return np.array(sums)


def _at_once(integral: Integral, windows: _WholeWindows, start_ns: Times) -> bool:
    """Return whether the first readings inside show the events' level, or as little is missing at starts as not to be what follows ends: then a tail does."""
    f = integral.trace.values
    gone, lacks, tails = [], [], []
    behind = int((windows.last - windows.behind).max())
    for k in range(windows.event.size):
        a, b, q = int(windows.inside[k]), int(windows.behind[k]), float(windows.quiet[k])
        late = a + max(min(behind, (b - a) // 2), 1)
        if b - late < _LEVEL - 1:
            continue
        level = float(f[late:b].mean()) - q
        if level > 0:
            gone.append((float(f[a]) - q) / level)
            lacks.append(float(np.sum(level + q - f[a:late])))
            tails.append(float(np.sum(f[b : int(windows.last[k])] - q)))
    if not gone:
        return behind > _ROWS or _soon(integral, windows, start_ns)
    if float(np.mean(gone)) > _AT_ONCE:
        return True
    return behind > _ROWS and not sum(tails) / _ALIKE < sum(lacks)


def _soon(integral: Integral, windows: _WholeWindows, start_ns: Times) -> bool:
    """Return whether readings just behind the starts of short events are high already: a mean of what lies before them is not."""
    t, f = integral.trace.times_ns, integral.trace.values
    since = (t[windows.inside] - start_ns[windows.event]) * 1e-9
    soon = (since < _SOON * integral.pace_s) & (windows.inside < windows.behind)
    if np.count_nonzero(soon) < _SEVERAL:
        return False
    above = f[windows.inside[soon]] - windows.quiet[soon]
    highest = [
        float(f[a:b].max()) - q
        for a, b, q in zip(
            windows.inside.tolist(), (windows.last + 1).tolist(), windows.quiet.tolist(), strict=True
        )
    ]
    return float(above.mean()) > _HALF * float(np.mean(highest))


def _both(found: GroupEstimate, whole: Floats, own: Floats) -> GroupEstimate:
    """Return what whole windows hold, with an interval that reaches down to what the marks do."""
    apart = whole - found.value
    # What is left open downward comes on top of the own uncertainty.
    theirs = COVERAGE_95 * np.maximum(found.own - own, 0.0)
    theirs_all = COVERAGE_95 * max(
        math.sqrt(found.factor * float(found.own @ found.own)) - math.sqrt(float(own @ own)), 0.0
    )
    either = np.abs(found.shared.pop(SNAPSHOT_OR_MEAN, np.zeros(whole.size)))
    theirs, theirs_all = theirs + COVERAGE_95 * either, theirs_all + COVERAGE_95 * float(either.sum())
    found.below = np.maximum(apart + theirs + found.below, 0.0)
    found.above = np.maximum(found.above - apart, 0.0)
    found.below_all = max(float(apart.sum()) + theirs_all + found.below_all, 0.0)
    found.above_all = max(found.above_all - float(apart.sum()), 0.0)
    found.value, found.own, found.factor = whole, own, 1.0
    found.lean, found.lean_all = np.zeros(whole.size), 0.0
    found.beat, found.tail, found.why = 0.0, None, LAG
    return found
