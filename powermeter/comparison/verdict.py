"""The four verdicts of a comparison, and where an interval must lie for each."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powermeter.result import Result

LEVEL = 0.04
"""A verdict is returned where chance alone would return one in at most 4 % of comparisons of equal programs.  One percent
of the five that are promised is kept for what few repeats do not show of themselves."""

SAME_WITHIN = 0.05
"""Without a margin, sides are called the same where they are shown to differ by at most 5 %; beyond that the verdict is open."""


class Verdict(str, Enum):
    """What B uses, against A."""

    LESS = "less"
    MORE = "more"
    SAME = "same"
    CANNOT_TELL = "cannot tell"

    def __str__(self) -> str:
        return self.value


def decide(
    difference: tuple[float, float],
    change: tuple[float, float] | None,
    margin: float,
    largest: float = math.inf,
) -> Verdict:
    """Return the verdict that two intervals allow.

    Args:
        difference: Interval of B − A; decides where there is no change.
        change: Interval of B / A − 1; None where A may be 0.
        margin: A difference up to this share of A does not count.
        largest: What A is at most; where there is no change, the difference must exceed the margin of that.
    """
    low, high = difference if change is None else change
    if margin and change is None:
        margin *= largest
    if high < -margin:
        return Verdict.LESS
    if low > margin:
        return Verdict.MORE
    if change is not None and furthest(change) <= (margin or SAME_WITHIN):
        return Verdict.SAME
    return Verdict.CANNOT_TELL


def apart(left: Result, right: Result, margin: float) -> Verdict:
    """Return the verdict that two intervals allow of which one has an open end: `less` where all of B lies below all of A."""
    if right.high < left.low * (1 - margin):
        return Verdict.LESS
    if right.low > left.high * (1 + margin):
        return Verdict.MORE
    return Verdict.CANNOT_TELL


def furthest(change: tuple[float, float]) -> float:
    """Return the smallest x for which the sides are the same within x: an equivalence test by its interval.

    The whole interval of the change must lie within ±x (Schuirmann 1987; its two one-sided tests at half the level).
    """
    return max(abs(change[0]), abs(change[1]))
