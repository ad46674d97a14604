"""What is asked where the names of rails do not show which is the whole, and which of the two answers is offered first.

A sum is the likely one where no rail can be inside another: they are of one series, or each reads less than the other at times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from powermeter.errors import plural
from powermeter.importers.header_words import USED
from powermeter.importers.headers import words

Mean = tuple[float, str]
"""A rail's mean power or counted energy, and its unit."""

Span = tuple[float, float]
"""What nine in ten of a rail's first readings exceed, and what one in ten does, in watts."""


@dataclass(frozen=True, slots=True)
class RailsShown:
    """What a table shows of its rails.

    Attributes:
        spans: What each mostly reads, to exclude that one is inside another.
        added: Those that the log itself adds up in a running sum.
    """

    spans: Mapping[str, Span]
    added: Sequence[str] = ()


NOTHING_SHOWN = RailsShown({})

_CLEARLY = 1.1

FEWEST_READINGS = 10
"""Fewer of a rail do not show what it mostly reads."""

_COUNTED = re.compile(r"(.*?)[\s_.-]*(?:\d{1,3}|(?<![A-Za-z])[A-Ha-h])\Z", re.DOTALL)
_OF_COLUMNS = frozenset(("", "rail", "column"))


def question(names: Sequence[str], means: Mapping[str, Mean], spans: Mapping[str, Span], where: str) -> str:
    """Return what is asked, the likely answer first."""
    first = f"--rail {quoted(_likely_whole(names, means))} (or another)"
    offered = f"{first}, or --sum where none is a part of another"
    if are_one_series(names) or are_apart(names, spans):
        offered = f"--sum, where none is a part of another, or {first}"
    return (
        f"{where}: {plural(len(names), 'rail')} ({', '.join(names[:8])}) and none of them is the total by its name; which one is the "
        f"whole? {offered}"
    )


def may_hold(total: str, others: Sequence[str], where: str) -> str:
    """Return what is asked where one rail may be the total of the others, or a device like them."""
    return (
        f"{where}: {total} may hold {', '.join(others[:8])}, or be a device beside them; which is the whole? "
        f"--rail {quoted(total)}, or --sum where none is a part of another"
    )


def quoted(name: str) -> str:
    return f"'{name}'" if re.search(r"[^\w.+-]", name) else name


def are_one_series(names: Sequence[str]) -> bool:
    """Return whether names differ in one number or letter: `CH1` and `CH2`, `Server A` and `Server B`, `PSU1 Input` and `PSU2 Input`."""
    bare = {re.sub(r"\d{1,3}", "#", name.lower(), count=1) for name in names}
    if len(bare) == 1 and "#" in next(iter(bare)):
        stem = next(iter(bare)).partition("#")[0]
        return stem.strip(" _.-") not in _OF_COLUMNS
    matches = [_COUNTED.fullmatch(name) for name in names]
    stems = {match[1].lower() if match else "" for match in matches}
    return len(names) > 1 and len(stems) == 1 and stems.isdisjoint(_OF_COLUMNS)


def are_apart(names: Sequence[str], spans: Mapping[str, Span]) -> bool:
    """Return whether the readings exclude that any rail is inside another: what holds a part is never less than it, at no share of the time."""
    return all(name in spans for name in names) and not any(
        _may_hold(spans[a], spans[b]) or _may_hold(spans[b], spans[a]) for a, b in combinations(names, 2)
    )


def _may_hold(holder: Span, part: Span) -> bool:
    return all(_CLEARLY * whole >= within for whole, within in zip(holder, part, strict=True))


def _likely_whole(names: Sequence[str], means: Mapping[str, Mean]) -> str:
    """Return the rail to offer as an example: what a house draws, or the largest, as no whole is less than its part."""
    used = next((name for name in names if USED.intersection(words(name))), None)
    known = {name: means[name] for name in names if name in means}
    if used is not None or len(known) < len(names) or len({unit for _, unit in known.values()}) > 1:
        return used or names[0]
    return max(names, key=lambda name: known[name][0])
