"""For which reasons an energy is *estimated*, though its readings were measured."""

from __future__ import annotations

from powermeter.analysis.event_estimate import (
    BEAT,
    BETWEEN,
    BEYOND,
    CROWDED,
    EQUAL,
    FEW,
    HELD,
    IN_STEP,
    LAG,
    LATE,
    LEAD,
    LOST,
    OFF_MARKS,
    PACE,
    PAUSES,
    RIPPLE,
    SOME,
    TAIL,
    UNSEEN,
)
from powermeter.analysis.holes import bridged_much
from powermeter.analysis.integral import Floats, Integral, Times
from powermeter.result import Grade, worst

BOUNDED = (
    UNSEEN,
    FEW,
    EQUAL,
    BEAT,
    LOST,
    PAUSES,
    RIPPLE,
    IN_STEP,
    LAG,
    LEAD,
    LATE,
    OFF_MARKS,
    HELD,
    TAIL,
    SOME,
    CROWDED,
    PACE,
    BETWEEN,
    BEYOND,
)
"""Reasons for which an energy is *estimated*."""


def graded(
    integral: Integral, start_ns: Times, end_ns: Times, *, open_question: bool, gap_s: Floats | None = None
) -> Grade:
    """Return the grade of what some windows used: that of the readings, *estimated* at best where something is open or much was bridged.

    Args:
        open_question: Whether one of `BOUNDED` is true, an edge or a beat is not settled, or the interval reaches further to one side.
        gap_s: Seconds of each window that lie in holes, where they are known already.
    """
    grade = integral.trace.grade
    if open_question or bridged_much(integral, start_ns, end_ns, gap_s):
        return worst((grade, Grade.ESTIMATED))
    return grade
