"""A row of a comparison in print: both sides and their difference, rounded so that a reader who subtracts arrives at it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from powermeter.comparison.contrast import Contrast
from powermeter.result import Result
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.result.formatting import UNKNOWN, Shown, printed_step

_FINER = ((1, 1), (1, 0), (2, 1))
"""Digits of the sides, and of the difference, beyond the difference's own, tried in turn where the usual two contradict each other."""

_ROUNDING = 1e-6
"""Of a step: how far apart floats may lie that stand for the same printed number."""


@dataclass(frozen=True, slots=True)
class RowNumbers:
    """A, B and B − A in print."""

    left: Shown
    right: Shown
    difference: Shown


def in_print(row: Contrast) -> RowNumbers:
    """Return the three with two digits of their half-widths or, where B − A as printed would be another, with one or two more."""
    three = row.mean_left, row.mean_right, replace(row.difference, signed=True)
    finest: tuple[float, ...] = (math.inf,) * 3
    if _is_difference(*three) and all(map(_has_step, three)):
        finest = _steps(*three)
    left, right = (one.show(finest=step) for one, step in zip(three[:2], finest, strict=False))
    return RowNumbers(left, right, _signed(three[2], finest[2]))


def _signed(difference: Result, finest: float) -> Shown:
    if not math.isfinite(difference.high - difference.low):
        return UNKNOWN
    return difference.show(plus=True, finest=finest)


def _has_step(result: Result) -> bool:
    return result.high - result.low > 1e-9 * abs(result.value) and not is_printed_as_bound(result)


def _is_difference(left: Result, right: Result, difference: Result) -> bool:
    """Return whether the difference is that of the means beside it: a drift may have been taken out, as a note states then."""
    plain, half = right.value - left.value, (difference.high - difference.low) / 2
    return abs(difference.value - plain) <= max(1e-9 * abs(plain), 1e-6 * half)


def _steps(left: Result, right: Result, difference: Result) -> tuple[float, ...]:
    three = left, right, difference
    own = [printed_step(one.value, one.low, one.high, one.unit) for one in three]
    steps = tuple(own)
    for sides, digits in _FINER:
        if _agree(three, steps):
            break
        side = own[2] * 10.0**-sides
        steps = min(own[0], side), min(own[1], side), own[2] * 10.0**-digits
    return steps


def _agree(three: tuple[Result, ...], steps: tuple[float, ...]) -> bool:
    """Return whether the rounded sides differ by the rounded difference, to the coarsest of the steps."""
    left, right, difference = (round(one.value / step) * step for one, step in zip(three, steps, strict=True))
    return abs(right - left - difference) <= (0.5 + _ROUNDING) * max(steps)
