"""The energy (or charge) of many windows at once, each with the parts of its uncertainty.

Everything here is an array over windows; a million of them cost one search.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.edges import Edges, by_group, few, look, range_sums, unseen
from powermeter.analysis.fluctuation import fluctuation, noise_of
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import budget, common_parts, coverage, limit_names
from powermeter.channel import Kind
from powermeter.result import Grade, Result

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_SQRT3 = math.sqrt(3.0)
_BRIDGED_MUCH = 0.05
_ENOUGH = 10
_SHAPE_DOUBT = 1.8
_ONE_LEVEL = 0.9
_SLOW = 0.4
_KINK = 0.08
# Mean squares, in σ² τ², over all positions of an edge between two instant samples: see `_steps`, `_shapes`.
_OWN_STEP_TWICE = 1 / 5
_SHAPE_CHANCE = 11 / 60
_SHAPE_TWICE = 2 / 15
_BLOCK = 1 << 14
_MANY = 10_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What each window used.

    All arrays have shape (n,).

    Attributes:
        integral: What they were read from.
        start_ns, end_ns: The windows.
        group: int, which group (label) each belongs to, 0 …; −1 in none.
        value: J or C.
        plain: The interpolated integral without the edge correction, J or C.
        seconds: Their durations.
        samples: Samples inside (for means and counters: whole intervals inside).
        gap_s: Seconds of it in gaps, bridged.
        noise, edges, clock, gaps: Standard uncertainties in J or C, independent between windows
            except `clock`, which is one shift of all of them.
        shared: Part name → signed standard uncertainty that all windows of a group share.
        freedom: Degrees of freedom behind the noise of each group.
        one_level: Whether each group stays on one step of the instrument, so that its error is a limit.
        known: Whether the samples cover the window (but for gaps); the values of others are NaN.
    """

    integral: Integral
    start_ns: Times
    end_ns: Times
    group: Indices
    value: Floats
    plain: Floats
    seconds: Floats
    samples: Indices
    gap_s: Floats
    noise: Floats
    edges: Floats
    clock: Floats
    gaps: Floats
    known: NDArray[np.bool_]
    shared: Mapping[str, Floats] = field(default_factory=dict)
    freedom: Floats = field(default_factory=lambda: np.empty(0))
    one_level: bool = False

    def __repr__(self) -> str:
        return f"<Windows: {len(self):,} windows in {self.unit}>"

    def __len__(self) -> int:
        return self.value.size

    @property
    def unit(self) -> str:
        """J or C."""
        return self.integral.unit

    def _strictly_inside(self) -> tuple[Indices, Indices]:
        """Return the first sample after each start and the first at or after each end."""
        times = self.integral.trace.times_ns
        first = np.searchsorted(times, self.start_ns, side="right")
        return first, np.maximum(np.searchsorted(times, self.end_ns, side="left"), first)

    def samples_inside(self) -> Indices:
        """Return the number of samples strictly inside each window."""
        first, last = self._strictly_inside()
        inside: Indices = last - first
        return inside

    def sample_mean(self) -> Floats:
        """Return the mean of the samples strictly inside each window in W or A; NaN without any, and for counters."""
        trace = self.integral.trace
        first, last = self._strictly_inside()
        if trace.kind is Kind.COUNTER:
            return np.full(first.size, np.nan)
        sums = range_sums(trace.values, first, last)
        means: Floats = np.divide(sums, last - first, out=np.full(first.size, np.nan), where=last > first)
        return means

    def standard_uncertainty(self) -> Floats:
        """Return each window's combined standard uncertainty in J or C."""
        return np.sqrt(self._variance()[0])

    def half_width(self) -> Floats:
        """Return half of each window's 95 % interval in J or C."""
        half = np.empty(len(self))
        for first in range(0, len(self), _BLOCK):
            block = slice(first, first + _BLOCK)
            variance, largest = self._variance(block)
            freedom = self.freedom[self.group[block]] if (self.freedom < _MANY).any() else math.inf
            effective: Any = math.inf
            if not isinstance(freedom, float):
                few = self.noise[block] ** 4 / freedom
                effective = np.divide(variance**2, few, out=np.full(few.shape, np.inf), where=few > 0)
            half[block] = coverage(variance, largest, effective) * np.sqrt(variance)
        return half

    def _variance(self, block: slice = slice(None)) -> tuple[Floats, Floats]:
        value, seconds = self.value[block], self.seconds[block]
        variance, largest = np.zeros(value.shape), np.zeros(value.shape)
        for part in (self.noise, self.edges, self.clock, self.gaps, *self.shared.values()):
            variance += part[block] * part[block]
        if "quantisation" in self.shared and self.one_level:
            np.maximum(largest, self.shared["quantisation"][block], out=largest)
        for error in self.integral.trace.errors:
            part = error.relative * value + error.absolute * seconds
            variance += part * part
            if error.limit:
                np.maximum(largest, np.abs(part), out=largest)
        return variance, largest

    def result(self, index: int) -> Result:
        """Return one window as a result."""
        weights = np.zeros(len(self))
        weights[index] = 1.0
        return self.combine(weights, f"event {index}")

    def combine(self, weights: Floats, origin: str, *, per_second: float | None = None) -> Result:
        """Return Σ weight × value as a result, shared errors kept.

        Args:
            weights: Shape (n,); windows of weight 0 do not count, unknown windows never do.
            origin: Names the parts that are this result's own; results of different windows must differ.
            per_second: Divide by so many seconds: W or A come out in place of J or C.
        """
        index = np.flatnonzero((weights != 0) & self.known)
        w = weights[index] / (per_second or 1.0)
        value = float(w @ self.value[index])
        trace = self.integral.trace
        parts = common_parts(trace.errors, value, float(w @ self.seconds[index]))
        own = f"{'+'.join(trace.channels)} {origin}"
        parts[f"noise:{own}"] = float(np.sqrt(np.sum((w * self.noise[index]) ** 2)))
        parts[f"edges:{own}"] = float(np.sqrt(np.sum((w * self.edges[index]) ** 2)))
        parts[f"gaps:{own}"] = float(np.sqrt(np.sum((w * self.gaps[index]) ** 2)))
        parts[f"clock:{trace.source}"] = float(w @ self.clock[index])
        for name, shared in self.shared.items():
            by_group = np.bincount(self.group[index] + 1, weights=w * shared[index])
            parts[f"{name}:common {own}"] = float(np.sqrt(np.sum(by_group**2)))
        freedom = math.inf
        if self.freedom.size and index.size:
            freedom = float(np.sum(self.freedom[np.unique(self.group[index])]))
        unit = self.unit if per_second is None else {"J": "W", "C": "A"}[self.unit]
        bridged = float(np.sum(self.gap_s[index])) / max(float(np.sum(self.seconds[index])), 1e-30)
        grade = trace.grade
        if bridged > _BRIDGED_MUCH and grade.rank < Grade.ESTIMATED.rank:
            grade = Grade.ESTIMATED
        limits = [*limit_names(trace.errors)]
        if self.one_level:
            limits.append(f"quantisation:common {own}")
        return budget(value, unit, parts, grade=grade, limits=limits, counted={f"noise:{own}": freedom})


