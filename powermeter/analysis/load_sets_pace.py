"""Readers that poll faster while the load is high, or are held up by it: intervals between readings that depend on what they read.

A sum of readings takes it that nothing chose their moments by the load.  A reader that waits for a second while it sees little and for a tenth
while it sees much gives a burst that it meets half of the interval before it and none behind; a logger that the load holds up
has its longest intervals where power rises.  Both put down too little, again and again, as neither would by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.few_readings_carry import bounded_lean
from powermeter.analysis.finding_holes import MISSING_INSTANT, rates_of
from powermeter.analysis.regular_or_random import one_in_each
from powermeter.analysis.rows_on_change import rows_on_change
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_LEAST = 30  # readings
_FEWEST = 5  # rises, or falls, over intervals that differ from those beside them
_CHANCE = 2.2  # standard deviations that signs of chance exceed in 28 of 1000 runs
_UNEVEN = 1.3  # times the longest three of a hundred intervals over the shortest three: below, they are alike
_CLEAR = 0.05  # of the largest: what is less is noise
_WORTH = 0.05  # of what all changes put down, below which nothing is left to pay
_REACH = 1.1  # over what an interval is off by that holds it: the 95 % of a uniform error reach 0.95 of it
_A_TIMER = 0.05  # of a wait, that those of a timer differ by
_MOSTLY = 0.6  # of the waits, that nothing ended early
_MOST = 0.5  # of the time, and of the pauses in it
_LOOKED = 1 << 18
_SLIGHT = 0.5  # standard deviations: they are a ninth wider then
_TOGETHER = 16  # readings behind each long interval that are looked at for all of them at once
_GLANCE = 4096  # intervals, evenly spread, of which not even these are uneven: no further look


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """What intervals that depend on the load leave.

    Attributes:
        missed: For each interval, what the sum puts down too little over it if the load chose its length, J; negative where too much.
        variance: For each interval, what a change somewhere inside of it leaves, J²; of what is over before the next one, of which it is chance
            whether a reading meets it at all, all of its square.
        ordinary_ns: The longest interval that is still one of the reader's own.
    """

    missed: Floats
    variance: Floats
    ordinary_ns: float

    def over(self, first: int, last: int) -> tuple[float, float, float]:
        """Return both sums over the intervals from reading `first` to reading `last`, and the skewness that their count leaves.

        What is missed is in the variance, and 0, where that is hardly wider for it.
        """
        part = slice(first, last)
        variance = float(self.variance[part].sum())
        cubes = float((np.sign(self.missed[part]) * self.variance[part] ** 1.5).sum())
        lean = bounded_lean(cubes / variance**1.5) if variance > 0 else 0.0
        missed = float(self.missed[part].sum())
        slight = abs(missed) < _SLIGHT * math.sqrt(variance)
        return (0.0, variance + missed**2, lean) if slight else (missed, variance, lean)


def load_sets_pace(trace: Trace) -> Pace | None:
    """Return what intervals that depend on the load leave, or None where chance explains which intervals are long."""
    if "pace" not in trace.looked_for:
        trace.looked_for["pace"] = _found(trace)
    found = trace.looked_for["pace"]
    return found if isinstance(found, Pace) else None


def _found(trace: Trace) -> Pace | None:
    n = len(trace)
    if trace.kind is not Kind.INSTANT or trace.kept is not None or not _LEAST <= n <= _LOOKED:
        return None
    if trace.sampling == "dithered" or _alike(trace.times_ns) or rates_of(trace):
        return None
    if one_in_each(trace.times_ns):
        return None
    steps = np.diff(trace.times_ns) * 1e-9
    if _in_bursts(steps):
        return None
    changes = np.diff(trace.values)
    before = np.concatenate([steps[:1], steps[:-1]])
    after = np.concatenate([steps[1:], steps[-1:]])
    held_up = np.where(_begun_anew(steps, before), _REACH * steps, np.maximum(steps - before, 0.0))
    sped_up = np.maximum(np.minimum(steps, before) - after, 0.0)
    over_at_once = share_missed(trace, steps)
    if (
        on_change := rows_on_change(trace)
    ) is not None:  # waits that a change ended are no longer than it let them be
        changes = np.where(on_change.moved != 0, 0.0, changes)
    missed = changes / 2 * (held_up + sped_up * over_at_once)
    all_changes = float(np.abs(changes) @ steps) / 2
    if not any(_one_way(x, all_changes) for x in (missed, changes / 2 * (held_up + sped_up))):
        return None
    return Pace(missed, (changes * steps) ** 2 * (1 + 11 * over_at_once) / 12, _slowest(trace.values, steps))


def _begun_anew(steps: Floats, before: Floats) -> NDArray[np.bool_]:
    """Return which waits of a timer begin behind one that something ended early, as a job's end does whose row still shows it: the fall lies at their very beginning."""
    whole = float(np.median(steps))
    is_whole = np.abs(steps - whole) <= _A_TIMER * whole
    if float(np.mean(is_whole)) < _MOSTLY:
        return np.zeros(steps.size, bool)
    return np.asarray(is_whole & (before < (1 - _A_TIMER) * whole))


