"""Decides whether a column of numbers called an interval holds how long each row lasted, rather than when it was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.stamps import TICKS
from powermeter.importers.time_parts import LENGTHS

_CALLED = frozenset(("dt", "delta", "deltat", "deltatime", "timedelta", "interval", "step", "timestep"))
_FEWEST = 3


def are_intervals(named: Heading, texts: Sequence[str]) -> bool:
    """Return whether a column holds the interval of each row: called one, never negative, and not rising.

    Args:
        named: Its header.
        texts: Some of its first rows.
    """
    if not _CALLED & {*named.words} and "\u0394t" not in named.text.replace("\u2206", "\u0394"):
        return False
    values = [float_or_nan(text.replace(",", ".")) for text in texts]
    rises = sum(after > before for before, after in pairwise(values))
    return len(values) >= _FEWEST and min(values) >= 0 < max(values) and 2 * rises <= len(values)


def steps_beside_count(
    found: Layout, headings: Sequence[Heading], candidates: Sequence[int]
) -> TimePlan | None:
    """Return a plan of each row's own length (`duration_s`), where what is called a time counts the rows: `epoch`."""
    if not candidates or not all(counts_one_by_one(texts_of(found, i)) for i in candidates):
        return None
    for i, named in enumerate(headings):
        if {*named.words} & LENGTHS and named.words[-1] in TICKS and i not in candidates:
            return TimePlan((i,), "steps", TICKS[named.words[-1]], why="how long each row lasted")
    return None


def counts_one_by_one(texts: Sequence[str]) -> bool:
    """Return whether a column counts rows: whole numbers, each one more than the one above."""
    values = [int(text) for text in texts if text.isdecimal() and len(text) < 12]
    return len(values) == len(texts) > 2 and values == [*range(values[0], values[0] + len(values))]
