"""The power of a run as a curve: an envelope of its readings, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]

COLUMNS = 900
"""Pixels across a figure."""

PIECE = 1 << 16
"""Samples that are assigned to columns at a time."""

MAX_DOTS = 130
ENVELOPE = 2.5
"""Readings a pixel, above which their extremes and mean are drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class PowerCurve:
    """Power over a stretch without a gap.

    Attributes:
        seconds, watts: The line; steps are drawn out.
        low, high: The envelope at `seconds`, or None where every sample is in the line.
        samples: Times and values to mark one by one; empty where there are too many.
    """

    seconds: Floats
    watts: Floats
    low: Floats | None
    high: Floats | None


def _watts(trace: Trace, first: int, last: int) -> tuple[NDArray[np.int64], Floats]:
    """Return times and power of the samples [first, last); a counter's slope stands at the end of its step."""
    times, values = trace.times_ns[first:last], trace.values[first:last]
    if trace.kind is not Kind.COUNTER:
        return times, values
    if times.size < 2:
        return times[:0], values[:0]
    seconds = np.maximum(np.diff(times), 1) * 1e-9
    return times[1:], np.diff(values) / seconds


def curves_of(
    trace: Trace, start_ns: int, end_ns: int, gaps: Sequence[tuple[int, int, str]], origin: int
) -> tuple[list[PowerCurve], tuple[tuple[float, float], ...]]:
    """Return a curve for each stretch between gaps, and the single readings, (s, W), where they are few enough to be marked.

    Args:
        gaps: (start, end, reason) of each, ns.
        origin: The moment from which seconds count, ns.
    """
    edges = [start_ns, *(edge for s, e, _ in gaps for edge in (s, e)), end_ns]
    width_ns = max((end_ns - start_ns) / COLUMNS, 1.0)
    steps = trace.kind is not Kind.INSTANT
    curves: list[PowerCurve] = []
    points: list[tuple[float, float]] = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        first, last = np.searchsorted(trace.times_ns, [left, right + 1])
        # One sample more on either side draws the line to the frame's edge.
        first = int(first) - 1 if left == start_ns and first > 0 else int(first)
        last = int(last) + 1 if right == end_ns and last < len(trace) else int(last)
        times, watts = _watts(trace, first, last)
        if not times.size:
            continue
        if times.size > ENVELOPE * max((right - left) / width_ns, 1.0):
            curve = _envelope(times, watts, left, width_ns, origin)
            curves.append(curve if trace.kept is None else _with_means(curve, trace, left, width_ns, origin))
            continue
        seconds = (times - origin) * 1e-9
        if times.size <= MAX_DOTS:
            points += list(zip(seconds.tolist(), watts.tolist(), strict=True))
        if steps and times.size > 1:
            seconds, watts = np.repeat(seconds, 2)[:-1], np.repeat(watts, 2)[1:]
        curves.append(PowerCurve(seconds, np.asarray(watts, np.float64), None, None))
    inside = tuple((s, w) for s, w in points if start_ns <= s * 1e9 + origin <= end_ns)
    return curves, inside if len(inside) <= MAX_DOTS else ()


def _envelope(times: NDArray[np.int64], watts: Floats, left: int, width_ns: float, origin: int) -> PowerCurve:
    starts, columns = _columns(times, left, width_ns)
    counts = np.diff(starts, append=times.size)
    middles = left + (columns + 0.5) * width_ns
    return PowerCurve(
        (middles - origin) * 1e-9,
        np.add.reduceat(watts, starts) / counts,
        np.minimum.reduceat(watts, starts),
        np.maximum.reduceat(watts, starts),
    )


def _columns(
    times: NDArray[np.int64], left: int, width_ns: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the samples of each column begin, and which column it is; little memory whatever the length."""
    last = max(round((int(times[-1]) - left) / width_ns) - 1, 0)
    before: int | None = None
    starts, columns = [], []
    for first in range(0, times.size, PIECE):
        column = ((times[first : first + PIECE] - left) / width_ns).astype(np.int64)
        np.minimum(column, last, out=column)
        changed = np.flatnonzero(np.diff(column, prepend=column[0] - 1 if before is None else before))
        starts.append(first + changed)
        columns.append(column[changed])
        before = int(column[-1])
    return np.concatenate(starts), np.concatenate(columns)


def _with_means(curve: PowerCurve, trace: Trace, left: int, width_ns: float, origin: int) -> PowerCurve:
    """Return an envelope whose means are those of all readings, where not all are held; its extremes are always theirs."""
    sums = trace.values if trace.kept is None or trace.kept.sums is None else trace.kept.sums
    half = width_ns / 2e9
    edges = [curve.seconds - half, curve.seconds + half]
    begin, end = (np.clip(edge * 1e9 + origin, trace.start_ns, trace.end_ns) for edge in edges)
    joules = _between_readings(trace.times_ns, sums, end) - _between_readings(trace.times_ns, sums, begin)
    means = np.divide(joules, (end - begin) * 1e-9, out=curve.watts.copy(), where=end > begin)
    return replace(curve, watts=np.clip(means, curve.low, curve.high))


def _between_readings(times: NDArray[np.int64], sums: Floats, moments: Floats) -> Floats:
    """Return the running integral at moments within the readings; unlike `np.interp` it copies no column."""
    before = np.clip(np.searchsorted(times, moments.astype(np.int64), side="right") - 1, 0, times.size - 2)
    since, step = moments - times[before], np.maximum(times[before + 1] - times[before], 1)
    return np.asarray(sums[before] + (sums[before + 1] - sums[before]) * np.clip(since / step, 0.0, 1.0))
