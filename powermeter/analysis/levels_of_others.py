"""Levels inside events that other labels' events make: what begins and ends with their marks is known, and no image of a faster wave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.other_labels import Labels, seconds_shared
from powermeter.analysis.quantiles import quantile
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MOST = 20_000  # readings looked at
_LABELS = 12
_LEAST = 20  # readings that are away from the others' edges
_AGREE = 0.95  # of them
_EACH = 3  # readings on either level
_SHARE = 0.05  # of the events' time, that marks and readings may differ by


def made_by_others(
    times_ns: Times,
    values: Floats,
    interval_ns: int,
    inside: tuple[Indices, Indices],
    edges: tuple[Times, Times],
    marked: tuple[Labels, int] | None,
) -> bool:
    """Return whether readings inside a label's events lie on the one level while another label's events run, and on the other while none does.

    Args:
        inside: The first reading of each event, and how many there are.
        edges: Starts and ends of the label's own events.
        marked: The events of all labels, and which of them this one is.
    """
    if marked is None:
        return False
    first, count = inside[0] + 1, np.maximum(inside[1] - 2, 0)
    ahead = np.cumsum(count) - count
    index = (np.repeat(first - ahead, count) + np.arange(int(count.sum())))[:_MOST]
    if index.size < _LEAST:
        return False
    t, upper = (
        times_ns[index],
        values[index] > (quantile(values[index], 0.05) + quantile(values[index], 0.95)) / 2,
    )
    labels, own = marked
    groups = np.setdiff1d(np.unique(labels.group), [own])
    if groups.size > _LABELS:
        return False
    return any(_makes(labels, int(g), t, upper, interval_ns, edges) for g in groups)


def one_made_by_others(
    trace: Trace,
    edges: tuple[Times, Times],
    readings: tuple[Indices, Indices],
    k: int,
    marked: tuple[Labels, int] | None,
) -> bool:
    """Return the same of the k-th of a label's events."""
    inside = readings[0][k : k + 1], readings[1][k : k + 1]
    own = edges[0][k : k + 1], edges[1][k : k + 1]
    return made_by_others(trace.times_ns, trace.values, trace.interval_ns, inside, own, marked)


def _makes(
    labels: Labels, group: int, t: Times, upper: Bools, interval_ns: int, edges: tuple[Times, Times]
) -> bool:
    its = labels.of(group)
    starts, ends = np.sort(labels.start_ns[its]), np.sort(labels.end_ns[its])
    runs = _running(starts, ends, t) > 0
    clear = (_running(starts, ends, t - interval_ns) > 0) == runs
    clear &= (_running(starts, ends, t + interval_ns) > 0) == runs
    if np.count_nonzero(clear) < max(_LEAST, t.size // 2):
        return False
    a, b = runs[clear], upper[clear]
    if min(np.count_nonzero(a), np.count_nonzero(~a)) < _EACH:
        return False
    alike = float(np.mean(b[a])), float(np.mean(b[~a]))
    if not (min(alike) <= 1 - _AGREE and max(alike) >= _AGREE):
        return False
    # Readings that meet the others' events in step with them see another share of the time than they have.
    own = float(np.sum(edges[1] - edges[0])) * 1e-9
    marked = float(seconds_shared(starts, ends, *edges).sum()) / own
    return abs(marked - float(runs.mean())) <= _SHARE


def _running(starts: Times, ends: Times, t: Times) -> Indices:
    """Return how many events run at some moments."""
    return np.searchsorted(starts, t, side="right") - np.searchsorted(ends, t, side="left")
