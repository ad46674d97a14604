"""Which pieces of which events lie in the windows of a meter that their edges cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_LONG_ENOUGH = {2: 0.5, 4: 1.5, 8: 3.0, 16: 6.0}
"""From so many windows on, equal parts of an event have levels of their own."""
_OF_MANY = {2: 0.06, 4: 0.12, 8: 0.25, 16: 0.5}
"""The same where each label has many events, whose edges lie everywhere in windows."""

WORTH_IT = 1e-3
"""Of a label's seconds: with less of others' beside its edges it is left as it was found alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What lies in the windows that edges cut: one item for each piece of an event and window.

    Attributes:
        window, event, group, level: Of each part; groups count from 0, levels from 1, level 0 is idle.
        seconds: Its length.
        levels: Group → its levels.
    """

    window: Indices
    event: Indices
    group: Indices
    level: Indices
    seconds: Floats
    levels: tuple[tuple[int, ...], ...]


def usual_ns(integral: Integral) -> float:
    """Return how long a window of the meter usually is."""
    return float(np.median(np.diff(integral.trace.times_ns[: 1 << 16])))


def without_overlaps(start_ns: Times, end_ns: Times, members: Sequence[Indices]) -> list[int]:
    """Return the groups whose events overlap no other's; of those that do, the longer ones are left out."""
    by_length = sorted(
        (g for g, index in enumerate(members) if index.size),
        key=lambda g: float(np.median((end_ns - start_ns)[members[g]])),
    )
    taken: list[int] = []
    starts, ends = np.empty(0, np.int64), np.empty(0, np.int64)
    for g in by_length:
        a = np.concatenate([starts, start_ns[members[g]]])
        b = np.concatenate([ends, end_ns[members[g]]])
        order = np.argsort(a, kind="stable")
        if (a[order][1:] < np.maximum.accumulate(b[order])[:-1]).any():
            continue
        taken.append(g)
        starts, ends = a, b
    return sorted(taken)


def pieces(
    integral: Integral,
    start_ns: Times,
    end_ns: Times,
    members: Sequence[Indices],
    parts: int,
    *,
    many: bool = False,
) -> Parts:
    """Return the pieces of the groups' events in the windows that edges cut.

    Args:
        members: The events of each group.
        parts: How many equal parts of an event have levels of their own, where they are long enough; else half as many.
        many: Whether each group has so many events that shorter parts show.
    """
    t = integral.trace.times_ns
    usual, least = usual_ns(integral), _OF_MANY if many else _LONG_ENOUGH
    top = t.size - 1
    pieces: list[tuple[Indices, Indices, Times, Times, int]] = []
    levels: list[tuple[int, ...]] = []
    count = 0
    for g, index in enumerate(members):
        a, b = np.clip(start_ns[index], t[0], t[-1]), np.clip(end_ns[index], t[0], t[-1])
        own = np.full(index.size, g)
        own_parts = parts
        while own_parts > 1 and float(np.median(b - a)) < least[own_parts] * usual:
            own_parts //= 2
        edges = [a + (b - a) * i // own_parts for i in range(own_parts + 1)]
        levels.append(tuple(range(count + 1, count + own_parts + 1)))
        pieces += [
            (index, own, *edge, level) for edge, level in zip(pairwise(edges), levels[-1], strict=True)
        ]
        count = levels[-1][-1]
    event, group, a, b = (np.concatenate([piece[i] for piece in pieces]) for i in range(4))
    level = np.concatenate([np.full(piece[0].size, piece[4]) for piece in pieces])
    first = np.clip(np.searchsorted(t, a, side="right"), 1, top)
    last = np.clip(np.searchsorted(t, b, side="left"), first, top)
    two = first != last
    window = np.concatenate([first, last[two]])
    seconds = np.concatenate([np.minimum(t[first], b) - a, (b - t[last - 1])[two]]) * 1e-9
    keep = seconds > 0
    return Parts(
        window[keep],
        np.concatenate([event, event[two]])[keep],
        np.concatenate([group, group[two]])[keep],
        np.concatenate([level, level[two]])[keep],
        seconds[keep],
        tuple(levels),
    )


def foreign_seconds(parts: Parts, size: int) -> Floats:
    """Return for each group how long others' events lie in windows that its own edges cut."""
    _, place = np.unique(parts.window, return_inverse=True)
    pairs, where = np.unique(place * size + parts.group, return_inverse=True)
    own = np.bincount(where, parts.seconds, pairs.size)
    whole = np.bincount(place, parts.seconds)
    found: Floats = np.bincount(pairs % size, whole[pairs // size] - own, size).astype(np.float64)
    return found


def in_between(parts: Parts) -> tuple[Indices, Indices, Indices, Indices]:
    """Return (event, part, first, last) of each two cut windows between which all are one event's own; the part is that in the first one."""
    order = np.lexsort((parts.level, parts.window, parts.event))
    event, window = parts.event[order], parts.window[order]
    pair = np.flatnonzero((np.diff(event) == 0) & (np.diff(window) > 1))
    return event[pair], order[pair], window[pair], window[pair + 1]


def positions(index: Indices, wanted: Indices) -> Indices:
    """Return where in `index` each of `wanted` stands."""
    order = np.argsort(index)
    found: Indices = order[np.searchsorted(index[order], wanted)]
    return found
