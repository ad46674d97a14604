"""What the figures show, as numbers: an envelope of the power, the events under it, the energy of each.

`svg` (for the page) and `paper` (PNG and PDF for a write-up) draw the panels made here.  Long recordings are reduced to one column a
pixel: its lowest and highest sample and the mean; nothing is smoothed away, and a gap stays empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.label_row import LabelRow
from powermeter.result import COVERAGE_95, Result
from powermeter.signals.trace import Trace

from .power_curve import COLUMNS, ENVELOPE, PowerCurve, curves_of
from .report_data import ReportData
from .typical_event import all_held, surroundings, typical_event
from .wording import drawn_in, left_out

Floats = NDArray[np.floating[Any]]

MAX_LANES = 8
MAX_POINTS = 2000
CLOSER = 0.3
"""The closer look covers at most this share of the run."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One event, or several that share a pixel.

    Attributes:
        start, end: In s from the run's first sample.
        events: How many it stands for.
        joules: Its energy, where it is one event with a known one.
    """

    start: float
    end: float
    events: int
    joules: float | None


@dataclass(frozen=True, slots=True)
class Lane:
    """The events of one label; `colour` counts the labels from 0, `name` is the label in few letters."""

    label: str
    name: str
    colour: int
    bars: tuple[Bar, ...]
    marks: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Power over time with the events under it.

    Attributes:
        start, end: In s from `origin`: the run's first sample, or the start of the event looked at.
        curves: One for each stretch between gaps.
        samples: (s, W) of single samples, where they can be distinguished; empty otherwise.
        gaps: (start, end, reason) in s.
        lanes: The labels, in order of first appearance.
        hidden: Labels that found no lane.
        top_w: The largest value shown.
        bottom_w: The smallest one where it is below 0 (current that flows back); 0 otherwise.
        clipped: Readings at the upper end of the meter's range, in s, at most two a pixel.
    """

    start: float
    end: float
    curves: tuple[PowerCurve, ...]
    samples: tuple[tuple[float, float], ...]
    gaps: tuple[tuple[float, float, str], ...]
    lanes: tuple[Lane, ...]
    hidden: tuple[str, ...]
    top_w: float
    bottom_w: float
    clipped: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The energy per item of each event of a label, in the order of the run.

    Attributes:
        numbers: From 1; at most `MAX_POINTS` of them, evenly picked.
        events: How many there are.
        joules, half: Energy per item and half of its own 95 % interval.
        mean: What the next item will use, with `low` and `high`.
        meter: Half of the mean's 95 % interval as far as the meter makes it, without the spread between repeats.
        warmup: How many of the first events are left out of the mean.
        before: The same of an earlier run, where one is set beside it.
        unit: The size in J, and the name, of the unit that the axis is in.
    """

    label: str
    events: int
    numbers: Floats
    joules: Floats
    half: Floats
    mean: float
    low: float
    high: float
    meter: float
    warmup: int
    before: Result | None = None
    unit: tuple[float, str] = (1.0, "J")


def run_panel(data: ReportData) -> Panel:
    """Return the whole run."""
    a = data.analysis
    return panel(data, a.start_ns, a.end_ns, a.start_ns)


def close_panel(data: ReportData) -> Panel | None:
    """Return the headline's typical event and its surroundings.

    None where the sampling resolves no event, it would hardly be closer than the run, or readings under the line are not held.
    """
    a, row = data.analysis, data.headline
    middle = typical_event(a, row) if row is not None and row.verdict.resolved else None
    if middle is None:
        return None
    firsts, lasts = surroundings(a, np.array([middle]))
    first, last = int(firsts[0]), int(lasts[0])
    if last - first > CLOSER * (a.end_ns - a.start_ns):
        return None
    held = int(np.diff(np.searchsorted(a.power_trace.times_ns, [first, last]))[0])
    again = next((c.trace for c in data.close_ups if (c.start_ns, c.end_ns) == (first, last)), None)
    if again is None and held <= ENVELOPE * COLUMNS and not all_held(a.power_trace, firsts, lasts)[0]:
        return None
    return panel(data, first, last, int(a.energies.start_ns[middle]), again)


def panel(data: ReportData, start_ns: int, end_ns: int, origin: int, trace: Trace | None = None) -> Panel:
    """Return power and events between two moments of the recording's clock, times counted from `origin`.

    Args:
        trace: All readings between them, where the analysis holds only some.
    """
    a = data.analysis
    gaps = gaps_of(a.integral, start_ns, end_ns)
    curves, samples = curves_of(trace or a.power_trace, start_ns, end_ns, gaps, origin)
    highest = [float(np.max(c.watts if c.high is None else c.high)) for c in curves if c.watts.size]
    lowest = [float(np.min(c.watts if c.low is None else c.low)) for c in curves if c.watts.size]
    shown = [row for row in a.rows if row.energy is not None or row.events]
    by_use = sorted(shown, key=lambda r: (r is not data.headline, -(r.energy.value if r.energy else 0.0)))
    kept = {id(row) for row in by_use[:MAX_LANES]}
    lanes = []
    for colour, row in enumerate(r for r in shown if id(r) in kept):
        lane = _lane(data, row, colour, start_ns, end_ns, origin)
        if lane.bars or lane.marks:
            lanes.append(lane)
    return Panel(
        start=(start_ns - origin) * 1e-9,
        end=(end_ns - origin) * 1e-9,
        curves=tuple(curves),
        samples=samples,
        gaps=tuple(((s - origin) * 1e-9, (e - origin) * 1e-9, reason) for s, e, reason in gaps),
        lanes=tuple(lanes),
        hidden=tuple(row.title for row in shown if id(row) not in kept),
        top_w=max(highest, default=0.0),
        bottom_w=min(lowest, default=0.0) if min(lowest, default=0.0) < 0 else 0.0,
        clipped=_clipped(a.power_trace, start_ns, end_ns, origin),
    )


def _clipped(trace: Trace, start_ns: int, end_ns: int, origin: int) -> tuple[float, ...]:
    found = np.empty(0, np.int64) if trace.saturated_ns is None else trace.saturated_ns
    inside = found[(found >= start_ns) & (found <= end_ns)]
    pixels = (inside - start_ns) * (2 * COLUMNS) // max(end_ns - start_ns, 1)
    return tuple(((inside[np.unique(pixels, return_index=True)[1]] - origin) * 1e-9).tolist())


def items_of(data: ReportData, row: LabelRow, most: int = MAX_POINTS) -> Items | None:
    """Return the energies of `most` of a label's events, evenly picked; None for fewer than three, and where single ones are not resolved.

    Where all are known from below only, what is drawn is their lower ends, as the table prints.
    """
    a = data.analysis
    order = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
    seen = a.energies.known[order]
    known = order[seen]
    result = row.per_item
    if known.size < 3 or result is None or not row.verdict.resolved:
        return None
    counts = np.fmax(a.events.counts_at(known), 1)
    own = np.sqrt(a.energies.noise[known] ** 2 + a.energies.edges[known] ** 2 + a.energies.gaps[known] ** 2)
    joules = a.divided[known] / counts
    events = int(known.size)
    numbers = np.flatnonzero(seen) + 1.0
    half = COVERAGE_95 * own / counts
    if a.shares is not None:
        half *= a.shares.whole[known]
    if known.size > most:
        pick = np.linspace(0, known.size - 1, most).astype(np.int64)
        numbers, joules, half = numbers[pick], joules[pick], half[pick]
    kinds = result.by_kind()
    meter = COVERAGE_95 * math.sqrt(sum(part**2 for kind, part in kinds.items() if kind != "repeats"))
    before = data.against.earlier if data.against is not None else None
    from_below = not math.isfinite(result.high) and result.value > 0
    return Items(
        row.title,
        events,
        numbers,
        joules * (result.low / result.value) if from_below else joules,
        half,
        result.low if from_below else result.value,
        result.low,
        result.high,
        min(meter, (result.high - result.low) / 2),
        left_out(row),
        before,
        drawn_in(result),
    )


def gaps_of(integral: Integral, start_ns: int, end_ns: int) -> list[tuple[int, int, str]]:
    """Return the gaps inside a window, longer than two sample intervals (shorter ones are missed deadlines).

    Beside those that the recorder noted, these are the stretches without a reading that the analysis bridges.
    """
    trace, least = integral.trace, 2 * integral.trace.interval_ns
    found = [(g.start_ns, g.end_ns, g.detail or g.reason) for g in trace.gaps]
    for start, end in zip(integral.gap_start.tolist(), integral.gap_end.tolist(), strict=True):
        if not any(start < e and end > s for s, e, _ in found):
            found.append((start, end, "no readings"))
    return [
        (max(start, start_ns), min(end, end_ns), reason)
        for start, end, reason in sorted(found)
        if end > start_ns and start < end_ns and end - start > least
    ]


def _lane(data: ReportData, row: LabelRow, colour: int, start_ns: int, end_ns: int, origin: int) -> Lane:
    """Join the events of a label that a pixel cannot distinguish."""
    a = data.analysis
    index = row.index
    starts, ends = a.energies.start_ns[index], a.energies.end_ns[index]
    inside = (ends >= start_ns) & (starts <= end_ns)
    index, starts, ends = (
        index[inside],
        np.maximum(starts[inside], start_ns),
        np.minimum(ends[inside], end_ns),
    )
    lasting = ends > starts
    marks = starts[~lasting]
    pixel = max((end_ns - start_ns) // COLUMNS, 1)
    if marks.size > COLUMNS:
        marks = np.unique(marks // pixel) * pixel
    index, starts, ends = index[lasting], starts[lasting], ends[lasting]
    order = np.argsort(starts, kind="stable")
    index, starts, ends = index[order], starts[order], ends[order]
    bars = []
    if index.size:
        breaks = np.arange(1, index.size)
        if index.size > COLUMNS / 4:
            ends = np.maximum.accumulate(ends)
            breaks = np.flatnonzero(starts[1:] - ends[:-1] >= pixel) + 1
        heads = np.concatenate(([0], breaks))
        tails = np.concatenate((breaks, [index.size])) - 1
        for head, tail in zip(heads.tolist(), tails.tolist(), strict=True):
            alone = head == tail and row.verdict.resolved and bool(a.energies.known[index[head]])
            joules = float(a.energies.value[index[head]]) if alone else None
            begin, finish = (int(starts[head]) - origin) * 1e-9, (int(ends[tail]) - origin) * 1e-9
            bars.append(Bar(begin, finish, tail - head + 1, joules))
    name = " ".join([row.label, *(str(value) for value in row.group.values() if value is not None)])
    return Lane(row.title, name, colour, tuple(bars), tuple(((marks - origin) * 1e-9).tolist()))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers between two bounds, at most `most` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(n * step) + 0.0 for n in np.arange(first, last + 1)]
