"""Energy from power: one pass builds the running integral, one search answers every event.

The rule follows the trace's kind:

===========  ==========================================================================
`instant`    trapezoid between samples, the linear course interpolated at the edges
`mean`       value × the interval that ended at the stamp, spread evenly inside it
`counter`    difference of the running total, spread evenly between two readings
===========  ==========================================================================

Holes are found (`finding_holes`), whether or not anybody declared them: an interval far longer than the usual one is a stretch that
nobody saw.  It is bridged between the readings beside it and kept apart (`hole`), so that what stands on readings and
what does not are never mixed.  A counter counts on through a hole; only its restart is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.finding_holes import (
    MISSING_INSTANT,
    MISSING_MEAN,
    declared_holes,
    longest_ordinary,
    usual_around,
    wider,
)
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.rows_on_change import rows_on_change
from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError, plural
from powermeter.signals.trace import Trace

# Samples handled at a time: the working arrays stay in the processor's second-level cache.
_CHUNK = 1 << 14
Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """The running integral of a trace.

    Attributes:
        trace: What was integrated.  A mean trace has one reading more than was recorded for its beginning and for the end
            of each hole: its stamps are the edges of what its values speak for.
        running: float64, shape (n,): the integral in `unit` × s from the first stamp to each.
        hole: int64: the intervals (from reading i to i + 1) that nobody saw.
        declared: Which of them the recording calls a gap.
    """

    trace: Trace
    running: Floats
    hole: Indices = field(default_factory=lambda: np.empty(0, np.int64))
    declared: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))

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
                f"{plural(n, 'sample')} of {_what(trace)} cannot be integrated; at least two are needed"
            )
        if trace.kind is Kind.COUNTER:
            running = trace.values - trace.values[0] if trace.values[0] else trace.values
            hole = declared_holes(trace, restarts=True)
            return cls(trace, running, hole, np.ones(hole.size, bool))
        if trace.kind is Kind.MEAN:
            return cls._of_means(trace)
        noted = declared_holes(trace)
        limit = longest_ordinary(trace, MISSING_INSTANT)
        if (pace := load_sets_pace(trace)) is not None:
            limit = np.maximum(limit, pace.ordinary_ns)
        if (on_change := rows_on_change(trace)) is not None:
            limit = np.maximum(limit, on_change.longest_ns)
            noted = noted[np.diff(trace.times_ns)[noted] > on_change.longest_ns]
        if trace.kept is not None:
            sums = trace.kept.sums
            assert sums is not None
            running, wide = sums - sums[0] if sums[0] else sums, wider(trace, limit)
        else:
            running, wide = running_trapezoid(trace, limit)
        hole = np.union1d(noted, wide)
        return cls(trace, running, hole, np.isin(hole, noted))

    @classmethod
    def _of_means(cls, trace: Trace) -> Integral:
        times, values = trace.times_ns, trace.values
        noted = declared_holes(trace)
        hole = np.union1d(noted, wider(trace, longest_ordinary(trace, MISSING_MEAN)))
        usual = usual_around(trace, hole + 1, faster=True)
        first = int(usual_around(trace, np.ones(1, np.int64))[0])
        # The value after a hole speaks for its own window only; what is before it is bridged.
        edge = np.maximum(times[hole + 1] - usual, times[hole])
        bridge = (values[hole] + values[hole + 1]) / 2
        at = np.concatenate([[0], hole + 1])
        longer = np.insert(times, at, np.concatenate([[times[0] - first], edge]))
        filled = np.insert(values, at, np.concatenate([[values[0]], bridge]))
        running = np.zeros(longer.size)
        np.cumsum(filled[1:] * (np.diff(longer) * 1e-9), out=running[1:])
        kept = None if trace.kept is None else trace.kept.with_edges(at)
        whole = replace(trace, times_ns=longer, values=filled, kept=kept)
        return cls(whole, running, hole + 1 + np.arange(hole.size), np.isin(hole, noted))

    @property
    def is_energy(self) -> bool:
        """Whether the integral is in joule; otherwise it is in coulomb."""
        return self.trace.quantity in (Quantity.POWER, Quantity.ENERGY)

    @property
    def unit(self) -> str:
        """J or C."""
        return "J" if self.is_energy else "C"

    @property
    def start_ns(self) -> int:
        """From when on power is known: a mean's first sample covers the interval before it."""
        return self.trace.start_ns

    @property
    def end_ns(self) -> int:
        """Until when power is known."""
        return self.trace.end_ns

    @property
    def gap_start(self) -> Times:
        """Where each hole begins, in ns."""
        return self.trace.times_ns[self.hole]

    @property
    def gap_end(self) -> Times:
        """Where each hole ends, in ns."""
        return self.trace.times_ns[self.hole + 1]

    @property
    def pace_s(self) -> float:
        """How far apart the readings come on average in s, holes left out; 0 where there are holes only."""
        remembered = self.trace.remembered
        if "pace_s" not in remembered:
            remembered["pace_s"] = self._pace_s()
        return remembered["pace_s"]

    def _pace_s(self) -> float:
        kept, n = self.trace.kept, len(self.trace)
        readings = n if kept is None else int(kept.counted(np.zeros(1, np.int64), np.array([n]))[0])
        steps = readings - 1 - self.hole.size
        unseen_ns = int(np.sum(self.gap_end - self.gap_start)) if self.hole.size else 0
        read_ns = self.end_ns - self.start_ns - unseen_ns
        return read_ns * 1e-9 / steps if steps > 0 else 0.0

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

    @property
    def skip(self) -> Indices:
        """The intervals (from reading i to i + 1) in which readings of a long run are left out whose sum is known."""
        kept = self.trace.kept
        return np.empty(0, np.int64) if kept is None else np.flatnonzero(kept.skips)

    def counted(self, first: Indices, until: Indices) -> Indices:
        """Return how many readings lie in the ranges [first, until)."""
        kept = self.trace.kept
        return until - first if kept is None else kept.counted(first, until)

    def fair_index(self, most: int) -> Indices:
        """Return about `most` positions of readings that are spread evenly over the run."""
        if self.trace.kept is not None:
            return self.trace.kept.fair_index(most)
        n = len(self.trace)
        return np.arange(0, n, max(1, n // most))

    def locate(self, times_ns: Times) -> NDArray[np.int64]:
        """Return for each time the index of the last sample at or before it, clipped to 0 … n−2."""
        index = np.searchsorted(self.trace.times_ns, times_ns, side="right")
        index -= 1
        return np.minimum(np.maximum(index, 0, out=index), len(self.trace) - 2, out=index)

    def upto(self, times_ns: Times) -> Indices:
        """Return how many samples lie at or before each time; near times share their cache lines."""
        times = self.trace.times_ns
        found = np.empty(times_ns.size, np.int64)
        even = True
        for first in range(0, times_ns.size, _CHUNK):
            wanted = times_ns[first : first + _CHUNK]
            low = int(np.searchsorted(times, wanted.min(), side="right"))
            high = int(np.searchsorted(times, wanted.max(), side="right"))
            near = times[low:high]
            part = found[first : first + _CHUNK]
            if even and near.size > 2 and near[-1] > near[0]:
                even = _as_if_even(near, wanted, part)
            else:
                part[:] = np.searchsorted(near, wanted, side="right")
            part += low
        return found

    def at(self, times_ns: Times, index: NDArray[np.int64] | None = None) -> Floats:
        """Return the integral from the first sample to each time, in J or C.

        Outside the samples the nearest rate is held; see `start_ns` and `end_ns` for how far that is
        knowledge.
        """
        times_ns = np.asarray(times_ns, np.int64)
        if index is None:
            index = self.locate(times_ns)
        if times_ns.ndim == 1 and times_ns.size > _CHUNK:
            parts = (slice(first, first + _CHUNK) for first in range(0, times_ns.size, _CHUNK))
            return np.concatenate([self.at(times_ns[part], index[part]) for part in parts])
        stamps, values, kind = self.trace.times_ns, self.trace.values, self.trace.kind
        left = stamps[index]
        span = (stamps[index + 1] - left) * 1e-9
        inside = (times_ns - left) * 1e-9
        beyond = np.maximum(inside - span, 0.0)
        before = np.minimum(inside, 0.0)
        np.minimum(np.maximum(inside, 0.0, out=inside), span, out=inside)
        share = np.divide(inside, span, out=np.ones_like(inside), where=span > 0)
        base = self.running[index]
        result: Floats
        if kind is Kind.INSTANT:
            first, second = values[index], values[index + 1]
            result = base + inside * (first + (second - first) * share * 0.5)
            kept = self.trace.kept
            if kept is not None:
                skipped = kept.place[index + 1].astype(np.int64) - kept.place[index] > 1
                result = np.where(skipped, base + (self.running[index + 1] - base) * share, result)
        else:
            result = base + (self.running[index + 1] - base) * share
        if beyond.any() or before.any():
            last = self.rates(index + 1)
            ahead = self.rates(index) if kind is Kind.INSTANT else self.rates(index + 1)
            result = result + beyond * last + before * ahead
        return result

    def between(self, start_ns: Times, end_ns: Times) -> Floats:
        """Return the integral over each window; windows may overlap and come in any order."""
        n = np.size(end_ns)
        if n > _CHUNK // 2 or np.ndim(end_ns) != 1:
            return self.at(end_ns) - self.at(start_ns)
        both = self.at(np.concatenate([end_ns, start_ns]))  # thousands of labels ask for a few each
        return both[:n] - both[n:]

    def gap_seconds(self, start_ns: Times, end_ns: Times, least_ns: int = 0) -> Floats:
        """Return how many seconds of each window lie in holes of at least some length."""
        long = np.flatnonzero(self.gap_end - self.gap_start >= least_ns) if self.hole.size else self.hole
        if not long.size:
            return np.zeros(np.shape(start_ns))
        begins = self.gap_start[long]
        seconds = (self.gap_end[long] - begins) * 1e-9
        sums = np.concatenate([[0.0], np.cumsum(seconds)])

        def up_to(times: Times) -> Floats:
            k = np.searchsorted(begins, times, side="right") - 1
            part = np.clip((times - begins[np.maximum(k, 0)]) * 1e-9, 0.0, seconds[np.maximum(k, 0)])
            return np.where(k < 0, 0.0, sums[np.maximum(k, 0)] + part)

        return up_to(np.asarray(end_ns)) - up_to(np.asarray(start_ns))


def _as_if_even(stamps: Times, wanted: Times, found: Indices) -> bool:
    """Put into `found` how many stamps lie at or before each time, guessed as of even stamps; return whether most guesses were right.

    A guess is held against both its neighbours; the others are searched for.
    """
    rate = (stamps.size - 1) / float(stamps[-1] - stamps[0])
    guess = ((wanted - stamps[0]) * rate).astype(np.int64)
    np.clip(guess, 0, stamps.size - 2, out=guess)
    right = (stamps[guess] <= wanted) & (wanted < stamps[guess + 1])
    np.add(guess, 1, out=found)
    wrong = np.flatnonzero(~right)
    if wrong.size:
        found[wrong] = np.searchsorted(stamps, wanted[wrong], side="right")
    return wrong.size * 4 < wanted.size


def _what(trace: Trace) -> str:
    return ", ".join(trace.channels) or trace.quantity.value


def running_trapezoid(trace: Trace, limit: float | Floats) -> tuple[Floats, Indices]:
    """Return the running trapezoid and the intervals longer than `limit`."""
    times, values = trace.times_ns, trace.values
    n = times.size
    running = np.empty(n, np.float64)
    running[0] = 0.0
    carry = 0.0
    wide: list[Indices] = []
    steps = np.empty(_CHUNK, np.int64)
    lengths, areas = np.empty(_CHUNK), np.empty(_CHUNK)
    for first in range(0, n - 1, _CHUNK):
        last = min(first + _CHUNK, n - 1)
        step, length, area = (column[: last - first] for column in (steps, lengths, areas))
        np.subtract(times[first + 1 : last + 1], times[first:last], out=step)
        longest = limit[first:last] if isinstance(limit, np.ndarray) else limit
        if isinstance(longest, np.ndarray) or step.max() > longest:
            wide.append(first + np.flatnonzero(step > longest))
        np.multiply(step, 0.5e-9, out=length)
        np.add(values[first:last], values[first + 1 : last + 1], out=area)
        area *= length
        part = running[first + 1 : last + 1]
        np.add.accumulate(area, out=part)
        if carry:
            part += carry
        carry = float(part[-1])
    return running, np.concatenate(wide) if wide else np.empty(0, np.int64)


def highest_power(integral: Integral) -> float:
    """Return the largest reading of a trace, or the steepest slope of its counter, in W."""
    trace, remembered = integral.trace, integral.trace.remembered
    if "highest_power" not in remembered:
        of_power = trace.quantity.unit == "W"
        remembered["highest_power"] = float((trace.values if of_power else _slopes(integral)).max())
    return remembered["highest_power"]


def _slopes(integral: Integral) -> Floats:
    """Return a counter's slopes, W; of one that stands between its refreshes those from one to the next, each of which is seen up to a row late.

    Its first row, and the last, come at any time between two.
    """
    trace = integral.trace
    whole = np.arange(1, len(trace))
    if not trace.repeats or whole.size < 3:
        return integral.rates(whole)
    inner = whole[1:-1]
    steps = (trace.times_ns[inner] - trace.times_ns[inner - 1]).astype(np.float64)
    row = 2 * math.sqrt(3) * trace.refresh_ns
    slopes: Floats = integral.rates(inner) * steps / np.maximum(steps + row, 1.0)
    return slopes
