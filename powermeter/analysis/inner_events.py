"""The events that a benchmarked command marks itself: what one of its inferences used, start-up not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from powermeter.analysis.energy import analyse
from powermeter.analysis.label_row import LabelRow
from powermeter.events import Event
from powermeter.recording.protocol import RecordingLike
from powermeter.result import Result


class _WithEvents:
    def __init__(self, recording: RecordingLike, events: Sequence[Event]) -> None:
        self._recording, self._events = recording, list(events)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recording, name)

    def events(self) -> list[Event]:
        return self._events


def with_events(recording: RecordingLike, events: Sequence[Event]) -> RecordingLike:
    """Return a recording with other events in place of its own."""
    return cast("RecordingLike", _WithEvents(recording, events))


@dataclass(frozen=True, slots=True)
class Inner:
    """What the events of one label inside the repeats used.

    Attributes:
        label: As the command marked them.
        per_item: Energy of one item in J as every report prints it (of one event where the items are not counted);
            None where it is not known.
        items: How many there were; None where they are not counted.
        events: How many there were.
    """

    label: str
    per_item: Result | None
    items: float | None
    events: int

    @property
    def relative(self) -> float:
        """Half-width over value; infinite where it is not known."""
        return (self.per_item.relative if self.per_item else None) or float("inf")


def inner_events(
    recording: RecordingLike, spans: Sequence[tuple[int, int]], repeat: str, rail: str | None = None
) -> list[Inner]:
    """Return what the events inside the repeats used, a label each; empty where the command marks none.

    Args:
        spans: Start and end of each repeat in ns, in order.
        repeat: The label of the repeats themselves.
    """
    if not spans:
        return []
    edges = np.array(spans, np.int64)
    kept = []
    for event in recording.events():
        if event.name == repeat or event.end_ns is None or event.end_ns <= event.start_ns:
            continue
        i = int(np.searchsorted(edges[:, 0], event.start_ns, side="right")) - 1
        if i >= 0 and event.end_ns <= edges[i, 1]:
            kept.append(event)
    if not kept:
        return []
    rows = analyse(with_events(recording, kept), rail=rail).rows
    return [_inner(row) for row in rows]


def _inner(row: LabelRow) -> Inner:
    per_item = row.per_item
    if row.items is None and row.energy is not None and row.events:
        per_item = row.energy.scaled(1 / row.events)
    return Inner(row.label, per_item, row.items, row.events)
