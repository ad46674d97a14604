"""Events that run at the same time share what is drawn: each instant's power is divided among those that are active.

A container (an epoch with its batches) is not active while a part of it is: what its parts use is theirs.  So the shares of all
events and what lies outside of them add up to the run.  What a container is quoted with holds its parts, as far as they lie
inside of it: a background task that a request starts may outlast it.

Which event started the work of a pool's threads or of another process is not recorded.  Where all events of a label that have no event
around them lie inside events of another label, in another thread, they are taken for its parts (`bench` around what its command marks).
So are those of a table, whose rows state no thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.steps_of_overlapping import with_steps
from powermeter.channel import MISSING
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result.notes import Note

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]


DEEPEST = 1024
"""How many containers around an event are looked for."""
_NONE = 1e-9
_NOWHERE = np.int64(-1)
MOST_LABELS = 64
"""Of more labels none is looked for inside of another one's events."""


class Shares(NamedTuple):
    """What part of the energy during each event is its, 0 to 1; shape (n,).

    Attributes:
        own: Without its parts.
        whole: With its parts: below 1 only where something else ran at the same time.
        parent: Position of the event around each, −1 where there is none.
        beyond: What lies outside of the outermost event around it, without its parts; 0 for an outermost event itself.
        outlasts: Which events do not lie wholly inside the one around them.
        taken_for_parts: Which labels were taken for parts of which other, by their times alone.
    """

    own: Floats
    whole: Floats
    parent: NDArray[np.int64]
    beyond: Floats
    outlasts: NDArray[np.bool_]
    taken_for_parts: tuple[tuple[str, str], ...] = ()

    def notes(self) -> tuple[Note, ...]:
        """Return what was assumed of events whose beginner is not recorded."""
        return tuple(
            Note.info(
                "taken-for-parts",
                f"events of {part!r} count as parts of {around!r}, inside which they all lie; what started them is not recorded",
            )
            for part, around in self.taken_for_parts
        )


def shares(integral: Integral, events: Sequence[Event], start_ns: Times, end_ns: Times) -> Shares | None:
    """Return what part of the energy during each event is its; None where no two events overlap.

    Args:
        events: For their parents.
        start_ns, end_ns: Of each, shape (n,).
    """
    order = np.argsort(start_ns, kind="stable")
    latest = np.maximum.accumulate(end_ns[order])
    if not start_ns.size or not (start_ns[order][1:] < latest[:-1]).any():
        return None
    edges = np.unique(np.concatenate([start_ns, end_ns]))
    first, last = np.searchsorted(edges, start_ns), np.searchsorted(edges, end_ns)
    active = np.zeros(edges.size + 1, np.int64)
    np.add.at(active, first, 1)
    np.add.at(active, last, -1)
    parent = parents_of(events).copy()
    taken = _adopt(parent, events, start_ns, end_ns)
    busy, owner = _busy_with_parts(parent, first, last)
    if owner.size:
        np.add.at(active, busy[:, 0], -1)
        np.add.at(active, busy[:, 1], 1)
    count = np.maximum(np.cumsum(active)[: edges.size - 1], 1)
    label = EventColumns.of(events).labels[1]
    joules = np.diff(with_steps(integral, label, start_ns, end_ns, edges))
    divided = np.concatenate([[0.0], np.cumsum(joules / count)])
    whole = np.concatenate([[0.0], np.cumsum(joules)])
    own = divided[last] - divided[first]
    if owner.size:
        np.subtract.at(own, owner, divided[busy[:, 1]] - divided[busy[:, 0]])
    full = whole[last] - whole[first]

    def part(joules: Floats) -> Floats:
        found: Floats = np.clip(np.divide(joules, full, out=np.ones_like(joules), where=full != 0), 0.0, 1.0)
        return found

    def inside_of(to: Times, a: Times, b: Times) -> Floats:
        low, high = np.maximum(a, first[to]), np.minimum(b, last[to])
        found: Floats = divided[np.maximum(low, high)] - divided[low]
        return found

    with_parts = own.copy()
    root = np.arange(start_ns.size)
    for sign, event, a, b in ((1.0, root.copy(), first, last), (-1.0, owner, busy[:, 0], busy[:, 1])):
        above = parent[event]
        for _ in range(DEEPEST):
            held = above >= 0
            if not held.any():
                break
            event, above, a, b = event[held], above[held], a[held], b[held]
            np.add.at(with_parts, above, sign * inside_of(above, a, b))
            root[event] = above
            above = parent[above]
    inner = inside_of(root, first, last)
    if owner.size:
        np.subtract.at(inner, owner, inside_of(root[owner], busy[:, 0], busy[:, 1]))
    beyond = np.maximum(own - inner, 0.0)
    beyond[beyond < _NONE * np.abs(full)] = 0.0
    outlasts = (parent >= 0) & ((start_ns < start_ns[parent]) | (end_ns > end_ns[parent]))
    return Shares(part(own), part(with_parts), parent, part(beyond) * (full != 0), outlasts, taken)


