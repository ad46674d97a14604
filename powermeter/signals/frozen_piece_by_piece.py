"""Stretches in which an instrument stood still, in a source too long to be held: the rule of `frozen.py`, piece by piece.

What is read for the energies is looked at on the way, and costs next to nothing: two rows so far apart that each long stand
contains a pair of them are compared.  Only where a stand is found are all pieces read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, Channel, Gap
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.signals.frozen import (
    LEAST_MOVES,
    LEAST_NS,
    LONGER,
    is_near,
    moves,
    names_of_levels,
    repeats,
    runs,
    stood_still,
)
from powermeter.signals.trace import median_interval_ns

Bools = NDArray[np.bool_]
Found = TypeVar("Found")

_MOST = 8
"""Stands that are looked into, the longest first; each costs a pass over what is left to be read."""

_MOST_LEVELS = 4096


@dataclass(frozen=True, slots=True)
class Stand:
    """Equal rows: the moments of the first, of the last and of the row after it, how many follow the first, and how many of these are flagged."""

    codes: tuple[int, ...]
    start_ns: int
    last_ns: int
    next_ns: int
    rows: int
    flagged: int

    @property
    def is_long(self) -> bool:
        """Whether it is longer than what is left alone."""
        return self.rows > LEAST_MOVES and self.last_ns - self.start_ns > LEAST_NS

    def as_gap(self) -> Gap:
        """Return what is not known because of it."""
        return stood_still(self.start_ns, self.next_ns, self.rows)


def without_stands(
    recording: RecordingLike, source: SourceInfo, read: Callable[[RecordingLike], Found]
) -> Found:
    """Return what `read` makes of a recording, read again without the stretches in which the source stood still, where there are any."""
    watched = _Watched(recording, source)
    found = read(cast(RecordingLike, watched))
    stood = watched.stood() if found is not None else []
    return read(cast(RecordingLike, _Without(recording, source, stood))) if stood else found


class _Passed:
    """A recording whose other parts are another's."""

    def __init__(self, recording: RecordingLike, source: SourceInfo) -> None:
        self._recording, self._source = recording, source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recording, name)


class _Watched(_Passed):
    """A recording whose pieces are looked at while they are read."""

    def __init__(self, recording: RecordingLike, source: SourceInfo) -> None:
        super().__init__(recording, source)
        self._finder = _Finder(())

    def stream(self, source: int, *more: Any, **named: Any) -> Iterator[Samples]:
        """Yield the pieces of a source."""
        own = source == self._source.id
        finder = _Finder([c for c in self._source.channels if c.rail is not None])
        if own:
            self._finder = finder
        for piece in self._recording.stream(source, *more, **named):
            if own:
                finder.see(piece)
            yield piece

    def stood(self) -> list[Stand]:
        """Return the stretches in which the source stood still."""
        suspects = [_Suspect(stand) for stand in self._finder.suspects()]
        if not suspects:
            return []
        before: Samples | None = None
        for rows in self._recording.stream(self._source.id):
            piece = self._finder.whole_rows(rows)
            if not len(piece):
                continue
            joined = piece if before is None else _after(before, piece)
            moved = self._finder.moved(joined)
            for suspect in suspects:
                suspect.see(joined, self._finder.level_of(suspect.stand), moved)
            suspects = [suspect for suspect in suspects if suspect.may_be]
            if not suspects:
                return []
            before = piece
        return [suspect.stand for suspect in suspects if suspect.is_frozen]


class _Without(_Passed):
    """A recording without what a source repeated while it stood still."""

    def __init__(self, recording: RecordingLike, source: SourceInfo, stood: Sequence[Stand]) -> None:
        super().__init__(recording, source)
        self._stood = stood

    def stream(self, source: int, *more: Any, **named: Any) -> Iterator[Samples]:
        """Yield the pieces of a source."""
        for piece in self._recording.stream(source, *more, **named):
            drop = np.zeros(len(piece), bool)
            if source == self._source.id and len(piece):
                for stand in self._stood:
                    a, b = np.searchsorted(piece.times_ns, [stand.start_ns, stand.last_ns], side="right")
                    drop[a:b] = True
            yield _only(piece, ~drop) if drop.any() else piece

    def gaps(self, source: int) -> list[Gap]:
        """Return the gaps of a source."""
        known = self._recording.gaps(source)
        own = [stand.as_gap() for stand in self._stood] if source == self._source.id else []
        return sorted([*known, *own], key=lambda gap: gap.start_ns)


