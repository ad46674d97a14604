"""The power of a run packed for the page's own zoom: single readings where they fit, else levels that keep every peak.

Every block is a list of stretches between readings: when, the lowest and highest reading, the energy, the variance of
that energy that readings leave open, and, where not all are held, how many there were.  Numbers are little-endian arrays in base64; times count `tick_s` from the first reading.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.upper_limits import ends as both_ends
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.signals.trace import Trace

from . import figure_data
from .close_ups import ANOTHER, HIGHEST, LONGEST, CloseUp
from .html_elements import harmless
from .report_data import ReportData
from .wording import left_out

SINGLE = 90_000
"""Readings up to which all of them are in the page."""

STRETCHES = 36_000
"""Stretches of a longer run, which has single readings in places; everything at its most stays below 3 MB."""

BESIDE = 3_000
"""Stretches of each further rail."""

RAILS = 6
CLOSE = 26_000
"""Single readings of a longer run, in all its close-ups."""

EVENTS = 20_000
_AT_ONCE = 1 << 17

Floats = NDArray[np.floating[Any]]


def zoom_data(data: ReportData) -> dict[str, Any] | None:
    """Return what the page's script draws; None where the run has no length."""
    a = data.analysis
    span = a.end_ns - a.start_ns
    if span <= 0:
        return None
    tick = max(span / 0xFFFF_FFF0, 1e-3)
    rail, kept = _rail(a.line.key, a.integral, a.start_ns, tick, STRETCHES, data.close_ups)
    rails = [rail]
    for line in a.lines:
        if line.key == a.line.key or len(rails) >= RAILS:
            continue
        trace = line.power()
        if trace is None or len(trace) < 3:
            continue
        try:
            rails.append(_rail(line.key, Integral.of(trace), a.start_ns, tick, BESIDE, ())[0])
        except DataError:
            continue
    places = [
        {
            "name": one.name,
            "start": (one.start_ns - a.start_ns) * 1e-9,
            "end": (one.end_ns - a.start_ns) * 1e-9,
            "event": one.name != HIGHEST,
            "of": "" if data.headline is None or one.name == HIGHEST else harmless(data.headline.title, 80),
        }
        for one in kept
    ]
    return {
        "tick_s": tick * 1e-9,
        "span_s": span * 1e-9,
        "rails": rails,
        "places": places,
        "labels": list(
            _each_label(data, a.start_ns, tick, tuple(one for one in kept if one.name != HIGHEST))
        ),
        "mean_of": _condensed(data),
        "simulated": a.energy.grade.value == "simulated",
    }


def _condensed(data: ReportData) -> int:
    """Return how many readings are one here: a run too long to be held is read as means of a few; 1 elsewhere."""
    trace = data.analysis.power_trace
    if trace.kept is not None:
        return 1
    rows = max((h.samples for h in data.analysis.health if str(h.source) == trace.source), default=0)
    return max(1, round(rows / max(len(trace) + trace.repeats, 1)))


