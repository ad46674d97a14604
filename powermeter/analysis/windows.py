"""What each of many events used, with the parts of its uncertainty, and what a sum of them comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.clock_uncertainty import edges_late, late_kind
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.reasons_for_estimated import BOUNDED, graded
from powermeter.analysis.strictly_inside import StrictlyInside
from powermeter.analysis.uncertainty import (
    SNAPSHOT_OR_MEAN,
    Shape,
    budget,
    common_parts,
    coverage,
    limit_names,
)
from powermeter.analysis.upper_limits import most
from powermeter.result import COVERAGE_95, ROUNDING, Result

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What each event used.

    All arrays have shape (n,).

    Attributes:
        integral: What they were read from.
        start_ns, end_ns: The events.
        group: int, which group (label) each belongs to, 0 …; −1 in none.
        value: J or C.
        plain: The interpolated integral, J or C.
        seconds: Their durations.
        samples: Samples inside (for means and counters: whole intervals inside).
        gap_s: Seconds of it that nobody saw, bridged.
        noise: Standard uncertainty in J or C of what the readings leave open: their noise, what the load does between
            them, where an edge falls.
        clock, gaps: The same, from a common shift of all stamps, and from holes.
        shared: Part name → signed standard uncertainty that all events of a group (`SNAPSHOT_OR_MEAN`: of all groups) share.
        covered: Whether the recording covers it.
        known: Whether an energy is known: it is covered, and readings show something of it; the values of others are NaN.
        groups: What was found of each group.
        one_level: Whether every group stays on one step of the instrument, so that its error is a limit.
        floor: 0 where no reading is negative, else None.
        powers: Length in ns → the lowest and the highest mean power of the run over it, as far as somebody has asked (`next_item`).
        own_powers: First of some events, their number and a length in ns → the same from where they begin, where labels are many.
        ceiling: What events that do not overlap cannot exceed together, J (the whole run's upper limit), or None.
        around: int, which event each lies wholly inside of; −1 in none; None where that was not looked for.
    """

    integral: Integral
    start_ns: Times
    end_ns: Times
    group: Indices
    value: Floats
    plain: Floats
    seconds: Floats
    samples: NDArray[np.uint32]
    gap_s: Floats
    noise: Floats
    clock: Floats
    gaps: Floats
    covered: NDArray[np.bool_]
    known: NDArray[np.bool_]
    groups: tuple[GroupEstimate, ...]
    members: tuple[Indices, ...]
    lean: Floats
    below: Floats
    above: Floats
    shared: Mapping[str, Floats] = field(default_factory=dict)
    one_level: bool = False
    floor: float | None = None
    ceiling: float | None = None
    around: Indices | None = None
    powers: dict[int, tuple[float, float]] = field(default_factory=dict, repr=False)
    own_powers: dict[tuple[int, int, int], tuple[float, float]] = field(default_factory=dict, repr=False)
    _remembered: list[StrictlyInside] = field(init=False, repr=False, default_factory=list)

    def __repr__(self) -> str:
        return f"<Windows: {len(self):,} windows in {self.unit}>"

    def __len__(self) -> int:
        return self.value.size

    @property
    def unit(self) -> str:
        """J or C."""
        return self.integral.unit

    @property
    def edges(self) -> Floats:
        """Zero: what edges leave open is part of `noise`."""
        return np.zeros(len(self))

    def strictly_inside(self, index: Indices) -> StrictlyInside:
        """Return how many samples lie strictly inside some windows, and their mean: of few, as it was found of all of them once."""
        if index.size > _BLOCK:
            return StrictlyInside.of(self.integral, self.start_ns[index], self.end_ns[index])
        if not self._remembered:
            self._remembered.append(StrictlyInside.of(self.integral, self.start_ns, self.end_ns))
        return self._remembered[0].at(index)

    def standard_uncertainty(self) -> Floats:
        """Return each window's combined standard uncertainty in J or C."""
        return np.sqrt(self._variance()[0])

    def half_width(self) -> Floats:
        """Return half of each window's 95 % interval in J or C; infinite where its upper end is open."""
        half = self._even_half()
        if self.below.any() or self.above.any():
            half = (np.hypot(half, self.below) + np.hypot(half, self.above)) / 2
        return half + np.abs(self.leaning())

    def half_below(self) -> Floats:
        """Return how far each window's 95 % interval reaches below its value where it is open above, J or C."""
        return np.hypot(self._even_half(), self.below)

    def _even_half(self) -> Floats:
        """Return half of each interval without what reaches further to one side."""
        half = np.empty(len(self))
        freedom = np.array([g.freedom for g in self.groups])
        few = bool((freedom < 1e4).any())
        for first in range(0, len(self), _BLOCK):
            block = slice(first, first + _BLOCK)
            variance, largest = self._variance(block)
            effective: Any = math.inf
            if few:
                counted = self.noise[block] ** 4 / freedom[np.maximum(self.group[block], 0)]
                effective = np.divide(
                    variance**2, counted, out=np.full(counted.shape, np.inf), where=counted > 0
                )
            half[block] = coverage(variance, largest, effective) * np.sqrt(variance)
        return half

    def leaning(self) -> Floats:
        """Return by how much the middle of each interval lies above its value since readings may have been cut, J or C."""
        cut = [e for e in self.integral.trace.errors if e.key.startswith(ROUNDING)]
        missing = sum(e.absolute for e in cut) * self.seconds
        if relative := sum(e.relative for e in cut):  # of a product, the voltage's
            missing = missing + relative * self.value
        return COVERAGE_95 / 2 * missing

    def _variance(self, block: slice = slice(None)) -> tuple[Floats, Floats]:
        value, seconds = self.value[block], self.seconds[block]
        variance, largest = np.zeros(value.shape), np.zeros(value.shape)
        for part in (self.noise, self.clock, self.gaps, *self.shared.values()):
            variance += part[block] * part[block]
        if "quantisation" in self.shared and self.one_level:
            np.maximum(largest, self.shared["quantisation"][block], out=largest)
        for error in self.integral.trace.errors:
            if error.key.startswith(ROUNDING):
                continue
            part = error.relative * value + error.absolute * seconds
            variance += part * part
            if error.limit:
                np.maximum(largest, np.abs(part), out=largest)
        return variance, largest

    def inside_of_nothing(self) -> Windows:
        """Return the same, none of which is bounded by what it lies inside of."""
        return replace(self, around=None)

    def result(self, index: int) -> Result | None:
        """Return one event's energy, or None where nothing is known of it."""
        if not self.known[index]:
            return None
        return self.combine_of(np.array([index]), np.ones(1), f"event {index}")

    def combine(self, weights: Floats, origin: str, *, per_second: float | None = None) -> Result:
        """Return Σ weight × value as a result, shared errors kept.

        Args:
            weights: Shape (n,); windows of weight 0 do not count, unknown windows never do.
            origin: Names the parts that are this result's own; results of different windows must differ.
            per_second: Divide by so many seconds: W or A come out in place of J or C.
        """
        index = np.flatnonzero((weights != 0) & self.known)
        return self.combine_of(index, weights[index], origin, per_second=per_second)

    def combine_of(
        self, index: Indices, weights: Floats, origin: str, *, per_second: float | None = None
    ) -> Result:
        """Return what `combine` does of a few windows of many.

        Args:
            index: Positions of known windows, rising.
            weights: Of each of them; not 0.
            origin, per_second: As for `combine`.
        """
        w = weights / (per_second or 1.0)
        value = float(w @ self.value[index])
        trace = self.integral.trace
        parts = common_parts(trace.errors, value, float(w @ self.seconds[index]))
        own = f"{trace.own} {origin}"
        # A display rounds equal values of two recordings alike.
        rounding = f"quantisation:common {'+'.join(trace.channels)} {origin}"
        noise = f"noise:{own}"
        group = self.group[index]
        present, place = _present(group)
        squares = np.bincount(place, (w * self.noise[index]) ** 2, present.size)
        counts = np.bincount(place, minlength=present.size)
        variance = cubes = below = above = fourth = 0.0
        steady = False
        why: set[str] = set()
        for k, g in enumerate(present.tolist()):
            if g < 0:
                continue
            found = self.groups[g]
            whole = int(counts[k]) == int(self.members[g].size)
            # Several events of a group are as dependent as all of them are; a single one is not.
            factor = 1 + (found.factor - 1) * (
                (counts[k] - 1) / max(self.members[g].size - 1, 1) if not whole else 1.0
            )
            mine = squares[k] * max(factor, 0.0)
            variance += mine
            fourth += mine**2 / found.freedom if found.freedom > 0 else 0.0
            lean = found.lean_all if whole else self._lean_of(index[group == g], w[group == g])
            cubes += lean * mine**1.5
            steady |= found.steady
            if found.why in BOUNDED:
                why.add(found.why)
        below = float(np.abs(w) @ self.below[index])
        # An open end of one event is an open end of every sum that holds it.
        above = float(np.abs(w) @ self.above[index]) if np.isfinite(self.above[index]).all() else math.inf
        parts[noise] = math.sqrt(variance)
        parts[f"gaps:{own}"] = math.sqrt(float(((w * self.gaps[index]) ** 2).sum()))
        parts[f"{late_kind(trace)}:{trace.within(trace.source)}"] = float(w @ self.clock[index])
        for name, shared in self.shared.items():
            by_group = np.bincount(place, w * shared[index], present.size)
            if name == SNAPSHOT_OR_MEAN:  # what the instrument does, it does in all groups
                parts[f"{name} {'+'.join(trace.channels)}"] = float(by_group.sum())
            else:
                key = rounding if name == "quantisation" else f"{name} {'+'.join(trace.channels)} {origin}"
                parts[key] = float(np.sqrt(np.sum(by_group**2)))
        unit = self.unit if per_second is None else {"J": "W", "C": "A"}[self.unit]
        grade = graded(
            self.integral,
            self.start_ns[index],
            self.end_ns[index],
            open_question=bool(why or below or above or steady) or edges_late(trace),
            gap_s=self.gap_s[index],
        )
        limits = [*limit_names(trace.errors)]
        if self.one_level:
            limits.append(rounding)
        floor = self.floor if (w >= 0).all() else None
        shape = Shape(
            noise, cubes / variance**1.5 if variance > 0 else 0.0, below, above, floor, most(self, index, w)
        )
        freedom = variance**2 / fourth if fourth > 0 else math.inf
        return budget(
            value, unit, parts, grade=grade, limits=limits, counted={noise: freedom}, shape=shape, origin=own
        )

    def groups_at(self, index: Indices) -> list[GroupEstimate]:
        """Return what was found of the groups of some windows, each once."""
        return [self.groups[g] for g in _present(self.group[index])[0].tolist()]

    def _lean_of(self, index: Indices, w: Floats) -> float:
        size = w * self.noise[index]
        variance = float(size @ size)
        return float(np.sum(self.lean[index] * size**3)) / variance**1.5 if variance > 0 else 0.0


def _present(group: Indices) -> tuple[Indices, Indices]:
    """Return the groups of windows, each once and rising, and where in them that of each window stands."""
    if (
        not group.size or (group == group[0]).all()
    ):  # one label's: the rule, and thousands of them are asked for
        return group[:1], np.zeros(group.size, np.int64)
    return np.unique(group, return_inverse=True)
