"""One quantity of one rail as numpy columns in SI, with what is known about its errors.

Where traces come from is in `decoding.py`; which rails there are and how they nest, in `rails.py`; how
they are integrated, in `analysis/integral.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Gap, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.result import Grade, worst
from powermeter.result.notes import Note
from powermeter.signals.kept import Kept, added

_LOOKED = 200_000
_OVERLAP = 1.5  # intervals
_SAGS = 0.3
_STRETCHES = 16
_T_FEW = 2.95  # 1 % of chance, two-sided, at 15 degrees of freedom


@dataclass(frozen=True, slots=True)
class CommonError:
    """An error that every sample of a trace shares.

    Attributes:
        key: `kind:origin` as in `Result.parts`; equal keys are the same error.
        relative: Standard uncertainty relative to the value.
        absolute: Standard uncertainty in the trace's unit, moving together with `relative`.
        limit: Whether it comes from a stated limit (rectangular) and not from a deviation (normal).
    """

    key: str
    relative: float = 0.0
    absolute: float = 0.0
    limit: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The samples of one quantity of one rail.

    Attributes:
        times_ns: int64, shape (n,), never decreasing; the recording's monotonic clock.
        values: float64, shape (n,), SI.  Counters: unwrapped running total, 0 at the first sample.
        quantity: What it is; determines `unit`.
        kind: How a sample relates to time.
        rail: The rail, or None.
        grade: The worst grade of what went in.
        errors: Errors common to all samples.
        noise: Standard deviation of one sample as specified, in `unit`; 0 where unknown.
        step: The resolution in `unit`; 0 where unknown.
        code: Size of one raw code in `unit`, to which values are rounded whatever is stated; 0 where unknown.
        gaps: Stretches without trustworthy data that touch this trace, sorted by start.
        channels: The channels it was made from.
        source: The recording's identifier of the source; several joined by ` + `.
        window_ns: Averaging window of a `mean` channel where it is not the sample interval; such a
            trace has been shifted by half of it and counts as `instant`.
        window_noise: Of a running mean unfolded into its intervals: the noise of a whole window's energy, as a multiple of one interval's.
        interval_ns: Median distance of two samples; 0 for fewer than two.
        clock_ns: Standard uncertainty of the time stamps against the events, common to all samples.
        refresh_ns: The part of `clock_ns` that comes from the instrument's own refresh.
        skew_ns: The part of it that comes from voltage and current being of different moments.
        repeats: Samples left out because the instrument had not refreshed.
        left_out: Samples left out because no load can have caused them.
        saturated: Samples at the end of the instrument's range.
        saturated_ns: When those were at its upper end, sorted; None where none was.
        notes: What a reader of a report should know.
        kept: Which readings these are of a run too long to be held, and the sums over all; None where all are here.
        recording: Names the recording, where results of several may meet; set by `analyse`.
        remembered: What was asked of all its readings before, for who asks again for each of many labels.
    """

    times_ns: NDArray[np.int64]
    values: NDArray[np.float64]
    quantity: Quantity
    kind: Kind = Kind.INSTANT
    rail: Rail | None = None
    grade: Grade = Grade.MEASURED
    errors: tuple[CommonError, ...] = ()
    noise: float = 0.0
    step: float = 0.0
    code: float = 0.0
    gaps: tuple[Gap, ...] = ()
    channels: tuple[str, ...] = ()
    source: str = ""
    window_ns: int | None = None
    window_noise: float = 0.0
    interval_ns: int = 0
    clock_ns: float = 0.0
    refresh_ns: float = 0.0
    skew_ns: float = 0.0
    repeats: int = 0
    left_out: int = 0
    saturated: int = 0
    saturated_ns: NDArray[np.int64] | None = None
    notes: tuple[Note, ...] = ()
    kept: Kept | None = None
    recording: str = ""
    remembered: dict[str, float] = field(init=False, repr=False, default_factory=dict)

    def __repr__(self) -> str:
        rail = "no rail" if self.rail is None else self.rail.name
        return f"<Trace of {self.quantity.value} on {rail}: {plural(len(self), 'sample')}, {self.kind.value}, {self.grade.value}>"

    @property
    def unfolded(self) -> bool:
        """Whether the readings were means over windows that overlap."""
        return bool(
            self.kind is Kind.MEAN
            and self.window_ns
            and self.interval_ns
            and self.window_ns > _OVERLAP * self.interval_ns
        )

    def independent(self, n: NDArray[Any]) -> NDArray[np.float64]:
        """Return as how many intervals, whose noise is independent, rows of n of them are known.

        Unfolded from longer windows, neighbours share the noise of the reading between them with opposite signs: what is left of a row is
        that of its two ends, as it is of one, and that of the whole windows in it, each of which is a reading.
        """
        if not self.unfolded:
            return np.asarray(n, np.float64)
        windows = np.asarray(n, np.float64) * self.interval_ns / (self.window_ns or 1)
        found: NDArray[np.float64] = np.minimum(n, 1.0 + self.window_noise**2 * windows)
        return found

    @property
    def unit(self) -> str:
        """The SI unit of `values`."""
        return self.quantity.unit

    @property
    def own(self) -> str:
        """What names errors that are this trace's alone: noise and repeats of another recording are others."""
        return self.within("+".join(self.channels))

    def within(self, origin: str) -> str:
        """Return an error's origin together with the recording that alone has it."""
        return f"{origin} @ {self.recording}" if self.recording else origin

    def __len__(self) -> int:
        return self.times_ns.size

    @property
    def start_ns(self) -> int:
        """The time of the first sample."""
        return int(self.times_ns[0])

    @property
    def end_ns(self) -> int:
        """The time of the last sample."""
        return int(self.times_ns[-1])

    def between(self, start_ns: int, end_ns: int) -> Trace:
        """Return the samples with start ≤ time ≤ end."""
        first, last = np.searchsorted(self.times_ns, [start_ns, end_ns + 1])
        kept = None if self.kept is None else self.kept.part(int(first), int(last))
        return replace(self, times_ns=self.times_ns[first:last], values=self.values[first:last], kept=kept)

    @property
    def readings(self) -> int:
        """How many readings the trace stands for: more than it holds where it is of a long run."""
        return len(self) if self.kept is None else int(self.kept.place[-1]) - int(self.kept.place[0]) + 1

    def mean(self) -> float:
        """Return the mean of the readings (a counter's values), each by itself as in `values`."""
        if self.kept is None or self.kept.sums is None:
            return float(np.mean(self.values))
        span = (self.end_ns - self.start_ns) * 1e-9
        return float(self.kept.sums[-1] - self.kept.sums[0]) / span if span > 0 else float(self.values[0])


