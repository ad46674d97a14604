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
from powermeter.importers.hole_limits import HoleLimits
from powermeter.recording.stretches_of_rate import stretches_of_rate
from powermeter.result.grade import Grade, worst
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
_FEWEST_MISSING = 5  # places at which rows are missing
_ALONE = 1.5  # rows that are missing at one place, in the middle
_LOW = 0.05  # of all rows, that hold less than what counts as little
_UNITS = 20  # of the least distance between two amounts, that little is at least
_RARE = 6.9  # −ln 0.001
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
        taken_as_lost: How many may only be such rows if the load is switched in step with the log's rows.
    """

    row_ns: int | None
    all_held: bool
    open_share: float = 0.0
    may_be_zero: int = 0
    taken_as_lost: int = 0

    @property
    def of_zero(self) -> tuple[int, int]:
        """How many rows are missing that may be rows of zero, and that were taken for none."""
        return self.may_be_zero, self.taken_as_lost

    def limit(self, gain: float) -> float:
        """Return what is open, and what the gain's limit adds to it at its end, where such a log lies; relative."""
        return self.open_share + gain if self.open_share else 0.0

    def grade(self, known: Grade) -> Grade:
        """Return the grade of readings of which rows were taken for lost ones."""
        return worst((known, Grade.ESTIMATED)) if self.taken_as_lost else known


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
    missing = round(rows) - long.size
    constant = float(np.ptp(amounts)) <= _CONSTANT * mean
    if constant and (
        row_ns is None or row_ns < CALENDAR_NS
    ):  # pulses of a meter, or a load that never changes
        return RowSteps(row_ns, True) if row_ns is None else RowSteps(row_ns, False, share / _REACH, missing)
    of_one = _deviations(held, long.size, mean, spread, single.size)
    of_all = _deviations(held, rows, mean, spread, single.size)
    if of_all < _SURE < of_one:
        return RowSteps(row_ns, True)
    # A first row has nothing before it that it could hold, a last one closes the log.
    if not amounts[1:-1].all():
        return RowSteps(row_ns, False, 0.0 if of_all > _SURE else share)
    by_tariff = row_ns is not None and row_ns >= CALENDAR_NS  # which switch loads at full hours and quarters
    if by_tariff or not _beside_like_others(amounts, steps, long):
        return RowSteps(row_ns, False, share / _REACH, missing)
    return RowSteps(row_ns, False, 0.0 if of_all > _SURE else share, taken_as_lost=missing)


def _beside_like_others(amounts: Floats, steps: Floats, long: NDArray[np.intp]) -> bool:
    """Return whether rows beside missing ones are as large as others, so that the load did not rest there.

    A load that rests stops somewhere inside a row, and begins again inside one: what such rows hold lies evenly between nothing and what the
    next row further away holds.  Rows that are lost by chance stand beside any.  A load that rests by the clock of its rows leaves none
    of one row alone, and the pulses of a meter are no parts.

    Args:
        amounts, steps, long: As for `_judged`.
    """
    missing = np.rint(steps[long - 1]) - 1
    if long.size < _FEWEST_MISSING or float(np.median(missing)) > _ALONE:
        return False
    values = np.unique(amounts)
    low = float(np.percentile(amounts, 100 * _LOW))
    if values.size < 2 or low < _UNITS * float(np.min(np.diff(values))) or values[0] < low / 2:
        return False
    behind = long[(long + 1 < amounts.size) & ~np.isin(long + 1, long)]
    ahead = (long - 1)[(long > 1) & ~np.isin(long - 1, long)]
    beside = np.concatenate([amounts[behind], amounts[ahead]])
    further = np.concatenate([amounts[behind + 1], amounts[ahead - 1]])
    part = np.clip(low / np.maximum(further, low), _LOW, 1 - _LOW)
    likely = np.where(beside < low, np.log(part / _LOW), np.log((1 - part) / (1 - _LOW)))
    return float(likely.sum()) < -_RARE


def _deviations(held: float, rows: float, mean: float, spread: float, known: int) -> float:
    """Return by how many standard deviations a sum differs from that of so many rows."""
    deviation = spread * math.sqrt(rows + rows * rows / known)
    return abs(held - rows * mean) / deviation if deviation else math.inf
