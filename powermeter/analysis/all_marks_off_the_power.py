"""Marks of several labels that all lie beside the steps of power by one time, where labels touch and none has quiet on both its sides.

Between two marks power has a level of its own, whatever the load.  Where marks moved by one time leave readings far closer to such levels, and nearly
every clear step shows it, up and down, either clock is off, or the instrument shows what was; a load that follows its marks late looks the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clock_uncertainty import edges_late
from powermeter.analysis.event_estimate import (
    BEYOND,
    IN_STEP,
    LAG,
    LATE,
    LEAD,
    OFF_MARKS,
    SOME,
    TAIL,
    GroupEstimate,
)
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Labels
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_LOOKED = 200  # marks
_ROWS = 20_000  # between the first and the last of these
_FURTHEST_S = 4.0
_FURTHEST_ROWS = 10
_CLEARLY = 0.9  # intervals
_CLEARLY_OF_MEANS = 1.25
_LEAST = 5  # clear steps
_EACH_WAY = 2  # up, and down
_STRAYS = 0.1  # of them
_CLEAR = 3.0  # deviations of what readings do between marks
_READ = 2  # readings between two marks that show a level
_FITS = 0.7  # of the squares that marks as they are leave
_SURE = 2.0
_ALIKE = 1e-9
_OTHERS = ("", IN_STEP, LATE, LAG, LEAD, TAIL, SOME, BEYOND)
_TOGETHER = 256  # offsets that are tried at once


@dataclass(frozen=True, slots=True)
class Offset:
    """By how much power steps behind all marks, ns, and how far that is open either way."""

    ns: int
    room_ns: int

    def open(self, integral: Integral, start_ns: Times, end_ns: Times, found: GroupEstimate) -> None:
        """Open an estimate to what its events hold by marks moved so far."""
        if (
            found.why not in _OTHERS
            or not np.isfinite(found.value).all()
            or found.marks_step_ns >= abs(self.ns)
        ):
            return
        trace = integral.trace
        first, last = int(trace.times_ns[0]), int(trace.times_ns[-1])
        near, more, far = (
            integral.between(
                *(np.clip(e + self.ns + k * self.room_ns, first, last) for e in (start_ns, end_ns))
            )
            - found.value
            for k in (-1, 0, 1)
        )
        n = more.size
        # Either edge lies anywhere between two readings.
        tau = trace.interval_ns

        def beside(ahead: int) -> Floats:
            return integral.between(
                *(np.clip(end_ns + self.ns + k * tau, first, last) for k in (ahead, ahead + 1))
            )

        steps = beside(1) - beside(-2)
        one = float(np.abs(steps).max()) / math.sqrt(12)
        open_j = np.maximum(np.abs(near - more), np.abs(far - more))
        chance = _SURE * one * math.sqrt(2 / n) + float(open_j.mean())
        each = _SURE * one * math.sqrt(2) + open_j
        found.above = np.maximum(found.above, np.where(more > 0, more + each, 0.0))
        found.below = np.maximum(found.below, np.where(more < 0, each - more, 0.0))
        total = float(more.sum())
        found.above_all = max(found.above_all, total + n * chance if total > 0 else 0.0)
        found.below_all = max(found.below_all, n * chance - total if total < 0 else 0.0)
        found.tail, found.offset_s, found.why = None, self.ns * 1e-9, OFF_MARKS


def off_all_marks(integral: Integral, marks: Labels) -> Offset | None:
    """Return by how much power steps behind the marks of all labels, where it does so by one time; None where not."""
    trace = integral.trace
    tau = trace.interval_ns
    if edges_late(trace) or trace.kept is not None or trace.window_ns or not tau or not marks.start_ns.size:
        return None
    every = np.unique(np.concatenate([marks.sorted_starts, marks.sorted_ends]))[:_LOOKED]
    if every.size < _LEAST:
        return None
    furthest = max(_FURTHEST_S * 1e9, _FURTHEST_ROWS * tau)
    first, upto = np.searchsorted(trace.times_ns, [every[0] - 2 * furthest, every[-1] + 2 * furthest])
    if upto - first > _ROWS or upto - first < every.size:
        return None
    t, power = _rows(integral, int(first), int(upto))
    power = power - power.mean()
    tried = np.arange(-furthest, furthest + tau / 16, tau / 8)
    left = _left(t, power, every, np.rint(tried).astype(np.int64))
    as_marked = float(_left(t, power, every, np.zeros(1, np.int64))[0])
    best = np.flatnonzero(left <= left.min() + _ALIKE * float(power @ power))
    offset = round(float(tried[best].mean()))
    clearly = _CLEARLY if trace.kind is Kind.INSTANT else _CLEARLY_OF_MEANS
    if abs(offset) <= max(clearly * tau, trace.clock_ns) or left.min() > _FITS * as_marked:
        return None
    room = round(float(np.ptp(tried[best])) / 2 + tau / 8)
    return Offset(offset, room) if _all_show_it(t, power, every, offset) else None


def _rows(integral: Integral, first: int, upto: int) -> tuple[Times, Floats]:
    """Return power as each reading has it: at its stamp, or in the middle of what it speaks for."""
    t = integral.trace.times_ns[first:upto]
    if integral.trace.kind is Kind.INSTANT:
        return t, integral.trace.values[first:upto]
    joules = integral.running[first:upto]
    return (t[1:] + t[:-1]) // 2, np.diff(joules) / np.maximum(np.diff(t) * 1e-9, 1e-9)


def _left(t: Times, power: Floats, marks: Times, offsets: Times) -> Floats:
    """Return the squares that readings leave about the level of each stretch between two marks, for each offset of all marks."""
    sums = np.concatenate([[0.0], np.cumsum(power)])
    explained = np.empty(offsets.size)
    edges = np.zeros((_TOGETHER, marks.size + 2), np.int64)
    edges[:, -1] = t.size
    for first in range(0, offsets.size, _TOGETHER):
        some = offsets[first : first + _TOGETHER]
        edges[: some.size, 1:-1] = np.searchsorted(t, marks + some[:, None])
        n = np.diff(edges[: some.size])
        total = np.diff(sums[edges[: some.size]])
        explained[first : first + some.size] = (total * total / np.maximum(n, 1)).sum(axis=1)
    found: Floats = np.cumsum(power**2)[-1] - explained
    return found


def _all_show_it(t: Times, power: Floats, marks: Times, offset: int) -> bool:
    """Return whether nearly all clear steps, up and down, lie by the offset and not at their marks."""
    edges = np.concatenate([[0], np.searchsorted(t, marks + offset), [t.size]])
    n = np.diff(edges)
    starts = np.minimum(edges[:-1], t.size - 1)
    level = np.add.reduceat(power, starts) / np.maximum(n, 1)
    rest = power - np.repeat(level, n)
    noise = np.sqrt(np.add.reduceat(rest**2, starts) / np.maximum(n, 1))
    at = np.searchsorted(t, marks)
    up = down = strays = 0
    for k in range(marks.size):
        step = float(level[k + 1] - level[k])
        a, b = sorted((int(at[k]), int(edges[k + 1])))
        # What lies between belongs to these two stretches alone.
        alone = edges[k] <= a and b <= edges[k + 2] and min(n[k], n[k + 1]) >= _READ
        if not alone or b == a or abs(step) <= _CLEAR * max(float(noise[k]), float(noise[k + 1])):
            continue
        middle = (level[k] + level[k + 1]) / 2
        between = (power[a:b] - middle) * math.copysign(1.0, step)
        # Readings between a mark and its step are of the level ahead where steps come late, of the one behind where they come early.
        wrong = np.count_nonzero(between > 0 if offset > 0 else between < 0)
        strays += int(2 * wrong >= b - a)
        up, down = up + (step > 0), down + (step < 0)
    return min(up, down) >= _EACH_WAY and up + down >= _LEAST and strays <= _STRAYS * (up + down)
