"""Events inside events, as a tree of labels whose energies add up: an event's own part is what its children leave of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.analysis.shares_of_overlapping import parents_of
from powermeter.errors import plural
from powermeter.result import Result, combine, plain
from powermeter.result.formatting import DASH, UNKNOWN, Shown
from powermeter.units import format_percent

from .wording import show

MOST_EVENTS = 200_000
MOST_NODES = 60
OUTSIDE = "outside events"
OTHERS = "other labels"
HEADS = ("label", "events", "with what is inside", "its own", "of the run")
NOTE = (
    "A label's energy is its own part and that of the labels under it, of the same events; a dash: nothing lies inside, "
    "or an energy among them is not known."
)
OUTLASTS = (
    "Some events outlast the one that they began in (a background task, a generator): all of it is in their own rows, "
    "and only what lies inside in the row of the label around."
)
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


@dataclass(frozen=True, slots=True)
class Tree:
    """Labels of nested events, each after the one around it.

    Attributes:
        nodes: At most `MOST_NODES`; of more, those that have something inside, or lie in another.
        left_out: How many more there are.
        others: Of how many events, and which energy in J, the outermost of them are; an energy of None is not known.
        outside: Energy of the run outside of all events, in J: with the outermost labels it makes the run; None where
            an energy is not known.
        outlasts: Whether an event ends after the one around it.
    """

    nodes: tuple[Node, ...] = ()
    left_out: int = 0
    others: tuple[int, Result | None] | None = None
    outside: Result | None = None
    outlasts: bool = False

    def __bool__(self) -> bool:
        return bool(self.nodes)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to print below it."""
        count = plural(self.left_out, "more label is", "more labels are")
        more = f"{count} left out: export --what events has every event with its parent."
        return (NOTE, *[OUTLASTS] * self.outlasts, *[more] * bool(self.left_out))

    def record(self) -> list[dict[str, object]]:
        """Return the nodes as plain values."""
        found: list[dict[str, object]] = [
            {
                "path": list(node.path),
                "events": node.events,
                "energy": plain(node.total),
                "own": plain(node.own),
                "overlap": node.overlap,
                "kind": "label",
            }
            for node in self.nodes
        ]
        if self.others is not None:
            events, energy = self.others
            found.append(
                {
                    "path": [],
                    "events": events,
                    "energy": plain(energy),
                    "own": None,
                    "overlap": False,
                    "kind": "others",
                }
            )
        if self.outside is not None:
            outside = plain(self.outside)
            found.append(
                {
                    "path": [],
                    "events": 0,
                    "energy": outside,
                    "own": outside,
                    "overlap": False,
                    "kind": "outside",
                }
            )
        return found


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A row of the tree in print.

    Attributes:
        depth: How many labels are around it.
        label: Its name.
        events: How many, or a dash.
        total, own: With what is inside, and its own.
        overlap: Whether its children lie beside each other, so that nothing is its own.
        share: Of the run.
    """

    depth: int
    label: str
    events: str
    total: Shown
    own: Shown
    overlap: bool
    share: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As `HEADS` after the first."""
        return self.events, self.total.text, self.own.text, self.share


def lines(a: Analysis, tree: Tree) -> list[TreeLine]:
    """Return the rows of a tree in print, what lies outside of all events last."""
    found = [
        TreeLine(
            len(node.path) - 1,
            node.path[-1],
            f"{node.events:,}",
            show(node.total),
            show(node.own),
            node.overlap,
            _share(a, node.total),
        )
        for node in tree.nodes
    ]
    if tree.others is not None:
        events, total = tree.others
        found.append(TreeLine(0, OTHERS, f"{events:,}", show(total), UNKNOWN, False, _share(a, total)))
    if tree.outside is not None:
        shown = show(tree.outside)
        found.append(TreeLine(0, OUTSIDE, DASH, shown, shown, False, _share(a, tree.outside)))
    return found


def _share(a: Analysis, part: Result | None) -> str:
    """Return what share of the run's energy a part is; a dash where either is known as a bound only."""
    known = part is not None and a.energy.value > 0 and show(part).ends and show(a.energy).ends
    return format_percent(part.value / a.energy.value, 3) if part is not None and known else DASH


@dataclass(slots=True)
class _EventsOfPath:
    index: list[int] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)


