"""When any event ran, whatever its label, and which labels have events near which holes: asked once for all labels, of which there may be thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_estimate import Activity

Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AnyEvent:
    """The events of all labels.

    Attributes:
        start_ns: Their starts, in order.
        latest_ns: The latest end of those before each, and of all; first of none.
    """

    start_ns: Times
    latest_ns: Times

    @classmethod
    def of(cls, labels: Sequence[Activity]) -> AnyEvent:
        """Return the events of some labels."""
        start, end = _together(labels)
        order = np.argsort(start, kind="stable")
        none = np.array([np.iinfo(np.int64).min])
        return cls(start[order], np.concatenate([none, np.maximum.accumulate(end[order])]))

    def at(self, times_ns: Times) -> NDArray[np.bool_]:
        """Return whether any runs at each moment, its start and end among them."""
        begun = np.searchsorted(self.start_ns, times_ns, side="right")
        found: NDArray[np.bool_] = self.latest_ns[begun] >= times_ns
        return found

    def within(self, start_ns: int, end_ns: int) -> bool:
        """Return whether any runs between two moments."""
        return bool(self.latest_ns[int(np.searchsorted(self.start_ns, end_ns, side="left"))] > start_ns)


def labels_near(
    labels: Sequence[Activity], start_ns: Times, end_ns: Times, reach_ns: int
) -> dict[int, list[int]]:
    """Return for each span that events come near to the numbers of their labels, in order.

    Args:
        start_ns, end_ns: Of the spans, one after the other.
        reach_ns: How far from a span is near.
    """
    start, end = _together(labels)
    label = np.repeat(np.arange(len(labels)), [one.start_ns.size for one in labels])
    first = np.searchsorted(end_ns + reach_ns, start, side="right")
    count = np.maximum(np.searchsorted(start_ns - reach_ns, end, side="left") - first, 0)
    span = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))
    found: dict[int, list[int]] = {}
    pairs = np.unique(np.stack([span, np.repeat(label, count)], axis=1), axis=0)
    for one, of in pairs.tolist():
        found.setdefault(one, []).append(of)
    return found


def _together(labels: Sequence[Activity]) -> tuple[Times, Times]:
    none = [np.empty(0, np.int64)]
    return (
        np.concatenate([*none, *(one.start_ns for one in labels)]),
        np.concatenate([*none, *(one.end_ns for one in labels)]),
    )
