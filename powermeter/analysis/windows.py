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

from powermeter.analysis.edges import Edges, by_group, look, range_sums, unseen
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import budget, common_parts, coverage, limit_names, step_bias
from powermeter.channel import Kind
from powermeter.result import Grade, Result
from powermeter.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]

_SQRT3 = math.sqrt(3.0)
_PAIRS = 200_000
_BRIDGED_MUCH = 0.05
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

    def __len__(self) -> int:
        return self.value.size

    @property
    def unit(self) -> str:
        """J or C."""
        return self.integral.unit

    def sample_mean(self) -> Floats:
        """Give the mean of the samples strictly inside each window in W or A; NaN without any, and for counters."""
        trace = self.integral.trace
        first = np.searchsorted(trace.times_ns, self.start_ns, side="right")
        last = np.maximum(np.searchsorted(trace.times_ns, self.end_ns, side="left"), first)
        if trace.kind is Kind.COUNTER:
            return np.full(first.size, np.nan)
        sums = range_sums(trace.values, first, last)
        means: Floats = np.divide(sums, last - first, out=np.full(first.size, np.nan), where=last > first)
        return means

    def standard_uncertainty(self) -> Floats:
        """Give each window's combined standard uncertainty in J or C."""
        return np.sqrt(self._variance()[0])

    def half_width(self) -> Floats:
        """Give half of each window's 95 % interval in J or C."""
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
        value, seconds, largest = self.value[block], self.seconds[block], self.gaps[block].copy()
        variance = largest * largest
        for part in (self.noise, self.edges, self.clock, *self.shared.values()):
            variance += part[block] * part[block]
        for error in self.integral.trace.errors:
            part = error.relative * value + error.absolute * seconds
            variance += part * part
            if error.limit:
                np.maximum(largest, np.abs(part), out=largest)
        return variance, largest

    def result(self, index: int) -> Result:
        """Give one window as a result."""
        weights = np.zeros(len(self))
        weights[index] = 1.0
        return self.combine(weights, f"event {index}")

    def combine(self, weights: Floats, origin: str, *, per_second: float | None = None) -> Result:
        """Give Σ weight × value as a result, shared errors kept.

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
            parts[f"{name}:{own}"] = float(np.sqrt(np.sum(by_group**2)))
        freedom = math.inf
        if self.freedom.size and index.size:
            freedom = float(np.sum(self.freedom[np.unique(self.group[index])]))
        unit = self.unit if per_second is None else {"J": "W", "C": "A"}[self.unit]
        bridged = float(np.sum(self.gap_s[index])) / max(float(np.sum(self.seconds[index])), 1e-30)
        grade = trace.grade
        if bridged > _BRIDGED_MUCH and grade.rank < Grade.ESTIMATED.rank:
            grade = Grade.ESTIMATED
        limits = (*limit_names(trace.errors), *([f"gaps:{own}"] if index.size == 1 else []))
        return budget(value, unit, parts, grade=grade, limits=limits, counted={f"noise:{own}": freedom})


def measure(
    integral: Integral, start_ns: Times, end_ns: Times, group: Indices | None = None
) -> Windows:
    """Give what each window used.

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
    value = seen.plain + seen.weight_start * start[0][pick] + seen.weight_end * end[0][pick]
    edges = np.hypot(seen.weight_start * start[1][pick], seen.weight_end * end[1][pick])
    shared = {
        "edges": np.hypot(
            seen.weight_start * (start[1] / np.sqrt(np.maximum(start[2], 1)))[pick],
            seen.weight_end * (end[1] / np.sqrt(np.maximum(end[2], 1)))[pick],
        )
    }
    sigma, freedom = _fluctuation(integral, seen, group, size)
    noise = _noise(trace, sigma[pick], seconds)
    if not usable.all():
        value, edges = unseen(integral, seen, value, edges, seconds, group)
    clock = np.zeros(n)
    if trace.clock_ns:
        clock = trace.clock_ns * 1e-9 * np.maximum(np.abs(start[0]), np.abs(end[0]))[group]
    slack = trace.interval_ns
    known = (start_ns >= integral.start_ns - slack) & (end_ns <= integral.end_ns + slack)
    if not known.all():
        value = np.where(known, value, np.nan)
    if trace.step and trace.kind is not Kind.COUNTER:
        dither = sigma if trace.kind is Kind.INSTANT else np.full(size, trace.noise)
        bias = np.array([step_bias(trace.step, s) for s in dither.tolist()])
        if bias.any():
            shared["quantisation"] = bias[pick] * seconds
    return Windows(
        integral, start_ns, end_ns, group, value, seen.plain, seconds, seen.samples,
        integral.gap_seconds(start_ns, end_ns), noise, edges, clock,
        integral.gap_bound(start_ns, end_ns) / _SQRT3, known, shared, freedom,
    )  # fmt: skip


def _fluctuation(integral: Integral, seen: Edges, group: Indices, size: int) -> tuple[Floats, Floats]:
    """Give by group the standard deviation of what one sample misses, and its degrees of freedom.

    Instant samples: from the differences of neighbours inside the windows (noise, quantisation and
    the load's own fluctuation faster than the sampling), or as specified where that is larger.  Means
    and counters have seen the fluctuation: only the specified noise and step count.
    """
    trace = integral.trace
    stated = math.hypot(trace.noise, trace.step / math.sqrt(12.0))
    sigma = np.full(size, stated)
    freedom = np.full(size, np.inf)
    if trace.kind is not Kind.INSTANT:
        return sigma, freedom
    pick = np.flatnonzero(seen.samples > 1)
    if pick.size > _PAIRS:
        pick = pick[:: pick.size // _PAIRS + 1]
    if not pick.size:
        return sigma, freedom
    pairs = seen.samples[pick] - 1
    counts = np.minimum(pairs, max(1, _PAIRS // pick.size))
    owner = np.repeat(np.arange(pick.size), counts)
    within = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    position = seen.before[pick][owner] + (within * pairs[owner]) // counts[owner]
    jump = trace.values[position + 1] - trace.values[position]
    by = group[pick][owner]
    count = np.bincount(by, minlength=size)
    local = np.sqrt(np.bincount(by, jump * jump, size) / np.maximum(2 * count, 1))
    use = (count > 0) & (local > stated)
    sigma[use] = local[use]
    freedom[use] = np.maximum(count[use] * 0.67, 1.0)
    return sigma, freedom


def _noise(trace: Trace, sigma: Floats, seconds: Floats) -> Floats:
    """Give the noise of each window from the standard deviation σ of one sample.

    T/τ independent errors of weight τ make σ √(τ T); below one interval one sample stands for all of
    T: σ T.  A counter's difference carries the error of two readings: σ √2.
    """
    if trace.kind is Kind.COUNTER:
        return np.broadcast_to(sigma * math.sqrt(2.0), seconds.shape)
    tau = trace.interval_ns * 1e-9
    return sigma * np.sqrt(seconds * np.minimum(seconds, tau))