def _in_bursts(steps: Floats) -> bool:
    """Return whether most of the time lies in pauses between bursts of readings: what they leave is `mostly_unread`."""
    pause = steps > MISSING_INSTANT * float(np.median(steps))
    ends = pause[:-1] & ~pause[1:]
    return float(steps[pause].sum()) > _MOST * float(steps.sum()) and int(ends.sum()) > _MOST * int(
        pause.sum()
    )


def _one_way(likely: Floats, all_changes: float) -> bool:
    """Return whether what long waits would leave out goes one way more often than as many signs of chance do, and is worth a look."""
    clear = likely[np.abs(likely) > _CLEAR * float(np.abs(likely).max(initial=0.0))]
    same = max(int(np.sum(clear > 0)), int(np.sum(clear < 0)))
    by_chance = math.sqrt(float(likely @ likely))
    return same >= _FEWEST and abs(float(clear.sum())) >= max(_CHANCE * by_chance, _WORTH * all_changes)


def _alike(times_ns: Indices) -> bool:
    """Return whether hardly an interval differs from the others, going by some of them."""
    some = np.linspace(0, times_ns.size - 2, min(times_ns.size - 1, _GLANCE)).astype(np.int64)
    short, long = np.percentile(times_ns[some + 1] - times_ns[some], [3, 97])
    return bool(long <= _UNEVEN * short)


def share_missed(trace: Trace, steps: Floats) -> Floats:
    """Return for each interval what share of a rise (a fall) behind it is missed: all of one that is over at once, nothing of one that lasts.

    Of a burst of length L that a reader meets by chance every τ, the half interval before it and what is read behind add up to τ/2 + L/2 on average
    in L/τ of the cases: (1 + L/τ)/2 of what it used.  It is met in its middle on average, so that L is twice what was read of it.
    """
    values, times = trace.values, trace.times_ns
    found = np.zeros(steps.size)
    longer = np.flatnonzero(steps > 1.2 * np.concatenate([steps[1:], steps[-1:]]))
    middle = (values[longer + 1] + values[longer]) / 2
    side = np.sign(values[longer + 1] - middle)
    reach = np.searchsorted(
        times, times[longer + 1] + np.rint(0.5e9 * steps[longer]).astype(np.int64), side="right"
    )
    until = np.minimum(np.minimum(reach, times.size) + 1, values.size)
    at = longer + 1
    for _ in range(_TOGETHER):
        # Readings behind each long interval, one after the other, until one lies on the other side of the change.
        back = np.sign(values[at] - middle) != side
        k = longer[back]
        found[k] = _over_at_once(times, k, at[back], steps)
        at = at + 1
        left = ~back & (at < until)
        longer, middle, side, until, at = longer[left], middle[left], side[left], until[left], at[left]
    for k, level, sign, first, last in zip(longer, middle, side, at, until, strict=True):
        back = np.flatnonzero(np.sign(values[first:last] - level) != sign)
        if back.size:
            found[k] = _over_at_once(times, k, first + back[0], steps)
    return found


def _over_at_once(times: Indices, k: Any, at: Any, steps: Floats) -> Any:
    """Return what share is missed of a change behind an interval, which is over at a reading."""
    return np.maximum(1 - 2 * ((times[at] - times[k + 1]) * 1e-9) / steps[k], 0.0)


def _slowest(values: Floats, steps: Floats) -> float:
    """Return one and a half times the ninth decile of the intervals behind low, or behind high readings, whichever is longer, ns."""
    low, high = (float(x) for x in np.percentile(values, [1, 99]))
    upper = values[:-1] > (low + high) / 2
    sides = [steps[side] for side in (upper, ~upper) if side.any()]
    return 1.5e9 * max(float(np.percentile(side, 90)) for side in sides)
