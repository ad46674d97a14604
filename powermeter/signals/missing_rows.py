"""Rows that a running mean lacks: between two bends of its power it rises or falls in a line, so that a lost row lies where lines meet.

Drawn straight across a lost row, each bend at an edge of a burst loses its tip, always to the same side: energy moves out of bursts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_LOST = 1.5  # intervals between rows from which one is missing
_BEND = 8.0  # standard deviations of noise
_LEAST = 8  # rows that are left out for a trial


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A running mean with its lost rows filled.

    Attributes:
        trace: The readings, with a row for each that was lost.
        doubt: Root mean square over all rows of what filled ones are off by, W.
    """

    trace: Trace
    doubt: float


def filled(trace: Trace, longest_ns: float, noise: float) -> Filled:
    """Return a running mean with rows where some are missing; longer holes stay.

    What filled rows are off by is that of rows that are there, as many in a row left out for a trial.

    Args:
        longest_ns: Between rows that are bridged.
        noise: Of one reading, W.
    """
    t, f, tau = trace.times_ns, trace.values, trace.interval_ns
    steps = np.diff(t)
    at = np.flatnonzero((steps > _LOST * tau) & (steps <= longest_ns))
    if not at.size:
        return Filled(trace, 0.0)
    count = np.rint(steps[at] / tau).astype(np.int64) - 1
    owner = np.repeat(at, count)
    place = (np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count) + 1) / np.repeat(
        count + 1, count
    )
    more = t[owner] + np.rint(place * steps[owner]).astype(np.int64)
    found = _between(t, f, owner, owner + 1, more, noise)
    squares = [_off_by(t, f, tau, noise, wide) * wide * n for wide, n in _times_each(count)]
    times = np.concatenate([t, more])
    order = np.argsort(times, kind="stable")
    values = np.concatenate([f, found])[order]
    whole = replace(trace, times_ns=times[order], values=values)
    return Filled(whole, math.sqrt(sum(squares) / times.size))


def _times_each(count: Indices) -> list[tuple[int, int]]:
    """Return each number in a row, and how often it is there."""
    wide, times = np.unique(count, return_counts=True)
    return list(zip(wide.tolist(), times.tolist(), strict=True))


def _between(t: Indices, f: Floats, left: Indices, right: Indices, at: Indices, noise: float) -> Floats:
    """Return readings between rows: where the lines that lead there meet if they bend, else on the line from one to the other."""
    first, last = np.maximum(left - 1, 0), np.minimum(right + 1, t.size - 1)
    span = np.maximum(t[right] - t[left], 1)
    rise = np.divide(f[left] - f[first], t[left] - t[first], out=np.zeros(left.size), where=left > first)
    fall = np.divide(f[last] - f[right], t[last] - t[right], out=np.zeros(left.size), where=last > right)
    ahead, behind = f[left] + rise * (at - t[left]), f[right] - fall * (t[right] - at)
    straight = f[left] + (f[right] - f[left]) * (at - t[left]) / span
    bend = rise - fall
    usual = np.median(np.diff(t))
    # Lines that bend down meet between both rows where each lies below the other's row at its own end.
    down = bend > 0
    over = f[right] - fall * span - f[left], f[left] + rise * span - f[right]
    meet = np.where(down, np.minimum(*over) >= 0, np.maximum(*over) <= 0)
    use = meet & (np.abs(bend) * usual > _BEND * noise) & (left > first) & (last > right)
    tip = np.where(down, np.minimum(ahead, behind), np.maximum(ahead, behind))
    found: Floats = np.where(use, tip, straight)
    return found


def _off_by(t: Indices, f: Floats, tau: int, noise: float, wide: int) -> float:
    """Return the mean square of what rows that are there, so many in a row, would be filled wrongly by; of all that differ where too few are."""
    left = np.arange(1, max(t.size - wide - 2, 1))
    right = left + wide + 1
    use = (right < t.size - 1) & (t[np.minimum(right, t.size - 1)] - t[left] <= (wide + 1.5) * tau)
    left, right = left[use], right[use]
    if left.size < _LEAST:
        return float(np.var(f))
    middle = left + (wide + 1) // 2
    off = _between(t, f, left, right, t[middle], noise) - f[middle]
    return float(np.mean(off**2))
