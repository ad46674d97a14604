"""Finds among amounts of rows which rows are missing, by their stamps and by what the rows behind longer steps hold.

An hour's row that is missing took its energy with it.  A log that writes when something changes, or late, loses none: there the row
behind a longer step holds as much more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.importers.holes import HoleLimits
from powermeter.recording.stretches_of_rate import stretches_of_rate
from powermeter.units import NS

Times = NDArray[np.int64]
Floats = NDArray[np.float64]

CALENDAR_NS = 300 * NS
"""From such a step on rows are those of a calendar (quarters of an hour, days), and no loop that takes a little longer than its stamps show."""

_FEWEST = 8
_LOOKED = 1 << 20
_NEAR, _DRIFT = 0.15, 0.01  # of one step, and of a longer one: how far it may lie from a multiple
_MULTIPLES = 0.98  # of the steps
_SINGLE = 0.15  # of the steps, that are no longer than one row
LONG = 1.6
"""Rows' intervals: a longer step is one from which rows are missing."""
_SURE = 3.0  # standard deviations
_CONSTANT = 0.01
_REACH = 0.95
"""How far the 95 % of a uniform error reach towards its limits, at one of which a log lies that leaves out rows of zero."""


@dataclass(frozen=True, slots=True)
class RowSteps:
    """How long the interval of a row's amount is, and what a longer step means.

    Attributes:
        row_ns: The interval of one row; None where rows come unevenly.
        all_held: Whether rows behind longer steps hold all that was used since the row before, so that none is missing.
        open_share: Of the whole, what is counted twice if so and `all_held` is False, and the amounts do not show it; or what is counted
            too much if this log leaves out rows of zero, and no row shows that it writes them.
        may_be_zero: How many rows are missing that may be such rows.
    """

    row_ns: int | None
    all_held: bool
    open_share: float = 0.0
    may_be_zero: int = 0


def on_a_calendar(stamps_ns: Times) -> bool:
    """Return whether all rows lie at least `CALENDAR_NS` apart, so that no stamp of theirs was cut to a clock's own step."""
    times = stamps_ns[:_LOOKED]
    steps = np.diff(times[times != MISSING])
    return bool(steps.size and steps.min() >= CALENDAR_NS)


def row_steps(times_ns: Times, amounts: Floats) -> RowSteps | None:
    """Return what the steps between rows of amounts mean; None where too few rows show it.

    Args:
        times_ns: Of the rows that hold an amount, rising.
        amounts: As long.
    """
    times_ns, amounts = times_ns[:_LOOKED], amounts[:_LOOKED]
    if times_ns.size <= _FEWEST or stretches_of_rate(times_ns):
        return None
    steps = np.diff(times_ns)
    row_ns = _of_multiples(steps)
    if row_ns is not None:
        long = np.flatnonzero(steps > LONG * row_ns)
    else:
        long = HoleLimits.of(times_ns).exceeded(times_ns)
    if not long.size:
        return None if row_ns is None else RowSteps(row_ns, False)
    usual = row_ns or float(np.median(steps[steps > 0]))
    return _judged(row_ns, amounts, steps / usual, long + 1)


def _of_multiples(steps: Times) -> int | None:
    """Return the step of which all others are multiples, or None."""
    steps = steps[steps > 0]
    if steps.size < _FEWEST:
        return None
    least = float(np.percentile(steps, 10, method="lower"))
    single = np.abs(steps - least) <= _NEAR * least
    one = float(np.median(steps[single]))
    times = np.rint(steps / one)
    fits = np.abs(steps - times * one) <= (_NEAR + _DRIFT * times) * one
    return round(one) if fits.mean() >= _MULTIPLES and single.mean() >= _SINGLE else None


def _judged(row_ns: int | None, amounts: Floats, steps: Floats, long: NDArray[np.intp]) -> RowSteps | None:
    """Return whether amounts behind long steps are those of one row, or of all that would have stood there.

    Args:
        row_ns: The interval of one row, or None.
        amounts: Of all rows.
        steps: Before all rows but the first, in rows.
        long: The rows behind long steps.
    """
    single = np.setdiff1d(np.arange(1, amounts.size), long)
    if single.size < _FEWEST // 2:
        return None
    mean, spread = float(amounts[single].mean()), float(amounts[single].std(ddof=1))
    rows, held = float(steps[long - 1].sum()), float(amounts[long].sum())
    if mean <= 0:
        return RowSteps(row_ns, False)
    extra = (rows - long.size) * mean
    share = max(extra, 0.0) / (float(amounts.sum()) + max(extra, 0.0))
    constant = float(np.ptp(amounts)) <= _CONSTANT * mean
    if constant and (
        row_ns is None or row_ns < CALENDAR_NS
    ):  # pulses of a meter, or a load that never changes
        return RowSteps(row_ns, row_ns is None, 0.0 if row_ns is None else share)
    of_one = _deviations(held, long.size, mean, spread, single.size)
    of_all = _deviations(held, rows, mean, spread, single.size)
    if of_all < _SURE < of_one:
        return RowSteps(row_ns, True)
    if amounts.all():
        return RowSteps(row_ns, False, share / _REACH, round(rows) - long.size)
    return RowSteps(row_ns, False, 0.0 if of_all > _SURE else share)


def _deviations(held: float, rows: float, mean: float, spread: float, known: int) -> float:
    """Return by how many standard deviations a sum differs from that of so many rows."""
    deviation = spread * math.sqrt(rows + rows * rows / known)
    return abs(held - rows * mean) / deviation if deviation else math.inf
