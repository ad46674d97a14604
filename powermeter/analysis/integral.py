"""Energy from power: one pass builds the running integral, one search answers every event.

The rule follows the trace's kind:

===========  ==========================================================================
`instant`    trapezoid between samples, the linear course interpolated at the edges
`mean`       value × the interval that ended at the stamp, spread evenly inside it
`counter`    difference of the running total, spread evenly between two readings
===========  ==========================================================================

Across a recorded gap the course between the samples beside it is bridged, and how much was bridged
and what it could have been is kept apart (`gap_seconds`, `gap_uncertainty`): a failed read is a gap, never
a value and never a wrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError
from powermeter.signals.trace import Trace

# Samples handled at a time: the working arrays stay in the processor's second-level cache.
_CHUNK = 1 << 14
_WIDE_GAP = 1.5

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """The running integral of a trace.

    Attributes:
        trace: What was integrated.
        running: float64, shape (n,): the integral in `unit` × s from the first sample to each sample.
        gap_start, gap_end: int64, the stretches without data that lie between samples, sorted, disjoint.
        gap_u: Standard uncertainty of what was bridged over each, in J or C (`gaps.py`).
    """

    trace: Trace
    running: Floats
    gap_start: Times
    gap_end: Times
    gap_u: Floats

    def __repr__(self) -> str:
        return f"<Integral of {self.trace!r}>"

    @classmethod
    def of(cls, trace: Trace) -> Integral:
        """Integrate a trace once.

        Raises:
            DataError: It has fewer than two samples, so that no time lies between them.
        """
        n = len(trace)
        if n < 2:
            raise DataError(
                f"{n} sample{'s' * (n != 1)} of {_what(trace)} cannot be integrated; two are the least"
            )
        if trace.kind is Kind.COUNTER:
            running = trace.values - trace.values[0] if trace.values[0] else trace.values
        else:
            running = _accumulate(trace)
        starts, ends = _stretches(trace)
        if trace.kind is Kind.MEAN and starts.size:
            running = _bridge_means(trace, running, starts)
        return cls(trace, running, starts, ends, np.zeros(starts.size))

    @property
    def is_energy(self) -> bool:
        """Whether the integral is in joule; coulomb else."""
        return self.trace.quantity in (Quantity.POWER, Quantity.ENERGY)

    @property
    def unit(self) -> str:
        """J or C."""
        return "J" if self.is_energy else "C"

    @property
    def start_ns(self) -> int:
        """Where knowledge begins: a mean's first sample speaks for the interval before it."""
        trace = self.trace
        return trace.start_ns - (trace.interval_ns if trace.kind is Kind.MEAN else 0)

    @property
    def end_ns(self) -> int:
        """Where knowledge ends."""
        return self.trace.end_ns

    def rates(self, index: NDArray[np.int64]) -> Floats:
        """Return the rate (W or A) that belongs to each sample: its value, or a counter's mean slope before it."""
        if self.trace.kind is not Kind.COUNTER:
            return self.trace.values[index]
        index = np.maximum(index, 1)
        times = self.trace.times_ns
        seconds = (times[index] - times[index - 1]) * 1e-9
        steps = self.running[index] - self.running[index - 1]
        slopes: Floats = np.divide(steps, seconds, out=np.zeros_like(steps), where=seconds > 0)
        return slopes

    def locate(self, times_ns: Times) -> NDArray[np.int64]:
        """Return for each time the index of the last sample at or before it, clipped to 0 … n−2."""
        index = np.searchsorted(self.trace.times_ns, times_ns, side="right")
        index -= 1
        return np.clip(index, 0, len(self.trace) - 2, out=index)

    def at(self, times_ns: Times, index: NDArray[np.int64] | None = None) -> Floats:
        """Return the integral from the first sample to each time, in J or C.

        Outside the samples the nearest rate is held; see `start_ns` and `end_ns` for how far that is
        knowledge.
        """
        times_ns = np.asarray(times_ns, np.int64)
        if index is None:
            index = self.locate(times_ns)
        stamps, values, kind = self.trace.times_ns, self.trace.values, self.trace.kind
        left = stamps[index]
        span = (stamps[index + 1] - left) * 1e-9
        inside = (times_ns - left) * 1e-9
        beyond = np.maximum(inside - span, 0.0)
        before = np.minimum(inside, 0.0)
        np.clip(inside, 0.0, span, out=inside)
        share = np.divide(inside, span, out=np.ones_like(inside), where=span > 0)
        base = self.running[index]
        result: Floats
        if kind is Kind.INSTANT:
            first, second = values[index], values[index + 1]
            result = base + inside * (first + (second - first) * share * 0.5)
        else:
            result = base + (self.running[index + 1] - base) * share
        if beyond.any() or before.any():
            last = self.rates(index + 1)
            ahead = self.rates(index) if kind is not Kind.COUNTER else self.rates(index + 1)
            result = result + beyond * last + before * ahead
        return result

    def between(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return the integral over each window; windows may overlap and come in any order."""
        return self.at(end_ns) - self.at(start_ns)

    def gap_uncertainty(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return the standard uncertainty, in J or C, of what was bridged inside each window.

        Gaps are independent of each other; of a gap that a window cuts, its share in time counts.
        """
        start_ns, end_ns = np.asarray(start_ns), np.asarray(end_ns)
        if not self.gap_start.size:
            return np.zeros(start_ns.shape)
        squares = np.concatenate([[0.0], np.cumsum(self.gap_u**2)])
        first = np.searchsorted(self.gap_start, start_ns, side="left")
        last = np.searchsorted(self.gap_end, end_ns, side="right")
        whole = np.maximum(squares[np.maximum(last, first)] - squares[first], 0.0)

        def cut(k: NDArray[np.int64], other_end: bool) -> Floats:
            inside = (k >= 0) & (k < self.gap_start.size)
            k = np.clip(k, 0, self.gap_start.size - 1)
            left = np.maximum(start_ns, self.gap_start[k])
            right = np.minimum(end_ns, self.gap_end[k])
            share = np.clip(right - left, 0, None) / np.maximum(self.gap_end[k] - self.gap_start[k], 1)
            part = np.where(inside & (share < 1), share * self.gap_u[k], 0.0)
            return np.where(first - 1 == last, 0.0, part) if other_end else part

        result: Floats = np.sqrt(whole + cut(first - 1, False) ** 2 + cut(last, True) ** 2)
        return result

    def gap_seconds(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return how many seconds of each window lie in gaps."""
        if not self.gap_start.size:
            return np.zeros(np.shape(start_ns))
        seconds = (self.gap_end - self.gap_start) * 1e-9
        sums = np.concatenate([[0.0], np.cumsum(seconds)])

        def up_to(times: Times) -> Floats:
            k = np.searchsorted(self.gap_start, times, side="right") - 1
            part = np.clip((times - self.gap_start[np.maximum(k, 0)]) * 1e-9, 0.0, seconds[np.maximum(k, 0)])
            return np.where(k < 0, 0.0, sums[np.maximum(k, 0)] + part)

        return up_to(np.asarray(end_ns)) - up_to(np.asarray(start_ns))


def _what(trace: Trace) -> str:
    return ", ".join(trace.channels) or trace.quantity.value


def _accumulate(trace: Trace) -> Floats:
    times, values, trapezoid = trace.times_ns, trace.values, trace.kind is Kind.INSTANT
    n = times.size
    running = np.empty(n, np.float64)
    running[0] = 0.0
    carry = 0.0
    scale = 0.5e-9 if trapezoid else 1e-9
    steps = np.empty(_CHUNK, np.int64)
    lengths, areas = np.empty(_CHUNK), np.empty(_CHUNK)
    for first in range(0, n - 1, _CHUNK):
        last = min(first + _CHUNK, n - 1)
        step, length, area = (column[: last - first] for column in (steps, lengths, areas))
        np.subtract(times[first + 1 : last + 1], times[first:last], out=step)
        np.multiply(step, scale, out=length)
        if trapezoid:
            np.add(values[first:last], values[first + 1 : last + 1], out=area)
            area *= length
        else:
            np.multiply(values[first + 1 : last + 1], length, out=area)
        part = running[first + 1 : last + 1]
        np.add.accumulate(area, out=part)
        if carry:
            part += carry
        carry = float(part[-1])
    return running


def _stretches(trace: Trace) -> tuple[Times, Times]:
    """Return where recorded gaps leave a hole between two samples, disjoint and sorted."""
    if not trace.gaps:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    times = trace.times_ns
    nominal = trace.interval_ns
    middle = np.array([(g.start_ns + g.end_ns) // 2 for g in trace.gaps], np.int64)
    after = np.searchsorted(times, middle, side="right")
    after = np.unique(after[(after > 0) & (after < times.size)])
    wide = times[after] - times[after - 1] > _WIDE_GAP * nominal
    after = after[wide]
    starts, ends = times[after - 1].copy(), times[after].copy()
    if trace.kind is Kind.MEAN:
        ends = np.maximum(ends - nominal, starts)
    elif trace.kind is Kind.COUNTER:
        # The counter kept counting: only a restart leaves anything unknown.
        lost = {g.start_ns for g in trace.gaps if g.reason == "lost setup"}
        keep = np.isin(starts, np.fromiter(lost, np.int64, len(lost)))
        starts, ends = starts[keep], ends[keep]
    return starts, ends


def _bridge_means(trace: Trace, running: Floats, starts: Times) -> Floats:
    """Let a mean's sample after a gap speak for its own interval only, and bridge what is before."""
    after = np.searchsorted(trace.times_ns, starts, side="right")
    values, nominal = trace.values, trace.interval_ns * 1e-9
    seconds = (trace.times_ns[after] - trace.times_ns[after - 1]) * 1e-9 - nominal
    change = np.zeros(running.size)
    change[after] = (values[after - 1] - values[after]) / 2 * seconds
    return running + np.cumsum(change)
