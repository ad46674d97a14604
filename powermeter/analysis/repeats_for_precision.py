"""How many more events bring a mean to a wanted precision: advice that holds when it is followed."""

from __future__ import annotations

import math
from collections.abc import Callable

from powermeter.analysis.student_t import t_quantile

ASSURANCE = 0.9
"""The advice is enough in this share of cases: the scatter it rests on was itself estimated from few events."""

IN_REACH = 50
"""Times the events measured so far that anyone would add; where more are needed, each must be longer or the meter another."""

_MOST = 10_000_000


def _rather_few(freedom: float) -> float:
    """Return a power of two below: its quantile is larger and known already, where that of each of many labels' own takes its time."""
    return 2.0 ** math.floor(math.log2(freedom)) if 1 <= freedom < math.inf else freedom


def more_repeats(
    value: float, shrinking: float, fixed: float, events: int, relative: float, freedom: float | None = None
) -> int | None:
    """Return how many more events bring the mean to `relative`; 0 where it is there, None where no number of them does.

    The half-width after N events is t √(shrinking² × events / N + fixed²), t of Student at 97.5 %.  The scatter is
    taken at its upper confidence limit s √(ν / χ²), χ² at 1 − `ASSURANCE` for ν degrees of freedom.

    Args:
        value: The mean.
        shrinking: Standard uncertainty of the mean from what more events average out (noise, edges, scatter).
        fixed: Standard uncertainty from what they do not (gain, offset, model).
        events: How many events the mean is of.
        relative: The half-width wanted, over the mean (0.05).
        freedom: Degrees of freedom behind `shrinking`; None is `events` − 1, infinity a known scatter.
    """
    if not value or events < 1 or not math.isfinite(shrinking + fixed):
        return None
    wanted = relative * abs(value)
    nu = float(events - 1) if freedom is None else freedom

    def half(count: float, scatter: float, at: Callable[[float], float] = float) -> float:
        variance = scatter**2 * events / count
        whole = variance + fixed**2
        if not whole:
            return 0.0
        own = max(nu + count - events, 1.0) if math.isfinite(nu) else math.inf
        effective = own * (whole / variance) ** 2 if variance else math.inf
        return t_quantile(0.975, at(effective)) * math.sqrt(whole)

    if half(events, shrinking, at=_rather_few) <= wanted or half(events, shrinking) <= wanted:
        return 0
    if nu < 1:
        return None
    limit = shrinking * math.sqrt(nu / _chi_square(nu)) if math.isfinite(nu) else shrinking
    if half(_MOST, limit) > wanted:
        return None
    # With the normal's quantile in place of Student's it would be so many: no fewer do.
    room = (wanted / t_quantile(0.975, math.inf)) ** 2 - fixed**2
    low = min(max(events, math.ceil(events * limit**2 / room) - 1), _MOST) if room > 0 else events
    width = max(low // 8, 8)
    while low + width < _MOST and half(low + width, limit) > wanted:
        low, width = low + width + 1, 2 * width
    high = min(low + width, _MOST)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if half(middle, limit) <= wanted else (middle + 1, high)
    return max(low - events, 1)


def _chi_square(freedom: float) -> float:
    """Return what χ² exceeds with the probability `ASSURANCE`."""
    from scipy.special import chdtri  # a third of what `show` takes: only where more events are needed

    return float(chdtri(freedom, ASSURANCE))
