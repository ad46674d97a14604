"""A channel's raw codes as a trace: scale and offset, the stored calibration, counters unwrapped.

The limits stated for the channel become the errors that all its samples share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, SATURATED, Channel, Gap, Kind, Quantity
from powermeter.errors import DataError
from powermeter.recording.counter_wraps_and_resets import two_way, unwrap
from powermeter.recording.impossible_readings import impossible
from powermeter.recording.impossible_readings import note as impossible_note
from powermeter.result import COVERAGE_95, ROUNDING
from powermeter.result.notes import Note
from powermeter.signals.correction import Correction
from powermeter.signals.counted_late import as_late_as_it_counts
from powermeter.signals.declared_window import without_window
from powermeter.signals.flat_top import with_flat_top
from powermeter.signals.log_of_changes import standing
from powermeter.signals.meter_refresh import fresh_readings, refresh_found
from powermeter.signals.over_range import (
    filled,
    over_range,
    over_range_note,
    zeros_behind_the_highest,
    zeros_note,
)
from powermeter.signals.stale_readings import without_stale
from powermeter.signals.trace import CommonError, Trace, median_interval_ns
from powermeter.signals.uneven_counter import without_stands
from powermeter.signals.uneven_refresh import at_uneven_refreshes

_SQRT3 = math.sqrt(3.0)
_SKIPPED = 2.5  # refreshes between two rows, at most, of a reader that asks about once in each
_TELLING = 8  # so many new readings show how often there is one


def from_samples(
    times_ns: NDArray[np.int64],
    values: NDArray[np.float64],
    quantity: Quantity = Quantity.POWER,
    *,
    kind: Kind = Kind.INSTANT,
    channel: Channel | None = None,
    origin: str = "",
    gaps: Iterable[Gap] = (),
    **more: Any,
) -> Trace:
    """Return a trace of plain arrays; the errors come from the channel's stated accuracy.

    Args:
        times_ns: Never decreasing nanoseconds.
        values: SI values, same length.
        origin: Names the instrument in the keys of the errors; defaults to the channel's name.
        more: Any other field of `Trace`.

    Raises:
        DataError: The columns differ in length, or time runs backwards.
    """
    times_ns = np.ascontiguousarray(times_ns, np.int64)
    values = np.ascontiguousarray(values, np.float64)
    if times_ns.shape != values.shape or times_ns.ndim != 1:
        raise DataError(f"{times_ns.size} times do not go with {values.size} values")
    if times_ns.size > 1 and (times_ns[1:] < times_ns[:-1]).any():
        raise DataError("time runs backwards in these samples")
    if channel is not None:
        accuracy = {
            "errors": channel_errors(channel, origin or channel.name),
            "noise": channel.accuracy.noise,
        }
        known = dict(step=channel.accuracy.step, rail=channel.rail, grade=channel.grade, **accuracy)
        more = {**known, "channels": (channel.name,), **more}
    more.setdefault("interval_ns", median_interval_ns(times_ns))
    return Trace(times_ns, values, quantity, kind, gaps=tuple(sorted(gaps, key=lambda g: g.start_ns)), **more)


def channel_errors(channel: Channel, origin: str) -> tuple[CommonError, ...]:
    """Return the common errors that a channel's `Accuracy` states.

    A limit becomes a standard uncertainty by half-width/√3 (GUM 4.3.7); a typical value is one.  Whether a last digit is rounded or
    cut nobody states: where it is cut, all readings are half a step too low, as far as the stated offset does not hold that.
    """
    accuracy = channel.accuracy
    limit = not accuracy.typical
    shrink = 1 / _SQRT3 if limit else 1.0
    found = (
        CommonError(f"gain:{origin}", relative=accuracy.gain * shrink, limit=limit),
        CommonError(f"offset:{origin}", absolute=accuracy.offset * shrink, limit=limit),
        CommonError(f"{ROUNDING}{origin}", absolute=_cut(channel) / COVERAGE_95, limit=False),
        CommonError(f"model:{origin}", relative=accuracy.model * shrink, limit=limit),
        CommonError(f"clock:{origin}", relative=accuracy.clock * shrink, limit=limit),
    )
    return tuple(error for error in found if error.relative or error.absolute)


def _cut(channel: Channel) -> float:
    """Return by how much readings are too low that are cut to steps, beyond the stated offset; 0 for a counter, whose differences lose it."""
    if channel.kind is Kind.COUNTER:
        return 0.0
    return max(channel.accuracy.step / 2 - channel.accuracy.offset, 0.0)


def correction_errors(
    correction: Correction, origin: str, typical: float, largest: float, smallest: float | None = None
) -> tuple[CommonError, ...]:
    """Return a calibration's covariance as independent common errors around `typical` (corrected SI).

    What lies outside the calibrated range widens them: above it in proportion to the value, below it
    by an amount.

    The covariance of (offset, gain) is split into its principal directions, so that each error
    carries its offset and its gain share together.  Higher terms enter as their tangent at `typical`.
    """
    matrix = np.asarray(correction.covariance)
    x = typical / correction.gain
    powers = np.arange(len(correction.coefficients))
    slope = powers * np.where(powers > 0, float(x) ** np.maximum(powers - 1, 0), 0.0)
    level = float(x) ** powers - slope * x
    jacobian = np.vstack([level, slope / correction.gain])
    weights, directions = np.linalg.eigh(jacobian @ matrix @ jacobian.T)
    errors = [
        CommonError(f"gain:calibration {i + 1} {origin}", float(d[1]) * s, float(d[0]) * s, limit=False)
        for i, (s, d) in enumerate(zip(np.sqrt(np.maximum(weights, 0)), directions.T, strict=True))
        if s > 0
    ]
    if correction.reference_gain or correction.reference_offset:
        reference = correction.instrument or "reference"
        errors.append(CommonError(f"gain:{reference}", correction.reference_gain, 0.0, limit=False))
        errors.append(CommonError(f"offset:{reference}", 0.0, correction.reference_offset, limit=False))
    extra = correction.extrapolation((largest - correction.offset) / correction.gain)
    if extra:
        errors.append(CommonError(f"model:beyond calibration {origin}", extra / max(largest, 1e-30), 0.0))
    below = (
        0.0
        if smallest is None
        else correction.extrapolation((smallest - correction.offset) / correction.gain)
    )
    if below and smallest is not None and (smallest - correction.offset) / correction.gain < correction.low:
        errors.append(CommonError(f"model:below calibration {origin}", 0.0, below))
    return tuple(error for error in errors if error.relative or error.absolute)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """What corrects a channel.

    Attributes:
        correction: The calibration's; None for none.
        temperature_c: Of each sample, where the correction has a slope.
    """

    correction: Correction | None = None
    temperature_c: NDArray[np.float64] | None = None


def read_channel(
    channel: Channel,
    times_ns: NDArray[np.int64],
    codes: NDArray[np.int64],
    flags: NDArray[np.uint8] | None = None,
    *,
    origin: str,
    source: str = "",
    gaps: Sequence[Gap] = (),
    calibrated: Calibrated | None = None,
) -> Trace | None:
    """Return one channel as a trace, or None where it has no sample at all.

    Missing codes are left out.  A reading that repeats stands: such a trace becomes one reading per refresh of the instrument
    (`meter_refresh.py`), be it noted, stated or found.  What an instrument shows was measured at some moment of its last refresh
    interval: a rectangular distribution of that width is what its stamps do not state (GUM 4.3.7).
    """
    correction, temperature_c = (
        (None, None) if calibrated is None else (calibrated.correction, calibrated.temperature_c)
    )
    notes: tuple[Note, ...] = ()
    beyond = over_range(channel, codes)
    if beyond is not None:
        notes = (over_range_note(beyond, codes),)
        codes = filled(codes, times_ns, beyond)
    elif (behind := zeros_behind_the_highest(channel, codes)) is not None:
        notes, beyond = (zeros_note(behind),), behind
    if beyond is not None:
        own = np.where(beyond, SATURATED, 0).astype(np.uint8)
        flags = own if flags is None else flags | own
    keep = codes != MISSING
    repeats = 0
    stale = None
    if flags is not None:
        stale = (flags & REPEAT).astype(bool) & keep
        if not stale.any():
            stale = None
        elif channel.kind is not Kind.INSTANT:
            # A mean or a counter that repeats reports the same again; the next one speaks for all the time since.
            stale[np.flatnonzero(keep)[-1]] = False
            repeats = int(stale.sum())
            keep &= ~stale
            stale = None
    if not keep.all():
        times_ns, codes = times_ns[keep], codes[keep]
        flags = None if flags is None else flags[keep]
        stale = None if stale is None else stale[keep]
        temperature_c = None if temperature_c is None else temperature_c[keep]
    if times_ns.size == 0:
        return None
    strange = impossible(channel, codes)
    if strange is not None:
        notes = (*notes, Note.warning("impossible-readings", impossible_note(channel, codes[strange])))
        times_ns, codes = times_ns[~strange], codes[~strange]
        flags = None if flags is None else flags[~strange]
        stale = None if stale is None else stale[~strange]
        temperature_c = None if temperature_c is None else temperature_c[~strange]
    saturated, saturated_ns = _saturated(channel, times_ns, codes, flags)
    lost: list[Gap] = list(gaps)
    if channel.kind is Kind.COUNTER:
        if channel.wrap is None and channel.low_code is not None and channel.low_code < 0:
            values = two_way(times_ns, codes, channel.scale, lost)
        else:
            values, resets = unwrap(times_ns, codes, channel.scale, channel.wrap)
            lost += resets
    else:
        values = channel.in_si(codes)
    trace = from_samples(
        times_ns,
        values,
        channel.quantity,
        kind=channel.kind,
        channel=channel,
        origin=origin,
        gaps=lost,
        source=source,
        repeats=repeats,
        saturated=saturated,
        saturated_ns=saturated_ns,
        code=channel.scale,
        clock_ns=(channel.refresh_ns or 0) / math.sqrt(12),
        refresh_ns=(channel.refresh_ns or 0) / math.sqrt(12),
        left_out=0 if strange is None else int(strange.sum()),
        notes=notes,
    )
    trace = with_flat_top(trace)
    if correction is not None and channel.kind is not Kind.COUNTER:
        trace = _corrected(trace, correction, origin, temperature_c)
    if trace.kind is Kind.HELD:
        trace = replace(trace, kind=Kind.INSTANT) if _asked_often(trace, channel) else standing(trace)
    if trace.kind is not Kind.INSTANT or channel.window_ns is None:
        trace = _one_per_refresh(trace, channel, stale)
    return without_window(trace, channel.window_ns)


def _asked_often(trace: Trace, channel: Channel) -> bool:
    """Return whether rows follow each other sooner than refreshes of the instrument would leave them apart in a log of changes."""
    steps = np.diff(trace.times_ns)
    return bool(channel.refresh_ns and steps.size and steps.max() < _SKIPPED * channel.refresh_ns)


def _one_per_refresh(trace: Trace, channel: Channel, stale: NDArray[np.bool_] | None) -> Trace:
    if stale is not None:
        fresh = ~stale
        spacing = np.diff(trace.times_ns[fresh])
        usual = int(np.percentile(spacing, 25)) if spacing.size >= _TELLING else 0
        return fresh_readings(trace, channel.refresh_ns or max(usual, trace.interval_ns), fresh)
    stated = channel.refresh_ns or 0
    if stated > 1.5 * trace.interval_ns > 0:
        return fresh_readings(trace, stated)
    has_own = channel.quantity in (Quantity.POWER, Quantity.ENERGY) or channel.kind is Kind.COUNTER
    found = refresh_found(trace) if has_own else 0
    if found:
        return fresh_readings(trace, found)
    return as_late_as_it_counts(at_uneven_refreshes(without_stands(without_stale(trace))), stated)


def _corrected(
    trace: Trace, correction: Correction, origin: str, temperature_c: NDArray[np.float64] | None
) -> Trace:
    values = correction.apply(trace.values, temperature_c)
    share = float(np.mean((trace.values < correction.low) | (trace.values > correction.high)))
    return with_correction(trace, correction, origin, values, share)


def with_correction(
    trace: Trace, correction: Correction, origin: str, values: NDArray[np.float64], outside: float
) -> Trace:
    """Return a trace with its corrected values and the errors that the calibration leaves in place of the stated ones.

    Args:
        values: Corrected, in SI.
        outside: Share of the readings that lie outside the calibrated range.
    """
    typical, largest, smallest = (float(f(values)) for f in (np.median, np.max, np.min))
    kept = tuple(error for error in trace.errors if not error.key.startswith(("gain:", "offset:", ROUNDING)))
    notes = trace.notes
    if outside > 0.001:
        notes = (
            *notes,
            Note.info(
                "outside-calibration",
                f"{100 * outside:.0f} % of the samples lie outside the calibrated range; the interval is wider",
            ),
        )
    return replace(
        trace,
        values=values,
        noise=trace.noise * correction.gain,
        step=trace.step * correction.gain,
        errors=kept + correction_errors(correction, origin, typical, largest, smallest),
        notes=notes,
    )


def _saturated(
    channel: Channel, times_ns: NDArray[np.int64], codes: NDArray[np.int64], flags: NDArray[np.uint8] | None
) -> tuple[int, NDArray[np.int64] | None]:
    """Return how many samples are at an end of the range, and when those at its upper end were."""
    found = at_range_ends(channel, codes, flags)
    if found is None:
        return 0, None
    ends, upper = found
    return int(ends.sum()), times_ns[upper] if upper.any() else None


def at_range_ends(
    channel: Channel, codes: NDArray[np.int64], flags: NDArray[np.uint8] | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return which samples are at an end of the instrument's range, and which at its upper end; None where none is."""
    ends = np.zeros(codes.size, bool) if flags is None else (flags & SATURATED).astype(bool)
    if channel.high_code is not None:
        ends |= codes >= channel.high_code
    upper = ends.copy()
    if channel.low_code is not None and channel.low_code != 0:
        low = codes <= channel.low_code
        ends |= low
        upper &= ~low
    return (ends, upper) if ends.any() else None
