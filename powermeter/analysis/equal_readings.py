"""What few readings that all agree leave open: they show no scatter, so that nothing in them shows what the load does between them.

Of a load that is elsewhere for a share q of the time, n readings at moments that nobody chose all miss it with the probability (1 − q)ⁿ.  That
is 5 % for q = 1 − 0.05^(1/n), about 3/n (the rule of three; Hanley and Lippman-Hand, JAMA 249, 1983): so much of the time may have been spent
at another power.  What that may be is what the load was seen to do elsewhere; where it was seen to do nothing, anything from 0 to
three times what was read.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.bounds import seen_range
from powermeter.analysis.event_estimate import EQUAL, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]

_CHANCE = 0.05
MUCH = 0.1
"""Share of the time unseen: as of holes, what is more is estimated."""
_AS_HIGH = 3.0  # times what was read, as wherever a load was never seen (`bounds`)
_ONE_STEP = 1.5  # readings within it are those of one step or of two that follow each other
_ONE_IN = 27  # times so many as they are: normal readings span less than twice what one of these exceeds, 28 of them 6 standard deviations, but once in 150
_FEW = 28
_REPEATED = 3  # events that show by themselves what they share: of fewer, and of runs, agreement within noise shows nothing either


def unseen_share(readings: int) -> float:
    """Return the share of time that so many readings may all have missed; 0 where it is under a tenth."""
    share = 1 - float(_CHANCE ** (1 / max(readings, 1)))
    return share if share > MUCH else 0.0


def all_equal(trace: Trace, values: Floats, *, within_noise: bool = False) -> bool:
    """Return whether readings agree within one step of their instrument; if asked for, within its stated noise too."""
    most = _ONE_STEP * max(trace.step, trace.code, 1e-9 * abs(float(values[0])))
    if within_noise:
        tail = 1 - 1 / (_ONE_IN * max(values.size, _FEW))
        most = max(most, 2 * NormalDist().inv_cdf(tail) * trace.noise)
    return float(np.ptp(values)) <= most


def equal_of_each(
    trace: Trace, inside: Floats, spans: tuple[Floats, Floats], seconds: Floats
) -> tuple[Bools, Floats, Floats]:
    """Return which of some events, each a label's only one, `equal` opens, and by how much below and above, J.

    Args:
        inside: The readings inside, as many of each, shape (events, readings).
        spans: The lowest and the highest reading in and beside each.
        seconds: How long each lasts.
    """
    none = np.zeros(seconds.size)
    share = unseen_share(inside.shape[1])
    if not share or (
        not unseen_share(trace.values.size) and all_equal(trace, trace.values, within_noise=True)
    ):
        return np.zeros(seconds.size, bool), none, none
    tail = 1 - 1 / (_ONE_IN * max(inside.shape[1], _FEW))
    step = max(trace.step, trace.code)
    most = _ONE_STEP * np.maximum(step, 1e-9 * np.abs(inside[:, 0]))
    most = np.maximum(most, 2 * NormalDist().inv_cdf(tail) * trace.noise)
    alike = np.ptp(inside, axis=1) <= most
    low, high = spans
    level = inside.mean(axis=1)
    moves = high - low > np.maximum(max(2 * step, 6 * trace.noise), 0.02 * np.abs(high))
    lower = np.where(moves, low, np.minimum(0.0, level))
    upper = np.where(moves, high + 0.5 * (high - low), _AS_HIGH * np.maximum(np.abs(level), step))
    below, above = (share * np.maximum(by, 0.0) * seconds for by in (level - lower, upper - level))
    return alike, np.where(alike, below, 0.0), np.where(alike, above, 0.0)


def open_ends(trace: Trace, values: Floats, *, within_noise: bool = False) -> tuple[float, float]:
    """Return by how much the mean power of a run may be lower and higher than few readings that all agree, W; (0, 0) where they do not."""
    share = unseen_share(values.size)
    if values.size < 2 or not share or not all_equal(trace, values, within_noise=within_noise):
        return 0.0, 0.0
    level = abs(float(values.mean()))
    return share * level, share * (_AS_HIGH - 1) * max(level, trace.step, trace.code)


def equal(
    integral: Integral, found: GroupEstimate, before: Indices, upto: Indices, seconds: Floats
) -> GroupEstimate:
    """Return an estimate with open ends where the few readings inside a label's events all agree, else as it is."""
    trace = integral.trace
    share = unseen_share(int((upto - before).sum()))
    some = np.flatnonzero(upto > before)
    if not share or not some.size:
        return found
    inside = np.concatenate([trace.values[before[k] : upto[k]] for k in some.tolist()])
    if not all_equal(trace, inside, within_noise=seconds.size < _REPEATED):
        return found
    if not unseen_share(trace.values.size) and all_equal(trace, trace.values, within_noise=True):
        return found  # a run of many readings in which the load was never seen to do anything
    low, high = seen_range(integral, before, upto)
    step = max(trace.step, trace.code)
    level = float(inside.mean())
    if high - low > max(2 * step, 6 * trace.noise, 0.02 * abs(high)):
        lower, upper = low, high + 0.5 * (high - low)
    else:
        lower, upper = min(0.0, level), _AS_HIGH * max(abs(level), step)
    found.why = EQUAL
    found.below = share * max(level - lower, 0.0) * seconds
    found.above = share * max(upper - level, 0.0) * seconds
    found.below_all, found.above_all = float(found.below.sum()), float(found.above.sum())
    return found
