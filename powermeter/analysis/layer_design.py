"""The passes of a network and its layers' stretches, and what each window of the meter holds of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.channel import Kind
from powermeter.errors import DataError
from powermeter.events import Event

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Times = NDArray[np.int64]

_PARTS = 8
_LOPSIDED = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """What windows (each ends at a stamp and begins at the one before) hold of stretches: an item for each stretch and window.

    Attributes:
        windows: How many stamps there are.
        stretch, window: Of each piece.
        start_s, end_s: From where to where, from the stretch's begin.
        length_s: Of its stretch.
    """

    windows: int
    stretch: Indices
    window: Indices
    start_s: Floats
    end_s: Floats
    length_s: Floats

    @classmethod
    def of(cls, t: Times, start: Times, end: Times) -> Pieces:
        """Return the pieces of stretches, in any order, in the windows between stamps."""
        first = np.maximum(np.searchsorted(t, start, side="right"), 1)
        last = np.minimum(np.searchsorted(t, end, side="left"), t.size - 1)
        count = np.maximum(last - first + 1, 0)
        stretch = np.repeat(np.arange(start.size), count)
        before = np.cumsum(count) - count
        window = first[stretch] + np.arange(stretch.size) - before[stretch]
        a = np.maximum(t[window - 1] - start[stretch], 0) * 1e-9
        b = (np.minimum(t[window], end[stretch]) - start[stretch]) * 1e-9
        return cls(t.size, stretch, window, a, np.maximum(b, a), (end - start)[stretch] * 1e-9)

    def seconds(self, column: Indices, columns: int) -> Floats:
        """Return the seconds of each window in each column's stretches, shape (windows, columns); `column` is each stretch's."""
        return self._table(self.end_s - self.start_s, column, columns)

    def lopsided(self, column: Indices, columns: int) -> Floats:
        """Return for each window and column the integral over its parts of stretches of 2u − 1, u being the place within, 0 to 1.

        What a stretch draws more in its second half than in its first is that times a power; over a whole stretch it is 0.
        """
        length = np.maximum(self.length_s, 1e-9)
        so_far = [s * s / length - s for s in (self.start_s, self.end_s)]
        return self._table(so_far[1] - so_far[0], column, columns)

    def _table(self, values: Floats, column: Indices, columns: int) -> Floats:
        own = column[self.stretch]
        some = own >= 0
        place = self.window[some] * columns + own[some]
        sums = np.asarray(np.bincount(place, values[some], self.windows * columns), np.float64)
        return sums.reshape(self.windows, columns)


def held_by(t: Times, start: Times, end: Times, column: Indices, columns: int) -> Floats:
    """Return 1 where a stretch of the column holds the moment, else 0, shape (moments, columns)."""
    first, last = np.searchsorted(t, start), np.searchsorted(t, end)
    count = last - first
    stretch = np.repeat(np.arange(start.size), count)
    moment = first[stretch] + np.arange(stretch.size) - (np.cumsum(count) - count)[stretch]
    found: Floats = np.zeros((t.size, columns))
    found[moment, column[stretch]] = 1.0
    return found


@dataclass(frozen=True, slots=True, eq=False)
class LayerDesign:
    """The passes and the stretches that are distinguished.

    Attributes:
        label: Of the passes.
        start_ns, end_ns: The passes.
        names: Labels of the layers, in the order in which they run.
        spans: Per layer the stretches (start, end) of each of its parts.
        calls: Events of each layer.
        ran: Passes in which each layer ran.
    """

    label: str
    start_ns: Times
    end_ns: Times
    names: tuple[str, ...]
    spans: tuple[tuple[tuple[Times, Times], ...], ...]
    calls: tuple[int, ...]
    ran: tuple[int, ...]

    @classmethod
    def of(cls, analysis: Analysis, events: Sequence[Event], index: NDArray[np.int64]) -> LayerDesign:
        """Return the design of the passes at `index` of an analysis; the layers are among `events`."""
        energies, label = analysis.energies, analysis.events[int(index[0])].name
        start, end = energies.start_ns[index], energies.end_ns[index]
        if (start[1:] < end[:-1]).any():
            raise DataError(
                f"passes of {label!r} run at the same time, so that their layers cannot be distinguished"
            )
        own = analysis.events
        passes = {(own[i].process, own[i].uid): k for k, i in enumerate(index.tolist()) if own[i].uid}
        found: dict[str, list[tuple[int, int, int]]] = {}
        for e in events:
            k = passes.get((e.process, e.parent or 0))
            if k is not None and e.end_ns is not None and e.end_ns > e.start_ns:
                a, b = max(e.start_ns, int(start[k])), min(e.end_ns, int(end[k]))
                found.setdefault(e.name, []).append((a, max(a, b), k))
        if not found:
            raise DataError(
                f"no event lies inside of {label!r}; mark the layers with: model = powermeter.watch(model, layers=True)"
            )
        every = np.array(sorted((a, b) for spans in found.values() for a, b, _ in spans), np.int64)
        doubled = np.maximum(every[:-1, 1] - every[1:, 0], 0).sum()
        if doubled > 0.01 * (every[:, 1] - every[:, 0]).sum():
            raise DataError(f"layers of {label!r} run at the same time, so that they cannot be distinguished")
        order = sorted(found, key=lambda name: float(np.median([a - start[k] for a, _, k in found[name]])))
        window = max(analysis.integral.trace.interval_ns, 1)
        is_instant = analysis.integral.trace.kind is Kind.INSTANT
        parts = []
        for name in order:
            spans = np.array(sorted((a, b) for a, b, _ in found[name]), np.int64)
            length = float(np.mean(spans[:, 1] - spans[:, 0]))
            fine = 2 if length < window else 4
            count = 1 if is_instant else min(max(math.ceil(fine * length / window), 1), _PARTS)
            edges = [spans[:, 0] + (spans[:, 1] - spans[:, 0]) * i // count for i in range(count + 1)]
            parts.append(tuple(itertools.pairwise(edges)))
        calls = tuple(len(found[name]) for name in order)
        ran = tuple(len({k for _, _, k in found[name]}) for name in order)
        return cls(label, start, end, tuple(order), tuple(parts), calls, ran)

    def columns(self, t: Times, shift_ns: int, is_instant: bool) -> Floats:
        """Return seconds (or for instants, 0 or 1) of each window in each part, between them, behind the pass and outside."""
        seen = t - shift_ns
        window = np.int64(np.median(np.diff(t)))
        following = np.concatenate([self.start_ns[1:], [self.end_ns[-1] + 2 * window]])
        spans = [span for spans in self.spans for span in spans]
        # The parts, then the whole passes, then what is behind them.
        spans += [(self.start_ns, self.end_ns), (self.end_ns, np.minimum(self.end_ns + window, following))]
        start, end = (np.concatenate(edges) for edges in zip(*spans, strict=True))
        column = np.repeat(np.arange(len(spans)), [a.size for a, _ in spans])
        if is_instant:
            shapes: Floats = np.empty((t.size, 0))
            held = held_by(seen, start, end, column, len(spans))
        else:
            pieces = Pieces.of(seen, start, end)
            held = pieces.seconds(column, len(spans))
            cut = len(spans) - 2
            shapes = pieces.lopsided(np.where(column < cut, column, -1), cut)
        parts, inside, behind = held[:, :-2], held[:, -2], held[:, -1]
        length = np.ones(t.size) if is_instant else np.diff(t, prepend=t[0]) * 1e-9
        between = np.maximum(inside - parts.sum(axis=1), 0.0)
        outside = np.maximum(length - inside - behind, 0.0)
        return np.column_stack([parts, between, behind, outside, shapes])

    @property
    def behind(self) -> int:
        """The column of what follows a pass; the one before it is between the layers."""
        return sum(map(len, self.spans)) + 1

    def inside(self, columns: Floats) -> Floats:
        """Return the seconds of each window inside of passes."""
        found: Floats = columns[:, : self.behind].sum(axis=1)
        return found

    def prior(self, columns: int, power: float) -> Floats:
        """Return what is known of the coefficients beforehand: that a part's halves differ by about as much as half its power."""
        shapes = columns - self.behind - 2
        found = np.full(columns, np.inf)
        if shapes:
            found[-shapes:] = _LOPSIDED * power
        return found
