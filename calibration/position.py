"""Where a waveform lies in a meter's trace: searched by correlation, refined below one sample by the likelihood of the offset."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from powermeter.channel import Kind
from powermeter.errors import DataError, plural
from powermeter.signals.trace import Trace

from .waveform import Floats, Waveform

SECOND = 0.75
"""A second place that fits this share of the best one makes it ambiguous."""
_LEAST_FIT = 0.5
_GRID = 41


@dataclass(frozen=True, slots=True)
class Match:
    """Where a waveform lies in the trace: host − meter time of its first edge, and how surely."""

    meter_ns: float
    offset_ns: float
    spread_ns: float
    fit: float
    second: float


def spans_of(trace: Trace) -> tuple[Floats, Floats, Floats]:
    """Return start, end (ns from the first sample) and mean rate of what each sample speaks for."""
    base = int(trace.times_ns[0])
    times = (trace.times_ns - base).astype(np.float64)
    if trace.kind is Kind.INSTANT:
        half = (trace.window_ns or 0) / 2
        return times - half, times + half, trace.values
    values = trace.values[1:]
    if trace.kind is Kind.COUNTER:
        values = np.diff(trace.values) / np.maximum(np.diff(times), 1.0) * 1e9
    return times[:-1], times[1:], values


def find(
    trace: Trace,
    waveform: Waveform,
    method: str = "pattern",
    near: tuple[float, float] | None = None,
    refine: bool = True,
    judge: bool = True,
) -> Match:
    """Find a waveform in the trace.

    Args:
        near: (offset, reach) in ns: look only there; None looks everywhere.
        refine: Whether to go below one sample.
        judge: Whether a place that does not fit, or not alone, is refused.
    """
    start, end, values = spans_of(trace)
    if values.size < 16 or trace.interval_ns <= 0:
        raise DataError(f"{plural(values.size, 'sample is', 'samples are')} too few to recognise a load in")
    grid = float(trace.interval_ns)
    edges = (waveform.edges_ns - waveform.edges_ns[0]).astype(np.float64)
    count = round(edges[-1] / grid) + 1
    if count < 12:
        raise DataError("the load lasted for too few samples of the meter to be recognised")
    centre = (start + end) / 2
    regular = np.arange(centre[0], centre[-1], grid)
    if regular.size < count:
        raise DataError("the meter's recording is shorter than the load it should hold")
    seen = np.interp(regular, centre, values)
    template = template_of(waveform, grid)
    fits = correlations(seen, template)
    base = int(trace.times_ns[0])
    # Lag k means: the first edge happened at meter time base + regular[k].
    lags = regular[: fits.size]
    if near is not None:
        wanted = int(waveform.edges_ns[0]) - near[0] - base
        fits = np.where(np.abs(lags - wanted) <= near[1], fits, -1.0)
    best = int(np.argmax(fits))
    width = _width(template)
    away = np.abs(np.arange(fits.size) - best) > width
    second = float(fits[away].max()) if away.any() and near is None else 0.0
    if judge:
        judged(float(fits[best]), second, template, method)
    meter_ns, spread_ns = float(lags[best]), grid
    if refine:
        meter_ns, spread_ns = _refine(waveform, start, end, values, trace, meter_ns, grid)
    first_edge = int(waveform.edges_ns[0])
    middle = edges[-1] / 2
    return Match(base + meter_ns + middle, first_edge - base - meter_ns, spread_ns, float(fits[best]), second)


def template_of(waveform: Waveform, grid: float) -> Floats:
    """Return the waveform as a meter with that interval would read it."""
    centres = np.arange(round(float(waveform.edges_ns[-1] - waveform.edges_ns[0]) / grid) + 1) * grid
    return waveform.mean(centres - 0.5 * grid, centres + 0.5 * grid)


def judged(best: float, second: float, template: Floats, method: str) -> None:
    what = "the pattern" if method == "pattern" else "the run's own activity"
    changes = int(np.count_nonzero(np.abs(np.diff(template)) > 0.2))
    needed = max(_LEAST_FIT, 4.0 / math.sqrt(max(changes, 1)) if method == "activity" else 0.0)
    if needed >= 1:  # more than any correlation
        raise DataError(
            f"{what} changes too seldom to be recognised in the meter's recording ({plural(changes, 'change')}; 17 or "
            "more are needed); play a pattern with: powermeter sync"
        )
    if not math.isfinite(best) or best < needed:
        raise DataError(
            f"{what} is not recognised in the meter's recording (correlation {best:.2f}; at least {needed:.2f} is needed)"
            + ("" if method == "pattern" else "; play a pattern with: powermeter sync")
        )
    if second > SECOND * best:
        raise DataError(
            f"{what} fits the meter's recording at more than one position (correlations {best:.2f} and {second:.2f})"
            + ("" if method == "pattern" else "; play a pattern with: powermeter sync")
        )


def _width(template: Floats) -> int:
    """Return how many samples from its peak the template's own autocorrelation falls below a half."""
    centred = template - template.mean()
    size = 1 << (2 * centred.size - 2).bit_length()
    spectrum = np.fft.rfft(centred, size)
    spectrum *= np.conj(spectrum)
    own = np.fft.irfft(spectrum, size)[: centred.size]
    below = np.flatnonzero(own < 0.5 * own[0]) if own[0] > 0 else np.empty(0, int)
    return 2 * (int(below[0]) if below.size else centred.size) + 1


