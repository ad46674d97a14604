"""Loads that may be in step with readings at regular moments: nothing but noise in them shows a steady load as well as a loop of their own step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.equal_readings import MUCH, all_equal
from powermeter.analysis.event_estimate import Activity
from powermeter.analysis.means_at_edges import PART
from powermeter.analysis.regular_or_random import own_moments, read_at_random
from powermeter.channel import Kind
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_SHOWN = 4  # readings of an event that show whether power inside is steady
_LOOKED = 200
_MOSTLY = 0.9
_FAR_APART_NS = 50_000_000  # frames, batches and kernels last for 1 to 100 ms
_PLACES = 8  # events: of loops that are at one of two levels for half of the time, one in 128
_WHOLE = 0.94  # of an interval, that a mean is of
_SLOW_NS = 1_000_000_000  # refreshes that people let programs repeat their work at, to the second
_EVEN = 0.5  # of a refresh, that eight in ten of them differ by
_ONE_LEVEL = 0.3  # of their median, that nine in ten readings span


def perhaps_in_step(trace: Trace, start_ns: Indices, end_ns: Indices) -> bool:
    """Return whether nothing in the readings speaks for a steady load against one in step with them: they agree, at regular moments far apart.

    Each event meets a loop of its own at another place of it: where loops are elsewhere for a share q of the time, readings of n events all agree
    by chance in qⁿ + (1 − q)ⁿ of the cases.
    """
    if trace.interval_ns < _FAR_APART_NS or start_ns.size >= _PLACES:
        return False
    return flat_at_regular_moments(trace, start_ns, end_ns) or _one_level_at_slow_refreshes(
        trace, start_ns, end_ns
    )


def never_in_step(trace: Trace) -> bool:
    """Return whether readings follow each other too fast for that, whatever the events."""
    return trace.interval_ns < _FAR_APART_NS


def _one_level_at_slow_refreshes(trace: Trace, start_ns: Indices, end_ns: Indices) -> bool:
    """Return whether snapshots at an instrument's own slow refresh stay on one level inside events; without events, in the whole run.

    A load that fluctuates about either of the two levels of a cycle of ten seconds looks just the same every ten seconds, and so do its starts and ends.
    """
    if trace.kind is not Kind.INSTANT or trace.kept is not None or averages(trace) or not own_moments(trace):
        return False
    if (
        trace.interval_ns < _SLOW_NS
        or float(np.ptp(np.percentile(np.diff(trace.times_ns), [10, 90]))) > _EVEN * trace.interval_ns
    ):
        return False
    parts = _inside(trace, start_ns, end_ns) if start_ns.size else [trace.values]
    return bool(parts) and all(_on_one_level(part) for part in parts)


def _on_one_level(values: Floats) -> bool:
    low, level, high = (float(v) for v in np.percentile(values, [5, 50, 95]))
    return values.size >= _SHOWN and high - low <= _ONE_LEVEL * abs(level)


def _inside(trace: Trace, start_ns: Indices, end_ns: Indices) -> list[Floats]:
    """Return the readings inside each event that has enough of them."""
    first = np.searchsorted(trace.times_ns, start_ns[:_LOOKED], side="right")
    until = np.searchsorted(trace.times_ns, end_ns[:_LOOKED], side="left")
    return [trace.values[a:b] for a, b in zip(first.tolist(), until.tolist(), strict=True) if b - a >= _SHOWN]


def mostly_steady(trace: Trace, activity: Sequence[Activity], seconds: float) -> bool:
    """Return whether that is so for a tenth of a run at least: in events, and in the whole run where it has none."""
    if not activity:
        nothing = np.empty(0, np.int64)
        return perhaps_in_step(trace, nothing, nothing)
    lasting = sum(float((x.end_ns - x.start_ns).sum()) for x in activity if x.found.steady) * 1e-9
    return lasting > MUCH * seconds


def flat_at_regular_moments(trace: Trace, start_ns: Indices, end_ns: Indices) -> bool:
    """Return whether readings at regular moments show nothing but noise inside events; without events, in the whole run.

    Nothing in such readings excludes a load that is in step with them.
    """
    if trace.interval_ns <= 0 or trace.kept is not None or own_moments(trace) or read_at_random(trace):
        return False
    if averages(trace):
        return False
    if not start_ns.size:
        return len(trace) > 1 and all_equal(trace, trace.values, within_noise=True)
    flat = [all_equal(trace, part, within_noise=True) for part in _inside(trace, start_ns, end_ns)]
    return bool(flat) and sum(flat) > _MOSTLY * len(flat)


def averages(trace: Trace) -> bool:
    """Return whether readings are of all of the time between them, so that none of it is missed."""
    if trace.kind is Kind.MEAN:
        return all(note.code != PART for note in trace.notes)
    return trace.kind is Kind.COUNTER or (trace.window_ns or 0) > _WHOLE * trace.interval_ns
