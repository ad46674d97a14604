"""Which rail is counted where none is named, which rails overlap, and which sums stand for a rail that nobody measures.

Rails form a tree.  A rail is never added to the one that feeds it or to one it feeds, nor to
another view of the same thing by a second instrument.  Sibling rails may be added up where their driver
names one common parent that nobody measures: then the sum stands for that parent (`whole`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from powermeter.channel import HEADLINE_ORDER, Boundary, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.errors.suggestions import MEANT, nearest
from powermeter.signals.line import Line


def whole(found: Iterable[Line]) -> tuple[Line, ...]:
    """Return the sums that may stand for an unmeasured parent, one for each such parent.

    Sibling rails are added only where their driver names the same parent, no rail of that name is
    measured in that source, and each of them has power.
    """
    found = tuple(found)
    measured = {(line.source, line.rail.name) for line in found}
    families: dict[tuple[str, str], list[Line]] = {}
    for line in found:
        parent = line.rail.parent
        if parent is not None and (line.source, parent) not in measured and line.power() is not None:
            families.setdefault((line.source, parent), []).append(line)
    sums = []
    for (source, parent), members in families.items():
        if len(members) < 2:
            continue
        members.sort(key=lambda line: line.key)
        names = ", ".join(line.rail.name for line in members)
        nominals = {line.rail.nominal_v for line in members}
        best = min((line.rail.boundary for line in members), key=HEADLINE_ORDER.index)
        lacks = members[0].rail.sum_lacks or f"what else hangs on {parent}"
        rail = Rail(
            parent,
            None,
            best,
            f"the sum of {names}; not in it: {lacks}",
            nominals.pop() if len(nominals) == 1 else None,
        )
        name = members[0].source_name
        sums.append(Line(source, name, rail, f"{name}/{parent}", tuple(members), members[0].sampling))
    return tuple(sums)


def choose(found: Sequence[Line], name: str | None = None) -> Line:
    """Return the rail to count: the one named, or the best stand-in for what the battery sees.

    Without a name: boundaries in the order of `HEADLINE_ORDER`, a declared sum before its own parts and
    after other rails of its boundary, measured before estimated, then the order in the recording.

    Raises:
        ConfigurationError: No rail has that name, or several have.
        DataError: Nothing in the recording measures power or current.
    """
    sums = whole(found)
    candidates = [line for line in (*found, *sums) if line.power() is not None]
    if name is not None:
        exact = [line for line in candidates if line.key == name]
        matches = exact or [line for line in candidates if line.rail.name.lower() == name.lower()]
        if len(matches) == 1:
            return matches[0]
        keys = [line.key for line in candidates]
        if matches:
            raise ConfigurationError(f"{name!r} names several rails; there are: {', '.join(keys)}")
        hint = nearest(name, [*(line.rail.name for line in candidates), *keys])
        if not hint.startswith(MEANT):
            hint = f"there are: {', '.join(keys) or 'none'}"
        raise ConfigurationError(f"{name!r} is not a rail with power of this recording; {hint}")
    if not candidates:
        if any(line.direct(q) is not None for line in found for q in (Quantity.CURRENT, Quantity.CHARGE)):
            raise DataError(
                "this recording measures a current and no voltage: its charge is exact (powermeter show prints it), an energy "
                "needs the supply's voltage: --rail-voltage 3.7V"
            )
        raise DataError("nothing in this recording measures power or current")
    parents = {(line.source, line.rail.name): line.rail.parent for line in found}
    wholes = {(line.source, line.rail.name) for line in sums}

    def is_inside(line: Line) -> bool:
        """Whether a rail is a part of a declared sum, or a part of such a part."""
        mine = {name: parent for (source, name), parent in parents.items() if source == line.source}
        return any((line.source, above) in wholes for above in _ancestors(line.rail.name, mine))

    return min(
        (line for line in candidates if not is_inside(line)),
        key=lambda line: (
            HEADLINE_ORDER.index(line.rail.boundary),
            bool(line.parts),
            line.grade.rank,
            line.rail.parent is not None,
        ),
    )


def overlap(left: Line, right: Line, found: Sequence[Line]) -> bool:
    """Return whether two rails count some of the same energy: one feeds the other, or both see one thing.

    Rails of different sources are taken to overlap unless both are devices or parts of different name.
    """
    if left.source != right.source:
        apart = (Boundary.DEVICE, Boundary.PART)
        both_parts = left.rail.boundary in apart and right.rail.boundary in apart
        return not (both_parts and left.rail.name != right.rail.name)
    parents = {line.rail.name: line.rail.parent for line in found if line.source == left.source}
    return (
        left.rail.name == right.rail.name
        or right.rail.name in _ancestors(left.rail.name, parents)
        or left.rail.name in _ancestors(right.rail.name, parents)
    )


def _ancestors(name: str, parents: dict[str, str | None]) -> set[str]:
    seen: set[str] = set()
    above = parents.get(name)
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return seen