def correlations(seen: Floats, template: Floats) -> Floats:
    """Return the correlation coefficient of the template with each stretch of its length."""
    n, m = seen.size, template.size
    pattern = template - template.mean()
    power = float(pattern @ pattern)
    size = 1 << (n - 1).bit_length()  # no lag of a whole template runs beyond the end
    shifted = seen - seen.mean()
    spectrum = np.fft.rfft(shifted, size)
    spectrum *= np.conj(np.fft.rfft(pattern, size))
    product = np.fft.irfft(spectrum, size)[: n - m + 1]
    del spectrum
    sums = np.concatenate([[0.0], np.cumsum(shifted)])
    squares = np.concatenate([[0.0], np.cumsum(shifted**2)])
    mean = (sums[m:] - sums[:-m]) / m
    variance = np.maximum((squares[m:] - squares[:-m]) - m * mean * mean, 0.0)
    floor = 1e-9 * max(float(shifted.var()), 1e-30) * m
    bottom = np.sqrt(np.maximum(variance, floor) * max(power, 1e-30))
    result: Floats = np.where(variance > floor, product / bottom, 0.0)
    return result


def _refine(
    waveform: Waveform, start: Floats, end: Floats, values: Floats, trace: Trace, coarse: float, grid: float
) -> tuple[float, float]:
    """Return the meter time of the first edge (ns from its first sample) and its standard uncertainty.

    For each offset the trace is fitted by level + height × waveform; the likelihood of the rest
    (Gaussian, its variance from the best fit) is averaged over ever finer grids of offsets.  An
    instant meter leaves a flat top between two of its samples: the average is its middle.
    """
    length = float(waveform.edges_ns[-1] - waveform.edges_ns[0])
    chosen = (end > coarse - 3 * grid) & (start < coarse + length + 3 * grid)
    a, b, y = start[chosen], end[chosen], values[chosen]
    instant = trace.kind is Kind.INSTANT and not trace.window_ns
    yc = y - y.mean()
    whole = float(yc @ yc)

    def loss(shift: float) -> float:
        x = waveform.at(a - shift) if instant else waveform.mean(a - shift, b - shift)
        xc = x - x.mean()
        sxx, sxy = float(xc @ xc), float(xc @ yc)
        return whole - (sxy * sxy / sxx if sxx > 0 and sxy > 0 else 0.0)

    place, reach, spread = coarse, 2.0 * grid, grid
    floor = 1e-12 * whole / max(y.size, 1) + 1e-300
    for _ in range(8):
        shifts = np.linspace(place - reach, place + reach, _GRID)
        losses = np.array([loss(shift) for shift in shifts.tolist()])
        variance = max(float(losses.min()) / max(y.size - 3, 1), floor)
        weight = np.exp(-np.minimum((losses - losses.min()) / (2 * variance), 700.0))
        place = float(np.average(shifts, weights=weight))
        spread = math.sqrt(float(np.average((shifts - place) ** 2, weights=weight)))
        step = float(shifts[1] - shifts[0])
        if spread > 2 * step or step < 1e-4 * grid:
            break
        reach = 4 * max(spread, step)
    return place, math.hypot(spread, float(shifts[1] - shifts[0]) / math.sqrt(12.0))