def median_interval_ns(times_ns: NDArray[np.int64]) -> int:
    """Return the median distance of two samples; long columns are looked at in 64 places."""
    n = times_ns.size
    if n < 2:
        return 0
    if n <= 65_536:
        return int(np.median(np.diff(times_ns)))
    starts = np.linspace(0, n - 1025, 64).astype(np.int64)
    return int(np.median(np.concatenate([np.diff(times_ns[s : s + 1025]) for s in starts])))


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


def joined_times(traces: Sequence[Trace]) -> NDArray[np.int64] | None:
    """Return when any of some traces was at the upper end of its range, sorted; None where none was."""
    found = [t.saturated_ns for t in traces if t.saturated_ns is not None]
    return np.unique(np.concatenate(found)) if found else None


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
    absolute = sum(abs(e.absolute) for e in voltage.errors)
    if charge.kept is not None or charge.times_ns.size < 2 or not mean_v > 0:
        spread = CommonError(
            f"spread:{'+'.join(voltage.channels)}", float(np.std(voltage.values)) / max(abs(mean_v), 1e-9)
        )
        return scaled(charge, mean_v, Quantity.ENERGY, spread)
    volts = np.interp(charge.times_ns, voltage.times_ns, voltage.values)
    joules = np.concatenate(([0.0], np.cumsum((volts[1:] + volts[:-1]) / 2 * np.diff(charge.values))))
    found = scaled(charge, mean_v, Quantity.ENERGY)
    errors = [
        *found.errors,
        *(replace(e, absolute=0.0, relative=e.relative) for e in voltage.errors if e.relative),
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
