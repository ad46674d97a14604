"""What events cannot exceed: the whole run, as often as they overlap, and the events that they lie inside of."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.result import Result

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_DEEPEST = 8
"""Containers around an event whose upper limits are computed."""
_FAR = 3.0
"""Standard uncertainties; where events reach no nearer to the value of what they lie inside of, its upper limit is not computed."""


class Bounded(Protocol):
    """What the limits need of events and what they used: `windows.Windows`."""

    @property
    def integral(self) -> Integral: ...
    @property
    def start_ns(self) -> Indices: ...
    @property
    def end_ns(self) -> Indices: ...
    @property
    def value(self) -> Floats: ...
    @property
    def above(self) -> Floats: ...
    @property
    def noise(self) -> Floats: ...
    @property
    def gaps(self) -> Floats: ...
    @property
    def known(self) -> NDArray[np.bool_]: ...
    @property
    def floor(self) -> float | None: ...
    @property
    def ceiling(self) -> float | None: ...
    @property
    def around(self) -> Indices | None: ...
    def half_width(self) -> Floats: ...
    def half_below(self) -> Floats: ...
    def leaning(self) -> Floats: ...
    def combine_of(self, index: Indices, weights: Floats, origin: str) -> Result: ...
    def inside_of_nothing(self) -> Bounded: ...


def containers(parents: Indices, start_ns: Indices, end_ns: Indices) -> Indices:
    """Return the position of the event that each lies wholly inside of; −1 where there is none.

    Args:
        parents: Position of the event around each, which it may outlast; −1 in none.
        start_ns, end_ns: Of each.
    """
    if not (parents >= 0).any():
        return np.broadcast_to(np.int64(-1), parents.size)
    lies = (parents >= 0) & (start_ns >= start_ns[parents]) & (end_ns <= end_ns[parents])
    lies &= (
        end_ns - start_ns < end_ns[parents] - start_ns[parents]
    )  # of two that last as long, neither bounds the other
    return np.where(lies, parents, -1)


def most(windows: Bounded, index: Indices, w: Floats) -> float | None:
    """Return the most that Σ w × energy can be, in J or C; None where nothing bounds it.

    Args:
        index: Positions of known windows.
        w: Weight of each.
    """
    if windows.floor is None or not index.size or w.min() < 0:
        return None
    at_once = _at_once(windows, index)
    limits = [_of_run(windows, index, at_once * float(w.max())), _of_containers(windows, index, w, at_once)]
    return min((limit for limit in limits if limit is not None), default=None)


def ends(windows: Bounded) -> tuple[Floats, Floats]:
    """Return both ends of each window's 95 % interval, J or C: none below what none can be, none above what it lies inside of."""
    half = windows.half_width()
    middle = windows.value + windows.leaning()
    low, high = middle - half, middle + half
    if np.isinf(half).any():
        low = np.where(np.isinf(half), windows.value - windows.half_below(), low)
    if windows.floor is None:
        return low, high
    low = np.where(windows.value >= windows.floor, np.maximum(low, windows.floor), low)
    if windows.around is not None:
        held = windows.around
        for _ in range(_DEEPEST):
            above = np.where(held >= 0, high[held], np.inf)
            high = np.where(windows.value <= above, np.fmin(high, above), high)
            held = np.where(held >= 0, windows.around[held], -1)
            if (held < 0).all():
                break
    return low, high


def _at_once(windows: Bounded, index: Indices) -> float:
    starts, ends = windows.start_ns[index], windows.end_ns[index]
    if (starts[1:] >= ends[:-1]).all() and (starts < ends).all():  # one after the other: the rule
        return 1.0
    starts, ends = np.sort(starts), np.sort(ends)
    at_once = np.arange(1, index.size + 1) - np.searchsorted(ends, starts, side="right")
    return float(at_once.max())


def _of_run(windows: Bounded, index: Indices, times: float) -> float | None:
    """Return what the whole run can have used, so many times; None for events of which an interval lies beyond it."""
    first, last = windows.integral.start_ns, windows.integral.end_ns
    if windows.ceiling is None or windows.start_ns[index].min() < first or windows.end_ns[index].max() > last:
        return None
    return windows.ceiling * times


def _of_containers(windows: Bounded, index: Indices, w: Floats, at_once: float) -> float | None:
    """Return what the events that these lie inside of can have used; None where one lies in none, or the limit is far off."""
    if windows.around is None:
        return None
    around, least = windows.around[index], None
    if around.min() < 0:  # the rule: copying the windows would take longer than all the rest
        return None
    reach = w @ (windows.value[index] + windows.above[index])
    reach += _FAR * w @ (windows.noise[index] + windows.gaps[index])
    alone = windows.inside_of_nothing()
    for _ in range(_DEEPEST):
        if (around < 0).any() or not windows.known[around].all():
            break
        held, place = np.unique(around, return_inverse=True)
        weights = np.zeros(held.size)
        np.maximum.at(weights, place, w * at_once)
        if reach >= weights @ windows.value[held]:
            high = alone.combine_of(held, weights, "around").high
            least = high if least is None else min(least, high)
        around = windows.around[around]
    return least
