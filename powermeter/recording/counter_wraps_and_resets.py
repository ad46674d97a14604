"""When a counter that falls was set back or wrapped, and what it has counted across that."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap
from powermeter.errors import plural
from powermeter.result.notes import Note

ALMOST_NOTHING = 0.05
"""Of a counter's reading: what it falls below where it began again at zero."""

_SELDOM = 0.1  # share of steps that may fall in a counter that is set back
_FEWEST_RISES = 4  # that a total is distinguished from amounts that happen to rise: 1 in 4! by chance


def falls_to_almost_nothing(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which steps end at less than a twentieth of what the counter showed."""
    return (after < before) & (after < ALMOST_NOTHING * before)


def was_set_back(steps: int, rises: int, falls: int, to_nothing: int) -> bool:
    """Return whether a column that falls is a counter that was set back: seldom, and each time to almost nothing."""
    return falls <= max(1, _SELDOM * steps) and to_nothing == falls and rises >= _FEWEST_RISES


def reset_note(name: str, falls: int, to_nothing: int) -> Note | None:
    """Return a note on a counter that falls; None where it does not."""
    if not falls:
        return None
    times = plural(falls, "time")
    if to_nothing == falls:
        how = f"was reset {times}: it falls to almost zero and counts on"
    else:
        how = f"falls {times}, {to_nothing} of them to almost zero"
    return Note.warning("counter-reset", f"the counter {name!r} {how}; the step over a reset is not known")


def unwrap(
    times_ns: NDArray[np.int64], codes: NDArray[np.int64], scale: float, wrap: int | None
) -> tuple[NDArray[np.float64], list[Gap]]:
    """Return the running total of a counter in SI, 0 at the first sample, and the places where it restarted.

    A step back is a wrap where the counter has one and the step forward through it fits the rates
    seen elsewhere (at most ten times the largest); anything else is a restart: a gap, across which
    the total rises at the mean rate of the steps beside it, and by no less than what a counter that
    fell to almost nothing has counted since.
    """
    steps = np.diff(codes)
    seconds = np.diff(times_ns) * 1e-9
    back = np.flatnonzero(steps < 0)
    resets: list[Gap] = []
    increments = steps.astype(np.float64)
    if back.size:
        good = steps >= 0
        rate = np.divide(increments, seconds, out=np.zeros_like(increments), where=seconds > 0)
        ceiling = 10 * float(rate[good].max()) if good.any() else math.inf
        for i in back.tolist():
            through = float(steps[i]) + wrap if wrap else -1.0
            if through >= 0 and through <= max(ceiling * seconds[i], 1.0):
                increments[i] = through
                continue
            beside = [float(rate[j]) for j in (i - 1, i + 1) if 0 <= j < rate.size and good[j]]
            increments[i] = (sum(beside) / len(beside) if beside else 0.0) * seconds[i]
            if 0 < codes[i + 1] < ALMOST_NOTHING * codes[i]:
                increments[i] = max(increments[i], float(codes[i + 1]))
            resets.append(Gap(int(times_ns[i]), int(times_ns[i + 1]), "lost setup", "the counter restarted"))
    values = np.empty(codes.size, np.float64)
    values[0] = 0.0
    np.cumsum(increments, out=values[1:])
    values *= scale
    return values, resets


def two_way(
    times_ns: NDArray[np.int64], codes: NDArray[np.int64], scale: float, gaps: Iterable[Gap]
) -> NDArray[np.float64]:
    """Return the running total in SI of a counter that may also go down (charge of a battery), 0 at first.

    Such a counter cannot show by a step back that it restarted; a gap of lost setup or bad data shows
    it, and across it the total goes on at the mean rate of the steps beside it.
    """
    steps = np.diff(codes).astype(np.float64)
    seconds = np.diff(times_ns) * 1e-9
    for gap in gaps:
        i = int(np.searchsorted(times_ns, (gap.start_ns + gap.end_ns) // 2, side="right")) - 1
        if gap.reason in ("lost setup", "bad data") and 0 <= i < steps.size:
            beside = [steps[j] / seconds[j] for j in (i - 1, i + 1) if 0 <= j < steps.size and seconds[j] > 0]
            steps[i] = sum(beside) / len(beside) * seconds[i] if beside else 0.0
    values = np.zeros(codes.size, np.float64)
    np.cumsum(steps, out=values[1:])
    return values * scale
