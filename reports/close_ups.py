"""Where a page goes down to single readings: around some events and the highest reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_row import LabelRow
from powermeter.channel import Kind
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.close_up import close_up
from powermeter.signals.trace import Trace

from .typical_event import surroundings, typical_event

TYPICAL, FIRST, HIGHEST, ANOTHER = (
    "a typical event",
    "the first event",
    "the highest reading",
    "another event",
)

AROUND_HIGHEST = 250
"""Readings on either side of the highest one."""

OTHERS = 12
"""Events of which single readings are kept beside the typical and the first, evenly picked."""

LONGEST = 12_000
"""Readings of a stretch at most that is read again where a run is too long to be held."""


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """A stretch of which single readings are kept.

    Attributes:
        name: What a reader calls it.
        start_ns, end_ns: On the clock of the events.
        trace: All its readings, where analysis holds only some of them; otherwise None.
    """

    name: str
    start_ns: int
    end_ns: int
    trace: Trace | None


def close_ups(recording: RecordingLike, a: Analysis, headline: LabelRow | None) -> tuple[CloseUp, ...]:
    """Return the stretches, those that matter most first."""
    return tuple(
        CloseUp(name, start, end, _all_readings(recording, a, start, end))
        for name, start, end in _places(a, headline)
    )


def _all_readings(recording: RecordingLike, a: Analysis, start: int, end: int) -> Trace | None:
    trace = a.power_trace
    if trace.kept is None or end - start > LONGEST * max(trace.interval_ns, 1):
        return None
    found = close_up(recording, a.line, start, end)
    return found if found is not None and found.kind is trace.kind and len(found) > 2 else None


def _places(a: Analysis, row: LabelRow | None) -> list[tuple[str, int, int]]:
    trace = a.power_trace
    found: list[tuple[str, int, int]] = []
    others: list[tuple[str, int, int]] = []
    if row is not None and row.index.size:
        order = row.index[np.argsort(a.energies.start_ns[row.index], kind="stable")]
        middle = typical_event(a, row)
        some = np.unique(np.linspace(0, order.size - 1, OTHERS + 1).astype(int))[1:]
        named = [] if middle is None else [(TYPICAL, middle)]
        named.append((FIRST, int(order[0])))
        for name, index in (*named, *((ANOTHER, int(i)) for i in order[some])):
            low, high = (int(edge[0]) for edge in surroundings(a, np.array([index])))
            (others if name == ANOTHER else found).append((name, low, high))
    if trace.kind is not Kind.COUNTER and len(trace):
        at = int(trace.times_ns[int(np.argmax(trace.values))])
        wide = AROUND_HIGHEST * max(trace.interval_ns, 1)
        found.append((HIGHEST, max(at - wide, a.start_ns), min(at + wide, a.end_ns)))
    return found + others
