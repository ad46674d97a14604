"""The energy (or charge) of many windows at once, each with the parts of its uncertainty.

Everything here is an array over windows; a million of them cost one search.  Between two samples
nobody saw at which moment the load changed.  The interpolated integral is short of the step that an
event's own start and end make, by a known function of where the edge lies between the samples; the
step itself is estimated once for each group of windows, and a group whose power does not step gets
no such addition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        sample_mean: Mean of the samples strictly inside, in W or A; NaN without any.
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
    sample_mean: Floats
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

    def standard_uncertainty(self) -> Floats:
        """Give each window's combined standard uncertainty in J or C."""
        return np.sqrt(self._variance()[0])

    def half_width(self) -> Floats:
        """Give half of each window's 95 % interval in J or C."""
        variance, largest = self._variance()
        freedom = self.freedom[self.group] if self.freedom.size else math.inf
        own = self.noise**2
        few = np.divide(own * own, freedom, out=np.zeros_like(own), where=np.isfinite(freedom))
        effective = np.divide(variance**2, few, out=np.full(few.shape, np.inf), where=few > 0)
        half: Floats = coverage(variance, largest, effective) * np.sqrt(variance)
        return half

    def _variance(self) -> tuple[Floats, Floats]:
        variance = self.noise**2 + self.edges**2 + self.clock**2 + self.gaps**2
        largest = self.gaps.copy()
        for part in self.shared.values():
            variance += part**2
        for error in self.integral.trace.errors:
            part = error.relative * self.value + error.absolute * self.seconds
            variance += part**2
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

    Args:
        integral: The running integral of a trace.
        start_ns, end_ns: Shape (n,); end ≥ start.  Any order, overlaps allowed.
        group: Which windows are of one kind (one label); None puts each into one group of all.
    """
    start_ns = np.ascontiguousarray(start_ns, np.int64)
    end_ns = np.ascontiguousarray(end_ns, np.int64)
    n = start_ns.size
    group = np.zeros(n, np.int64) if group is None else np.ascontiguousarray(group, np.int64)
    trace = integral.trace
    times = trace.times_ns
    before = np.searchsorted(times, start_ns, side="right")
    upto = np.searchsorted(times, end_ns, side="right")
    top = times.size - 2
    plain = integral.at(end_ns, np.clip(upto - 1, 0, top)) - integral.at(start_ns, np.clip(before - 1, 0, top))
    seconds = (end_ns - start_ns) * 1e-9
    edge = _Edges(integral, start_ns, end_ns, before, upto, group)
    slack = trace.interval_ns
    known = (start_ns >= integral.start_ns - slack) & (end_ns <= integral.end_ns + slack)
    value = plain + edge.correction
    empty = edge.samples < 1
    sigma, freedom = _fluctuation(integral, before, upto, edge, group)
    noise = _noise(trace, sigma[group], seconds)
    edges = edge.spread
    if empty.any():
        value, edges = _unseen(edge, value, edges, seconds, empty, group)
    clock = trace.clock_ns * 1e-9 * (edge.step_end - edge.step_start) if trace.clock_ns else np.zeros(n)
    gap_s = integral.gap_seconds(start_ns, end_ns)
    gaps = integral.gap_bound(start_ns, end_ns) / _SQRT3
    value = np.where(known, value, np.nan)
    dither = sigma if trace.kind is Kind.INSTANT else np.full(sigma.shape, trace.noise)
    bias = {s: step_bias(trace.step, s) for s in np.unique(dither).tolist()} if trace.step else {}
    shared = {"edges": edge.shared}
    if bias and trace.kind is not Kind.COUNTER:
        shared["quantisation"] = np.array([bias[s] for s in dither.tolist()])[group] * seconds
    return Windows(
        integral, start_ns, end_ns, group, value, plain, seconds, edge.samples,
        edge.sample_mean(), gap_s, noise, edges, clock, gaps, known, shared, freedom,
    )  # fmt: skip


class _Edges:
    """What happens where windows begin and end between two samples.

    Instant samples: the interpolation takes the power for a ramp between the sample before the edge
    and the one after it.  If it is a step S at the edge, a distance d before the next sample in an
    interval of length τ, the integral is short of S d²/(2τ).  Means: the interval that the edge cuts
    is short of S d (τ−d)/τ.  S is the change across the edge less what the slope inside explains.
    """

    def __init__(
        self, integral: Integral, start_ns: Times, end_ns: Times, before: Indices, upto: Indices, group: Indices
    ) -> None:
        self.integral, self.before, self.upto = integral, before, upto
        self.instant = integral.trace.kind is Kind.INSTANT
        times = integral.trace.times_ns
        last = times.size - 1
        self.samples = upto - before if self.instant else np.maximum(upto - before - 1, 0)
        after = np.clip(before, 1, last)
        until = np.clip(upto, 1, last)
        self.step_start = self._step(after, 1, group)
        self.step_end = self._step(until, -1, group)
        tau = np.maximum(times[after] - times[after - 1], 1) * 1e-9
        ahead = np.clip((times[after] - start_ns) * 1e-9, 0.0, tau)
        tau_end = np.maximum(times[until] - times[until - 1], 1) * 1e-9
        behind = np.clip((end_ns - times[until - 1]) * 1e-9, 0.0, tau_end)
        if self.instant:
            weight_start, weight_end = ahead**2 / (2 * tau), behind**2 / (2 * tau_end)
        else:
            weight_start, weight_end = ahead * (tau - ahead) / tau, behind * (tau_end - behind) / tau_end
        usable = self.samples >= 1
        weight_start = np.where(usable & (before >= 1), weight_start, 0.0)
        weight_end = np.where(usable & (upto <= last), weight_end, 0.0)
        s, e = self.group_step_start, self.group_step_end
        self.correction = weight_start * s[0][group] + weight_end * e[0][group]
        self.spread = np.hypot(weight_start * s[1][group], weight_end * e[1][group])
        self.shared = np.hypot(weight_start * s[2][group], weight_end * e[2][group])

    def _step(self, index: Indices, inward: int, group: Indices) -> Floats:
        """Give the change across each edge, inside minus outside, and keep its mean by group."""
        rates, last = self.integral.rates, self.integral.trace.times_ns.size - 1

        def at(offset: int) -> Floats:
            return rates(np.clip(index + offset, 0, last))

        if self.instant:
            inside, outside, next_in = (at(0), at(-1), at(1)) if inward > 0 else (at(-1), at(0), at(-2))
            step = inside - outside
            slope = np.where(self.samples >= 2, next_in - inside, 0.0)
        else:
            inside, outside, next_in = (at(1), at(-1), at(2)) if inward > 0 else (at(-1), at(1), at(-2))
            step = inside - outside
            slope = np.where(self.samples >= 2, 2 * (next_in - inside), 0.0)
        excess = step + slope * (-1.0)
        usable = self.samples >= 1
        count = np.bincount(group[usable], minlength=int(group.max(initial=0)) + 1).astype(float)
        size = count.size
        mean = np.bincount(group[usable], excess[usable], size) / np.maximum(count, 1)
        square = np.bincount(group[usable], (excess[usable] - mean[group[usable]]) ** 2, size)
        spread = np.sqrt(square / np.maximum(count - 1, 1))
        stats = (mean, spread, spread / np.sqrt(np.maximum(count, 1)))
        if inward > 0:
            self.group_step_start = stats
        else:
            self.group_step_end = stats
        return step

    def sample_mean(self) -> Floats:
        """Give the mean of the rates strictly inside each window, by counting; NaN without any."""
        first, last = self.before, self.upto
        if self.integral.trace.kind is Kind.COUNTER:
            return np.full(first.size, np.nan)
        sums = _block_sums(self.integral.trace.values, first, last)
        means: Floats = np.divide(sums, last - first, out=np.full(first.size, np.nan), where=last > first)
        return means


def _block_sums(values: Floats, first: Indices, last: Indices) -> Floats:
    """Give Σ values[first:last] for many ranges without a second running sum where ranges are few."""
    if first.size == 0:
        return np.empty(0)
    if first.size <= 4096:
        return np.array([values[a:b].sum() for a, b in zip(first.tolist(), last.tolist(), strict=True)])
    low, high = int(first.min()), int(last.max())
    running = np.concatenate([[0.0], np.cumsum(values[low:high])])
    sums: Floats = running[last - low] - running[first - low]
    return sums


def _fluctuation(
    integral: Integral, before: Indices, upto: Indices, edge: _Edges, group: Indices
) -> tuple[Floats, Floats]:
    """Give by group the standard deviation of what one sample misses, and its degrees of freedom.

    Instant samples: from the differences of neighbours inside the windows (noise, quantisation and
    the load's own fluctuation faster than the sampling), or as specified where that is larger.  Means
    and counters have seen the fluctuation: only the specified noise and step count.
    """
    trace = integral.trace
    groups = int(group.max(initial=0)) + 1
    stated = math.hypot(trace.noise, trace.step / math.sqrt(12.0))
    sigma = np.full(groups, stated)
    freedom = np.full(groups, np.inf)
    if trace.kind is not Kind.INSTANT:
        return sigma, freedom
    pairs = np.maximum(edge.samples - 1, 0)
    each = max(1, int(_PAIRS / max(before.size, 1)))
    pick = np.flatnonzero(pairs > 0)
    if pick.size > _PAIRS:
        pick = pick[:: pick.size // _PAIRS + 1]
    if not pick.size:
        return sigma, freedom
    counts = np.minimum(pairs[pick], each)
    owner = np.repeat(np.arange(pick.size), counts)
    within = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    position = before[pick][owner] + (within * pairs[pick][owner]) // counts[owner]
    jump = trace.values[position + 1] - trace.values[position]
    by = group[pick][owner]
    count = np.bincount(by, minlength=groups)
    square = np.bincount(by, jump * jump, groups)
    local = np.sqrt(square / np.maximum(2 * count, 1))
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
        return sigma * math.sqrt(2.0)
    tau = trace.interval_ns * 1e-9
    noise: Floats = sigma * np.sqrt(seconds * np.minimum(np.maximum(tau, 0.0), np.maximum(seconds, tau)))
    return np.where(seconds < tau, sigma * seconds, noise)


def _unseen(
    edge: _Edges, value: Floats, edges: Floats, seconds: Floats, empty: NDArray[np.bool_], group: Indices
) -> tuple[Floats, Floats]:
    """Value windows that no sample fell into.

    Samples fall into the windows of a group by chance, so the mean of those that did is the group's
    mean power without bias, and the unseen ones get it.  A group nobody saw keeps the interpolation,
    give or take the whole change between the samples beside it.
    """
    integral, instant = edge.integral, edge.instant
    first, last = (edge.before, edge.upto) if instant else (edge.before + 1, edge.upto)
    last = np.maximum(first, np.where(empty, first, last))
    size = int(group.max(initial=0)) + 1
    if integral.trace.kind is Kind.COUNTER:
        running = integral.running
        times = integral.trace.times_ns
        top = times.size - 1
        a, b = np.clip(first - 1, 0, top), np.clip(last - 1, 0, top)
        sums: Floats = running[b] - running[a]
        counts: Floats = (times[b] - times[a]) * 1e-9
    else:
        sums = _block_sums(integral.trace.values, first, last)
        counts = (last - first).astype(np.float64)
    seen = ~empty
    total = np.bincount(group[seen], sums[seen], size)
    count = np.bincount(group[seen], counts[seen], size)
    mean = np.divide(total, count, out=np.zeros(size), where=count > 0)
    each = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    off = np.bincount(group[seen], (each[seen] - mean[group[seen]]) ** 2, size)
    number = np.bincount(group[seen], minlength=size)
    spread = np.sqrt(off / np.maximum(number - 1, 1))
    helped = empty & (count[group] > 0)
    alone = empty & ~helped
    value = np.where(helped, mean[group] * seconds, value)
    edges = np.where(helped, spread[group] * seconds, edges)
    if alone.any():
        top = integral.trace.times_ns.size - 1
        near = [integral.rates(np.clip(edge.before[alone] + k, 0, top)) for k in (-1, 0, 1)]
        tau = integral.trace.interval_ns * 1e-9
        reach = np.minimum(seconds[alone], tau) if instant else np.full(int(alone.sum()), tau)
        edges = edges.copy()
        edges[alone] = (np.maximum.reduce(near) - np.minimum.reduce(near)) * reach
    return value, edges
