"""Decides whether a column of numbers called an interval holds how long each row lasted, rather than when it was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.headers import Heading

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
