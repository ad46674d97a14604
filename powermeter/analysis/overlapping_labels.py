"""Labels whose events cross those of another (two threads), seen by a meter that averages over its windows.

Beside an event of one label runs another one's, and idle power is seen in neither's windows: what each window holds is c + Σ w_l n̄_l, n̄_l the number of a
label's events that run in it.  So the levels w are one least-squares problem, as those of labels are that take turns (`shared_windows.py`); they put the steps at events'
edges where they are (`steps_of_overlapping.py`), and what they leave of a window is divided by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.quantiles import median
from powermeter.analysis.shared_windows import leave_open
from powermeter.analysis.steps_of_overlapping import Steps, steps_at
from powermeter.analysis.window_pieces import pieces
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_FEWEST = 6  # events of a label
_CROSS = 0.1  # of its events
_PARTS = 0.9  # of the events of one label, inside those of another
_MANY_WINDOWS = 12  # whole ones in an event
_MOST_EVENTS = 20_000
_STRETCHES = 20
_FEWEST_STRETCHES = 4
_BEHIND = 0.2  # of a window
_FURTHER = 0.6
_LOOKED = 1 << 16


def divide_crossing(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    members: Sequence[Indices],
    groups: Sequence[GroupEstimate],
) -> None:
    """Correct the estimates of labels whose events cross those of others; the rest are left as they are.

    Args:
        start_ns, end_ns: Of all events.
        members: The events of each group, sorted by start.
        groups: What was found of each alone, in the members' order; changed in place.
    """
    some = [g for g, index in enumerate(members) if index.size]
    count = sum(members[g].size for g in some)
    if integral.trace.kind is Kind.INSTANT or len(some) < 2 or count > _MOST_EVENTS:
        return
    label = np.repeat(np.arange(len(some)), [members[g].size for g in some])
    index = np.concatenate([members[g] for g in some])
    a, b = start_ns[index], end_ns[index]
    together = at_the_same_time(label, a, b)
    wanted = [
        g
        for k, g in enumerate(some)
        if members[g].size >= _FEWEST
        and float(np.median(groups[g].seen)) < _MANY_WINDOWS
        and _crossed(start_ns, end_ns, members, [some[x] for x in together[k]], g) > _CROSS * members[g].size
    ]
    if not wanted:
        return
    at = np.unique(np.concatenate([a, b]))
    plain = integral.at(at)
    quarter = (b - a) // 4
    labels = len(some)
    tau = median(np.diff(integral.trace.times_ns[:_LOOKED]))
    ways = [
        (label, a, b),
        # Ends and middle halves may draw unlike, what runs beside another one add less, something follow each.
        (
            np.concatenate([label] * 2 + [label + labels]),
            *(np.concatenate(x) for x in ((a, b - quarter, a + quarter), (a + quarter, b, b - quarter))),
        ),
        _with_crowd(label, a, b, at),
        *(
            (
                np.concatenate([label, label + labels]),
                np.concatenate([a, b]),
                np.concatenate([b, b + int(part * tau)]),
            )
            for part in (_BEHIND, _FURTHER)
        ),
    ]
    steps = [steps_at(integral, number, start, end, at) for number, start, end in ways]
    main = steps[0]
    without = None if main is None else _left_out(main)
    if main is None or without is None:
        parts = pieces(integral, start_ns, end_ns, [members[g] for g in some], 1)
        for g in wanted:
            leave_open(integral, parts, groups[g], members[g], some.index(g))
        return
    others = [(one, one.added()) for one in steps[1:] if one is not None]
    levels = main.added()
    rest = main.watts - levels @ main.of_one[1:]
    rest -= float(rest.mean())
    busy = main.of_one[1:].sum(axis=0) > 0
    variance = float(np.sum(rest[busy] ** 2)) / max(int(busy.sum()) - labels - 1, 1)
    for g in wanted:
        first, last = np.searchsorted(at, start_ns[members[g]]), np.searchsorted(at, end_ns[members[g]])
        off = main.off[:, last] - main.off[:, first]
        moved: Floats = levels @ off
        apart = [w @ (one.off[:, last] - one.off[:, first]) - moved for one, w in others]
        totals = without @ off.sum(axis=1)
        k = totals.size
        common = (k - 1) / k * float(np.sum((totals - totals.mean()) ** 2))
        own: Floats = np.full(moved.size, common / moved.size**2)
        for alike in apart[:-2], apart[-2:]:
            common += max((float(one.sum()) ** 2 for one in alike), default=0.0)
            own += np.max([one**2 for one in alike], axis=0, initial=0.0)
        value: Floats = plain[last] - plain[first] + moved
        _fill(integral, groups[g], (start_ns[members[g]], end_ns[members[g]]), value, (own, common), variance)
        groups[g].freedom = k - 1.0


def _fill(
    integral: Integral,
    found: GroupEstimate,
    edges: tuple[Times, Times],
    value: Floats,
    doubts: tuple[Floats, float],
    variance: float,
) -> None:
    """Write what the events of a group used into its estimate.

    Args:
        doubts: Variances of each and of their sum that levels and what they do not follow leave, J².
        variance: Of what they leave of a window, W².
    """
    t = integral.trace.times_ns
    top = t.size - 1
    start_ns, end_ns = edges
    n = value.size
    first = np.clip(np.searchsorted(t, start_ns, side="right"), 1, top)
    last = np.clip(np.searchsorted(t, end_ns, side="left"), first, top)
    tau = np.diff(t, prepend=t[0]) * 1e-9
    tau[0] = 1.0
    inside_s = np.clip((np.minimum(t[first], end_ns) - start_ns) * 1e-9, 0.0, None)
    inside_e = np.where(first == last, 0.0, np.clip((end_ns - t[last - 1]) * 1e-9, 0.0, None))
    window, inside = np.concatenate([first, last]), np.concatenate([inside_s, inside_e])
    share = np.clip(inside / tau[window], 0.0, 1.0)
    own = (share * (1 - share) * tau[window] ** 2).reshape(2, n).sum(axis=0) * variance
    cut = np.bincount(window, inside, top + 1)
    share = np.clip(cut / tau, 0.0, 1.0)
    total = float(np.sum(share * (1 - share) * tau**2)) * variance + doubts[1]
    found.value = value
    found.own = np.sqrt(own + doubts[0])
    found.factor = total / max(float(found.own @ found.own), 1e-300)
    found.level = float(value.sum()) / max(float((end_ns - start_ns).sum()) * 1e-9, 1e-30)
    found.why, found.tail, found.alike, found.levelled = "", None, False, True
    found.shared.clear()
    found.below, found.above, found.lean = np.zeros(n), np.zeros(n), np.zeros(n)
    found.below_all = found.above_all = found.lean_all = found.beat = 0.0


def at_the_same_time(label: Indices, start_ns: Times, end_ns: Times) -> list[list[int]]:
    """Return of each label, 0 …, which others have events that run at the same time as its own, in order."""
    found: list[set[int]] = [set() for _ in range(int(label.max(initial=-1)) + 1)]
    running: dict[int, int] = {}
    order = np.argsort(start_ns, kind="stable")
    for mine, start, end in zip(*(x[order].tolist() for x in (label, start_ns, end_ns)), strict=True):
        running = {other: until for other, until in running.items() if until > start}
        for other in running:
            found[mine].add(other)
            found[other].add(mine)
        running[mine] = max(running.get(mine, end), end)
    return [sorted(others - {own}) for own, others in enumerate(found)]


def _crossed(
    start_ns: Times, end_ns: Times, members: Sequence[Indices], others: Sequence[int], own: int
) -> int:
    """Return how many events of a group overlap those of others, where neither holds nearly all of the other one's (a call and its parts)."""
    a, b = start_ns[members[own]], end_ns[members[own]]
    found = np.zeros(a.size, bool)
    for g in others:
        start, end = start_ns[members[g]], end_ns[members[g]]
        if max(_inside(a, b, start, end), _inside(start, end, a, b)) > _PARTS:
            continue
        found |= np.searchsorted(start, b, side="left") > np.searchsorted(np.sort(end), a, side="right")
    return int(np.count_nonzero(found))


