"""Whether readings come at regular or at random moments, and how many of them fall into events."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.means_by_turns import by_turns
from powermeter.signals.rows_that_stand import off_levels
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]


class ChosenBy(IntEnum):
    """Who chose the moments of readings; `LOG` where nothing states it."""

    RECORDER = 0
    INSTRUMENT = 1
    LOG = 2


REMEDIES = (
    "or let the recorder vary its moments",
    "or with one that averages (a mean, an energy counter): this instrument chooses its own moments",
    "or with an instrument that averages (a mean, an energy counter); whoever wrote this log chose its moments",
)
"""What else than another rate helps against a load in step with readings, by who chose their moments."""

_LOOKED = 4096
_MOST = 20_000
_PLACES = 4  # steps in an interval, at least
_FEW_DISTANCES = 30
_FEW_MARKS = 8
_DECIMAL = tuple(int(10**k) for k in range(9, -1, -1))
_SAME_PLACE = 0.5
_FINEST = 1_000  # ns
_BY_CHANCE = 2e-4
_SPAN = 0.8  # of an interval, that readings span at least about an even axis, one in each of its intervals
_LONGEST_SPAN = 1.1
_UNIFORM = 1.63  # over the root of their number: how far uniform places are from being so
_STAND = 0.3
_STANDS_LONG = 0.85
_DISTINCT = 0.3
_ONE_CODE = 1.5


def own_moments(trace: Trace) -> bool:
    """Return whether readings are snapshots at an instrument's own refresh, whatever the moments at which they were asked for.

    A refresh is noted, stated or found; or readings stand: three in ten equal the one before to the last digit, while those that do not
    hardly ever come twice.
    """
    if "own_moments" not in trace.remembered:
        trace.remembered["own_moments"] = _own_moments(trace)
    return bool(trace.remembered["own_moments"])


def _own_moments(trace: Trace) -> bool:
    if trace.refresh_ns > 0 and trace.repeats > 0:
        return True
    values = off_levels(trace.values[:_LOOKED])
    fresh = np.flatnonzero(np.diff(values)) + 1
    if fresh.size < _FEW_DISTANCES or np.unique(values[fresh]).size < _DISTINCT * fresh.size:
        return False
    stands = 1 - fresh.size / (values.size - 1)
    # Noise about as wide as a code repeats a reading as often as it moves by one.
    moved = np.abs(np.diff(values))[fresh - 1]
    by_chance = float(np.count_nonzero(moved <= _ONE_CODE * moved.min())) / (values.size - 1)
    return stands - by_chance >= _STAND and stands <= _STANDS_LONG  # a load without noise stands for longer


_CHOSEN = {
    "regular": ChosenBy.RECORDER,
    "dithered": ChosenBy.RECORDER,
    "instrument": ChosenBy.INSTRUMENT,
}


def chosen_by(trace: Trace) -> ChosenBy:
    """Return who chose the moments of a trace's readings."""
    return _CHOSEN.get(trace.sampling, ChosenBy.LOG)


def read_at_random(trace: Trace) -> bool:
    """Return whether each reading was taken at a random moment of its interval: nothing can keep step with such readings."""
    if "vary" not in trace.remembered:
        trace.remembered["vary"] = moments_vary(trace.times_ns, trace.interval_ns * 1e-9)
    return bool(trace.remembered["vary"]) and not own_moments(trace)


def moments_vary(times_ns: NDArray[np.int64], tau: float) -> bool:
    """Return whether readings lie at random moments of their intervals, so that nothing can keep step with them.

    One reading uniform in each interval τ makes the distances triangular on 0 to 2τ: from the 10 % to the 90 % quantile they span
    1.11 τ.  Half of that is asked for.  Two kinds of steps by turns span as much and leave nothing to chance.
    """
    some = np.diff(times_ns[:_LOOKED]) * 1e-9
    if some.size < _FEW_DISTANCES or tau <= 0:
        return False
    low, high = np.percentile(some, [10, 90])
    return float(high - low) > 0.55 * tau and not by_turns(times_ns)


def one_in_each(times_ns: Times) -> bool:
    """Return whether readings lie one in each interval of an even axis, anywhere in it: a load that chose their waits would have moved them along.

    Uniform places are off their distribution by more than 1.63/√n once in a hundred times (Kolmogorov).
    """
    n = times_ns.size
    if n < _FEW_DISTANCES:
        return False
    k = np.arange(n) - (n - 1) / 2
    since = (times_ns - times_ns[0]).astype(np.float64)
    interval = float(k @ since) / float(k @ k)
    rest = np.sort(since - interval * k)
    span = float(rest[-1] - rest[0])
    if not _SPAN * interval < span < _LONGEST_SPAN * interval:
        return False
    away = np.abs((rest - rest[0]) / span - np.linspace(0.0, 1.0, n))
    return float(away.max()) < _UNIFORM / math.sqrt(n)


