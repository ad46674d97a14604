"""What the device draws when it does nothing, to be subtracted: an idle event, a window or a constant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import budget, limit_names
from powermeter.analysis.windows import Windows, measure
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.result import Grade, Result, worst
from powermeter.units import parse_quantity


@dataclass(frozen=True, slots=True)
class Baseline:
    """A power to subtract.

    Attributes:
        power: In W.
        origin: In words: `the event idle (3 times, 30 s)`, `10 s to 20 s`, `given`.
        measured: Whether it comes from the same trace, so that the sensor's common errors cancel.
    """

    power: Result
    origin: str
    measured: bool

    def above(self, windows: Windows, weights: np.ndarray, energy: Result) -> Result:
        """Return Σ weight × (energy − baseline × duration) in J, from that sum's energy.

        A measured baseline takes the sensor's offset along: it cancels, and the gain acts on the
        difference only.
        """
        index = np.flatnonzero((weights != 0) & windows.known)
        seconds = float(weights[index] @ windows.seconds[index])
        parts = dict(energy.parts)
        for name, part in self.power.parts.items():
            parts[name] = parts.get(name, 0.0) - part * seconds
        limits = limit_names(windows.integral.trace.errors)
        return budget(
            energy.value - self.power.value * seconds,
            energy.unit,
            parts,
            grade=worst((energy.grade, self.power.grade)),
            limits=limits,
        )


BaselineSpec = float | str | Result | Baseline | tuple[int, int] | None
"""Watts; an event's name or a power as text (`idle`, `2.1W`); a result; a window in ns; nothing."""


def find(spec: BaselineSpec, integral: Integral, events: Sequence[Event]) -> Baseline | None:
    """Return the baseline that was asked for.

    Raises:
        ConfigurationError: No such event, a window outside the recording, a number below zero.
    """
    if spec is None or isinstance(spec, Baseline):
        return spec
    if isinstance(spec, Result):
        return Baseline(spec, "given", False)
    if isinstance(spec, (int, float)):
        return _constant(float(spec))
    if isinstance(spec, tuple):
        start, end = spec
        origin = f"{(end - start) * 1e-9:.4g} s of the recording"
        return _measured(integral, [(int(start), int(end))], origin)
    found = [(e.start_ns, e.end_ns) for e in events if e.name == spec and e.end_ns is not None]
    if found:
        spans = [(a, b) for a, b in found if b > a]
        length = sum(b - a for a, b in spans) * 1e-9
        return _measured(integral, spans, f"the event {spec!r} ({len(spans)} times, {length:.4g} s)")
    try:
        return _constant(parse_quantity(spec, "W"))
    except ConfigurationError:
        names = ", ".join(sorted({e.name for e in events})[:8]) or "no events"
        raise ConfigurationError(
            f"baseline {spec!r} is neither a power like 2.1W nor an event of this recording ({names})"
        ) from None


def _constant(watts: float) -> Baseline:
    if not math.isfinite(watts) or watts < 0:
        raise ConfigurationError(f"a baseline of {watts} W is not usable")
    return Baseline(Result.of(watts, "W", grade=Grade.ASSUMED), "given", False)


def _measured(integral: Integral, spans: Sequence[tuple[int, int]], origin: str) -> Baseline:
    starts = np.array([a for a, _ in spans], np.int64)
    ends = np.array([b for _, b in spans], np.int64)
    windows = measure(integral, starts, ends)
    seconds = float(windows.seconds[windows.known].sum())
    if seconds <= 0:
        raise ConfigurationError(f"the baseline, {origin}, lies outside the recorded samples")
    mean = windows.combine(np.ones(len(windows)), "baseline", per_second=seconds)
    own = {name: part for name, part in mean.parts.items() if name.endswith(" baseline")}
    parts = {name: part for name, part in mean.parts.items() if name not in own}
    parts[f"baseline:{'+'.join(integral.trace.channels)}"] = math.sqrt(sum(p * p for p in own.values()))
    return Baseline(Result.of(mean.value, mean.unit, parts, mean.grade), origin, True)
