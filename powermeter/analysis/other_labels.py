"""The events of other labels that run beside a label's own, for a meter whose windows hold both.

A label whose events run at the same time as this one's (a container, another thread) is none of them: what it draws is in the
events already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.least_squares import seconds_inside

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]
Found = TypeVar("Found")

_LABELS = 12
_AT_ONCE = 0.01
_FORMS = 2
"""So many forms of an instrument's readings are in use at one time."""
_MANY = 8
"""Of more stretches than one in so many events, all events are looked through at once."""


class Labels:
    """The events of all labels, sorted once for whoever asks what runs beside one of them."""

    def __init__(self, start_ns: Times, end_ns: Times, group: Indices, covered: Bools | None = None) -> None:
        """Sort the events that last.

        Args:
            start_ns, end_ns, group: Of all events, shape (n,); groups are numbered from 0.
            covered: Which of them the recording covers; all where None.
        """
        lasts = end_ns > start_ns
        lasting = slice(None) if lasts.all() else lasts  # a million of them are not copied
        self.start_ns, self.end_ns, self.group = start_ns[lasting], end_ns[lasting], group[lasting]
        self.uncovered = np.zeros(self.group.size, bool) if covered is None else ~covered[lasting]
        self._remembered: dict[str, list[tuple[object, Any]]] = {}
        self._by_group = np.argsort(self.group, kind="stable")
        self._bounds = np.searchsorted(
            self.group[self._by_group], np.arange(int(self.group.max(initial=-1)) + 2)
        )
        self._labels = int(np.count_nonzero(np.diff(self._bounds)))
        order = np.argsort(self.start_ns, kind="stable")
        begun, latest = self.start_ns[order], np.maximum.accumulate(self.end_ns[order])
        meets = begun[1:] < latest[:-1]
        self._meets = np.zeros(self.group.size, bool)
        self._meets[order[1:]] = meets
        self._meets[order[:-1]] |= begun[1:] < self.end_ns[order[:-1]]
        # Events of like length: what runs during a stretch has begun at most so long before it.
        self._alike: list[tuple[Times, Indices, int]] = []
        if meets.any():
            size = np.frexp((self.end_ns - self.start_ns).astype(np.float64))[1]
            for power in np.unique(size).tolist():
                these = order[size[order] == power]
                longest = int((self.end_ns[these] - self.start_ns[these]).max())
                self._alike.append((self.start_ns[these], these, longest))

    def once(self, what: str, readings: object, find: Callable[[], Found]) -> Found:
        """Return what is found of all events together in some readings, looked for once for all labels.

        An instrument may be measured by two forms of its readings, as they are and as what it was fed with: what was
        found in one of them is not returned for the other.
        """
        held = self._remembered.setdefault(what, [])
        for of, value in held:
            if of is readings:
                remembered: Found = value
                return remembered
        found = find()
        held.append((readings, found))
        del held[:-_FORMS]
        return found

    @cached_property
    def sorted_starts(self) -> Times:
        """When the events of all labels begin, in order."""
        return in_order(self.start_ns)

    @cached_property
    def sorted_ends(self) -> Times:
        """When the events of all labels end, in order."""
        return in_order(self.end_ns)

    def of(self, label: int) -> Indices:
        """Return the places of a label's events, in the order of the events."""
        if label + 1 >= self._bounds.size:
            return np.empty(0, np.int64)
        found: Indices = self._by_group[self._bounds[label] : self._bounds[label + 1]]
        return found

    def beside(self, own: int) -> Others | None:
        """Return the other labels' events, or None where there are none."""
        mine = self.of(own)
        if not mine.size:
            return None
        at_once = self._at_once(mine)
        if self._labels - 1 - at_once.size < 1:
            return None
        return Others(self, own, at_once)

    def alone(self, labels: int) -> Bools:
        """Return which of so many labels have no event that may run at the same time as another, and none outside of the recording."""
        found = np.ones(max(labels, int(self.group.max(initial=-1)) + 1), bool)
        found[self.group[self._meets | self.uncovered]] = False
        return found[:labels]

    def next_start(self, times_ns: Times, otherwise: Times) -> Times:
        """Return when the next event of any label begins, at or after each time."""
        starts = self.sorted_starts
        at = np.searchsorted(starts, times_ns, side="left")
        found: Times = np.where(at < starts.size, starts[np.minimum(at, starts.size - 1)], otherwise)
        return found

    def touching(self, t: Times) -> Indices:
        """Return how many events have something in each window (it ends at `t`); nothing in the first, which has no begin."""
        first = np.maximum(np.searchsorted(t, self.start_ns, side="right"), 1)
        last = np.searchsorted(t, self.end_ns, side="left")
        some = (first <= last) & (first < t.size)
        change = np.bincount(first[some], minlength=t.size + 1)
        change -= np.bincount(np.minimum(last[some] + 1, t.size), minlength=t.size + 1)
        found: Indices = np.cumsum(change)[: t.size]
        return found

    def _at_once(self, mine: Indices) -> Indices:
        """Return the other labels whose events run at the same time as one's own for longer than their edges differ."""
        if not self._meets[mine].any():
            return np.empty(0, np.int64)
        near = self._near(mine)
        near = near[self.group[near] != self.group[mine[0]]]
        if not near.size:
            return np.empty(0, np.int64)
        starts, ends = self.start_ns[mine], self.end_ns[mine]
        inside = seconds_shared(starts, ends, self.start_ns[near], self.end_ns[near])
        labels, place = np.unique(self.group[near], return_inverse=True)
        limit = _AT_ONCE * float(np.sum(ends - starts)) * 1e-9
        found: Indices = labels[np.bincount(place, inside, labels.size) > limit]
        return found

    def _near(self, mine: Indices) -> Indices:
        """Return the places of all events that may run at the same time as some, in order."""
        starts, ends = self.start_ns[mine], self.end_ns[mine]
        if mine.size * len(self._alike) * _MANY > self.start_ns.size:
            return np.arange(self.start_ns.size)
        found = []
        for begun, these, longest in self._alike:
            first = np.searchsorted(begun, starts - longest, side="left")
            last = np.searchsorted(begun, ends, side="left")
            if int((last - first).sum()) * _MANY > self.start_ns.size:
                return np.arange(self.start_ns.size)
            found += [these[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True) if b > a]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Others:
    """What runs beside a label.

    Attributes:
        labels: The events of all labels.
        own: The label.
        at_once: Labels that run at the same time as this one and are none of the others.
    """

    labels: Labels
    own: int
    at_once: Indices

    @classmethod
    def of(cls, start_ns: Times, end_ns: Times, group: Indices, own: int) -> Others | None:
        """Return the other labels' events, or None where there are none."""
        return Labels(start_ns, end_ns, group).beside(own)

    @property
    def not_meant(self) -> Indices:
        """The places of the events of all labels that are neither of the others nor this label's within the recording."""
        labels = self.labels
        mine = labels.of(self.own)
        left_out = [labels.of(g) for g in self.at_once.tolist()]
        return np.concatenate([mine[labels.uncovered[mine]], *left_out])

    @cached_property
    def spans(self) -> list[tuple[Times, Times]]:
        """(starts, ends) of each other label's events, each sorted; of all together where they are many."""
        every = self.labels
        wanted = every.group != self.own
        for g in self.at_once.tolist():
            wanted[every.of(g)] = False
        a, b, its = every.start_ns[wanted], every.end_ns[wanted], every.group[wanted]
        labels = np.unique(its).tolist()
        parts = [its == g for g in labels] if len(labels) <= _LABELS else [np.ones(a.size, bool)]
        return [(np.sort(a[part]), np.sort(b[part])) for part in parts]

    def columns(self, t: Times) -> list[Floats]:
        """Return the seconds of each window (it ends at `t`) that lie in each other label's events."""
        return [seconds_inside(t, *span) for span in self.spans]

    def next_start(self, times_ns: Times, otherwise: Times) -> Times:
        """Return when the next event begins, at or after each time; labels that run at the same time left out."""
        starts = self.labels.sorted_starts
        if self.at_once.size:
            starts = np.sort(np.concatenate([span[0] for span in self.spans]))
        at = np.searchsorted(starts, times_ns, side="left")
        found: Times = np.where(at < starts.size, starts[np.minimum(at, starts.size - 1)], otherwise)
        return found

    def last_end(self, times_ns: Times, otherwise: Times) -> Times:
        """Return when the last event has ended, at or before each time; labels that run at the same time left out."""
        ends = self.labels.sorted_ends
        if self.at_once.size:
            ends = np.sort(np.concatenate([span[1] for span in self.spans]))
        at = np.searchsorted(ends, times_ns, side="right") - 1
        found: Times = np.where(at >= 0, ends[np.maximum(at, 0)], otherwise)
        return found


def in_order(times: Times) -> Times:
    """Return times in order; those that are, as they are: a million of them are not copied."""
    return times if (times[1:] >= times[:-1]).all() else np.sort(times)


def seconds_shared(own_start: Times, own_end: Times, start: Times, end: Times) -> Floats:
    """Return how long each of some stretches runs at the same time as any of one's own."""
    order = np.argsort(own_start, kind="stable")
    a, b = own_start[order], np.maximum.accumulate(own_end[order])
    apart = a[1:] > b[:-1]
    begins, ends = a[np.concatenate([[True], apart])], b[np.concatenate([apart, [True]])]
    before = np.concatenate([[0], np.cumsum(ends - begins)])

    def until(times: Times) -> Times:
        k = np.searchsorted(begins, times, side="right")
        rest = np.maximum(ends[np.maximum(k - 1, 0)] - times, 0)
        found: Times = before[k] - np.where(k > 0, rest, 0)
        return found

    seconds: Floats = (until(end) - until(start)) * 1e-9
    return seconds
