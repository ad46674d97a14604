"""What no event can have used: less than nothing where no power is negative, or more than the readings that touch it hold.

Every way to an event's energy ends here.  One that leads out of that is worth nothing for any event of its label: what is left is the plain
integral, and both bounds.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import BEYOND, GroupEstimate
from powermeter.analysis.regular_or_random import coarse_step
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_REACH = 2  # intervals beside an event, which a late reading may lie behind it
_SIGMA = 3.0  # standard uncertainties
_UNSURE = 0.2  # of what the readings hold: the most that an uncertainty excuses
_ROUNDED = 0.01  # of the same, whatever the uncertainty
_MOST = 100_000  # events
_UNSEEN = 3.0  # times what snapshots hold: they do not know what lies between them


def within_readings(windows: Windows) -> Windows:
    """Return the same, where energies of a label lie outside of what readings that touch its events hold with the integral and both bounds."""
    if windows.floor is None or not 0 < len(windows) <= _MOST:
        return windows
    near = windows.known & (windows.gap_s == 0) & (windows.group >= 0) & _may_be_outside(windows)
    for g in np.unique(windows.group[near]).tolist():
        found, members = windows.groups[g], windows.members[g]
        index = members[windows.known[members] & (windows.gap_s[members] == 0)]
        if not index.size:
            continue
        bounds = _between(windows, index, 0.0)
        if _is_outside(windows, index, found, bounds[1]):
            bounds = _between(windows, index, float(windows.integral.trace.values.max()))
            if _is_outside(windows, index, found, bounds[1]):
                windows = _opened(windows, found, index, bounds)
    return windows


def _may_be_outside(windows: Windows) -> NDArray[np.bool_]:
    """Return which energies, of all labels at once, lie outside of what hold the readings that touch the events, those of coarse marks no farther off.

    Readings farther off only add to that as long as none is negative.
    """
    integral, trace = windows.integral, windows.integral.trace
    t, running, top = trace.times_ns, integral.running, trace.times_ns.size - 1
    if not bool((running[1:] >= running[:-1]).all()):
        return np.ones(len(windows), bool)
    reach = _REACH * trace.interval_ns + (trace.window_ns or 0)
    a = np.clip(np.searchsorted(t, windows.start_ns - reach, side="right") - 1, 0, top)
    b = np.clip(np.searchsorted(t, windows.end_ns + reach, side="left"), 0, top)
    held = np.asarray(running[b] - running[a], np.float64)
    most = np.maximum(_UNSEEN * held if trace.kind is Kind.INSTANT else held, windows.plain)
    unsure = _unsure(windows.noise, most)
    return (windows.value < -unsure) | (windows.value > most + unsure)


def _between(windows: Windows, index: Indices, highest: float) -> tuple[Floats, Floats]:
    """Return the least and the most that events can have used, J: readings wholly inside of them, and all that touch them.

    Args:
        highest: Of the snapshots of the run, W; 0 where that need not be known yet.
    """
    integral, start, end = windows.integral, windows.start_ns[index], windows.end_ns[index]
    trace = integral.trace
    t, running, top = trace.times_ns, integral.running, trace.times_ns.size - 1
    order = np.argsort(start, kind="stable")
    step = coarse_step(trace, (start[order], end[order]))
    reach = _REACH * trace.interval_ns + max(trace.window_ns or 0, step)
    a = np.clip(np.searchsorted(t, start - reach, side="right") - 1, 0, top)
    b = np.clip(np.searchsorted(t, end + reach, side="left"), 0, top)
    c = np.clip(np.searchsorted(t, start + step, side="left"), 0, top)
    d = np.clip(np.searchsorted(t, end - step, side="right") - 1, c, top)
    most = np.asarray(running[b] - running[a], np.float64)
    least = np.asarray(running[d] - running[c], np.float64)
    if trace.kind is Kind.INSTANT:
        most = _UNSEEN * np.maximum(most, highest * windows.seconds[index])
        least = np.zeros(index.size)
    plain = windows.plain[index]
    return np.minimum(least, plain), np.maximum(most, plain)


def _is_outside(windows: Windows, index: Indices, found: GroupEstimate, most: Floats) -> bool:
    """Return whether a label's mean, or one event's energy where each has its own, is outside by more than its uncertainty."""
    value = windows.value[index]
    unsure = _unsure(windows.noise[index], most)
    outside = (value < -unsure) | (value > most + unsure)
    in_all = float(value.sum())
    together = in_all < -float(unsure.sum()) or in_all > float(most.sum() + unsure.sum())
    return together or (not found.alike and bool(outside.any()))


def _unsure(noise: Floats, most: Floats) -> Floats:
    """Return by how much an energy of such an uncertainty may be outside."""
    unsure: Floats = np.minimum(_SIGMA * noise + _ROUNDED * most, _UNSURE * most)
    return unsure


def _opened(windows: Windows, found: GroupEstimate, index: Indices, bounds: tuple[Floats, Floats]) -> Windows:
    """Return the same with some events at the plain integral, open down to the least and up to the most that they can have used."""
    plain = windows.plain[index]
    columns = [np.array(column) for column in (windows.value, windows.noise, windows.below, windows.above)]
    now = (plain, np.zeros(index.size), plain - bounds[0], bounds[1] - plain)
    for column, energies in zip(columns, now, strict=True):
        column[index] = energies
    shared = {name: np.array(column) for name, column in windows.shared.items()}
    for column in shared.values():
        column[index] = 0.0
    found.why, found.tail, found.factor, found.freedom, found.lean_all = BEYOND, None, 1.0, math.inf, 0.0
    found.below_all = float((plain - bounds[0]).sum())
    found.above_all = float((bounds[1] - plain).sum())
    value, noise, below, above = columns
    return replace(windows, value=value, noise=noise, below=below, above=above, shared=shared)
