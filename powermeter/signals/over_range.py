"""Rows without a reading, or of exactly 0, that stand beside the highest readings: the meter was over range there, or failed; no load of 0.

What is put in their place lies on the line between the readings beside them, and nothing bounds it from above: such rows count as saturated.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Kind, Quantity
from powermeter.errors import plural
from powermeter.result.notes import Note

Codes = NDArray[np.int64]
Bools = NDArray[np.bool_]

_RUNS = 8
_HIGH = 0.5  # of the highest reading
_BESIDE = 0.6  # of the runs of such rows have a high reading beside them
_EITHER_SIDE = 0.25  # of the runs of zeros have one before them, and as many behind: a motor leaves its inrush behind them alone
_SURE = 4.0  # standard deviations more of them than of other rows
_MOST = 0.4  # of all rows
_APART = 0.03  # of the highest reading: the lowest beside 0, which a load that is switched off leaves seldom


def over_range(channel: Channel, codes: Codes) -> Bools | None:
    """Return which rows were over range, shape (n,); None where none shows it."""
    drawn = channel.quantity in (Quantity.POWER, Quantity.CURRENT)
    if not drawn or channel.kind not in (Kind.INSTANT, Kind.MEAN) or channel.offset:
        return None
    blank = codes == MISSING
    found = blank if blank.any() and _beside_the_highest(codes, blank) else np.zeros(codes.size, bool)
    zero = codes == 0
    if (
        zero.any()
        and _stands_apart(codes[~(blank | zero)])
        and _beside_the_highest(codes, zero | found, _EITHER_SIDE)
    ):
        found = found | zero
    return found if found.any() else None


def _stands_apart(others: Codes) -> bool:
    """Return whether the readings that are not 0 keep away from it."""
    return bool(others.size) and others.min() > _APART * others.max()


def _beside_the_highest(codes: Codes, odd: Bools, either_side: float = 0.0) -> bool:
    """Return whether runs of such rows have high readings beside them, and other rows seldom.

    Args:
        either_side: The least share of the runs with a high reading before them, and of those with one behind.
    """
    known = codes != MISSING
    others = np.flatnonzero(known & ~odd)
    if others.size < 2 or not 0 < int(odd.sum()) <= _MOST * codes.size:
        return False
    high = codes[others] > _HIGH * codes[others].max()
    begins = np.diff(others) > 1
    beside = high[1:] | high[:-1]
    after_odd = begins & odd[others[:-1] + 1]
    runs, usual = int(after_odd.sum()), ~begins
    if runs < _RUNS or not usual.any():
        return False
    if min(high[:-1][after_odd].mean(), high[1:][after_odd].mean()) < either_side:
        return False
    share, chance = float(beside[after_odd].mean()), float(beside[usual].mean())
    return share > chance and share >= max(_BESIDE, chance + _SURE * math.sqrt(chance * (1 - chance) / runs))


def filled(codes: Codes, times_ns: Codes, at: Bools) -> Codes:
    """Return codes with such rows on the line between the readings beside them."""
    known = (codes != MISSING) & ~at
    out: Codes = codes.copy()
    out[at] = np.rint(np.interp(times_ns[at], times_ns[known], codes[known])).astype(np.int64)
    return out


def over_range_note(at: Bools, codes: Codes) -> Note:
    """Return the note on such rows."""
    kind = "have no reading" if (codes[at] == MISSING).any() else "read exactly 0"
    return Note.warning(
        "over-range",
        f"{plural(int(at.sum()), 'row')} {kind} where those beside them read highest: over range, or missing; what was drawn there is bounded from "
        "below only, by the line between its neighbours. Use a larger range",
    )