def tree_of(a: Analysis, most: int = MOST_NODES) -> Tree:
    """Return the labels of nested events, each after the one around it, so many at most; empty where no event lies in another.

    Events without an energy are left out; of more than `MOST_EVENTS` there is no tree.
    """
    events = a.events
    if len(events) > MOST_EVENTS:
        return Tree()
    parents: list[int] = (parents_of(events) if a.shares is None else a.shares.parent).tolist()
    if all(parent < 0 for parent in parents):
        return Tree()
    labels, which = events.labels
    names = [labels[i] for i in which.tolist()]
    paths: dict[int, Path] = {}
    found: dict[Path, _EventsOfPath] = {}
    for i in range(len(events)):
        path = _path(i, names, parents, paths)
        found.setdefault(path, _EventsOfPath()).index.append(i)
        if parents[i] >= 0 and len(path) > 1:
            found.setdefault(path[:-1], _EventsOfPath()).inside.append(i)
    if all(len(path) == 1 for path in found):
        return Tree()
    ordered = [path for path in _ordered(list(found)) if found[path].index]
    kept = set(_first(ordered, most))
    nodes = tuple(_node(a, path, found[path]) for path in ordered if path in kept)
    outlasts = a.shares is not None and bool(a.shares.outlasts.any())
    roots = [i for path in ordered if len(path) == 1 for i in found[path].index]
    rest = [i for path in ordered if len(path) == 1 and path not in kept for i in found[path].index]
    others = (len(rest), _of_roots(a, np.array(rest, dtype=np.int64))) if rest else None
    outside = _outside(a, np.array(roots, dtype=np.int64))
    return Tree(nodes, len(ordered) - len(nodes), others, outside, outlasts)


def _first(ordered: Sequence[Path], most: int) -> list[Path]:
    """Return the paths to print: all or, of too many, those with others inside or around; what stands alone is in the label table."""
    if len(ordered) <= most:
        return list(ordered)
    nested = {path[0] for path in ordered if len(path) > 1}
    return [path for path in ordered if path[0] in nested][:most]


def _of_roots(a: Analysis, index: NDArray[np.int64]) -> Result | None:
    if not a.energies.known[index].all():
        return None
    weights = np.zeros(len(a.energies))
    weights[index] = 1.0 if a.shares is None else a.shares.whole[index]
    return a.energies.combine(weights, "tree others")


def _outside(a: Analysis, roots: NDArray[np.int64]) -> Result | None:
    """Return what the run drew outside of its outermost events."""
    if not a.energies.known[roots].all():
        return None
    weights = np.zeros(len(a.energies))
    weights[roots] = 1.0 if a.shares is None else a.shares.whole[roots]
    if a.shares is not None:
        weights += a.shares.beyond
        if not a.energies.known[weights > 0].all():
            return None
    return combine([(1.0, a.energy), (-1.0, a.energies.combine(weights, "tree"))])


def _overlaps(a: Analysis, index: NDArray[np.int64]) -> bool:
    starts, ends = a.energies.start_ns[index], a.energies.end_ns[index]
    order = np.argsort(starts, kind="stable")
    return bool((starts[order][1:] < np.maximum.accumulate(ends[order])[:-1]).any())


def _path(i: int, names: Sequence[str], parents: Sequence[int], paths: dict[int, Path]) -> Path:
    """Return the labels around an event and its own; a parent that is missing, or its own ancestor, ends it."""
    chain: list[int] = []
    at = i
    while at >= 0 and at not in paths and at not in chain:
        chain.append(at)
        at = parents[at]
    path = paths.get(at, ())
    for step in reversed(chain):
        path = (*path, names[step])
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


def _node(a: Analysis, path: Path, found: _EventsOfPath) -> Node:
    index, inside = np.array(found.index), np.array(found.inside, dtype=np.int64)
    weights = np.zeros(len(a.energies))
    known = index[a.energies.known[index]]
    part = np.ones(len(a.energies)) if a.shares is None else a.shares.whole
    weights[known] = part[known]
    name = "/".join(path)
    total = a.energies.combine(weights, f"tree {name}") if known.size else None
    if not inside.size or total is None:
        return Node(path, len(found.index), total, None, False)
    overlap = _overlaps(a, inside)
    left = weights.copy()
    children = inside[a.energies.known[inside]]
    left[children] -= part[children]
    whole = bool(a.energies.known[index].all() and a.energies.known[inside].all())
    own = a.energies.combine(left, f"own {name}") if whole else None
    if own is not None and a.shares is not None and (own.value < 0 or a.shares.outlasts.any()):
        left[:] = 0.0
        left[index] = a.shares.own[index]
        own = a.energies.combine(left, f"own {name}")
    if own is not None and total.low >= 0 and own.high > total.high:
        kids = a.energies.combine(weights - left, f"inside {name}")
        if kids.low >= 0:  # nothing flowed back, so that a part is no larger than the whole
            own = replace(own, high=max(total.high, own.value))
    return Node(path, len(found.index), total, own, overlap)
