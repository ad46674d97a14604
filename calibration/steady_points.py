"""Calibration points from two recordings of the same rail: stretches in which both stood still."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.signals.trace import Trace

from .fit import Points
from .stretches import HELD, Stretches

Floats = NDArray[np.floating[Any]]

_LEAST_SAMPLES = 4


def steady_points(
    seen: Trace | Stretches,
    reference: Trace | Stretches,
    *,
    window_s: float = 1.0,
    temperature: Trace | Stretches | None = None,
    most: int = 400,
) -> Points:
    """Return one point for each window in which neither reading moved more than it usually scatters.

    Both traces must be on one clock and of one quantity.  A point's uncertainty is the scatter inside
    its window over the root of the samples there, and never less than the step over √12 and that root.

    Args:
        window_s: Length of a window in s.
        most: Keep at most this many points, spread over the range of the readings.

    Raises:
        DataError: They do not overlap, or nothing ever stood still.
    """
    if seen.quantity is not reference.quantity:
        raise DataError(f"{seen.quantity.value} cannot be calibrated against {reference.quantity.value}")
    start = max(seen.start_ns, reference.start_ns)
    end = min(seen.end_ns, reference.end_ns)
    width = round(window_s * 1e9)
    if end - start < 3 * width:
        raise DataError("the two recordings overlap for less than three windows; are they on one clock?")
    edges = np.arange(start, end + 1, width)
    a, b = _levels(seen, edges), _levels(reference, edges)
    count = np.minimum(a[2], b[2])
    good = count >= _LEAST_SAMPLES
    if not good.any():
        raise DataError(
            f"a window of {window_s:g} s holds fewer than {_LEAST_SAMPLES} samples; use a longer one"
        )
    steady = good & _quiet(a, good, seen.step) & _quiet(b, good, reference.step)
    if steady.sum() < 3:
        raise DataError("the load never stood still long enough; hold each level for a few windows")
    pick = np.flatnonzero(steady)
    if pick.size > most:
        order = pick[np.argsort(a[0][pick], kind="stable")]
        pick = np.sort(order[np.linspace(0, order.size - 1, most).astype(int)])
    warm = None
    if temperature is not None:
        middle = (edges[:-1] + edges[1:])[pick] // 2
        warm = _at(temperature, middle)
    return Points(a[0][pick], b[0][pick], _spread(a, pick, seen.step), _spread(b, pick, reference.step), warm)


def _at(trace: Trace | Stretches, times_ns: NDArray[np.int64]) -> Floats:
    """Return the values at some times, by straight lines between the readings around them."""
    if isinstance(trace, Trace):
        return np.interp(times_ns, trace.times_ns, trace.values)
    found = np.empty(times_ns.size)
    for place, time in enumerate(times_ns.tolist()):
        reach = 4 * max(trace.head.interval_ns, 1)
        part = trace.between(time - reach, time + reach)
        while not len(part):
            reach *= 4
            part = trace.between(time - reach, time + reach)
        found[place] = float(np.interp(time, part.times_ns, part.values))
    return found


def _levels(
    trace: Trace | Stretches, edges: NDArray[np.int64]
) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """Return by window the mean, the standard deviation, the count and the drift from first to second half."""
    if isinstance(trace, Trace):
        return _levels_of(trace, edges)
    # A window's last reading is that before the next one's edge, so pieces end 1 ns before theirs.
    windows = max(int(HELD // 4 * max(trace.head.interval_ns, 1) // int(edges[1] - edges[0])), 1)
    parts = []
    for first in range(0, edges.size - 1, windows):
        cut = edges[first : first + windows + 1]
        parts.append(_levels_of(trace.between(int(cut[0]), int(cut[-1]) - 1), cut))
    mean, deviation, count, drift = (np.concatenate(column) for column in zip(*parts, strict=True))
    return mean, deviation, count, drift


def _levels_of(trace: Trace, edges: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    index = np.searchsorted(trace.times_ns, edges)
    values = trace.values
    n = edges.size - 1
    mean, deviation, count, drift = np.zeros(n), np.zeros(n), np.diff(index), np.zeros(n)
    for k, (i, j) in enumerate(zip(index[:-1].tolist(), index[1:].tolist(), strict=True)):
        if j - i < 2:
            continue
        part = values[i:j]
        mean[k], deviation[k] = float(part.mean()), float(part.std(ddof=1))
        half = (j - i) // 2
        drift[k] = float(part[half:].mean() - part[:half].mean())
    return mean, deviation, count, drift


def _quiet(
    levels: tuple[Floats, Floats, NDArray[np.int64], Floats], good: NDArray[np.bool_], step: float
) -> NDArray[np.bool_]:
    _, deviation, count, drift = levels
    usual = max(float(np.quantile(deviation[good], 0.25)), step / np.sqrt(12.0))
    quiet: NDArray[np.bool_] = (deviation <= 3 * usual + 1e-12) & (
        np.abs(drift) <= 6 * usual / np.sqrt(np.maximum(count, 1)) + step + 1e-12
    )
    return quiet


def _spread(
    levels: tuple[Floats, Floats, NDArray[np.int64], Floats], pick: NDArray[np.int64], step: float
) -> Floats:
    _, deviation, count, _ = levels
    # A reading that hardly flickers averages its step's error hardly away: the step counts whole.
    flicker = np.minimum(deviation[pick] / step, 1.0) if step else 1.0
    shared = step / np.sqrt(12.0) * (1 - flicker)
    random = np.maximum(deviation[pick], step / np.sqrt(12.0)) / np.sqrt(np.maximum(count[pick], 1))
    floor = 1e-9 * max(float(np.max(np.abs(levels[0]))), 1e-30)
    result: Floats = np.sqrt(random**2 + shared**2 + floor**2)
    return result
