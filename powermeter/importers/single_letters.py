"""Columns whose header is one letter beside letters of other meaning: wins and losses, width and height, way and speed.

`W`, `V`, `A` and `J` are units where nothing beside them is such a letter, or where the numbers bear them out: W is V · A.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout

WHY = "one letter beside letters of other meaning"
_UNITS = frozenset("WVAJ")
_SYMBOLS = frozenset("PUIEQ")
_KNOWN = _UNITS | _SYMBOLS | frozenset("TtNnRFC")
"""Units and symbols of quantities, numbers of rows, resistance, frequencies and degrees: no other meaning beside a W."""

_OF_AXES = re.compile(r"[agmvw][ _]?[xyz]", re.IGNORECASE)
"""Acceleration, rotation, field or speed along an axis."""

_NEAR = 0.1
_FEWEST = 3


def without_letters(found: Layout, headings: Sequence[Heading]) -> list[Heading]:
    """Return headings in which a single letter is a unit only where the table bears it out."""
    names = [h.text.strip() for h in headings]
    at = {name: i for i, name in enumerate(names) if len(name) == 1 and name.isalpha()}
    others = {
        i
        for i, name in enumerate(names)
        if _OF_AXES.fullmatch(name) or (name in at and name not in _KNOWN and not _is_time(headings, name, i))
    }
    if not at.keys() & _UNITS or not others or _is_product(found, at):
        return list(headings)
    units = {at[letter] for letter in at.keys() & _UNITS}
    open_ = others | {i for i in at.values() if i not in units and not headings[i].is_time}
    return [
        replace(h, quantity=None, why=WHY)
        if i in units
        else replace(h, unit=h.unit or h.text, quantity=None, why="a letter of unknown meaning")
        if i in open_
        else h
        for i, h in enumerate(headings)
    ]


def _is_time(headings: Sequence[Heading], letter: str, index: int) -> bool:
    return letter in "sS" and not any(h.is_time for i, h in enumerate(headings) if i != index)


def _is_product(found: Layout, at: dict[str, int]) -> bool:
    """Return whether a column W (P) is the product of V (U) and A (I) in most rows."""
    own = [next((at[letter] for letter in either if letter in at), None) for either in ("WP", "VU", "AI")]
    columns = [index for index in own if index is not None]
    if len(columns) < len(own):
        return False
    rows = [row for row in found.rows if len(row) > max(columns)]
    watts, volts, amperes = (np.array([_number(row[i], found) for row in rows]) for i in columns)
    product = volts * amperes
    good = np.isfinite(product) & np.isfinite(watts) & (product != 0)
    if int(good.sum()) < _FEWEST:
        return False
    return bool(np.mean(np.abs(watts[good] / product[good] - 1) < _NEAR) > 1 - _NEAR)


def _number(text: str, found: Layout) -> float:
    return float_or_nan(text.replace(",", ".") if found.decimal_comma else text)
