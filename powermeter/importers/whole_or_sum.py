"""Decides which rail of a log is the whole (a total, a board, a package), or whether rails or devices are added up.

The decision becomes facts of the recording: a rail's parent and boundary.  Rails of one unmeasured parent are
added up by the analysis; the rail that stands for everything has the boundary of a board.  Where the names
do not show it, it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import HOUSE_LINES
from powermeter.importers.headers import words
from powermeter.importers.rail_names import (
    EXPORTED,
    FEEDERS,
    GENERATED,
    IMPORTED,
    NUMBERED,
    SURELY_ALL,
    TOTAL,
    are_numbered,
    differ_in_a_number,
    held_by_name,
    inside,
    is_of_side_line,
    is_one_part,
    legs_of,
    may_feed,
    may_hold_graphics,
    part_of,
)
from powermeter.importers.sum_twice import refuse_twice
from powermeter.importers.total_by_readings import Readings, refuse_hidden_total
from powermeter.importers.whole_question import NOTHING_SHOWN, Mean, RailsShown, are_apart, may_hold, question
from powermeter.result.notes import Note
from powermeter.units import format_short

_SHARE_OF_PARTS = 0.9
_TOLERANCE = 0.02

WHOLE = "whole"
"""The code of the note that names the rail which is counted."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What stands for everything.

    Attributes:
        rails: Name → the rail with its parent and boundary.
        headline: The rail (or the sum's name) that is counted.
        why: In words, for what is printed.
        is_sum: Whether it is a sum.
        doubt: How far a total and its parts differ, or None.
    """

    rails: Mapping[str, Rail]
    headline: str
    why: str
    is_sum: bool = False
    doubt: Note | None = None

    @property
    def note(self) -> Note:
        """What was decided, for whoever reads the log's remarks; one of many logs leaves it out."""
        return Note.info(WHOLE, f"the whole is {self.headline}: {self.why}")

    @property
    def notes(self) -> list[Note]:
        """What was decided, and what speaks against it."""
        return [self.note] if self.doubt is None else [self.note, self.doubt]


def decide(
    rails: Sequence[Rail],
    *,
    where: str,
    rail: str | None = None,
    add_up: bool = False,
    means: Mapping[str, Mean] | None = None,
    devices: str | None = None,
    readings: Readings | None = None,
    shown: RailsShown = NOTHING_SHOWN,
) -> Whole:
    """Return which rail is the whole.

    Args:
        rails: As the columns name them, each with what its tool states of it.
        where: The file, for messages.
        rail: The name that the user typed.
        add_up: Whether the user stated that all of them add up.
        means: Mean power or counted energy by rail, to check a total against its parts.
        devices: The column that distinguishes devices: rails are then devices, which add up.
        readings: What devices read, to detect a total of them whose name does not show it.
        shown: What a table shows of them.

    Raises:
        ConfigurationError: It cannot be known, or there is no such rail.
    """
    by_name = {entry.name: entry for entry in rails}
    if rail is not None:
        return _typed(by_name, rail, where)
    if len(by_name) == 1:
        only = rails[0]
        return Whole({only.name: replace(only, parent=None)}, only.name, "the only rail")
    with_parent = [entry for entry in rails if entry.parent is not None]
    tops = {name: entry for name, entry in by_name.items() if entry.parent not in by_name}
    if len(tops) == 1 and with_parent:
        top = next(iter(tops))
        return Whole(_under(by_name, {}), top, f"{top} holds the others")
    drawn = _imports(list(tops))
    if add_up and not drawn:
        refuse_twice(list(tops), means or {}, where)
        return _sum(by_name, tops, "all rails", "stated: --sum")
    if devices is not None and not drawn and _adds_devices(tops, where):
        refuse_hidden_total(readings or {}, list(tops), where)
        _refuse_feeder(list(tops), where)
        inside = {name: holder for name in tops if (holder := _holder(name, list(tops))) is not None}
        kept = f"; {', '.join(inside)} inside others" if inside else ""
        return _sum(
            by_name,
            [name for name in tops if name not in inside],
            "all devices",
            f"the devices of column {devices!r}, added up{kept}",
            inside,
        )
    parents = {entry.parent for entry in by_name.values()}
    if len(parents) == 1 and None not in parents:
        parent = str(next(iter(parents)))
        return Whole(dict(by_name), parent, f"the sum of {', '.join(by_name)}", True)
    if drawn:
        return _drawn(by_name, drawn)
    legs = legs_of(list(tops))
    if legs:
        return _drawn(by_name, legs, "mains", "circuits lie behind them")
    total = _total(list(tops))
    if total is not None:
        parts = [name for name in tops if name != total]
        doubt = _check_total(total, parts, means or {}, where)
        return Whole(
            _under(by_name, dict.fromkeys(parts, total), total),
            total,
            f"{total} is the total by its name",
            doubt=doubt,
        )
    inside = {name: holder for name in tops if (holder := _holder(name, list(tops))) is not None}
    inside |= held_by_name([name for name in tops if name not in inside], means or {})
    left = [name for name in tops if name not in inside]
    if set(left) == set(shown.added) and len(left) > 1:
        return _sum(
            by_name, left, " + ".join(left), "the log itself adds them up, in its running sum", inside
        )
    if len(left) == 1:
        return Whole(_under(by_name, inside), left[0], f"{left[0]} holds {', '.join(inside)}")
    stems = {match[1].lower().strip("_-. ") for name in left if (match := NUMBERED.match(name)) is not None}
    if (
        all(NUMBERED.match(name) for name in left)
        and len(stems) == 1
        and re.split(r"[\W_]", next(iter(stems)))[-1]
        not in ("", "rail", "ch", "channel", "log", "part", "file")
    ):
        stem = next(iter(stems))
        return _sum(
            by_name,
            left,
            f"all {stem}s" if not stem.endswith("s") else f"all {stem}",
            f"the sum of {', '.join(left)}",
            inside,
        )
    if all(part_of(name) is not None for name in left):
        kinds = [part_of(name) for name in left]
        graphics = may_hold_graphics([name for name in left if by_name[name].boundary is Boundary.BOARD])
        if (len(set(kinds)) == len(kinds) or are_numbered(left)) and (
            not graphics or are_apart(left, shown.spans)
        ):
            return _sum(by_name, left, " + ".join(left), f"the sum of the parts {', '.join(left)}", inside)
    if differ_in_a_number(left):
        return _sum(by_name, left, " + ".join(left), f"the sum of {', '.join(left)}", inside)
    raise ConfigurationError(question(left, means or {}, shown.spans, where))


def _imports(names: Sequence[str]) -> list[str]:
    """Return the registers of what is drawn from the grid, where all others are of what is fed into it; else none."""
    drawn = [name for name in names if IMPORTED.intersection(words(name))]
    fed = [name for name in names if EXPORTED.intersection(words(name))]
    return drawn if fed and len(drawn) + len(fed) == len(names) and not {*drawn} & {*fed} else []


def _drawn(
    by_name: Mapping[str, Rail],
    drawn: Sequence[str],
    called: str = "import",
    beside: str = "what is fed in is beside it",
) -> Whole:
    """Return what is drawn from the grid as the whole: registers of tariffs add up, what is fed in is a rail beside it."""
    fed = {
        name: replace(entry, parent=None, boundary=Boundary.PART)
        for name, entry in by_name.items()
        if name not in drawn
    }
    if len(drawn) == 1:
        rails = {**fed, drawn[0]: replace(by_name[drawn[0]], parent=None)}
        return Whole(rails, drawn[0], "drawn from the grid; what is fed into it is a rail beside it")
    whole = _sum(by_name, drawn, called, f"the sum of {', '.join(drawn)}; {beside}")
    own = {name: replace(whole.rails[name], boundary=Boundary.WALL) for name in drawn}
    return replace(whole, rails={**whole.rails, **fed, **own})


def _adds_devices(names: Collection[str], where: str) -> bool:
    """Return whether devices of one column add up: none of them is the total by its name.

    Raises:
        ConfigurationError: One may be the total of the others, or a device like them.
    """
    total = _total(list(names))
    others = [name for name in names if name != total]
    if total is None:
        return True
    if set(words(total)) & SURELY_ALL or all(part_of(name) or inside(name) for name in others):
        return False
    raise ConfigurationError(may_hold(total, others, where))


def _refuse_feeder(names: Sequence[str], where: str) -> None:
    """Refuse to add up devices one of which may feed the others, by its name.

    Raises:
        ConfigurationError: One may.
    """
    found = may_feed(names)
    if found is not None:
        raise ConfigurationError(may_hold(found, [name for name in names if name != found], where))


def _typed(by_name: Mapping[str, Rail], typed: str, where: str) -> Whole:
    hits = [name for name in by_name if name.lower() == typed.lower()]
    hits = hits or [name for name in by_name if _bare(name) == _bare(typed)]
    hits = hits or [name for name in by_name if _bare(typed) and _bare(typed) in _bare(name)]
    if len(hits) != 1:
        raise ConfigurationError(
            f"{where}: --rail {typed!r} {'names several rails' if hits else 'is not a rail of it'}; it has {', '.join(by_name)}"
        )
    chosen = hits[0]
    rails = {
        name: replace(entry, parent=None, boundary=Boundary.BOARD)
        if name == chosen
        else replace(
            entry, boundary=Boundary.PART if entry.boundary is Boundary.BOARD else entry.boundary, parent=None
        )
        for name, entry in by_name.items()
    }
    return Whole(rails, chosen, "stated: --rail")


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _under(
    by_name: Mapping[str, Rail], parents: Mapping[str, str], total: str | None = None
) -> dict[str, Rail]:
    found = {}
    for name, entry in by_name.items():
        if name == total:
            wall = bool(set(TOTAL[0]).intersection(words(name)))
            keep = entry.boundary not in (Boundary.BOARD, Boundary.PART)
            found[name] = replace(
                entry,
                parent=None,
                boundary=entry.boundary if keep else Boundary.WALL if wall else Boundary.BOARD,
            )
        elif name in parents:
            boundary = Boundary.PART if entry.boundary is Boundary.BOARD else entry.boundary
            found[name] = replace(entry, parent=parents[name], boundary=boundary)
        else:
            found[name] = entry
    return found


def _sum(
    by_name: Mapping[str, Rail],
    members: Sequence[str] | Mapping[str, Rail],
    name: str,
    why: str,
    inside: Mapping[str, str] | None = None,
) -> Whole:
    members = list(members)
    rails = _under(by_name, inside or {})
    for member in members:
        boundary = rails[member].boundary
        rails[member] = replace(
            rails[member],
            parent=name,
            boundary=Boundary.PART if boundary is Boundary.BOARD else boundary,
            sum_lacks=rails[member].sum_lacks or "what the log does not measure",
        )
    return Whole(rails, name, why, True)


def _total(names: Sequence[str]) -> str | None:
    """Return the one rail that is the total by its name, or None."""
    flows_out = any("out" in words(name) for name in names)
    several = {name.partition("#")[0] for name in names if "#" in name}
    names = [name for name in names if name.partition("#")[0] not in several]
    for group in TOTAL:
        if "input" in group and not flows_out:
            group = (*group, "in")
        hits = [
            name
            for name in names
            if set(group).intersection(words(name))
            and not GENERATED.intersection(words(name))
            and ("wall" in group or not is_one_part(name, names))
            and not ("supply" in group and is_of_side_line(name, names))
        ]
        if "battery" in group and any(HOUSE_LINES.intersection(words(name)) for name in names):
            return None
        if len(hits) == 1 and [*words(hits[0])] == ["ac"] and any(FEEDERS & {*words(n)} for n in names):
            return None  # the circuit of an air conditioner beside the house's feeder
        if len(hits) == 1:
            return hits[0]
        if hits:
            exact = [
                name
                for name in hits
                if len([w for w in words(name) if not w.isdigit()]) == 1 and not NUMBERED.match(name)
            ]
            return exact[0] if len(exact) == 1 else None
    return None


def _check_total(total: str, parts: Sequence[str], means: Mapping[str, Mean], where: str) -> Note | None:
    """Return a note where a total and the sum of its parts differ.

    Raises:
        ConfigurationError: It is less than one of its parts.
    """
    if total not in means:
        return None
    whole, unit = means[total]
    open_ = bool({*words(total)} & {"system", "sys"})  # which may be one of several lines of a plant
    known = {
        name: means[name][0]
        for name in parts
        if name in means and means[name][1] == unit and (part_of(name) is not None or open_)
    }
    if known and whole < _SHARE_OF_PARTS * max(known.values()):
        raise ConfigurationError(
            f"{where}: {total} is the total by its name, but less than its part ({format_short(whole, 4)} {unit} against "
            f"{format_short(max(known.values()), 4)} {unit}); state which rail is the whole with --rail, or leave the column of the total out "
            "with --column NAME=-"
        )
    known = {name: value for name, value in known.items() if _holder(name, parts) is None}
    added = sum(known.values())
    if len(known) < 2 or abs(added - whole) <= _TOLERANCE * whole:
        return None
    listed = " + ".join(known)
    if added > whole:
        return Note.warning(
            "total-below-parts",
            f"{total} is {format_short(whole, 4)} {unit}, less than {listed} = {format_short(added, 4)} {unit}: {total} is counted as the log has it; where the "
            "parts are right, leave its column out with --column NAME=-",
        )
    return Note.info(
        "parts-below-total",
        f"{total} is {format_short(whole, 4)} {unit}, of which {listed} are {format_short(added, 4)} {unit}: the rest is in no rail of its own",
    )


def _holder(name: str, others: Sequence[str]) -> str | None:
    kind = inside(name)
    if kind is None:
        return None
    return next(
        (other for other in others if other != name and part_of(other) == kind and inside(other) is None),
        None,
    )
