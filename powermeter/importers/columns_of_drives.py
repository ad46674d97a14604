"""Columns of motor drives and boards whose names alone mislead: currents of a motor's winding, voltages called `vol`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from powermeter.channel import Quantity
from powermeter.importers.headers import Heading

_AXES = frozenset((("d", "axis"), ("q", "axis")))
_WINDING = frozenset(("motor", "phase"))
_SUPPLIED = frozenset(("in", "input", "battery", "bat", "batt", "supply"))
_VOL = re.compile(r"(?<![A-Za-z])vol(?![A-Za-z])", re.IGNORECASE)
_CURRENTS = ("curr", "cur", "current", "amp", "amps")


def of_drives(headings: Sequence[Heading]) -> list[Heading]:
    """Return headings with voltages called `vol` beside a current, and without what a drive states of its motor's winding.

    A winding carries more current than the supply, at less voltage: its product with the supply's voltage is no power.
    """
    supplied = any(_is_current(h) and not _SUPPLIED.isdisjoint(h.words) for h in headings)
    names = {h.name.lower() for h in headings}
    return [
        replace(h, unit="-", quantity=None, why="of the motor's winding, not of the supply")
        if _is_of_winding(h, supplied)
        else _spelled(h, names)
        for h in headings
    ]


def _is_current(named: Heading) -> bool:
    return Quantity.CURRENT in (named.quantity, named.implied)


def _is_of_winding(named: Heading, supplied: bool) -> bool:
    if not _is_current(named) and Quantity.VOLTAGE not in (named.quantity, named.implied):
        return False
    if not _AXES.isdisjoint(pairwise(named.words)):
        return True
    return (
        supplied
        and _is_current(named)
        and not _WINDING.isdisjoint(named.words)
        and _SUPPLIED.isdisjoint(named.words)
    )


def _spelled(named: Heading, names: set[str]) -> Heading:
    """Return a heading whose `vol` is written out where the same name with a current stands beside it."""
    beside = any(_VOL.sub(word, named.name).lower() in names for word in _CURRENTS)
    return (
        replace(named, name=_VOL.sub("voltage", named.name)) if _VOL.search(named.name) and beside else named
    )
