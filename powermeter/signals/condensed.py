"""Recordings too long to be held: read piece by piece, their readings put together to means of a few.

Memory is then bounded by `MOST`, whatever the length.  A mean over k readings keeps every sum: the run's energy is that of the
readings, and of an event only the windows that its edges cut are known less finely (`analysis/energy_from_means.py`).  Of counters every k-th reading is
kept, which loses nothing between them.  Voltage × current is formed reading by reading, before the means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.signals.trace import Trace, joined_times, median_interval_ns

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

LONG = 30_000_000
"""Rows from which on a source is condensed."""

MOST = 8_000_000
"""Readings that are left of it at most."""

_HOLE = 3.5


def factor(rows: int) -> int:
    """Return how many readings become one; 1 where a source is short enough to be held."""
    return 1 if rows <= LONG else math.ceil(rows / MOST)


@dataclass(slots=True, eq=False)
class Condenser:
    """Puts the pieces of one trace together, `every` readings to one."""

    every: int
    first: Trace | None = None
    saturated: int = 0
    left_out: int = 0
    clipped: list[Trace] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    total: float = 0.0
    squares: float = 0.0
    differences: int = 0
    _rest: tuple[Times, Floats] = field(default_factory=lambda: (np.empty(0, np.int64), np.empty(0)))
    _interval: int = 0

    def add(self, piece: Trace) -> None:
        """Take the next piece; of a counter, it begins with the last reading of the one before."""
        if self.first is None:
            self.first = replace(piece, times_ns=piece.times_ns[:2], values=piece.values[:2])
            self._interval = piece.interval_ns or median_interval_ns(piece.times_ns)
        self.saturated += piece.saturated
        if piece.left_out:
            self.left_out += piece.left_out
            self.first = replace(self.first, notes=tuple(dict.fromkeys((*self.first.notes, *piece.notes))))
        if piece.saturated_ns is not None:
            self.clipped.append(replace(piece, times_ns=piece.times_ns[:1], values=piece.values[:1]))
        if piece.kind is Kind.COUNTER:
            values = piece.values + self.total
            self.total = float(values[-1])
            fresh = slice(1, None) if self.times else slice(None)
            t, v = piece.times_ns[fresh], values[fresh]
            keep = (
                np.unique(np.concatenate([np.arange(0, t.size, self.every), [t.size - 1]]))
                if t.size
                else np.empty(0, np.int64)
            )
            self.times.append(t[keep])
            self.values.append(v[keep])
            return
        apart = np.diff(piece.values)
        self.squares += float(apart @ apart) / 2
        self.differences += apart.size
        t = np.concatenate([self._rest[0], piece.times_ns])
        v = np.concatenate([self._rest[1], piece.values])
        self._bins(t, v, last=False)

    def _bins(self, t: Times, v: Floats, *, last: bool) -> None:
        """Average runs of `every` readings; a hole ends a run, and an unfinished one waits for the next piece."""
        if not t.size:
            return
        broken = np.concatenate([[True], np.diff(t) > _HOLE * self._interval])
        begins = np.flatnonzero(broken)
        place = np.arange(t.size) - np.repeat(begins, np.diff(np.append(begins, t.size)))
        heads = np.flatnonzero(place % self.every == 0)
        ends = np.append(heads[1:], t.size)
        if not last and ends[-1] - heads[-1] < self.every:
            self._rest = (t[heads[-1] :], v[heads[-1] :])
            heads, ends = heads[:-1], ends[:-1]
        else:
            self._rest = (t[:0], v[:0])
        if not heads.size:
            return
        stop = int(ends[-1])
        means = np.add.reduceat(v[:stop], heads) / (ends - heads)
        after = self._interval // 2 if self.first is not None and self.first.kind is Kind.INSTANT else 0
        self.times.append(t[ends - 1] + after)
        self.values.append(means)

    def trace(self, **fields: Any) -> Trace | None:
        """Return all pieces as one trace."""
        if self.first is None:
            return None
        if self.first.kind is not Kind.COUNTER:
            self._bins(*self._rest, last=True)
        times, values = np.concatenate(self.times), np.concatenate(self.values)
        kind = Kind.COUNTER if self.first.kind is Kind.COUNTER else Kind.MEAN
        # Of a load that changes between two readings, the mean of instants is as far off as the readings differ.
        white = self.squares / max(self.differences, 1) if self.first.kind is Kind.INSTANT else 0.0
        noise = math.sqrt(max(self.first.noise**2, white))
        return replace(
            self.first,
            times_ns=times,
            values=values,
            kind=kind,
            interval_ns=median_interval_ns(times),
            noise=noise / (math.sqrt(self.every) if kind is Kind.MEAN else 1.0),
            saturated=self.saturated,
            left_out=self.left_out,
            saturated_ns=joined_times(self.clipped),
            **fields,
        )


def pieces(stream: Iterator[Any], overlap: bool) -> Iterator[Any]:
    """Yield samples piece by piece, each with the last row of the one before where counters need it."""
    last = None
    for piece in stream:
        if overlap and last is not None:
            times = np.concatenate([last[0], piece.times_ns])
            codes = {name: np.concatenate([last[1][name], column]) for name, column in piece.codes.items()}
            flags = np.concatenate([last[2], piece.flags])
            whole = replace(piece, times_ns=times, codes=codes, flags=flags)
        else:
            whole = piece
        if len(piece.times_ns):
            last = (
                piece.times_ns[-1:],
                {name: column[-1:] for name, column in piece.codes.items()},
                piece.flags[-1:],
            )
        yield whole
