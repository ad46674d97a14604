"""Rows without a reading, or of exactly 0, that stand beside the highest readings: the meter was over range there, or failed; no load of 0.

What is put in their place lies on the line between the readings beside them, and nothing bounds it from above: such rows count as saturated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Beside:
    """Where runs of rows without a reading, or of 0, stand; sums over the pieces of a recording.

    Attributes:
        rows, odd: How many rows, and such rows.
        runs, before, behind, either: Such runs between other rows; with a high reading before them, behind them, on a side.
        usual, high: Other rows that follow one another, and pairs of them of which one is high.
    """

    rows: int = 0
    odd: int = 0
    runs: int = 0
    before: int = 0
    behind: int = 0
    either: int = 0
    usual: int = 0
    high: int = 0

    @classmethod
    def of(cls, codes: Codes, odd: Bools, highest: float) -> Beside:
        """Return what a piece shows, whose highest reading of all is known."""
        others = np.flatnonzero((codes != MISSING) & ~odd)
        high = codes[others] > _HIGH * highest
        begins = np.diff(others) > 1
        run = begins & odd[np.minimum(others[:-1] + 1, codes.size - 1)]
        beside = high[1:] | high[:-1]
        counts = (run, run & high[:-1], run & high[1:], run & beside, ~begins, ~begins & beside)
        return cls(codes.size, int(odd.sum()), *(int(np.count_nonzero(one)) for one in counts))

    def __add__(self, other: Beside) -> Beside:
        """Return what two pieces show together."""
        return Beside(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def beside_the_highest(self, either_side: float = 0.0) -> bool:
        """Return whether such runs have high readings beside them, and other rows seldom.

        Args:
            either_side: The least share of the runs with a high reading before them, and of those with one behind.
        """
        if self.runs < _RUNS or not self.usual or not 0 < self.odd <= _MOST * self.rows:
            return False
        if min(self.before, self.behind) < either_side * self.runs:
            return False
        share, chance = self.either / self.runs, self.high / self.usual
        sure = _SURE * math.sqrt(chance * (1 - chance) / self.runs)
        return share > chance and share >= max(_BESIDE, chance + sure)


def over_range(channel: Channel, codes: Codes) -> Bools | None:
    """Return which rows were over range, shape (n,); None where none shows it."""
    if not may_be(channel):
        return None
    blank = codes == MISSING
    found = (
        blank if blank.any() and _beside(codes, blank).beside_the_highest() else np.zeros(codes.size, bool)
    )
    zero = codes == 0
    if (
        zero.any()
        and _stands_apart(codes[~(blank | zero)])
        and _beside(codes, zero | found).beside_the_highest(_EITHER_SIDE)
    ):
        found = found | zero
    return found if found.any() else None


def zeros_behind_the_highest(channel: Channel, codes: Codes) -> Bools | None:
    """Return which rows read 0 with the highest readings before them alone: over range, or a load that is off behind its peak; None where none do."""
    zero = codes == 0
    if not may_be(channel) or not zero.any() or not _stands_apart(codes[~(zero | (codes == MISSING))]):
        return None
    found = _beside(codes, zero)
    return zero if found.beside_the_highest() and found.before >= _BESIDE * found.runs else None


def may_be(channel: Channel) -> bool:
    """Return whether a channel's readings of 0 are none of its load."""
    drawn = channel.quantity in (Quantity.POWER, Quantity.CURRENT)
    return drawn and channel.kind in (Kind.INSTANT, Kind.MEAN) and not channel.offset


def in_pieces(pieces: Iterable[Codes], highest: float) -> bool:
    """Return whether rows of a long channel were over range, or may have been, going by its pieces.

    Args:
        highest: The highest code of all pieces.
    """
    counts = [Beside(), Beside(), Beside()]
    last, apart = np.empty(0, np.int64), True
    for codes in pieces:
        blank, zero = codes == MISSING, codes == 0
        others = codes[~(blank | zero)]
        apart = apart and not (others.size and float(others.min()) <= _APART * highest)
        joined = np.concatenate([last, codes])
        for k, what in enumerate((0b01, 0b10, 0b11)):
            odd = (joined == MISSING) * bool(what & 1) | (joined == 0) * bool(what & 2)
            one = Beside.of(joined, odd, highest)
            counts[k] = counts[k] + replace(one, rows=codes.size, odd=int(odd[last.size :].sum()))
        # From the last reading on: a run may go on in the next piece.
        known = np.flatnonzero(~((joined == MISSING) | (joined == 0)))
        last = joined[known[-1] :][:2] if known.size else joined[:2]
    return counts[0].beside_the_highest() or (apart and any(one.beside_the_highest() for one in counts[1:]))


def _stands_apart(others: Codes) -> bool:
    """Return whether the readings that are not 0 keep away from it."""
    return bool(others.size) and others.min() > _APART * others.max()


def _beside(codes: Codes, odd: Bools) -> Beside:
    others = codes[(codes != MISSING) & ~odd]
    return Beside.of(codes, odd, float(others.max())) if others.size else Beside()


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


def zeros_note(at: Bools) -> Note:
    """Return the note on zeros that the highest readings stand before."""
    return Note.warning(
        "zeros-behind-peaks",
        f"{plural(int(at.sum()), 'row')} read exactly 0 right behind the highest readings: the load is off then, or the meter was over range, which nothing shows. "
        "They count as 0, so that energies are from below only; if it was the range, use a larger one",
    )
