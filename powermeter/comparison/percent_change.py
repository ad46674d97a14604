"""A ratio as its change in percent, in print."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from powermeter.result.formatting import Shown, format_interval

if TYPE_CHECKING:
    from powermeter.result import Result

STATES_NOTHING = 10.0
"""B / A: an interval from below 1 to beyond it states nothing by its upper end."""


def change_in_percent(ratio: Result) -> Shown:
    """Return a ratio as its change in print: `-3.2 ± 0.5 %`, or its ends where they are not centred.

    Of one that may be less or more, an upper end beyond ten times A states nothing: it is printed by its lower end.
    """
    value, low, high = ((number - 1) * 100 for number in (ratio.value, ratio.low, ratio.high))
    if low >= 0:
        return format_interval(value, low, high, "%", signed=True, plus=True)
    if ratio.high > STATES_NOTHING:
        high = math.inf
    return format_interval(value, low, high, "%", signed=True, plus=True, finest=1.0)
