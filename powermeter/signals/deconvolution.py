"""Means over a window longer than the sampling interval, turned into means over the interval.

Two readings of a running mean over W that lie τ apart differ by what entered the window less what left it:

    W (y_j − y_{j−1}) = e_j − e_{j−M}        e the energy of one interval, M = W/τ

so every interval's energy follows from the one a window earlier, and all of them from the first M, whose sum is W y₀.  How those
divide their sum is found from what follows: most neighbouring intervals of a load are alike, so that the median of their differences
in each of the M phases is zero.  Each window is divided by what all others show.  Its sum is that of the readings, exactly, whatever the division.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.missing_rows import filled
from powermeter.signals.trace import Trace
from powermeter.signals.unstated_noise import unstated_noise

Floats = NDArray[np.floating[Any]]

_FEWEST_WINDOWS = 3
_MOST_WINDOWS = 512
_LEAST_WINDOWS = 24
_MOST_PHASES = 1000
_HOLE = 3.5
_BRIDGED = 0.5  # of a window
_ROWS_BESIDE = 4
_NEAR = 6.0  # median deviations: four standard deviations of noise


def unfolded(trace: Trace, window_ns: int) -> Trace | None:
    """Return a running mean's trace as means over its sampling interval, or None where it cannot be.

    It cannot where the window is hardly longer than the interval, or the trace shorter than three windows.  `noise` becomes that of
    one interval: what the readings' noise adds up to along the recursion, and the doubt in the division of the first window.
    """
    tau = trace.interval_ns
    if not tau or len(trace) < 4:
        return None
    longest = max(_HOLE * tau, _BRIDGED * window_ns)
    holes = np.flatnonzero(np.diff(trace.times_ns) > longest)
    if holes.size:
        return _piecewise(trace, window_ns, holes)
    phases = round(window_ns / tau)
    if not 2 <= phases <= _MOST_PHASES or trace.end_ns - trace.start_ns < _FEWEST_WINDOWS * window_ns:
        return None
    reading_noise = trace.noise or unstated_noise(trace.values)
    every = filled(trace, longest, reading_noise)
    trace = every.trace
    step = window_ns / phases
    count = int((trace.end_ns - trace.start_ns) / step)
    grid = trace.start_ns + np.rint(np.arange(count + 1) * step).astype(np.int64)
    seen = np.interp(grid, trace.times_ns, trace.values)
    window_s, step_s = window_ns * 1e-9, step * 1e-9
    own = math.hypot(reading_noise, trace.step / math.sqrt(12), every.doubt)
    scale = float(np.std(seen)) * step_s
    afford = 0.05 * scale / max(window_s * own, 1e-300)
    windows = int(min(max(3 * afford * afford, _LEAST_WINDOWS), _MOST_WINDOWS))
    # As many windows in each: a last few would be divided by themselves alone.
    block = -(-count // max(count // (windows * phases), 1) // phases) * phases
    change = window_s * np.diff(seen)
    energy = np.empty(count + phases)
    doubts: list[float] = []
    for first in range(0, count, block):
        last = min(first + block, count)
        if last - first < 2 * phases and first:
            # Too short to anchor by itself: it goes on from the block before.
            for j in range(first, last):
                energy[phases + j] = energy[j] + change[j]
            break
        part, doubt = _anchored(change[first:last], window_s * float(seen[first]), phases)
        doubts.append(doubt)
        energy[first if first else 0 : last + phases] = (
            part if not first else np.concatenate([energy[first : first + phases], part[phases:]])
        )
    walk = window_s * own * math.sqrt(2 * min(windows, count / phases) / 6)
    noise = math.hypot(walk, float(np.mean(doubts)) if doubts else 0.0) / step_s
    ahead = trace.start_ns - np.rint(np.arange(phases - 1, -1, -1) * step).astype(np.int64)
    return replace(
        trace,
        times_ns=np.concatenate([ahead, grid[1:]]),
        values=energy / step_s,
        kind=Kind.MEAN,
        window_ns=window_ns,
        interval_ns=round(step),
        noise=noise,
        window_noise=window_s * own / (noise * step_s) if noise else 0.0,
        step=0.0,
    )


def _anchored(change: Floats, total: float, phases: int) -> tuple[Floats, float]:
    """Return the energies of a window and of the intervals after it, and the standard uncertainty of their division.

    Args:
        change: W Δy of each interval after the first window, in J.
        total: Energy of the first window.
    """
    n = change.size
    rows = -(-n // phases)
    table = np.zeros((rows + 1, phases))
    table[1:].ravel()[:n] = change
    known = np.cumsum(table, axis=0)
    line = known.ravel()[: n + phases]
    steps = np.diff(line)
    # Differences from one phase to the next, in order: the last one leads to the next window's first phase.
    apart = np.zeros(phases)
    level = _level_steps(steps, phases)
    for p in range(phases):
        these, use = steps[p::phases], level[p::phases]
        half = these.size // 2
        apart[p] = (
            _mean_where(these[:half], use[:half]) - _mean_where(these[half:], use[half:])
            if half
            else _mean_where(these, use)
        )
    gaps = _gaps_without_own(steps, level, rows + 1, phases)
    start = -np.cumsum(np.column_stack([np.zeros(rows + 1), gaps[:, :-1]]), axis=1)
    start += total / phases - start.mean(axis=1, keepdims=True)
    # Means of both halves differ by twice the error of the whole's; it adds up like a bridge over the phases.
    doubt = float(np.sqrt(np.mean(apart**2))) / 2 * math.sqrt(phases / 12)
    return line + start.ravel()[: n + phases], doubt


def _gaps_without_own(steps: Floats, level: NDArray[np.bool_], rows: int, phases: int) -> Floats:
    """Return for each window the mean level step of each phase in all other windows, less their mean; shape (rows, phases).

    A window whose own steps were in these means would be drawn towards what they lead to: of n windows, a burst lost 1/n of itself.
    """
    sums, counts = np.zeros((rows, phases)), np.zeros((rows, phases))
    sums.ravel()[: steps.size] = np.where(level, steps, 0.0)
    counts.ravel()[: steps.size] = level
    own, times = sums.copy(), counts.copy()
    own[1:, -1] += sums[:-1, -1]  # the step that leads into the window
    times[1:, -1] += counts[:-1, -1]
    usual = np.array([_mean_where(steps[p::phases], level[p::phases]) for p in range(phases)])
    left = counts.sum(axis=0) - times
    gaps = np.where(left > 0, (sums.sum(axis=0) - own) / np.maximum(left, 1), usual)
    result: Floats = gaps - gaps.mean(axis=1, keepdims=True)
    return result


def _level_steps(steps: Floats, phases: int) -> NDArray[np.bool_]:
    """Return which steps from one interval to the next are not edges of bursts, nor beside one.

    An edge inside an interval makes two steps, one of which may be small.  A median that has them in it leans to where bursts begin:
    they came out 0.7 % too low.
    """
    rows = -(-steps.size // phases)
    reach = min(_ROWS_BESIDE, (rows - 1) // 2)
    table = np.full((rows, phases), np.nan)
    table.ravel()[: steps.size] = steps
    table[-1] = np.where(np.isnan(table[-1]), table[max(rows - 2, 0)], table[-1])
    # Noise adds up from window to window, so that a step is held against those of its phase a few windows before and after.
    padded = np.pad(table, ((reach, reach), (0, 0)), mode="reflect" if reach else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0), axis=-1)
    away = np.abs(table - usual).ravel()[: steps.size]
    level: NDArray[np.bool_] = away <= _NEAR * float(np.median(away))
    edge = ~level
    level[1:] &= ~edge[:-1]
    level[:-1] &= ~edge[1:]
    return level


def _mean_where(steps: Floats, use: NDArray[np.bool_]) -> float:
    return float(steps[use].mean()) if use.any() else float(np.median(steps)) if steps.size else 0.0


def _piecewise(trace: Trace, window_ns: int, holes: NDArray[np.int64]) -> Trace | None:
    """Return the trace unfolded between its holes, or None where a piece is too short for it."""
    parts = []
    for first, last in zip([0, *(holes + 1).tolist()], [*(holes + 1).tolist(), len(trace)], strict=True):
        piece = replace(trace, times_ns=trace.times_ns[first:last], values=trace.values[first:last])
        found = unfolded(piece, window_ns)
        if found is None:
            return None
        parts.append(found)
    kept = [parts[0]]
    for part in parts[1:]:
        after = part.times_ns > kept[-1].end_ns  # the first window of a piece may reach back over the hole
        kept.append(replace(part, times_ns=part.times_ns[after], values=part.values[after]))
    return replace(
        kept[0],
        times_ns=np.concatenate([p.times_ns for p in kept]),
        values=np.concatenate([p.values for p in kept]),
        noise=max(p.noise for p in kept),
    )
