"""The same run at other hours of an intensity file: the best and the worst start, and what moving it saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from powermeter.errors import DataError
from powermeter.result import Grade, Result
from powermeter.units import format_short

from .factors import default
from .hourly_intensity import Intensity
from .text import amount, interval


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
            f"{series.name}: too short, or too full of gaps, for a run of {format_short(duration_ns / 3.6e12)} h"
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


@dataclass(frozen=True, slots=True)
class Saving:
    """What the best start saves.

    Attributes:
        grams: g CO2e, interval included; negative where the run's own hours were better.
        kind: `average` or `marginal`, of the file.
        forecast: Whether hours of the file are estimated or forecast.
    """

    grams: Result
    kind: str
    forecast: bool

    @property
    def resolved(self) -> bool:
        """Whether the interval leaves no doubt that something is saved."""
        return self.grams.low > 0

    def lines(self) -> list[str]:
        """Return the saving with its interval, and what the file's kind answers."""
        span = f"{amount(self.grams.low, 'g')} to {amount(self.grams.high, 'g')}"
        text = [f"  the best start saves {amount(self.grams.value, 'g')} ({span})"]
        if not self.resolved:
            text = [f"  whether the best start saves anything cannot be decided: {interval(self.grams)}"]
        if self.forecast:
            text.append("  some hours are estimated or forecast: their doubt is in the interval")
        if self.kind == "average":
            text.append(
                "  average intensity is what a kWh of that hour carried; what moving a run changes is the "
                "margin, which a marginal file (WattTime) holds"
            )
        else:
            text.append("  marginal intensity is what moving a run changes, not the footprint of the run")
        return text


def saving(series: Intensity, hours: Hours, here: float, scale: float) -> Saving:
    """Return what the best start saves against the run as it is.

    The error that all hours of a file share cancels in part; each window of hours has one of its own,
    taken as one value (hours of one file err together), wider where the file is a forecast.

    Args:
        series: The intensity.
        hours: Its best and worst start.
        here: Mean g/kWh of the run as it is.
        scale: g CO2e for one g/kWh.
    """
    common, own = (
        default("hourly.common"),
        default("hourly.forecast" if series.estimated else "hourly.own"),
    )
    moved = here - hours.best
    parts = {common.key: scale * moved * common.sigma}
    if moved:
        parts |= {"hours:as run": scale * here * own.sigma, "hours:best": -scale * hours.best * own.sigma}
    return Saving(Result.of(scale * moved, "g", parts, Grade.ASSUMED), series.kind, bool(series.estimated))
