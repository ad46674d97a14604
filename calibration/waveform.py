"""What a trace is looked for with: the load pattern, or the activity of the events."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.events import Event

from .pattern import EVENT

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """What the host did: levels (0 rests, 1 works) from edge to edge.

    Attributes:
        edges_ns: int64, host clock, rising; shape (n + 1,).
        levels: Shape (n,).
    """

    edges_ns: NDArray[np.int64]
    levels: Floats

    def mean(self, start_ns: Floats, end_ns: Floats) -> Floats:
        """Return the mean level between times (ns relative to the first edge), 0 outside."""
        edges = (self.edges_ns - self.edges_ns[0]).astype(np.float64)
        running = np.concatenate([[0.0], np.cumsum(np.diff(edges) * self.levels)])
        width = np.maximum(end_ns - start_ns, 1e-9)
        result: Floats = (np.interp(end_ns, edges, running) - np.interp(start_ns, edges, running)) / width
        return result

    def at(self, times_ns: Floats) -> Floats:
        """Return the level at times (ns relative to the first edge), 0 outside."""
        edges = self.edges_ns - self.edges_ns[0]
        i = np.searchsorted(edges, times_ns, side="right") - 1
        inside = (i >= 0) & (i < self.levels.size)
        return np.where(inside, self.levels[np.clip(i, 0, self.levels.size - 1)], 0.0)

    def part(self, start_ns: int, end_ns: int) -> Waveform:
        """Return the waveform between two host times."""
        inner = self.edges_ns[(self.edges_ns > start_ns) & (self.edges_ns < end_ns)]
        edges = np.concatenate([[start_ns], inner, [end_ns]]).astype(np.int64)
        middle = (edges[1:] + edges[:-1]) // 2
        return Waveform(edges, self.at((middle - self.edges_ns[0]).astype(float)))


def pattern_waveforms(events: Sequence[Event]) -> list[Waveform]:
    """Return the patterns that a recording's events state were played.

    Raises:
        DataError: A pattern's event lacks its edges.
    """
    found = []
    for e in events:
        if e.name != EVENT or e.end_ns is None:
            continue
        try:
            edges = [e.start_ns + int(x) for x in e.attributes["edges_ns"]] + [e.end_ns]
            levels = [float(x) for x in e.attributes["levels"]]
        except KeyError as error:
            raise DataError(
                f"a {EVENT} event does not state when its load changed: it has no {error}"
            ) from None
        except (TypeError, ValueError) as error:
            raise DataError(f"a {EVENT} event does not state when its load changed: {error}") from None
        if len(levels) + 1 == len(edges) and all(b > a for a, b in itertools.pairwise(edges)):
            found.append(Waveform(np.array(edges, np.int64), np.array(levels)))
    return found


def activity_waveform(events: Sequence[Event]) -> Waveform:
    """Return the waveform of the run's own events: 1 while any of them runs.

    Raises:
        DataError: No event has a length.
    """
    spans = sorted((e.start_ns, e.end_ns) for e in events if e.end_ns is not None and e.end_ns > e.start_ns)
    if not spans:
        raise DataError("there is no pattern and no event: nothing to align the meter's recording by")
    edges: list[int] = []
    levels: list[float] = []
    for start, end in spans:
        if edges and start <= edges[-1]:
            edges[-1] = max(edges[-1], end)
            continue
        if edges:
            levels.append(0.0)
        edges += [start, end]
        levels.append(1.0)
    return Waveform(np.array(edges, np.int64), np.array(levels))
