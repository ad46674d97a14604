"""Events inside events, as a tree of labels whose energies add up: an event's own part is what its children leave of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from powermeter.analysis.energy import Analysis
from powermeter.result import Result

MOST_EVENTS = 200_000
MOST_NODES = 60
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A label under the labels around it.

    Attributes:
        path: Labels from the outermost to this one.
        events: How many.
        total: Energy of these events, children included, in J.
        own: The part outside their children, in J; None where it has no children.
        overlap: Whether children lie beside each other in time, so that their sum is more than what was drawn.
    """

    path: Path
    events: int
    total: Result | None
    own: Result | None
    overlap: bool


@dataclass(slots=True)
class _Found:
    index: list[int] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)


def tree_of(a: Analysis) -> tuple[Node, ...]:
    """Return the labels of nested events, each after the one around it; empty where no event lies in another.

    Events without an energy, and those of more than `MOST_EVENTS`, are left out.
    """
    events = a.events
    if not any(event.parent is not None for event in events) or len(events) > MOST_EVENTS:
        return ()
    places = {(event.process, event.uid): i for i, event in enumerate(events)}
    paths: dict[int, Path] = {}
    found: dict[Path, _Found] = {}
    for i in range(len(events)):
        path = _path(i, events, places, paths)
        found.setdefault(path, _Found()).index.append(i)
        around = events[i].parent
        parent = places.get((events[i].process, around)) if around is not None else None
        if parent is not None and len(path) > 1:
            found.setdefault(path[:-1], _Found()).inside.append(i)
    if all(len(path) == 1 for path in found):
        return ()
    return tuple(_node(a, path, found[path]) for path in _ordered(list(found)) if found[path].index)[
        :MOST_NODES
    ]


def _path(
    i: int, events: Sequence[object], places: dict[tuple[int, int], int], paths: dict[int, Path]
) -> Path:
    """Return the labels around an event and its own; a parent that is missing, or its own ancestor, ends it."""
    chain: list[int] = []
    at: int | None = i
    while at is not None and at not in paths and at not in chain:
        chain.append(at)
        event = events[at]
        parent = getattr(event, "parent", None)
        at = None if parent is None else places.get((getattr(event, "process", 0), parent))
    path = paths.get(at, ()) if at is not None else ()
    for step in reversed(chain):
        path = (*path, str(getattr(events[step], "name", "")))
        paths[step] = path
    return paths[i]


def _ordered(paths: list[Path]) -> Iterator[Path]:
    """Yield paths depth first, in order of first appearance."""
    children: dict[Path, list[Path]] = {}
    for path in paths:
        children.setdefault(path[:-1], []).append(path)

    def walk(path: Path) -> Iterator[Path]:
        for child in children.get(path, ()):
            yield child
            yield from walk(child)

    yield from walk(())


def _node(a: Analysis, path: Path, found: _Found) -> Node:
    index, inside = np.array(found.index), np.array(found.inside, dtype=np.int64)
    weights = np.zeros(len(a.energies))
    known = index[a.energies.known[index]]
    weights[known] = 1.0
    name = "/".join(path)
    total = a.energies.combine(weights, f"tree {name}") if known.size else None
    if not inside.size or total is None:
        return Node(path, len(found.index), total, None, False)
    starts, ends = a.energies.start_ns[inside], a.energies.end_ns[inside]
    order = np.argsort(starts, kind="stable")
    overlap = bool((starts[order][1:] < np.maximum.accumulate(ends[order])[:-1]).any())
    left = weights.copy()
    left[inside[a.energies.known[inside]]] -= 1.0
    whole = bool(a.energies.known[index].all() and a.energies.known[inside].all())
    own = a.energies.combine(left, f"own {name}") if whole and not overlap else None
    return Node(path, len(found.index), total, own, overlap)
