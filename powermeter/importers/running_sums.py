"""Columns of a power or a current that add up the readings so far, as `total += power` in a loop writes them: no reading of anything.

Beside its readings a sum shows itself: its steps are they.  Alone it only rises, by what one reading may be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, plural
from powermeter.importers.column_kinds import typed_for
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.header_words import COUNTED
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.rail_names import SURELY_ALL
from powermeter.importers.table_plan import Planned
from powermeter.result.notes import Note

_FEWEST = 8  # steps that are the readings
_ROUNDED = 1e-9  # of the sum, as binary floats add up
_CLOSE = 0.05  # of the mean step: what rounding may leave open
_RISES = 16  # of a sum alone
_ADDED = (Quantity.POWER, Quantity.CURRENT)


def without_running_sums(
    found: Layout, headings: Sequence[Heading], stated: Collection[int]
) -> tuple[list[Heading], list[Note], set[int]]:
    """Return headings, without a quantity where a column is the running sum of one beside it or of all of them, a note on each, and the columns that one adds up."""
    meant = {i: h.quantity or h.implied for i, h in enumerate(headings) if h.quantity or h.is_electric}
    open_ = [i for i, quantity in meant.items() if quantity in _ADDED]
    if len(open_) < 2 or not found.named:
        return list(headings), [], set()
    columns = {i: _cells(found, i, headings[i].factor) for i in open_}
    rising = [i for i in open_ if i not in stated and columns[i].only_rise]
    kept, notes = list(headings), list[Note]()
    summed: set[int] = set()
    for i in rising:
        others = [k for k in open_ if k not in rising and meant[k] == meant[i]]
        added = others if len(others) > 1 and columns[i].is_sum_of([columns[k] for k in others]) else []
        single = [k for k in others if columns[i].is_sum_of([columns[k]])]
        if not (added or single):
            continue
        summed |= set(() if single else added)
        whose = " + ".join(repr(headings[k].text) for k in single[:1] or added)
        kept[i] = replace(
            kept[i], unit=kept[i].unit or "sum", quantity=None, why=f"the running sum of {whose}"
        )
        text = f"{headings[i].text!r} is the running sum of {whose} from row to row, which no meter reads: left out"
        notes.append(Note.warning("running-sum", text))
    return kept, notes, summed


def refuse_running_sum(
    columns: Sequence[Planned], seen_of: Sequence[Statistics], typed: Mapping[str, str], where: str
) -> None:
    """Refuse a power or a current called a total that only rises, in each row by no more than one reading may be.

    Args:
        typed: What `--as` states of columns.

    Raises:
        ConfigurationError: It is one.
    """
    for column, seen in zip(columns, seen_of, strict=True):
        named = column.heading
        if (
            named.quantity not in _ADDED
            or column.rail is None
            or named.is_stated
            or column.fact is not None
            or typed_for(column, typed) is not None
            or (COUNTED | SURELY_ALL).isdisjoint(named.words)
        ):
            continue
        steps = seen.count - len(seen.last)
        if len(seen.last) == 1 and steps == seen.rises >= _RISES and 0 <= seen.first <= seen.largest_rise:
            raise ConfigurationError(
                f"{where}: {named.text!r} rises in each of {plural(steps, 'row')}, from no more than one of its steps: it adds up the readings so far, which is no "
                "power. Its steps from row to row are the readings: write those into a column of their own and import it. Where it is a power that "
                f"rises throughout: --as {quote(f'{named.text}=power')}"
            )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The numbers of a column in SI units, and what its last digit is worth at most."""

    values: NDArray[np.float64]
    last_digit: float

    @property
    def only_rise(self) -> bool:
        """Whether none is below the one before, and many are above it."""
        steps = np.diff(self.values)
        return bool((steps >= 0).all() and np.count_nonzero(steps) >= _FEWEST)

    def is_sum_of(self, others: Sequence[_Cells]) -> bool:
        """Return whether each step is what others read together in its row, or in the one before."""
        added = np.sum([other.values for other in others], axis=0)
        steps = np.diff(self.values)
        near = self.last_digit + sum(other.last_digit for other in others) / 2 + _ROUNDED * self.values[-1]
        if near > _CLOSE * float(np.mean(steps)):
            return False
        return any(bool((np.abs(steps - beside) <= near).all()) for beside in (added[1:], added[:-1]))


def _cells(found: Layout, index: int, factor: float) -> _Cells:
    texts = [row[index].strip() if len(row) > index else "" for row in found.rows]
    texts = [text.replace(",", ".") for text in texts] if found.decimal_comma else texts
    decimals = min((len(text.partition(".")[2]) for text in texts), default=0)
    return _Cells(np.array([float_or_nan(text) for text in texts]) * factor, factor * 10.0**-decimals)