class _Finder:
    """Finds the long stands of the pieces that it sees, in order."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._names = [channel.name for channel in channels]
        self._levels = names_of_levels(channels)
        self._flagged = False
        self._stride = 0
        self._before: Samples | None = None
        self._open: Stand | None = None
        self._longest: dict[tuple[int, ...], Stand] = {}

    def see(self, piece: Samples) -> None:
        """Look at the next piece."""
        if not self._levels:
            return
        piece = self.whole_rows(piece)
        if not len(piece):
            return
        self._flagged = self._flagged or bool(piece.flags.any())
        if not self._stride and len(piece) > 1:
            of_a_second = LEAST_NS / max(median_interval_ns(piece.times_ns), 1.0)
            self._stride = max(1, int(max(LEAST_MOVES, of_a_second)) // 2)
        if self._open is None and not self._is_suspicious(piece):
            self._before = piece
            return
        joins = self._before is not None and all(
            piece.codes[name][0] == self._before.codes[name][-1] for name in self._names
        )
        self._take(piece, self._equal(piece, joins))
        self._before = piece

    def _is_suspicious(self, piece: Samples) -> bool:
        at = np.arange(0, len(piece), max(self._stride, 1))
        at = at if at.size and at[-1] == len(piece) - 1 else np.append(at, len(piece) - 1)
        same = np.ones(at.size - 1, bool)
        for name in self._names:
            some = piece.codes[name][at]
            same &= some[1:] == some[:-1]
        return bool(same.any()) or at.size < 2

    def _equal(self, piece: Samples, joins: bool) -> Bools:
        """Return, for each row, whether it equals the one before."""
        return np.concatenate([[joins], repeats(piece, self._names)])

    def _take(self, piece: Samples, equal: Bools) -> None:
        times, size = piece.times_ns, len(piece)
        opened, self._open = self._open, None
        if opened is not None and not equal[0]:
            self._note(opened, int(times[0]))
        starts, ends = runs(equal)
        matter = (ends - starts > LEAST_MOVES) | (starts == 0) | (ends == size)
        for first, end in zip(starts[matter].tolist(), ends[matter].tolist(), strict=True):
            rows, flagged = end - first, int(np.count_nonzero(piece.flags[first:end] & REPEAT))
            if first == 0:  # it goes on from the piece before
                start = opened if opened is not None else self._tail()
                stand = Stand(
                    start.codes,
                    start.start_ns,
                    int(times[end - 1]),
                    0,
                    start.rows + rows,
                    start.flagged + flagged,
                )
            else:
                codes = tuple(int(piece.codes[name][first]) for name in self._names)
                stand = Stand(codes, int(times[first - 1]), int(times[end - 1]), 0, rows, flagged)
            if end == size:
                self._open = stand
            else:
                self._note(stand, int(times[end]))

    def _tail(self) -> Stand:
        """Return the equal rows at the end of the piece before."""
        before = self._before
        assert before is not None
        equal = self._equal(before, joins=False)
        first = len(before) - 1 - int(np.argmin(equal[::-1]))
        codes = tuple(int(before.codes[name][-1]) for name in self._names)
        flagged = int(np.count_nonzero(before.flags[first + 1 :] & REPEAT))
        return Stand(
            codes, int(before.times_ns[first]), int(before.times_ns[-1]), 0, len(before) - 1 - first, flagged
        )

    def _note(self, stand: Stand, next_ns: int) -> None:
        known = self._longest.get(stand.codes)
        if stand.is_long and (known is None or known.rows < stand.rows):
            if known is None and len(self._longest) >= _MOST_LEVELS:
                del self._longest[min(self._longest, key=lambda codes: self._longest[codes].rows)]
            self._longest[stand.codes] = Stand(
                stand.codes, stand.start_ns, stand.last_ns, next_ns, stand.rows, stand.flagged
            )

    def suspects(self) -> list[Stand]:
        """Return the longest stands, each of a level of its own; where equal rows are reported as new, they are none."""
        if self._open is not None:
            self._note(self._open, self._open.last_ns)
            self._open = None
        found: list[Stand] = []
        for stand in sorted(self._longest.values(), key=lambda one: -one.rows):
            if self._flagged and stand.flagged < stand.rows:
                continue
            if len(found) < _MOST and not any(self._is_near(stand, one) for one in found):
                found.append(stand)
        return found

    def whole_rows(self, piece: Samples) -> Samples:
        """Return the rows of a piece that hold a reading of each rail's channel; others (a temperature) may be read less often."""
        lacking = [name for name in self._names if len(piece) and piece.codes[name].min() == MISSING]
        if not lacking:
            return piece
        lacks = np.zeros(len(piece), bool)
        for name in lacking:
            lacks |= piece.codes[name] == MISSING
        return _only(piece, ~lacks)

    def level_of(self, stand: Stand) -> dict[str, int]:
        """Return the codes that a stand repeats, by channel, of those that show a level."""
        codes = zip(self._names, stand.codes, strict=True)
        return {name: code for name, code in codes if name in self._levels}

    def _is_near(self, stand: Stand, other: Stand) -> bool:
        levels, others = self.level_of(stand), self.level_of(other)
        return all(bool(is_near(np.array(others[name]), code)) for name, code in levels.items())

    def moved(self, rows: Samples) -> Bools:
        """Return, for each row but the first, whether it moved from the one before."""
        return moves(rows, self._levels, repeats(rows, self._names) if self._flagged else None)


