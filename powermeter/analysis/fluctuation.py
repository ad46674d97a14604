"""What one sample misses: noise, fluctuation of the load between two samples, the instrument's step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.edges import Edges
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import step_bias
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_PAIRS = 200_000
_MEDIAN_JUMP = 0.6744898 * math.sqrt(2.0)  # of |x − y| for two normals of deviation 1
_SQRT3 = math.sqrt(3.0)
_SELDOM, _OFTEN = 0.2, 0.35
_SPARED = 7 / 30


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one sample of each group of windows misses; arrays of shape (groups,).

    Attributes:
        sigma: Standard deviation of its error, independent between samples, in W (A; J for counters).
        freedom: Degrees of freedom behind `sigma`.
        bias: Standard uncertainty that the step leaves in a long mean of a steady value, in W (A).
        alike: The share of its variance that all windows of a group have in common, 0 to 1.
        apart: The share that is each window's own.
    """

    sigma: Floats
    freedom: Floats
    bias: Floats
    alike: Floats
    apart: Floats


def fluctuation(integral: Integral, seen: Edges, group: Indices, size: int) -> Sample:
    """Look at neighbouring samples inside the windows of each group.

    The median size of their differences tells noise, dithered quantisation and fast fluctuation.
    Rare larger ones are steps of the load: the trapezoid misses each by J τ/√12 (J less the slope
    beside it, since a ramp is not missed); two opposite ones
    in a row are a spike, missed by about its half.  As they become frequent they count as noise.
    The specified noise is the least.  Means and counters have seen the fluctuation: only the
    specified noise counts.

    Where the noise does not dither the step, the mean of a steady value is off by a share of it:
    values at different steps are off independently, so that a run over many levels is off by less.
    """
    trace = integral.trace
    result = Sample(
        np.full(size, trace.noise), np.full(size, np.inf), np.zeros(size), np.ones(size), np.zeros(size)
    )
    counter = trace.kind is Kind.COUNTER
    if counter:
        result.sigma[:] = math.hypot(trace.noise, trace.step / math.sqrt(12.0))
        return result
    if trace.step:
        result.bias[:] = step_bias(trace.step, trace.noise)
    position, by, first, last_inside = _pairs(seen, group)
    if not position.size:
        return result
    values, last = trace.values, len(trace) - 1
    here, after = values[position], values[position + 1]
    jump = after - here
    following = values[np.minimum(position + 2, last)] - after
    preceding = here - values[np.maximum(position - 1, 0)]
    back = (following * jump < -0.5 * jump * jump) | (preceding * jump < -0.5 * jump * jump)
    slope = np.maximum(np.maximum(following * np.sign(jump), preceding * np.sign(jump)), 0.0)
    bent = np.maximum(np.abs(jump) - slope, 0.0)
    # The second difference is blind to a slope: |x − 2y + z|/√3 is as large as |x − y| for white noise.
    curve = np.where(
        position + 2 < last_inside,
        following - jump,
        np.where(position > first, jump - preceding, jump * _SQRT3),
    )
    rough = np.minimum(np.abs(curve) / _SQRT3, np.abs(jump) * 2)
    if trace.interval_ns:
        # A step hides in a long interval more often, and is missed by more there.
        bent = bent * ((trace.times_ns[position + 1] - trace.times_ns[position]) / trace.interval_ns)
    bounds = np.searchsorted(by, np.arange(size + 1))
    windows = np.bincount(group, minlength=size)
    for g in np.unique(by).tolist():
        part = slice(bounds[g], bounds[g + 1])
        quiet, error = _sizes(rough[part], bent[part], np.abs(jump[part]), back[part], trace.noise)
        if trace.kind is Kind.INSTANT and error > trace.noise:
            result.sigma[g] = error
            result.freedom[g] = max(0.67 * jump[part].size, 1.0)
        if trace.step:
            dither = trace.noise
            if trace.kind is Kind.INSTANT:
                dither = max(dither, math.sqrt(max(quiet**2 - trace.step**2 / 12, 0.0)))
            result.bias[g] = step_bias(trace.step, dither)
            codes = np.rint(here[part] / trace.step)
            shares = np.unique(codes, return_counts=True)[1] / codes.size
            result.alike[g] = float(np.sum(shares**2))
            inside = float(np.mean(np.abs(jump[part]) < trace.step / 2))
            result.apart[g] = max(inside - result.alike[g], 0.0) if windows[g] > 1 else 0.0
    return result


def _pairs(seen: Edges, group: Indices) -> tuple[Indices, Indices, Indices, Indices]:
    """Return up to 200 000 positions of samples whose next one is in the same window, sorted by group.

    With them the group, the window's first sample and the one after its last.
    """
    pick = np.flatnonzero(seen.samples > 1)
    if pick.size > _PAIRS:
        pick = pick[:: pick.size // _PAIRS + 1]
    if not pick.size:
        none = np.empty(0, np.int64)
        return none, none, none, none
    pairs = seen.samples[pick] - 1
    counts = np.minimum(pairs, max(1, _PAIRS // pick.size))
    owner = np.repeat(np.arange(pick.size), counts)
    within = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    position = seen.before[pick][owner] + (within * pairs[owner]) // counts[owner]
    by = group[pick][owner]
    order = np.argsort(by, kind="stable")
    inside = pick[owner][order]
    return position[order], by[order], seen.before[inside], seen.upto[inside]


def _sizes(
    rough: Floats, bent: Floats, jumps: Floats, back: NDArray[np.bool_], stated: float
) -> tuple[float, float]:
    """Return the standard deviations of the quiet part and of one sample's whole error."""
    quiet = max(float(np.median(rough)) / _MEDIAN_JUMP, stated)
    usual = bent <= 8 * quiet if quiet else bent <= 0
    share = 1 - float(np.mean(usual))
    white = float(np.sum(rough[usual] ** 2)) / 2 / max(int(usual.sum()), 1)
    often = min(max((share - _SELDOM) / (_OFTEN - _SELDOM), 0.0), 1.0)
    spikes = float(np.sum(jumps[~usual & back] ** 2)) / jumps.size
    steps = float(np.sum(bent[~usual & ~back] ** 2)) / jumps.size
    error = white * (1 - share) + steps * (1 / 12 + often * 5 / 12) + spikes * (1 / 4 + often / 4)
    return math.sqrt(white), math.sqrt(error)


def noise_of(trace: Trace, sigma: Floats, seconds: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Return the noise of each window from the standard deviation σ of one sample.

    T/τ independent errors of weight τ make σ √(τ T); below one interval one sample stands for all of
    T: σ T.  Instant samples beside an edge weigh less: d into an interval, the first inside counts
    ½ + d − d²/2 and the one outside d²/2, whose squares are on average 7/30 less than the ½ + d of time they
    stand for (between 0.22 and 1/4 for every d).  A counter's difference carries the error of two readings: σ √2.
    """
    if trace.kind is Kind.COUNTER:
        return np.broadcast_to(sigma * math.sqrt(2.0), seconds.shape)
    tau = trace.interval_ns * 1e-9
    near = np.minimum(seconds, tau)
    square = seconds * near
    if trace.kind is Kind.INSTANT and tau > 0:
        square -= np.where(usable, 2 * _SPARED * near**3 / tau, 0.0)
    noise: Floats = sigma * np.sqrt(square)
    return noise