def step_in_common(trace: Trace, edges: tuple[Times, Times]) -> int:
    """Return of what stamps of readings and events' edges are all whole multiples, ns: what both were rounded to, or written with."""
    apart = np.concatenate([edges[0][:_MOST], edges[1][:_MOST]]) - trace.times_ns[0]
    return int(np.gcd.reduce(np.append(apart, _step_of_stamps(trace))))


def place_known_to(trace: Trace, edges: tuple[Times, Times]) -> int:
    """Return to how many ns the place of an edge among readings is known: the step of their stamps or of events' edges, the coarser one.

    A step that an interval does not have several of is no rounding but the interval itself.  Nothing is made of marks in coarser steps than
    stamps: at an event's both ends they leave open more than the place of readings.
    """
    marks = np.concatenate([edges[0][:_MOST], edges[1][:_MOST]])
    steps = _step_of_stamps(trace), int(np.gcd.reduce(marks - marks[0]))
    if trace.tick_ns:
        return trace.tick_ns if steps[1] <= trace.tick_ns else 0
    if steps[1] > steps[0]:
        return 0
    return max((step for step in steps if step * _PLACES <= trace.interval_ns), default=0)


def coarse_step(trace: Trace, edges: tuple[Times, Times]) -> int:
    """Return the step that stamps or events' edges were rounded to, ns, where the other ones lie in finer ones; else 0.

    Clocks are read in whole seconds or a decimal part of one.
    """
    marks = np.concatenate([edges[0][:_MOST], edges[1][:_MOST]])
    stamps = _rounding_of_stamps(trace)
    step = _decimal(int(np.gcd.reduce(marks)))
    if trace.tick_ns:
        return max(step, trace.tick_ns)
    finer = max(stamps, _FINEST) / step  # of marks in finer steps, so few may be whole ones by chance
    if step > stamps and finer ** min(marks.size, _FEW_MARKS) > _BY_CHANCE:
        return 0
    return max(step, stamps) if step != stamps else 0


def coarse_steps_of_each(trace: Trace, start_ns: Times, end_ns: Times) -> NDArray[np.bool_]:
    """Return of which of some events, each alone, `coarse_step` is not 0."""
    stamps, step = _rounding_of_stamps(trace), np.gcd(start_ns, end_ns)
    # The coarsest decimal part of a second of which a step is a multiple.
    decimal = np.select([step % size == 0 for size in _DECIMAL], _DECIMAL)
    if trace.tick_ns:
        return np.ones(step.size, bool)
    by_chance = [size for size in _DECIMAL if (max(stamps, _FINEST) / size) ** 2 > _BY_CHANCE]
    found: NDArray[np.bool_] = (decimal != stamps) & ~((decimal > stamps) & np.isin(decimal, by_chance))
    return found


def in_step_with(trace: Trace, step_ns: int) -> bool:
    """Return whether readings always lie at about the same place of such a step."""
    turns = np.exp(2j * math.pi / step_ns * (trace.times_ns[:_MOST] % step_ns))
    return bool(abs(complex(turns.mean())) > _SAME_PLACE)


def _decimal(step: int) -> int:
    """Return the coarsest decimal part of a second of which a step is a multiple, ns."""
    return next(size for size in _DECIMAL if step % size == 0)


def _rounding_of_stamps(trace: Trace) -> int:
    stamps = _decimal(math.gcd(_step_of_stamps(trace), int(trace.times_ns[0])))
    while stamps * _PLACES > trace.interval_ns > 0:
        # A steady meter's are whole intervals behind the first one, whatever they were rounded to.
        stamps //= 10
    return stamps


def _step_of_stamps(trace: Trace) -> int:
    if "step" not in trace.remembered:
        trace.remembered["step"] = int(np.gcd.reduce(np.diff(trace.times_ns[:_MOST])))
    return int(trace.remembered["step"])


def count_variance(expected: Floats, varied: bool) -> Floats:
    """Return the variance of how many readings fall into each event, of which so many are expected.

    On a grid of random phase that is p(1 − p) with p the fraction of `expected`.  With one reading at random in each interval, each edge
    cuts one interval at a place a and counts it with a: the mean of a(1 − a) over places is 1/6, twice; over the places of an event
    shorter than an interval it is p − p² + p³/3.
    """
    share = expected - np.floor(expected)
    if not varied:
        return np.asarray(share * (1 - share))
    return np.where(expected < 1, expected - expected**2 + expected**3 / 3, 1 / 3)