class _Suspect:
    """What is known of a stand's level elsewhere."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._pairs = self._moves = self._longest = self._run = 0

    def see(self, rows: Samples, levels: Mapping[str, int], moved: Bools) -> None:
        """Count the pairs of rows at its level."""
        near = np.ones(len(rows), bool)
        for name, level in levels.items():
            near &= is_near(rows.codes[name], level)
        if not near.any():
            self._run = 0
            return
        pairs = near[1:] & near[:-1]
        a, b = np.searchsorted(rows.times_ns, [self.stand.start_ns, self.stand.last_ns], side="right")
        pairs[max(a - 1, 0) : max(b - 1, 0)] = False
        self._pairs += int(np.count_nonzero(pairs))
        self._moves += int(np.count_nonzero(moved & pairs))
        starts, ends = runs(pairs & ~moved)
        if not starts.size:
            self._run = 0
            return
        lengths = ends - starts
        lengths[0] += self._run if starts[0] == 0 else 0
        self._longest = max(self._longest, int(lengths.max()))
        self._run = int(lengths[-1]) if ends[-1] == pairs.size else 0

    @property
    def may_be(self) -> bool:
        """Whether no other stand of its level is nearly as long."""
        return self.stand.rows > LONGER * max(self._longest, 1)

    @property
    def is_frozen(self) -> bool:
        """Whether readings of its level moved so often elsewhere that it cannot be the load's."""
        return (
            self.may_be
            and self._moves >= LEAST_MOVES
            and self._moves * self.stand.rows >= LEAST_MOVES * self._pairs
        )


def _only(piece: Samples, keep: Bools) -> Samples:
    codes = {name: column[keep] for name, column in piece.codes.items()}
    return Samples(piece.times_ns[keep], codes, piece.flags[keep])


def _after(before: Samples, piece: Samples) -> Samples:
    """Return a piece with the last row of the one before in front."""
    return Samples(
        np.concatenate([before.times_ns[-1:], piece.times_ns]),
        {name: np.concatenate([before.codes[name][-1:], column]) for name, column in piece.codes.items()},
        np.concatenate([before.flags[-1:], piece.flags]),
    )