def measure(integral: Integral, start_ns: Times, end_ns: Times, group: Indices | None = None) -> Windows:
    """Return what each window used.

    The interpolated integral is corrected for the step that the windows of a group make at their own
    edges (`edges.py`); a group whose power does not step gets no such addition.

    Args:
        integral: The running integral of a trace.
        start_ns, end_ns: Shape (n,); end ≥ start.  Any order, overlaps allowed.
        group: Which windows are of one kind (one label), 0 …; None puts all into one.
    """
    start_ns = np.ascontiguousarray(start_ns, np.int64)
    end_ns = np.ascontiguousarray(end_ns, np.int64)
    n = start_ns.size
    group = np.zeros(n, np.int64) if group is None else np.ascontiguousarray(group, np.int64)
    size = int(group.max(initial=0)) + 1
    trace = integral.trace
    seen = look(integral, start_ns, end_ns)
    seconds = (end_ns - start_ns) * 1e-9
    usable = seen.samples >= 1
    start = by_group(seen.excess_start, usable, group, size)
    end = by_group(seen.excess_end, usable, group, size)
    pick = 0 if size == 1 else group
    sample = fluctuation(integral, seen, group, size)
    sigma = sample.sigma
    value: Floats = seen.plain.copy()
    edges: Floats = np.zeros(n)
    shared: Floats = np.zeros(n)
    tau = trace.interval_ns * 1e-9
    slow, swing = np.zeros(size, bool), sigma
    shaped = np.isfinite(seen.shape)
    twice: Floats = np.zeros(size)
    if trace.kind is Kind.INSTANT:
        slow, swing = _slow(seen, group, size)
        twice = np.where(slow, 0.0, _OWN_STEP_TWICE * (sigma * tau) ** 2)
    for weight, excess, stats in (
        (seen.weight_start, seen.excess_start, start),
        (seen.weight_end, seen.excess_end, end),
    ):
        step, own, common, real = _steps(excess, usable, stats, sigma, pick)
        quick: Floats = np.where(slow[pick], 0.0, weight)
        value += quick * step
        edges = np.sqrt(edges**2 + (quick * own) ** 2 + (twice * real)[pick])
        if trace.kind is Kind.INSTANT:
            # `_shapes` puts the group's mean right: of an error of its step only what sums to 0 is left.
            mean, _, count = by_group(quick, shaped, group, size)
            righted = (count >= _ENOUGH)[pick]
            edges = np.hypot(edges, np.where(righted, (quick - mean[pick]) * common, 0.0))
            quick = np.where(righted, 0.0, quick)
            common = np.hypot(common, (sigma * np.sqrt(6 * (1 - real) / np.maximum(stats[2], 1)))[pick])
        shared = np.hypot(shared, quick * common)
    if trace.kind is Kind.INSTANT:
        late, own, common = _shapes(seen, value - seen.plain, group, size, sigma * tau)
        value += np.where(slow, 0.0, late)[pick]
        edges = np.hypot(edges, np.where(slow, _KINK * swing * tau, own)[pick])
        shared = np.hypot(shared, np.where(slow, _KINK / 2 * swing * tau, common)[pick])
    noise = noise_of(trace, sigma[pick], seconds, usable)
    if not usable.all():
        value, edges, shared = unseen(integral, seen, value, edges, shared, seconds, group, sigma)
    parts: dict[str, Floats] = {"edges": shared}
    clock: Floats = np.zeros(n)
    if trace.clock_ns:
        clock = _misplaced(integral, start_ns, end_ns, seen.plain, trace.clock_ns)
    slack = trace.interval_ns
    known = (start_ns >= integral.start_ns - slack) & (end_ns <= integral.end_ns + slack)
    if not known.all():
        value = np.where(known, value, np.nan)
    if sample.bias.any():
        parts["quantisation"] = (sample.bias * np.sqrt(sample.alike))[pick] * seconds
        noise = np.hypot(noise, (sample.bias * np.sqrt(sample.apart))[pick] * seconds)
    return Windows(
        integral,
        start_ns,
        end_ns,
        group,
        value,
        seen.plain,
        seconds,
        seen.samples,
        integral.gap_seconds(start_ns, end_ns),
        noise,
        edges,
        clock,
        integral.gap_uncertainty(start_ns, end_ns),
        known,
        parts,
        sample.freedom,
        bool((sample.alike >= _ONE_LEVEL).all()),
    )


