"""Events of many labels in one window of the meter: more levels than windows can distinguish, so that each label has bounds.

A window's energy above the least power that was seen is the most that any one event in it can have used above that; which of them did, no
reading shows.  The middle divides it by their lengths, the bounds reach from none of it to all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import CROWDED, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.quantiles import median
from powermeter.analysis.window_pieces import WORTH_IT, Parts, foreign_seconds, in_between, pieces, usual_ns

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_LONG = 1.5
"""Of events of so many windows, enough windows hold nothing of another label that each label is found by itself."""


def bound(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    members: Sequence[Indices],
    groups: Sequence[GroupEstimate],
) -> None:
    """Bound the labels whose events share windows with others'; those that run at the same time as others are left as they are.

    Args:
        start_ns, end_ns: Of all events.
        members: The events of each group.
        groups: What was found of each alone, in the members' order; changed in place.
    """
    free = _apart(start_ns, end_ns, members)
    if len(free) < 2:
        return
    every = np.concatenate([members[g] for g in free])
    label = np.full(start_ns.size, -1, np.int64)
    label[every] = np.repeat(np.arange(len(free)), [members[g].size for g in free])
    parts = pieces(integral, start_ns, end_ns, [every], 1)
    parts = replace(parts, group=label[parts.event])
    foreign = foreign_seconds(parts, len(free))
    seconds = (end_ns - start_ns) * 1e-9
    usual = usual_ns(integral) * 1e-9
    value, room = _middle(integral, parts, start_ns.size)
    for k, g in enumerate(free):
        index, found = members[g], groups[g]
        if foreign[k] <= WORTH_IT * float(seconds[index].sum()) or median(seconds[index]) >= _LONG * usual:
            continue
        middle, (below, above) = value[index], room[:, index]
        found.why, found.tail = CROWDED, None
        # What the label alone came to stays inside: it is right where the others are idle.
        found.below = np.maximum(below, middle - found.value)
        found.above = np.maximum(above, found.value - middle)
        found.value = middle
        found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())


def _apart(start_ns: Times, end_ns: Times, members: Sequence[Indices]) -> list[int]:
    """Return the groups of which no event runs at the same time as another."""
    label = np.full(start_ns.size, -1, np.int64)
    for g, index in enumerate(members):
        label[index] = g
    some = np.flatnonzero(label >= 0)
    order = some[np.argsort(start_ns[some], kind="stable")]
    latest = np.maximum.accumulate(end_ns[order])
    meets = np.flatnonzero(start_ns[order][1:] < latest[:-1])
    left_out = set(label[order[np.concatenate([meets, meets + 1])]].tolist())
    return [g for g, index in enumerate(members) if index.size and g not in left_out]


def _shared(label: Indices, place: Indices, size: int) -> NDArray[np.bool_]:
    """Return which windows hold events of more than one label."""
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, -1, np.int64)
    np.minimum.at(least, place, label)
    np.maximum.at(most, place, label)
    found: NDArray[np.bool_] = least < most
    return found


def _middle(integral: Integral, parts: Parts, events: int) -> tuple[Floats, Floats]:
    """Return what each event used if windows are divided by length, J, and how far it may be below and above, shape (2, n)."""
    t, running = integral.trace.times_ns, integral.running
    window, place = np.unique(parts.window, return_inverse=True)
    event, _, first, last = in_between(parts)
    tau = (t[window] - t[window - 1]) * 1e-9
    rates = np.diff(running) / np.maximum(np.diff(t), 1) * 1e9
    seen = np.ones(rates.size, bool)
    seen[integral.hole] = False
    least = float(rates[seen].min()) if seen.any() else 0.0
    beside = seen.copy()
    beside[window - 1] = False
    beside[_inside(first, last, t.size)] = False
    idle = median(rates[beside]) if beside.any() else least
    joules = running[window] - running[window - 1]
    excess = np.maximum(joules - least * tau, 0.0)
    busy = np.bincount(place, parts.seconds, window.size)
    length, crowded = parts.seconds, _shared(parts.group, place, window.size)[place]
    alone = joules[place] - idle * np.maximum(tau - busy, 0.0)[place]
    middle = np.where(
        crowded,
        least * length + (excess / np.maximum(busy, 1e-12))[place] * length,
        alone * length / np.maximum(busy[place], 1e-12),
    )
    low = np.where(crowded, least * length, middle)
    high = np.where(crowded, least * length + excess[place], middle)
    value: Floats = np.bincount(parts.event, middle, events).astype(np.float64)
    value += np.bincount(event, running[last - 1] - running[first], events)
    room = np.array([np.bincount(parts.event, side, events) for side in (middle - low, high - middle)])
    return value, np.maximum(room, 0.0)


def _inside(first: Indices, last: Indices, size: int) -> Indices:
    """Return the positions of the steps between two stamps that lie wholly inside an event, between the windows that its edges cut."""
    change = np.zeros(size + 1)
    np.add.at(change, first, 1)
    np.add.at(change, last - 1, -1)
    return np.flatnonzero(np.cumsum(change)[: size - 1] > 0)