def _inside(a: Times, b: Times, start: Times, end: Times) -> float:
    """Return the share of events that lie inside of others."""
    at = np.searchsorted(start, a, side="right") - 1
    return float(np.mean((at >= 0) & (b <= end[at])))


def _with_crowd(label: Indices, a: Times, b: Times, at: Times) -> tuple[Indices, Times, Times]:
    """Return events and their labels, and one label more for whenever several run."""
    number = np.cumsum(
        np.bincount(np.searchsorted(at, a), minlength=at.size)
        - np.bincount(np.searchsorted(at, b), minlength=at.size)
    )
    several = np.flatnonzero(number[:-1] > 1)
    crowd = np.full(several.size, int(label.max()) + 1)
    return (
        np.concatenate([label, crowd]),
        np.concatenate([a, at[several]]),
        np.concatenate([b, at[several + 1]]),
    )


def _left_out(steps: Steps) -> Floats | None:
    """Return the levels that are found without one stretch of the windows after the other, shape (stretches, labels); None where windows are few."""
    busy = np.flatnonzero(steps.of_one[1:].sum(axis=0) > 0)
    labels = steps.off.shape[0]
    count = min(_STRETCHES, busy.size // (labels + 1))
    if count < _FEWEST_STRETCHES:
        return None
    found = []
    for stretch in np.array_split(busy, count):
        use = np.ones(steps.watts.size, bool)
        use[stretch[0] : stretch[-1] + 1] = False
        found.append(steps.added(use))
    return np.array(found)
