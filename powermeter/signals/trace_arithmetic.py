"""Traces times, plus and through each other: power of voltage and current, sums of rails, the work of a counted charge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.result import ROUNDING, Grade, worst
from powermeter.signals.kept_readings import added
from powermeter.signals.trace import CommonError, Trace, joined_times, median_interval_ns

_LOOKED = 200_000
_SAGS = 0.3
_STRETCHES = 16
_T_FEW = 2.95  # 1 % of chance, two-sided, at 15 degrees of freedom


def multiply(voltage: Trace, current: Trace, *, rail: Rail | None = None) -> Trace:
    """Return power = voltage × current of two traces with the same time stamps.

    To first order around the mean voltage V̄: an error of the current carries V̄ × its absolute part,
    an error of the voltage acts as a relative one of power (its absolute part over V̄).
    """
    times, left, right = (
        np.intersect1d(voltage.times_ns, current.times_ns, return_indices=True)
        if voltage.times_ns.size != current.times_ns.size or (voltage.times_ns != current.times_ns).any()
        else (voltage.times_ns, slice(None), slice(None))
    )
    volts, amps = voltage.values[left], current.values[right]
    mean_v, mean_i = (float(np.mean(volts)), float(np.mean(np.abs(amps)))) if volts.size else (0.0, 0.0)
    errors = [replace(e, absolute=e.absolute * mean_v) for e in current.errors]
    errors += [
        replace(e, relative=e.relative + (e.absolute / mean_v if mean_v else 0.0), absolute=0.0)
        for e in voltage.errors
    ]
    kind = current.kind if current.kind is voltage.kind else Kind.INSTANT
    skew = _skew(times, volts, amps) if kind is Kind.INSTANT else None
    clock_ns, skew_ns = current.clock_ns, 0.0
    if skew is not None:
        errors.append(
            CommonError(f"skew:{current.source} {'+'.join(current.channels)}", skew.relative, limit=False)
        )
        clock_ns = math.hypot(clock_ns, skew.late_ns)
        skew_ns = skew.late_ns
    clipped = joined_times((voltage, current))
    return replace(
        current,
        clock_ns=clock_ns,
        skew_ns=skew_ns,
        times_ns=times,
        interval_ns=_interval_ns(times, current),
        values=volts * amps,
        quantity=Quantity.POWER,
        kind=kind,
        rail=rail or current.rail,
        grade=worst((voltage.grade, current.grade)),
        errors=_joined(errors),
        noise=math.hypot(mean_v * current.noise, mean_i * voltage.noise),
        step=mean_v * current.step,
        code=mean_v * current.code,
        gaps=tuple({*voltage.gaps, *current.gaps}),
        channels=voltage.channels + current.channels,
        left_out=voltage.left_out + current.left_out,
        # A flag belongs to a row: voltage and current of one row are one reading at the end of its range.
        saturated=max(voltage.saturated, current.saturated, 0 if clipped is None else clipped.size),
        saturated_ns=clipped,
        notes=tuple(dict.fromkeys(voltage.notes + current.notes)),
    )


def _interval_ns(times: NDArray[np.int64], trace: Trace) -> int:
    """Return how far apart the readings are that a trace has in common with others: where those have fewer, further than its own."""
    return trace.interval_ns if times.size == trace.times_ns.size else median_interval_ns(times)


@dataclass(frozen=True, slots=True)
class _Skew:
    """What voltage and current read one after the other do: relative error of their mean product, and ns apart."""

    relative: float
    late_ns: float


def _skew(times_ns: NDArray[np.int64], volts: NDArray[np.float64], amps: NDArray[np.float64]) -> _Skew | None:
    """Return how far apart in time voltage and current were read, as a supply that sags under its load shows it; or None.

    The covariance of a sagging voltage with its current is lowest where both are of one moment, and rises on either side of it, by the
    same slope (a load that jumps).  Its values at a lag of one row before, none and one row after place that point.  Where they do not
    differ by more than chance leaves between stretches, both are of one moment.
    """
    n = min(volts.size, _LOOKED)
    if n < 64:
        return None
    v, i = volts[:n] - volts[:n].mean(), amps[:n] - amps[:n].mean()
    spread = float(np.sqrt(np.mean(v * v) * np.mean(i * i)))
    here, before, after = (
        float(np.mean(v * i)),
        float(np.mean(v[:-1] * i[1:])),
        float(np.mean(v[1:] * i[:-1])),
    )
    power = float(np.mean(volts[:n] * amps[:n]))
    if not spread or here > -_SAGS * spread or not power:
        return None
    apart = v[:-1] * i[1:] - v[1:] * i[:-1]
    by_stretch = np.array([float(part.mean()) for part in np.array_split(apart, _STRETCHES)])
    if abs(before - after) < _T_FEW * float(by_stretch.std(ddof=1)) / math.sqrt(_STRETCHES):
        return None
    near, far = min(before, after), max(before, after)
    slope = far - here
    if slope <= 0 or near >= far:
        return None
    lowest = min((here + near - slope) / 2, here)
    interval = float(np.median(np.diff(times_ns[:n])))
    return _Skew((here - lowest) / abs(power), min((here - lowest) / slope, 1.0) * interval)


def _joined(errors: Iterable[CommonError]) -> tuple[CommonError, ...]:
    """Add up errors of equal key (they are one error) and drop those that are nothing."""
    by_key: dict[str, CommonError] = {}
    for e in errors:
        old = by_key.get(e.key)
        by_key[e.key] = (
            e
            if old is None
            else CommonError(
                e.key, old.relative + e.relative, old.absolute + e.absolute, old.limit and e.limit
            )
        )
    return tuple(e for e in by_key.values() if e.relative or e.absolute)


def scaled(trace: Trace, factor: float, quantity: Quantity, extra: CommonError | None = None) -> Trace:
    """Return a trace times an exact number as another quantity, grade `derived` or worse."""
    errors = [replace(e, absolute=e.absolute * factor) for e in trace.errors]
    return replace(
        trace,
        values=trace.values * factor,
        kept=None if trace.kept is None else trace.kept.scaled(factor),
        quantity=quantity,
        noise=trace.noise * factor,
        step=trace.step * factor,
        code=trace.code * factor,
        grade=worst((trace.grade, Grade.DERIVED)),
        errors=_joined([*errors, *([extra] if extra else [])]),
    )


def work(charge: Trace, voltage: Trace) -> Trace:
    """Return the energy ∫ V dQ of a counted charge as a counter, grade `derived` or worse.

    The voltage of a step of charge is the mean of what stood at its ends, the voltage read between its samples.
    """
    mean_v = voltage.mean()
    if charge.kept is not None or charge.times_ns.size < 2 or not mean_v > 0:
        spread = CommonError(
            f"spread:{'+'.join(voltage.channels)}", float(np.std(voltage.values)) / max(abs(mean_v), 1e-9)
        )
        return scaled(charge, mean_v, Quantity.ENERGY, spread)
    volts = np.interp(charge.times_ns, voltage.times_ns, voltage.values)
    joules = np.concatenate(([0.0], np.cumsum((volts[1:] + volts[:-1]) / 2 * np.diff(charge.values))))
    found = scaled(charge, mean_v, Quantity.ENERGY)
    cut = [e for e in voltage.errors if e.key.startswith(ROUNDING)]
    others = [e for e in voltage.errors if not e.key.startswith(ROUNDING)]
    absolute = sum(abs(e.absolute) for e in others)
    errors = [
        *found.errors,
        *(replace(e, absolute=0.0) for e in others if e.relative),
        # It has a sign, which an offset has not.
        *(replace(e, absolute=0.0, relative=e.relative + e.absolute / mean_v) for e in cut),
    ]
    if absolute:
        errors.append(CommonError(f"offset:{'+'.join(voltage.channels)}", absolute / mean_v))
    return replace(
        found,
        values=joules,
        channels=charge.channels + voltage.channels,
        grade=worst((found.grade, voltage.grade)),
        errors=_joined(errors),
        gaps=tuple(sorted({*charge.gaps, *voltage.gaps}, key=lambda g: g.start_ns)),
    )


def total(traces: Sequence[Trace], rail: Rail) -> Trace:
    """Return the sum of traces that share their time stamps; the caller knows that they do not overlap.

    Raises:
        DataError: They have no sample times in common.
    """
    first = traces[0]
    times = first.times_ns
    for trace in traces[1:]:
        if trace.times_ns.size != times.size or (trace.times_ns != times).any():
            times = np.intersect1d(times, trace.times_ns)
    if not times.size:
        raise DataError(f"the rails of {rail.name} have no sample times in common")
    held = [trace.kept for trace in traces if trace.kept is not None]
    if held and (len(held) < len(traces) or times.size != first.times_ns.size):
        raise DataError(f"the rails of {rail.name} have no sample times in common")
    values = np.zeros(times.size)
    errors: list[CommonError] = []
    mean_all = 0.0
    for trace in traces:
        mean_all += trace.mean() if trace.kind is not Kind.COUNTER else 0.0
    for trace in traces:
        picked = (
            trace.values
            if trace.times_ns.size == times.size
            else trace.values[np.searchsorted(trace.times_ns, times)]
        )
        values += picked
        # A relative error of one part acts on that part's mean share of the sum.
        share = trace.mean() if trace.kind is not Kind.COUNTER else float(trace.values[-1])
        whole = mean_all if trace.kind is not Kind.COUNTER else sum(float(t.values[-1]) for t in traces)
        errors += [replace(e, relative=e.relative * (share / whole if whole else 1.0)) for e in trace.errors]
    return replace(
        first,
        times_ns=times,
        interval_ns=_interval_ns(times, first),
        values=values,
        kept=added(held) if held else None,
        rail=rail,
        errors=_joined(errors),
        grade=worst([Grade.DERIVED, *(t.grade for t in traces)]),
        noise=math.sqrt(sum(t.noise**2 for t in traces)),
        step=max(t.step for t in traces),
        gaps=tuple(sorted({g for t in traces for g in t.gaps}, key=lambda g: g.start_ns)),
        channels=tuple(name for t in traces for name in t.channels),
        saturated=sum(t.saturated for t in traces),
        saturated_ns=joined_times(traces),
    )
