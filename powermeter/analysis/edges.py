"""Where windows begin and end between two samples, and what that hides.

Nobody saw at which moment between two samples the load changed.  Instant samples: the interpolation
takes the power for a ramp from the sample before the edge to the one after it.  If it is a step S at
the edge, a distance d before the next sample in an interval of length τ, the integral is short of
S d²/(2τ).  Means and counters: the interval that the edge cuts is short of S d (τ−d)/τ.  S is the
change across the edge less what the slope inside explains, so that a ramp has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import student_95
from powermeter.channel import Kind
from powermeter.result import COVERAGE_95

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

# Windows handled at a time: the working arrays stay in the processor's cache.
_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """What lies around the edges of many windows; arrays of shape (n,).

    Attributes:
        before, upto: Numbers of samples at or before the start and the end.
        samples: Samples inside; for means and counters: whole intervals inside.
        plain: The interpolated integral in J or C.
        weight_start, weight_end: What a step of 1 W (A) at that edge leaves out, in J (C).
        excess_start, excess_end: The step seen at that edge, inside less outside, in W (A).
        shape: What a load that needs time to rise or fall leaves out at both edges, in J (C): see
            `_shape`; NaN below two samples and for means and counters.
        inner: Sum over both edges of how far the second sample inside is from the first, outward
            positive as a rise into the event, in W (A).
        outer: The same of the second sample inside from the sample outside.
    """

    before: Indices
    upto: Indices
    samples: Indices
    plain: Floats
    weight_start: Floats
    weight_end: Floats
    excess_start: Floats
    excess_end: Floats
    shape: Floats
    inner: Floats
    outer: Floats


def look(integral: Integral, start_ns: Indices, end_ns: Indices) -> Edges:
    """Return what lies around the edges of each window."""
    n = start_ns.size
    whole: list[NDArray[Any]] = [*(np.empty(n, np.int64) for _ in range(3)), *(np.empty(n) for _ in range(8))]
    for first in range(0, n, _BLOCK):
        block = slice(first, first + _BLOCK)
        for column, part in zip(whole, _block(integral, start_ns[block], end_ns[block]), strict=True):
            column[block] = part
    return Edges(*whole)


def _search(times: Indices, wanted: Indices) -> Indices:
    """Search only between the ends of what is wanted: near events then share their cache lines."""
    low = int(np.searchsorted(times, wanted.min(), side="right"))
    high = int(np.searchsorted(times, wanted.max(), side="right"))
    found: Indices = np.searchsorted(times[low:high], wanted, side="right")
    found += low
    return found


def _block(integral: Integral, start_ns: Indices, end_ns: Indices) -> tuple[Any, ...]:
    trace = integral.trace
    times, last = trace.times_ns, trace.times_ns.size - 1
    instant = trace.kind is Kind.INSTANT
    before, upto = _search(times, start_ns), _search(times, end_ns)
    plain = integral.at(end_ns, np.clip(upto - 1, 0, last - 1))
    plain -= integral.at(start_ns, np.clip(before - 1, 0, last - 1))
    samples = upto - before if instant else np.maximum(upto - before - 1, 0)
    usable, two = samples >= 1, samples >= 2
    weights, excesses = [], []
    shape = np.where(two & instant, 0.0, np.nan)
    inner, outer = np.zeros(samples.size), np.zeros(samples.size)
    for edge_ns, index, inward in ((start_ns, before, 1), (end_ns, upto, -1)):
        near = np.clip(index, 1, last)
        right = times[near]
        tau = np.maximum(right - times[near - 1], 1) * 1e-9
        inside_s = (right - edge_ns) * 1e-9 if inward > 0 else tau - (right - edge_ns) * 1e-9
        inside_s = np.minimum(np.maximum(inside_s, 0.0), tau)
        weight = inside_s * inside_s / (2 * tau) if instant else inside_s * (tau - inside_s) / tau
        there = usable & (index >= 1) & (index <= last)
        weights.append(np.where(there, weight, 0.0))
        if instant:
            offsets = (0, -1, 1) if inward > 0 else (-1, 0, -2)
        else:
            offsets = (1, -1, 2) if inward > 0 else (-1, 1, -2)
        inside, outside, deeper = (integral.rates(np.clip(near + k, 0, last)) for k in offsets)
        slope = (deeper - inside) if instant else 2 * (deeper - inside)
        if instant:
            shape += _shape(inside, outside, deeper, inside_s, tau)
            inner += deeper - inside
            outer += deeper - outside
        excesses.append(np.where(usable, inside - outside - np.where(two, slope, 0.0), 0.0))
    return before, upto, samples, plain, *weights, *excesses, shape, inner, outer


def _shape(inside: Floats, outside: Floats, deeper: Floats, inside_s: Floats, tau: Floats) -> Floats:
    """Return what the interpolation leaves out at one edge, right on average for any shape of the load.

    The sum of the samples inside × τ is the energy on average over all positions of the edge between
    two samples, whatever the load does (as for any systematic sample).  Its scatter, the number of
    samples inside, is taken out with the level that the second sample tells: the piece up to the
    first sample is level × d + (first − level) τ/2.  The interpolated piece is subtracted.
    """
    piece = deeper * inside_s + (inside - deeper) * tau / 2
    interpolated = inside * inside_s - (inside - outside) * inside_s * inside_s / (2 * tau)
    result: Floats = piece - interpolated
    return result


def by_group(
    values: Floats, use: NDArray[np.bool_], group: Indices, size: int
) -> tuple[Floats, Floats, Floats]:
    """Return by group the mean, the standard deviation and the number of the values used."""
    if size == 1:
        picked = values if use.all() else values[use]
        count = np.array([float(picked.size)])
        mean = np.array([float(picked.mean()) if picked.size else 0.0])
        spread = np.array([float(picked.std(ddof=1)) if picked.size > 1 else 0.0])
        return mean, spread, count
    where, picked = group[use], values[use]
    count = np.bincount(where, minlength=size).astype(np.float64)
    mean = np.bincount(where, picked, size) / np.maximum(count, 1)
    square = np.bincount(where, (picked - mean[where]) ** 2, size)
    return mean, np.sqrt(square / np.maximum(count - 1, 1)), count


def few(count: Floats) -> Floats:
    """Return what turns a standard deviation of `count` values into the uncertainty of their mean.

    1/√count, times t/1.96 where they are few (Student); below two values it is 1.
    """
    factor = np.asarray(student_95(np.maximum(count - 1, 2.0))) / COVERAGE_95
    result: Floats = np.where(count > 1, factor / np.sqrt(np.maximum(count, 1)), 1.0)
    return result


def range_sums(values: Floats, first: Indices, last: Indices) -> Floats:
    """Return Σ values[first:last] for many ranges; 0 for empty ones."""
    sums: Floats = np.zeros(first.size)
    some = np.flatnonzero(last > first)
    a, b = first[some], last[some] - 1
    longer = b > a
    pairs = np.empty(2 * int(longer.sum()), np.int64)
    pairs[::2], pairs[1::2] = a[longer], b[longer]
    sums[some] = values[b]
    if pairs.size:
        sums[some[longer]] += np.add.reduceat(values, pairs)[::2]
    return sums


def unseen(
    integral: Integral,
    edges: Edges,
    value: Floats,
    spread: Floats,
    shared: Floats,
    seconds: Floats,
    group: Indices,
    sigma: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Value windows that no sample fell into; gives all values, their own uncertainties and the shared ones.

    Samples fall into the windows of a group by chance, so the mean of those that did is the group's
    mean power without bias, and the unseen ones get it.  A group nobody saw keeps the interpolation,
    give or take the whole change between the samples beside it.
    """
    trace = integral.trace
    instant = trace.kind is Kind.INSTANT
    empty = edges.samples < 1
    seen = ~empty
    size = int(group.max(initial=0)) + 1
    first = edges.before if instant else edges.before + 1
    last = np.where(empty, first, edges.upto)
    sums: Floats
    counts: Floats
    if trace.kind is Kind.COUNTER:
        top = trace.times_ns.size - 1
        a, b = np.clip(first - 1, 0, top), np.clip(last - 1, 0, top)
        sums = integral.running[b] - integral.running[a]
        counts = (trace.times_ns[b] - trace.times_ns[a]) * 1e-9
    else:
        sums = range_sums(trace.values, first, last)
        counts = (last - first).astype(np.float64)
    total = np.bincount(group[seen], sums[seen], size)
    count = np.bincount(group[seen], counts[seen], size)
    mean = np.divide(total, count, out=np.zeros(size), where=count > 0)
    each = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    _, between, number = by_group(each, seen, group, size)
    helped = empty & (count[group] > 0)
    value = np.where(helped, mean[group] * seconds, value)
    share = np.bincount(group[seen], 1 / np.maximum(edges.samples[seen], 1), size) / np.maximum(number, 1)
    real = np.sqrt(np.maximum(between**2 - sigma**2 * share, 0.0))
    spread = np.where(helped, real[group] * seconds, spread)
    shared = np.where(helped, (between * few(number))[group] * seconds, shared)
    alone = np.flatnonzero(empty & ~helped)
    if alone.size:
        top = trace.times_ns.size - 1
        near = [integral.rates(np.clip(edges.before[alone] + k, 0, top)) for k in (-1, 0, 1)]
        tau = trace.interval_ns * 1e-9
        reach = np.minimum(seconds[alone], tau) if instant else np.full(alone.size, tau)
        # The same smear hits all of them: more of them make it no smaller.
        shared[alone] = (np.maximum.reduce(near) - np.minimum.reduce(near)) * reach
    return value, spread, shared
