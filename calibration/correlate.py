"""Where an external meter's recording lies on the host's clock: offset and drift by correlation.

What the host did (a played pattern, or the run's own events) is a waveform of known moments.  The
meter's trace is searched for it; the best place is refined below one sample by the likelihood of the
offset, the meter's own way of sampling (instant or mean) included.  A second place that fits nearly
as well, or none that fits, is refused: never a confident wrong answer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.signals.trace import Trace

from .waveform import Floats, Waveform, activity_waveform, pattern_waveforms

MAX_DRIFT = 1000e-6
UNKNOWN_DRIFT = 100e-6
"""Standard uncertainty of a drift that one place cannot tell: two quartz clocks are within 200 ppm, assumed."""
_LEAST_FIT = 0.5
SECOND = 0.75
"""A second place that fits this share of the best one makes it ambiguous."""
_GRID = 41
_PART = 8192
_FEWEST_PARTS, _MOST_PARTS = 6, 24
_DOUBT = 0.2

FOLLOWS_NS = 50e6
"""Power follows its program within 50 ms (a driver's queue, clocks that rise, regulators), assumed: the same delay of all edges looks
like an offset of the clocks, and nothing in the trace distinguishes them."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A meter's clock on the host's clock.

    host = t + `offset_ns` + `drift` × (t − `origin_ns`)

    Attributes:
        offset_ns: At `origin_ns` (meter's clock).
        drift: Relative.
        offset_u_ns, drift_u: Standard uncertainties.
        residual_ns: How far single places lie from the line; 0 where two places make it.
        confidence: 0 to 1: how much better the place fits than the second best.
        method: `pattern`, `activity` or `markers`.
        places: How many separate places were matched.
    """

    offset_ns: float
    drift: float
    origin_ns: int
    offset_u_ns: float
    drift_u: float
    residual_ns: float
    confidence: float
    method: str
    places: int

    def to_host(self, times_ns: Any) -> NDArray[np.int64]:
        """Return host times of meter times."""
        times = np.asarray(times_ns, np.int64)
        moved: NDArray[np.int64] = times + np.rint(
            self.offset_ns + self.drift * (times - self.origin_ns)
        ).astype(np.int64)
        return moved

    def to_fact(self, source: Any) -> dict[str, Any]:
        """Return the fact that a recording keeps: `alignment` of one of its sources."""
        return {"source": source, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a waveform lies in the trace: host − meter time of its first edge, and how surely."""

    meter_ns: float
    offset_ns: float
    spread_ns: float
    fit: float
    second: float


def align(trace: Trace, events: Sequence[Event]) -> Alignment:
    """Return the alignment of a meter's trace with the host's events.

    By the played patterns where there are any, else by the run's own activity.

    Raises:
        DataError: Nothing fits, or more than one place does; the message states which.
    """
    patterns = pattern_waveforms(events)
    whole = None if patterns else activity_waveform(events)

    def once(seen: Trace) -> Alignment:
        if whole is None:
            return _line(seen, [_find(seen, w) for w in patterns], "pattern")
        return _by_activity(seen, whole)

    rough = once(trace)
    # The drift blurs each place; with the first estimate taken out they are found sharp.
    base = rough.origin_ns
    moved = np.rint(rough.drift * (trace.times_ns - base)).astype(np.int64)
    fine = once(replace(trace, times_ns=trace.times_ns + moved))
    drift = (1 + fine.drift) * (1 + rough.drift) - 1
    found = replace(
        fine, offset_ns=fine.offset_ns + fine.drift * (base - fine.origin_ns), drift=drift, origin_ns=base
    )
    if whole is None:
        return found
    return replace(found, offset_u_ns=math.hypot(found.offset_u_ns, FOLLOWS_NS / math.sqrt(3.0)))


def _by_activity(trace: Trace, whole: Waveform) -> Alignment:
    """Align by the run's own load: first all of it, then its parts near that place for the drift."""
    first = _find(trace, whole, "activity", refine=False)
    start, end = int(whole.edges_ns[0]), int(whole.edges_ns[-1])
    places = []
    reach = MAX_DRIFT * (end - start) + 4 * max(trace.interval_ns, 1)
    longest = _PART * max(trace.interval_ns, 1)
    parts = min(max((end - start) // longest, _FEWEST_PARTS), _MOST_PARTS)
    cuts = np.linspace(start, end, parts + 1).astype(np.int64).tolist()
    for a, b in itertools.pairwise(cuts):
        part = whole.part(a, min(b, a + longest))
        if not 0.05 < float(np.average(part.levels, weights=np.diff(part.edges_ns))) < 0.95:
            continue
        try:
            places.append(_find(trace, part, "activity", near=(first.offset_ns, reach)))
        except DataError:
            continue
    if len(places) < 2:
        raise DataError(
            "the run's own activity does not fix the meter's clock: too few of its parts fit; "
            "play a pattern with: powermeter sync"
        )
    return _line(trace, places, "activity")


def _line(trace: Trace, places: list[_Place], method: str) -> Alignment:
    meter = np.array([p.meter_ns for p in places])
    offsets = np.array([p.offset_ns for p in places])
    # Events of unlike power pull each place by more than the likelihood of one height tells.
    floor = trace.interval_ns * (0.06 if method == "activity" else 0.01)
    spread = np.array([math.hypot(p.spread_ns, floor) for p in places])
    origin = int(meter.mean())
    confidence = min(1 - max(p.second, 0.0) / p.fit for p in places)
    base = float(offsets[0])
    if len(places) == 1:
        return Alignment(base, 0.0, origin, float(spread[0]), UNKNOWN_DRIFT, 0.0, confidence, method, 1)
    x, y = meter - origin, offsets - base
    keep = np.ones(x.size, bool)
    for _ in range(2):
        weights = keep / spread**2
        total, mx = weights.sum(), (weights * x).sum() / weights.sum()
        my = (weights * y).sum() / total
        lever = (weights * (x - mx) ** 2).sum()
        drift = float((weights * (x - mx) * (y - my)).sum() / lever) if lever else 0.0
        left = y - my - drift * (x - mx)
        limit = 3 * max(1.4826 * float(np.median(np.abs(left[keep]))), trace.interval_ns * 0.1)
        keep = np.abs(left) <= limit
        if keep.sum() < 2:
            break
    residual = float(np.sqrt(np.mean(left[keep] ** 2))) if keep.sum() > 2 else 0.0
    if keep.sum() < max(2, math.ceil(0.6 * x.size)) or residual > trace.interval_ns:
        raise DataError(
            "the places where the load was recognised do not lie on one clock; play a longer pattern"
        )
    if abs(drift) > MAX_DRIFT:
        raise DataError(
            f"the two clocks would drift by {drift * 1e6:.0f} ppm: the places found do not belong together"
        )
    scale = max(1.0, residual / float(np.sqrt(np.mean(spread[keep] ** 2))))
    offset = base + my - drift * mx
    far = max(origin - int(trace.times_ns[0]), int(trace.times_ns[-1]) - origin)
    doubt = 2 * scale * math.hypot(1 / math.sqrt(total), far / math.sqrt(lever) if lever else 0.0)
    if method == "activity" and doubt > _DOUBT * trace.interval_ns:
        raise DataError(
            f"the run's own activity fixes the meter's clock only to ±{doubt * 1e-6:.3g} ms at the ends; "
            "play a pattern with: powermeter sync"
        )
    return Alignment(
        offset,
        drift,
        origin,
        scale / math.sqrt(total),
        scale / math.sqrt(lever) if lever else 0.0,
        residual,
        confidence,
        method,
        int(keep.sum()),
    )


def _samples(trace: Trace) -> tuple[Floats, Floats, Floats]:
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


def _find(
    trace: Trace,
    waveform: Waveform,
    method: str = "pattern",
    near: tuple[float, float] | None = None,
    refine: bool = True,
) -> _Place:
    """Find a waveform in the trace.

    Args:
        near: (offset, reach) in ns: look only there; None looks everywhere.
        refine: Whether to go below one sample.
    """
    start, end, values = _samples(trace)
    if values.size < 16 or trace.interval_ns <= 0:
        raise DataError(f"{values.size} samples are too few to recognise a load in")
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
    template = waveform.mean((np.arange(count) - 0.5) * grid, (np.arange(count) + 0.5) * grid)
    fits = _correlate(seen, template)
    base = int(trace.times_ns[0])
    # Lag k says: the first edge happened at meter time base + regular[k].
    lags = regular[: fits.size]
    if near is not None:
        wanted = int(waveform.edges_ns[0]) - near[0] - base
        fits = np.where(np.abs(lags - wanted) <= near[1], fits, -1.0)
    best = int(np.argmax(fits))
    width = _width(template)
    away = np.abs(np.arange(fits.size) - best) > width
    second = float(fits[away].max()) if away.any() and near is None else 0.0
    _judge(float(fits[best]), second, template, method)
    meter_ns, spread_ns = float(lags[best]), grid
    if refine:
        meter_ns, spread_ns = _refine(waveform, start, end, values, trace, meter_ns, grid)
    first_edge = int(waveform.edges_ns[0])
    middle = edges[-1] / 2
    return _Place(
        base + meter_ns + middle, first_edge - base - meter_ns, spread_ns, float(fits[best]), second
    )


def _judge(best: float, second: float, template: Floats, method: str) -> None:
    what = "the pattern" if method == "pattern" else "the run's own activity"
    changes = int(np.count_nonzero(np.abs(np.diff(template)) > 0.2))
    needed = max(_LEAST_FIT, 4.0 / math.sqrt(max(changes, 1)) if method == "activity" else 0.0)
    if not math.isfinite(best) or best < needed:
        raise DataError(
            f"{what} is not recognised in the meter's recording (correlation {best:.2f}; at least {needed:.2f} is needed)"
            + ("" if method == "pattern" else "; play a pattern with: powermeter sync")
        )
    if second > SECOND * best:
        raise DataError(
            f"{what} fits the meter's recording in more than one place (correlations {best:.2f} and {second:.2f})"
            + ("" if method == "pattern" else "; play a pattern with: powermeter sync")
        )


def _width(template: Floats) -> int:
    """Return how many samples from its peak the template's own autocorrelation falls below a half."""
    centred = template - template.mean()
    size = 1 << (2 * centred.size - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    own = np.fft.irfft(spectrum * np.conj(spectrum), size)[: centred.size]
    below = np.flatnonzero(own < 0.5 * own[0]) if own[0] > 0 else np.empty(0, int)
    return 2 * (int(below[0]) if below.size else centred.size) + 1


def _correlate(seen: Floats, template: Floats) -> Floats:
    """Return the correlation coefficient of the template with each stretch of its length."""
    n, m = seen.size, template.size
    pattern = template - template.mean()
    power = float(pattern @ pattern)
    size = 1 << (n + m).bit_length()
    shifted = seen - seen.mean()
    product = np.fft.irfft(np.fft.rfft(shifted, size) * np.conj(np.fft.rfft(pattern, size)), size)[
        : n - m + 1
    ]
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
