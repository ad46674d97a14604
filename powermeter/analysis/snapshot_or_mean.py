"""Events under readings of which each may be a snapshot, or the mean since the one before.

Nothing in a log of readings that stand shows what the instrument did during its refresh, but what follows events' ends: a mean
still holds the rest of the event, a snapshot holds none of it.  Where that does not settle it, both energies are possible, and the
interval holds both.  An instrument does the same in each of its recordings: more of them do not settle it.  The same is asked of readings that
are called instantaneous where the first one behind ends, and no other, holds something: a mean does, and so does a load with a short tail.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clear_edges import LEAST, clear_edges
from powermeter.analysis.early_readings import turned_round
from powermeter.analysis.edges_in_coarse_steps import marks_vary
from powermeter.analysis.energy_from_means import measure_means
from powermeter.analysis.event_estimate import HELD, LAG, LATE, LEAD, SOME, TAIL, GroupEstimate
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others
from powermeter.analysis.quantiles import median
from powermeter.analysis.uncertainty import SNAPSHOT_OR_MEAN
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

_UNSETTLED = 0.9
_LEAST = 8
_NOTHING = 0.05
_SURELY = 0.1
_STANDARD_ERRORS = 2.0
_SHORT = 2.0
_WORTH = 0.05
_LIMIT = 1.7
_MOST = 100_000
_FEWEST = 5  # ends
_CLEAR = 4  # clear edges
_FEW_CLEAR = 3  # clear edges that may lean to means
_RATHER = 0.4  # of what snapshots leave
_SOON = 0.25  # of an interval behind a start
_AS_HIGH = 0.6  # of readings in the second half of the interval
_STANDS_OUT = 3.0  # standard errors of the first reading behind ends
_PART = 0.02  # of the step at ends
_GOES_ON = 0.1  # of the first reading behind ends, in the second
_MIDDLE = (
    0.25  # of what the reading before starts holds, in the one behind ends: more if stamped in the middle
)
_ROW = 3.5  # intervals that three readings in a row span at most


def unsettled(trace: Trace) -> bool:
    """Return whether readings stand for a refresh of which neither edges nor a statement show what it averages over."""
    return (
        trace.kind is Kind.INSTANT
        and not trace.window_ns
        and trace.repeats > 0
        and trace.refresh_ns > 0
        and trace.clock_ns >= _UNSETTLED * trace.refresh_ns
    )


def may_average(trace: Trace, start_ns: Times, end_ns: Times) -> float | None:
    """Return how many intervals behind its stamp the interval ends over which each reading may average: 0, 1/2 or 1; None where none does.

    A mean over the interval before its stamp shows, in the first reading behind events' ends, something of them, and in the second nothing,
    whatever the load did inside and where the levels beside edges show nothing (`reading_kind`).  One that is stamped at the beginning of its
    interval shows it in the reading before their starts, one that is stamped in its middle in both.  What goes on by the second reading is
    a tail, or an instrument that lags.  Of readings that are called means already only those before starts are asked.
    """
    if trace.kind not in (Kind.INSTANT, Kind.MEAN) or trace.window_ns or not 0 < start_ns.size <= _MOST:
        return None
    order = np.argsort(start_ns, kind="stable")
    starts, ends = start_ns[order], np.maximum.accumulate(end_ns[order])
    t = trace.times_ns
    behind, ahead = np.append(starts[1:], t[-1]), np.concatenate([t[:1], ends[:-1]])
    alone = (ends == end_ns[order]) & (starts >= ahead) & (behind >= ends)
    starts, ends, behind, ahead = starts[alone], ends[alone], behind[alone], ahead[alone]
    mean = trace.kind is Kind.MEAN
    settles = mean or _snapshots(trace, starts, ends)
    ends_show, left = _next_only(trace, ends, behind, settles)
    # Turned round, the readings before a start are those behind an end.
    starts_show, lead = _next_only(turned_round(trace), -starts[::-1], -ahead[::-1])
    if starts_show:
        return 0.5 if ends_show or left > _MIDDLE * lead else 1.0
    return 0.0 if ends_show and not mean else None


def _snapshots(trace: Trace, starts: Times, ends: Times) -> bool:
    """Return whether readings beside starts show snapshots: clear edges do, or the first reading behind a start is as high as a later one.

    A mean has gone no further, just behind a start, than the share of its interval that lies behind it. Where power rises more than an interval ahead of
    starts, marks lie as far from the load, and what is high behind ends is not a tail.
    """
    edges = clear_edges(trace, starts, ends, _CLEAR)
    if edges is not None and edges.rest(0.0, 0.0) < edges.rest(1.0, 0.0):
        return True
    t, f, tau = trace.times_ns, trace.values, trace.interval_ns
    k = np.searchsorted(t, starts, side="right")
    early = f[k[k > 2] - 2] - f[k[k > 2] - 3]
    if early.size >= _FEWEST and early.mean() > _STANDS_OUT * float(early.std(ddof=1)) / math.sqrt(
        early.size
    ):
        return True
    apart = (k > 0) & (k < t.size) & (starts - np.concatenate([[t[0]], ends[:-1]]) > tau)
    k, since = k[apart], t[np.minimum(k[apart], t.size - 1)] - starts[apart]
    above = f[k] - f[k - 1]
    soon, later = above[since < _SOON * tau], above[since > tau / 2]
    if min(soon.size, later.size) < _FEWEST:
        return False
    low = float(soon.mean()) - _STANDARD_ERRORS * float(soon.std(ddof=1)) / math.sqrt(soon.size)
    return low > _AS_HIGH * float(later.mean())


def _next_only(trace: Trace, ends: Times, following: Times, settles: bool = True) -> tuple[bool, float]:
    """Return whether the first reading behind ends holds something of the events, and the second nothing; and how much the first one holds, W.

    Args:
        settles: What the second one holds speaks against it: else a tail may follow what is averaged as well.
    """
    t, f = trace.times_ns, trace.values
    b = np.searchsorted(t, ends, side="right")
    use = (b > 0) & (b + 2 < t.size)
    b, ends, following = b[use], ends[use], following[use]
    use = (t[b + 1] - t[b - 1] <= _ROW * trace.interval_ns) & (t[b + 1] <= following)
    if int(use.sum()) < _FEWEST:
        return False, 0.0
    held = f[b[use]] - f[b[use] + 1]
    least = max(
        _PART * abs(float(np.mean(f[b[use] - 1] - f[b[use] + 1]))), float(trace.noise), float(trace.step)
    )
    # A mean stamped in the middle of its interval reaches only as far as those that follow within half of one.
    near = t[b[use]] - ends[use] < trace.interval_ns / 2
    if not _stands_out(held, least) and not _stands_out(held[near], least):
        return False, float(held.mean())
    later = use & (t[b + 2] <= following)
    further = f[b[later] + 1] - f[b[later] + 2]
    if further.size < 2 or not settles:
        return True, float(held.mean())
    error = float(further.std(ddof=1)) / math.sqrt(further.size)
    settled = float(further.mean()) <= _GOES_ON * float(held.mean()) + _STANDARD_ERRORS * error
    return settled, float(held.mean())


def _stands_out(held: Floats, least: float) -> bool:
    if held.size < _FEWEST:
        return False
    error = float(held.std(ddof=1)) / math.sqrt(held.size)
    return float(held.mean()) > max(_STANDS_OUT * error, least)


def taken_for_means(integral: Integral, start_ns: Times, end_ns: Times) -> Integral | None:
    """Return the same readings as means since the one before, or as late as they may be stamped; None where that is no question."""
    trace = integral.trace
    if len(trace) < _LEAST:
        return None
    if _of_no_place(integral, start_ns, end_ns):
        return None
    late = may_average(trace, start_ns, end_ns)
    if unsettled(trace) or (late is None and _lean_to_means(trace, start_ns, end_ns)):
        late = 0.0
    if late is None:
        return None
    by = round(late * trace.interval_ns)
    values = trace.values if trace.kept is None else trace.kept.means(trace.times_ns, trace.values)
    if by:
        gaps = tuple(replace(g, start_ns=g.start_ns + by, end_ns=g.end_ns + by) for g in trace.gaps)
        clipped = None if trace.saturated_ns is None else trace.saturated_ns + by
        trace = replace(trace, times_ns=trace.times_ns + by, gaps=gaps, saturated_ns=clipped)
    return Integral.of(replace(trace, values=values, kind=Kind.MEAN))


def _of_no_place(integral: Integral, start_ns: Times, end_ns: Times) -> bool:
    """Return whether marks are so coarse that readings beside them show nothing of what each averages over: what lies outside of them is counted."""
    order = np.argsort(start_ns, kind="stable")
    edges = start_ns[order], end_ns[order]
    return marks_vary(integral, edges, float(integral.trace.values.min()), None)


def _lean_to_means(trace: Trace, start_ns: Times, end_ns: Times) -> bool:
    """Return whether readings called instantaneous lie beside few clear edges where means would rather than snapshots, outside of events too."""
    if trace.kind is not Kind.INSTANT or trace.window_ns or not 0 < start_ns.size <= _MOST:
        return False
    edges = clear_edges(trace, start_ns, end_ns, _FEW_CLEAR)
    if edges is None or edges.count >= LEAST or edges.rest(1.0, 0.0) > _RATHER * edges.rest(0.0, 0.0):
        return False
    return edges.outside(1.0, 0.0) < _RATHER * edges.outside(0.0, 0.0)


def both(
    found: GroupEstimate,
    means: Integral,
    start_ns: Times,
    end_ns: Times,
    bridges: Bridges | None,
    others: Others | None,
) -> GroupEstimate:
    """Return an estimate whose interval holds what events used if readings are snapshots, and if they are means.

    Args:
        found: What they used if readings are snapshots.
        means: The readings taken for means.
        start_ns, end_ns: The label's events, sorted by start.
    """
    if found.why not in ("", LATE) or not np.isfinite(found.value).all() or start_ns.size > _MOST:
        return found
    other = measure_means(means, start_ns, end_ns, bridges, others)
    if (
        other.why not in ("", TAIL, SOME, LAG, LEAD)
        or not np.isfinite(other.value).all()
        or _falls_at_once(means.trace, other, start_ns, end_ns)
    ):
        return found
    apart = (other.value - found.value) / 2
    sums = [e.factor * float(e.own @ e.own) for e in (found, other)]
    found.own = np.maximum(found.own, other.own)
    found.factor = max(sums) / max(float(found.own @ found.own), 1e-300)
    found.shared = {**other.shared, SNAPSHOT_OR_MEAN: apart / _LIMIT}
    found.value = found.value + apart
    seconds = median(end_ns - start_ns) * 1e-9
    short = seconds < _SHORT * means.trace.interval_ns * 1e-9
    if short and abs(float(apart.sum())) > _WORTH * abs(float(found.value.sum())):
        found.why = HELD
    if other.why in (LAG, LEAD):
        found.why = other.why
        found.above, found.above_all = other.above, other.above_all
    return found


def _falls_at_once(trace: Trace, found: GroupEstimate, start_ns: Times, end_ns: Times) -> bool:
    """Return whether readings behind events' ends hold nothing of them, as a mean would.

    A mean since the reading before holds the event's last level for the share of its interval that lies before the end.
    """
    t, f = trace.times_ns, trace.values
    behind = np.searchsorted(t, end_ns, side="right")
    following = np.concatenate([start_ns[1:], [t[-1]]])
    use = (behind > 0) & (behind + 1 < t.size)
    use &= t[np.minimum(behind + 1, t.size - 1)] <= following
    if int(use.sum()) < _LEAST:
        return False
    k = behind[use]
    share = (end_ns[use] - t[k - 1]) / np.maximum(t[k] - t[k - 1], 1)
    quiet = f[k + 1]
    level = float(found.value.sum()) / max(float(np.sum(end_ns - start_ns)) * 1e-9, 1e-12)
    expected = (level - median(quiet)) * float(share.mean())
    seen = f[k] - quiet
    error = float(seen.std(ddof=1)) / math.sqrt(seen.size)
    high = float(seen.mean()) + _STANDARD_ERRORS * error
    return expected > 0 and float(seen.mean()) < _NOTHING * expected and high < _SURELY * expected
