"""The same run at other hours of an intensity file: the best and the worst start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from powermeter.errors import DataError

from .intensity import Intensity


@dataclass(frozen=True, slots=True)
class Hours:
    """The same run at other times of an intensity file: mean g/kWh of the best and worst start."""

    best_start_ns: int
    best: float
    worst_start_ns: int
    worst: float


def best_and_worst(series: Intensity, duration_ns: int) -> Hours:
    """Return the best and worst start for a run of a duration at even power; starts that meet a gap are left out.

    Raises:
        DataError: No start leaves room for the whole run.
    """
    duration_ns, step = max(duration_ns, 1), series.step_ns
    found: list[tuple[float, int]] = []
    run: list[int] = []  # indices of intervals without a gap between them
    for index, start in enumerate(series.starts_ns):
        if run and start > series.starts_ns[run[-1]] + step:
            found += _starts(series, run, duration_ns)
            run = []
        run.append(index)
    found += _starts(series, run, duration_ns)
    if not found:
        raise DataError(
            f"{series.name}: too short, or too full of gaps, for a run of {duration_ns / 3.6e12:.3g} h"
        )
    best, worst = min(found), max(found, key=lambda item: (item[0], -item[1]))
    return Hours(best[1], best[0], worst[1], worst[0])


def _starts(series: Intensity, run: Sequence[int], duration_ns: int) -> list[tuple[float, int]]:
    """Return (mean g/kWh, start) of every start inside an unbroken run that leaves room."""
    step = series.step_ns
    running = [0.0, *accumulate(series.values[index] * step for index in run)]
    whole, part = divmod(duration_ns, step)
    found = []
    for at, index in enumerate(run):
        end = at + whole
        if end > len(run) or (part and end >= len(run)):
            break
        amount = running[end] - running[at] + (series.values[run[end]] * part if part else 0.0)
        found.append((amount / duration_ns, series.starts_ns[index]))
    return found