def parents_of(events: Sequence[Event]) -> NDArray[np.int64]:
    """Return the position of the event around each; −1 where there is none.

    What begins after the event that started it has ended does not lie inside of it, nor does what outlasts one of its own label, or of its
    own thread and task: those only overlap, as copying and computing hand over hand, and what lies around both is asked for next.
    """
    parents = EventColumns.of(events).numbers["parent"]
    if not ((parents != MISSING) & (parents != 0)).any():
        return np.broadcast_to(_NOWHERE, len(events))  # a million of them take no memory
    found = np.full(len(events), -1, np.int64)
    events = list(events)
    wanted = {(e.process, e.parent) for e in events if e.parent}
    at = {key: i for i, e in enumerate(events) if e.uid and (key := (e.process, e.uid)) in wanted}
    started = sorted((e.start_ns, e.uid, i) for i, e in enumerate(events) if e.parent)
    for _, _, i in started:  # what is around comes first
        around = at.get((events[i].process, events[i].parent or 0), -1)
        while around >= 0 and _only_overlap(events[i], events[around]):
            around = int(found[around])
        found[i] = around if around >= 0 and _lies_in(events[i], events[around]) else -1
    return found


def _only_overlap(event: Event, around: Event) -> bool:
    """Return whether an event outlasts the one it began in, and was not work that this one started elsewhere."""
    start, end = event.start_ns, event.end_ns or event.start_ns
    first, last = around.start_ns, around.end_ns or around.start_ns
    is_here = (event.thread, event.task) == (around.thread, around.task)
    return (is_here or event.name == around.name) and first <= start < last < end


def _lies_in(event: Event, around: Event) -> bool:
    """Return whether an event lies inside of another, or of one of another label at least in part."""
    start, end = event.start_ns, event.end_ns or event.start_ns
    first, last = around.start_ns, around.end_ns or around.start_ns
    apart = start >= last or end <= first if end > start else not first <= start <= last
    return not apart and (event.name != around.name or first <= start <= end <= last)


def _adopt(
    parent: NDArray[np.int64], events: Sequence[Event], start_ns: Times, end_ns: Times
) -> tuple[tuple[str, str], ...]:
    """Put events that have no parent under those of another label that all of theirs lie inside of; return which labels.

    They are of different threads, or state none.
    """
    labels: dict[str, list[int]] = {}
    for i, event in enumerate(events):
        labels.setdefault(event.name, []).append(i)
    if not 1 < len(labels) <= MOST_LABELS:
        return ()
    taken: list[tuple[str, str]] = []
    threads = np.array([hash((e.process, e.thread)) for e in events], np.int64)
    unstated = np.array([not (e.process or e.thread or e.task) for e in events])
    free = parent < 0
    placed = {name: np.array(index, np.int64) for name, index in labels.items()}
    orders = {name: index[np.argsort(start_ns[index], kind="stable")] for name, index in placed.items()}
    for name, index in placed.items():
        orphans = index[free[index]]
        if not orphans.size or any("phase" in events[i].measures for i in orphans[:1].tolist()):
            continue
        found: tuple[float, NDArray[np.int64]] | None = None
        for other, order in orders.items():
            if other == name:
                continue
            ends = end_ns[order]
            longest = np.maximum.accumulate(ends)
            holder = np.maximum.accumulate(np.where(ends == longest, np.arange(ends.size), 0))
            at = np.searchsorted(start_ns[order], start_ns[orphans], side="right") - 1
            if (at < 0).any():
                continue
            around = order[holder[at]]
            seconds = end_ns[around] - start_ns[around]
            apart = (threads[around] != threads[orphans]) | (unstated[around] & unstated[orphans])
            inside = (end_ns[around] >= end_ns[orphans]) & apart
            if (inside & (seconds > end_ns[orphans] - start_ns[orphans])).all():
                mean = float(seconds.mean())
                if found is None or mean < found[0]:
                    found = mean, around
        if found is not None:
            parent[orphans] = found[1]
            taken.append((name, events[int(found[1][0])].name))
    return tuple(taken)


def _busy_with_parts(
    parents: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the stretches (indices of edges) in which a container's parts are active, and which event it is."""
    child = np.flatnonzero(parents >= 0)
    parent = parents[child]
    a = np.maximum(first[child], first[parent])
    b = np.minimum(last[child], last[parent])
    good = b > a
    parent, a, b = parent[good], a[good], b[good]
    order = np.lexsort((a, parent))
    stretches: list[tuple[int, int]] = []
    owners: list[int] = []
    for p, low, high in zip(parent[order].tolist(), a[order].tolist(), b[order].tolist(), strict=True):
        if owners and owners[-1] == p and low <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], high))
        else:
            stretches.append((low, high))
            owners.append(p)
    return np.array(stretches, np.int64).reshape(-1, 2), np.array(owners, np.int64)
