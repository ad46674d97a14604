"""Amounts of rows as a running total that begins anew behind each hole: what was used in a row without an amount is in no row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.importers.missing_amounts import row_steps

Codes = NDArray[np.int64]
Rows = NDArray[np.int64]

_NONE = np.empty(0, np.int64)
_EARLY = 0.15  # of a row's interval, that a stamp may lie behind its beginning


@dataclass(frozen=True, slots=True, eq=False)
class Blanks:
    """The rows of one column that hold no amount, where other columns have a reading.

    Attributes:
        behind: The rows that hold the first amount behind some of them.
        begins: As many: the row at whose stamp that amount's interval begins.
        bridged: How many rows lie in between.
        ends: How many there are before the first amount, and behind the last one.
        slower: How many there are between rows of its own that come less often.
        first: Whether the first row has an amount.
    """

    behind: Rows = field(default_factory=lambda: _NONE)
    begins: Rows = field(default_factory=lambda: _NONE)
    bridged: int = 0
    ends: int = 0
    slower: int = 0
    first: bool = True


def blanks_of(
    times_ns: NDArray[np.int64],
    amounts: NDArray[np.float64],
    lengths_ns: NDArray[np.int64] | None,
    begin_ns: int,
) -> Blanks:
    """Return where a column's amounts are missing.

    Args:
        times_ns, amounts: Of all rows in which any column has a reading; NaN where this one has none.
        lengths_ns: How long each row's interval is by its own start and end; None where rows state none.
        begin_ns: When the first row's interval begins.
    """
    known = np.flatnonzero(np.isfinite(amounts))
    if not known.size or known.size == amounts.size:
        return Blanks()
    steps = None if lengths_ns is not None else row_steps(times_ns[known], amounts[known])
    behind = known[np.diff(known, prepend=-1) > 1]
    if lengths_ns is not None:
        lengths = lengths_ns[behind]
    elif steps is not None and steps.row_ns is not None:
        lengths = np.full(behind.size, steps.row_ns)
    else:
        lengths = np.diff(times_ns, prepend=begin_ns)[behind]
    starts = times_ns[behind] - lengths + np.rint(_EARLY * lengths).astype(np.int64)
    begins = np.searchsorted(times_ns, starts, side="right") - 1
    leads = known[0] > 0 and begins[0] < 0 and int(starts[0] - lengths[0] * 2 * _EARLY) <= begin_ns
    before = np.concatenate([[-1], known])[np.searchsorted(known, behind)]
    apart = begins > before
    if steps is not None and steps.all_held:
        apart &= behind == known[0]
    behind, begins, before = behind[apart], begins[apart], before[apart]
    within = before >= 0
    bridged = int((begins - before)[within].sum())
    first = int(known[0]) if known[0] and not leads else 0
    ends = first + amounts.size - 1 - int(known[-1])
    return Blanks(behind, begins, bridged, ends, amounts.size - known.size - ends - bridged, not first)


class Totals:
    """The running total of one column's amounts, made block by block.

    Attributes:
        rows: The rows whose amount is the first behind a hole, rising: the total begins anew there.
        begins: The rows at whose stamp their interval begins; -1 where none stands there.
    """

    def __init__(self, rows: Rows = _NONE, begins: Rows = _NONE) -> None:
        self.rows, self.begins = rows, begins
        self._total = self._base = 0

    @classmethod
    def of(cls, blanks: Blanks, holes: Rows) -> Totals:
        """Return those of a column with blanks, and with rows behind holes that all columns have."""
        own = ~np.isin(blanks.behind, holes)
        rows = np.concatenate([blanks.behind[own], holes])
        begins = np.concatenate([blanks.begins[own], np.full(holes.size, -1)])
        order = np.argsort(rows, kind="stable")
        return cls(rows[order], begins[order])

    def codes(self, amounts: Codes, first: int) -> Codes:
        """Return the total at each row of a block; MISSING where it is not known.

        Each time it begins anew it begins one step lower: it falls there even where nothing had been counted.
        """
        if not amounts.size:
            return amounts
        known = amounts != MISSING
        totals = self._total + np.cumsum(np.where(known, amounts, 0))
        low, high = np.searchsorted(self.rows, [first, first + amounts.size])
        at = self.rows[low:high] - first
        bases = np.concatenate([[self._base], totals[at] - np.where(known[at], amounts[at], 0)])
        which = np.searchsorted(at, np.arange(amounts.size), side="right")
        found = np.where(known, totals - bases[which] - (low + which), MISSING)
        here = np.flatnonzero((self.begins >= first) & (self.begins < first + amounts.size))
        found[self.begins[here] - first] = -(here + 1)
        self._total, self._base = int(totals[-1]), int(bases[-1])
        return found

    def opening(self, row: int) -> int:
        """Return the total at the beginning of a row's interval behind a hole."""
        return -int(np.searchsorted(self.rows, row, side="right"))