def _rail(
    key: str,
    integral: Integral,
    start_ns: int,
    tick: float,
    most: int,
    places: tuple[CloseUp, ...],
) -> tuple[dict[str, Any], tuple[CloseUp, ...]]:
    """Return what is drawn of a rail, and the places of which it has every reading."""
    trace = integral.trace
    n = integral.running.size - 1
    each = 1 if n <= SINGLE and most == STRETCHES else max(1, -(-n // most))
    curve = _Curve(integral)
    blocks = [_block(curve, 0, n, each, start_ns, tick)]
    whole = [place for place in places if place.name != ANOTHER]  # all readings are there
    if each > 1:
        whole, left = [], CLOSE
        for place in places:
            closer = curve if place.trace is None else _Curve(Integral.of(place.trace))
            times = closer.integral.trace.times_ns
            first, last = (int(k) for k in np.searchsorted(times, [place.start_ns, place.end_ns]))
            first, last = max(first - 1, 0), min(last + 1, closer.integral.running.size - 1)
            if last - first > left and place.name == ANOTHER:
                continue
            if last - first > 2:
                last = min(last, first + min(left, LONGEST))
                blocks.append(_block(closer, first, last, 1, start_ns, tick))
                whole.append(place)
                left -= last - first
    counted = [error for error in trace.errors if error.relative or error.absolute]
    least = integral.trace.values.min() if trace.kind is not Kind.COUNTER else 0.0
    drawn = {
        "name": harmless(key, 60),
        "grade": trace.grade.value,
        "line": trace.kind is Kind.INSTANT,
        "blocks": blocks,
        "gaps": [
            [(start - start_ns) * 1e-9, (end - start_ns) * 1e-9, harmless(reason, 80)]
            for start, end, reason in figure_data.gaps_of(integral, start_ns, int(trace.times_ns[-1]))[:2000]
        ],
        "errors": [[error.relative, error.absolute] for error in counted],
        "edge": 2 * trace.noise**2 + trace.step**2 / 6 if trace.kind is Kind.COUNTER else 0.0,
        "step": trace.step if trace.kind is not Kind.COUNTER else 0.0,
        "clock_s": trace.clock_ns * 1e-9,
        "floor": bool(least >= 0),
        "saturated": _saturated(trace, start_ns),
    }
    return drawn, tuple(whole)


def _saturated(trace: Trace, start_ns: int) -> list[float]:
    found = trace.saturated_ns
    if found is None or not found.size:
        return []
    pick = found if found.size <= 2000 else found[np.linspace(0, found.size - 1, 2000).astype(int)]
    return [float(t) for t in (pick - start_ns) * 1e-9]


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Some intervals between readings, in order: time of each begin, the level shown, energy, variance (−1: nobody saw it)."""

    times_ns: NDArray[np.int64]
    level: Floats
    joules: Floats
    variance: Floats


class _Curve:
    """The intervals of a rail, computed a piece at a time."""

    def __init__(self, integral: Integral) -> None:
        self.integral = integral
        self._usual = integral.trace.interval_ns * 1e-9
        self._hole = np.zeros(integral.running.size, bool)
        self._hole[integral.hole] = True
        self._white = self._unknown(integral.fair_index(1 << 16)) if integral.trace.kept is not None else 0.0

    def _unknown(self, index: NDArray[np.int64]) -> float:
        """Return what readings leave open of an interval of 1 s on average, J²: for intervals in which not all are held."""
        trace = self.integral.trace
        next_to = index[:-1][np.diff(index) == 1]
        jump = trace.values[next_to + 1] - trace.values[next_to]
        return float(np.mean(jump**2)) / 4 if jump.size else 0.0

    def steps(self, first: int, last: int) -> _Steps:
        """Return the intervals [first, last)."""
        integral, trace = self.integral, self.integral.trace
        times = trace.times_ns[first : last + 1]
        seconds = np.diff(times) * 1e-9
        joules = np.diff(integral.running[first : last + 1])
        if trace.kind is Kind.INSTANT:
            before = max(first - 1, 0)
            values = trace.values[before : last + 1]
            bend = np.zeros(joules.size)
            bends = np.diff(values, 2) ** 2 / 6
            bend[first == 0 :] = bends
            if first == 0 and joules.size > 1:
                bend[0] = bend[1]
            jump = np.diff(values)[first - before :]
            variance = (bend + jump**2 / 12) * np.minimum(seconds, 4 * self._usual) ** 2
            if trace.kept is not None:
                count = np.diff(trace.kept.place[first : last + 1].astype(np.int64))
                variance = np.where(count > 1, self._white * count * self._usual**2, variance)
            level = np.asarray(trace.values[first:last], np.float64)
        else:
            level = np.divide(joules, seconds, out=np.zeros(joules.size), where=seconds > 0)
            variance = np.full(joules.size, 0.0 if trace.kind is Kind.COUNTER else trace.noise**2)
            variance = variance * seconds**2
        return _Steps(times[:-1], level, joules, np.where(self._hole[first:last], -1.0, variance))

    def end(self, last: int) -> float:
        """Return the level shown at the end of the intervals up to `last`."""
        at = min(last, self.integral.running.size - 2)
        return float(self.steps(at, at + 1).level[0])


def _block(curve: _Curve, first: int, last: int, each: int, start_ns: int, tick: float) -> dict[str, Any]:
    cells: dict[str, list[Floats]] = {name: [] for name in ("t", "low", "high", "e", "v")}
    kept, counts = curve.integral.trace.kept, [np.empty(0, np.int64)]
    for low in range(first, last, each * max(1, _AT_ONCE // each)):
        high = min(low + each * max(1, _AT_ONCE // each), last)
        some = curve.steps(low, high)
        heads = np.arange(0, high - low, each)
        dark = np.logical_or.reduceat(some.variance < 0, heads)
        sums = np.add.reduceat(np.maximum(some.variance, 0.0), heads)
        cells["t"].append((some.times_ns[heads] - start_ns).astype(np.float64))
        cells["low"].append(np.minimum.reduceat(some.level, heads))
        cells["high"].append(np.maximum.reduceat(some.level, heads))
        cells["e"].append(np.add.reduceat(some.joules, heads))
        cells["v"].append(np.where(dark, -1.0, sums))
        if kept is not None:
            counts.append(np.diff(kept.place[np.append(low + heads, high)].astype(np.int64)))
    cells["t"].append(np.array([float(curve.integral.trace.times_ns[last] - start_ns)]))
    whole = {name: np.concatenate(parts) for name, parts in cells.items()}
    ticks = np.clip(whole["t"] / tick, 0, 0xFFFF_FFFF)
    return {
        "each": each,
        "n": int(whole["low"].size),
        "t": _packed(ticks.astype("<u4")),
        "low": _packed(whole["low"].astype("<f4")),
        "high": None if each == 1 else _packed(whole["high"].astype("<f4")),
        "e": _packed(whole["e"].astype("<f4")),
        "v": _packed(whole["v"].astype("<f4")),
        "r": None if kept is None else _packed(np.concatenate(counts).astype("<u4")),
        "end": curve.end(last),
    }


def _packed(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _drawn(starts: NDArray[np.int64], most: int, places: tuple[CloseUp, ...]) -> NDArray[np.int64]:
    """Return which of a label's events are drawn: evenly picked ones, and those in the close-ups."""
    if starts.size <= most:
        return np.arange(starts.size)
    middles = [(place.start_ns + place.end_ns) // 2 for place in places]
    looked_at = np.maximum(np.searchsorted(starts, middles, side="right") - 1, 0)
    return np.union1d(np.linspace(0, starts.size - 1, most).astype(np.int64), looked_at)


def _each_label(
    data: ReportData, start_ns: int, tick: float, places: tuple[CloseUp, ...]
) -> Iterator[dict[str, Any]]:
    a = data.analysis
    half = a.energies.half_width() if len(a.energies) else np.empty(0)
    printed = a.energies.value
    if np.isinf(half).any():  # known from below only: at least the lower end
        printed = np.where(np.isinf(half), both_ends(a.energies)[0], printed)
    shown = [row for row in a.rows if row.events]
    by_use = sorted(shown, key=lambda r: (r is not data.headline, -(r.energy.value if r.energy else 0.0)))
    kept = {id(row) for row in by_use[: figure_data.MAX_LANES]}
    left = EVENTS
    for row in (r for r in shown if id(r) in kept):
        index = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
        total = index.size
        share = max(left // 2, 1) if total > left // 2 else total
        index = index[_drawn(a.energies.start_ns[index], share, places)]
        left = max(left - index.size, 0)
        known = a.energies.known[index] & row.verdict.resolved
        starts, ends = a.energies.start_ns[index] - start_ns, a.energies.end_ns[index] - start_ns
        yield {
            "name": harmless(row.title, 80),
            "n": int(index.size),
            "of": int(total),
            "warmup": left_out(row) if total == index.size else 0,
            "why": "" if row.verdict.resolved else "single events are too short for this sampling",
            "start": _packed(np.clip(starts / tick, 0, 0xFFFF_FFFF).astype("<u4")),
            "end": _packed(np.clip(ends / tick, 0, 0xFFFF_FFFF).astype("<u4")),
            "e": _packed(np.where(known, printed[index], np.nan).astype("<f4")),
            "half": _packed(np.where(known, half[index], np.nan).astype("<f4")),
        }