def _steps(
    excess: Floats, usable: NDArray[np.bool_], stats: tuple[Floats, Floats, Floats], sigma: Floats, pick: Any
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return each window's step at one edge, its own uncertainty, the one it shares with its group, and what is real.

    What is seen is the window's own step plus noise (six samples' worth of variance: 1 + 4 + 1).
    Where steps differ between the windows of a group by more than that, each is moved from the
    group's mean towards what was seen by the share of the variance that is real (empirical Bayes).

    The samples of the step count in the window too.  A step's noise of weight w = d²/2 (in intervals, d the
    distance from the edge to the first sample) goes together with the window's by w (2d − 3d²/2): twice
    that is 1/5 on average, for the real share of a window's own step.  A group's mean has a step of mean weight
    1/6, noise 6/36 and twice the common part 1/6: as much again, which `measure` adds.
    """
    mean, spread, count = stats
    noise = 6 * sigma**2
    whole = spread**2
    real = np.divide(np.maximum(whole - noise, 0), whole, out=np.zeros_like(whole), where=whole > 0)
    step = mean[pick] + real[pick] * np.where(usable, excess - mean[pick], 0.0)
    own = np.sqrt(real * np.minimum(noise, whole))
    common = np.sqrt(np.where(count > 1, np.minimum(noise, whole), noise)) * few(count) * (1 - real)
    return step, own[pick], common[pick], real


def _misplaced(integral: Integral, start_ns: Times, end_ns: Times, plain: Floats, clock_ns: float) -> Floats:
    """Return what an unknown common shift of all stamps does to each window, root-mean-square.

    Three-point Gauss-Hermite: shifts of 0 and ±√3 standard deviations with weights 2/3 and 1/6.
    """
    shift = np.int64(round(_SQRT3 * clock_ns))
    later = integral.between(start_ns + shift, end_ns + shift) - plain
    earlier = integral.between(start_ns - shift, end_ns - shift) - plain
    result: Floats = np.sqrt((later**2 + earlier**2) / 6)
    return result


def _slow(seen: Edges, group: Indices, size: int) -> tuple[NDArray[np.bool_], Floats]:
    """Tell the groups whose load changes over most of a sample interval or more, and by how much.

    A linear change over ρ intervals leaves ρ/2 of it between the first two samples inside.  There the
    interpolation is better than a step; its error is that of the trapezoid at the kinks.
    """
    use = np.isfinite(seen.shape)
    inner, _, count = by_group(seen.inner, use, group, size)
    outer, _, _ = by_group(seen.outer, use, group, size)
    share = np.divide(inner, outer, out=np.zeros(size), where=outer != 0)
    return (share > _SLOW) & (count >= _ENOUGH), np.abs(outer) / 2


def _shapes(
    seen: Edges, corrected: Floats, group: Indices, size: int, noise: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return by group what the load's rise and fall add to the step correction, its scatter, its uncertainty.

    Only for groups of ten windows or more.  `noise` (σ τ) explains 11/30 of its square of the scatter: two
    edges with the mean squares 1/20 + 1/12 + 1/20 of the three samples' weights; scatter within two
    standard deviations of that is chance.  The same samples count in the windows: twice what goes together
    is 2/15 at an edge (1/6 − 1/20 of the first sample inside, −1/20 of the one outside).
    `_SHAPE_DOUBT` widens the rest, the scatter of the rule, to that of what it misses (a linear rise
    within 0.4 intervals gives 1.8).
    """
    use = np.isfinite(seen.shape)
    left = np.where(use, seen.shape - corrected, 0.0)
    mean, spread, count = by_group(left, use, group, size)
    enough = count >= _ENOUGH
    chance = 2 * _SHAPE_CHANCE * noise**2
    beyond = spread**2 > chance * (1 + 2 * np.sqrt(2 / np.maximum(count - 1, 1)))
    real = np.where(beyond, np.sqrt(np.maximum(spread**2 - chance, 0.0)), 0.0)
    return (
        np.where(enough, mean, 0.0),
        np.where(enough, real, 0.0),
        np.where(
            enough,
            np.sqrt(spread**2 + (_SHAPE_DOUBT * real) ** 2 + 2 * _SHAPE_TWICE * noise**2) * few(count),
            0.0,
        ),
    )
