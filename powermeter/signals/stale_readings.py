"""Rows that repeat the reading before them by chance of the logger: old readings, shown again in place of new ones.

A channel whose noise spreads over many steps hardly ever shows the same value twice in a row.  Where many rows do, and which of them do is
left to chance, the instrument had nothing new to show, at no refresh that could be found (`meter_refresh.py`): such rows are not readings of their time.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.result.notes import Note
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

_LEAST_ROWS = 100
_LEAST = 0.05  # of rows, beyond chance
_MOST = 0.75  # more of them are a display's that refreshes seldom
_SURE = 4.0  # standard errors
_STEP = 2.0  # percentile of changes: the smallest, one step of the display
_SMALLEST = (
    0.3  # of changes: where more are of one step, the load changes slowly, or the noise hides in steps
)
_RECURS = 0.15  # of changes: a level without noise comes back as often
_STILL = 2.3  # standard deviations, by which changes next to equal rows are smaller than others
_LOOKED = 200_000


def without_stale(trace: Trace) -> Trace:
    """Return a trace of instantaneous power without rows that repeat an old reading, and with a note; as it is where there are none."""
    if trace.kind is not Kind.INSTANT or trace.quantity is not Quantity.POWER or trace.kept is not None:
        return trace
    share = stale_share(trace)
    if not share:
        return trace
    new = np.append(True, np.diff(trace.values) != 0)
    note = Note.warning(
        "stale-readings",
        f"{100 * share:.0f} % of its rows repeat the reading before, which its noise does not explain: they are left out as old",
    )
    return replace(
        trace,
        times_ns=trace.times_ns[new],
        values=trace.values[new],
        notes=(*trace.notes, note),
    )


def stale_share(trace: Trace) -> float:
    """Return which share of rows repeats an old reading, or 0 where noise, steps or a level load explain what is equal."""
    n = min(len(trace), _LOOKED)
    if n < _LEAST_ROWS:
        return 0.0
    change = np.diff(trace.values[:n])
    same = change == 0
    equal = float(same.mean())
    sizes = np.abs(change[~same])
    if not _LEAST < equal < _MOST:
        return 0.0
    steps = sizes / max(trace.step, trace.code, float(np.percentile(sizes, _STEP)))
    smallest = float(np.mean(steps <= 1.5))
    by_chance = (1 - equal) / 2 * _none_to_one_step(smallest, float(np.mean(steps <= 2.5)), sizes.size)
    error = math.sqrt(equal * (1 - equal) / n)
    if smallest > _SMALLEST or equal - by_chance < max(_LEAST, _SURE * error):
        return 0.0
    shown = trace.values[1:n][~same]
    if float(np.unique(shown, return_counts=True)[1].max()) > _RECURS * shown.size:
        return 0.0
    if _lie_where_power_is_still(change, same):
        return 0.0
    # Chance strikes a row whether it struck the one before or not; level stretches and refreshes do not.
    again = same[1:][same[:-1]]
    apart = _SURE * math.sqrt(equal * (1 - equal) / max(again.size, 1))
    return equal - by_chance if abs(float(again.mean()) - equal) <= apart else 0.0


def _lie_where_power_is_still(change: Floats, same: Bools) -> bool:
    """Return whether changes next to equal rows are smaller than others, as a display's are beside a level; a logger's chance does not ask how power moves.

    Mann and Whitney's U (Ann. Math. Stat. 18, 1947), over its standard deviation.
    """
    beside = np.append(False, same[:-1]) | np.append(same[1:], False)
    sizes, near = np.abs(change[~same]), beside[~same]
    some, others = int(near.sum()), int((~near).sum())
    if not some or not others:
        return False
    _, place, alike = np.unique(sizes, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(alike) - (alike - 1) / 2)[place]
    rest = some * others / 2 - (float(ranks[near].sum()) - some * (some + 1) / 2)
    return rest > _STILL * math.sqrt(some * others * (some + others + 1) / 12)


def _none_to_one_step(one: float, two: float, changes: int) -> float:
    """Return how many changes by nothing chance makes for those by one step up: as many for a smooth distribution, more where noise hides in a step.

    The frequencies of what is rounded fall ever faster away from their middle: none is to one step at most as one step is to two.

    Args:
        one, two: The share of the changes that are by one step at most, and by two.
        changes: How many there are.
    """
    return one * max(1.0, one / max(two - one, 1 / changes))
