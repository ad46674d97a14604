"""Several sources of the same channels that follow each other, as one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Gap, Kind
from powermeter.importers.log import LogBlock, LogRows

_MOST_CODES = 2**61


class SourcesInSequence(LogRows):
    """The samples of several parts of one log, in the order of time.

    The parts' codes are brought to one scale each; a counter goes on from part to part.
    """

    def __init__(self, parts: Sequence[LogRows]) -> None:
        self.parts = list(parts)
        self.name = parts[0].name
        self.info = dict(parts[0].info)
        self.gaps = [gap for part in parts for gap in part.gaps]
        for before, after in pairwise(parts):
            reason = "lost setup" if any(c.kind is Kind.COUNTER for c in before.channels) else "missed"
            self.gaps.append(Gap(before.ends_ns[1], after.ends_ns[0], reason, "between two logs"))
        self.gaps.sort(key=lambda gap: gap.start_ns)
        self._channels = tuple(
            replace(same[0], scale=min(channel.scale for channel in same))
            for same in zip(*(part.channels for part in parts), strict=True)
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """One per line of the parts, on their finest scale."""
        return self._channels

    @channels.setter
    def channels(self, changed: Sequence[Channel]) -> None:
        self._channels = tuple(changed)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(part.count for part in self.parts)

    @property
    def ends_ns(self) -> tuple[int, int]:
        """The times of the first and the last sample."""
        return self.parts[0].ends_ns[0], self.parts[-1].ends_ns[1]

    @property
    def times_ns(self) -> NDArray[np.int64]:  # type: ignore[override]
        """All times at once."""
        return np.concatenate([block.times_ns for block in self.blocks()])

    @property
    def codes(self) -> list[NDArray[np.int64]]:  # type: ignore[override]
        """All codes at once."""
        matrix = np.concatenate([block.codes for block in self.blocks()])
        return [matrix[:, i] for i in range(matrix.shape[1])]

    @property
    def flags(self) -> None:  # type: ignore[override]
        """Flags come with the blocks."""
        return None

    def blocks(self) -> Iterator[LogBlock]:
        """Yield the samples of one part after the other."""
        for part in self.parts:
            ratios = [
                own.scale / common.scale for own, common in zip(part.channels, self._channels, strict=True)
            ]
            for block in part.blocks():
                yield LogBlock(block.times_ns, _scaled(block.codes, ratios), block.flags)


def one_after_another(sources: Sequence[LogRows]) -> tuple[list[LogRows], int] | None:
    """Return the parts of one log in order, and how many rows stood in two of them; None where they are no such parts.

    Logs that are rotated or copied share rows: those are left out of the later part.
    """
    ordered = sorted(sources, key=lambda rows: rows.ends_ns)
    if len({tuple((c.name, c.quantity, c.rail) for c in rows.channels) for rows in ordered}) > 1:
        return None
    parts, twice = ordered[:1], 0
    for after in ordered[1:]:
        before = parts[-1]
        if before.ends_ns[1] <= after.ends_ns[0]:
            parts.append(after)
            continue
        shared = _shared(before, after)
        if not shared:
            return None
        twice += shared
        if shared < after.count:
            parts.append(_from(after, shared - 1))  # the row at which the part before ends begins this one
    return parts, twice


def _shared(before: LogRows, after: LogRows) -> int:
    """Return how many rows at the start of a part are those at the end of the part before, or 0 where they differ."""
    times, later = np.asarray(before.times_ns), np.asarray(after.times_ns)
    own, common = times >= later[0], later <= times[-1]
    if not np.array_equal(times[own], later[common]):
        return 0
    for i, (one, other) in enumerate(zip(before.channels, after.channels, strict=True)):
        left, right = np.asarray(before.codes[i])[own], np.asarray(after.codes[i])[common]
        if ((left == MISSING) != (right == MISSING)).any():
            return 0
        known = left != MISSING
        values = left[known] * one.scale, right[known] * other.scale
        if one.kind is Kind.COUNTER:
            values = np.diff(values[0]), np.diff(values[1])
        if not np.allclose(*values, rtol=1e-9, atol=max(one.scale, other.scale) * 0.51):
            return 0
    return int(common.sum())


def _from(rows: LogRows, first: int) -> LogRows:
    """Return a part without its first rows."""
    times = rows.times_ns[first:]
    gaps = [gap for gap in rows.gaps if gap.end_ns > times[0]]
    flags = None if rows.flags is None else rows.flags[first:]
    return LogRows(rows.name, rows.channels, times, [c[first:] for c in rows.codes], flags, rows.info, gaps)


def _scaled(codes: NDArray[np.int64], ratios: Sequence[float]) -> NDArray[np.int64]:
    if all(ratio == 1.0 for ratio in ratios):
        return codes
    found: NDArray[np.int64] = codes.copy()
    for i, ratio in enumerate(ratios):
        if ratio == 1.0:
            continue
        known = codes[:, i] != MISSING
        whole = round(ratio)
        exact = math.isclose(ratio, whole, rel_tol=1e-12)
        values = codes[known, i]
        if exact and (not len(values) or int(np.abs(values).max()) < _MOST_CODES // whole):
            found[known, i] = values * whole
        else:
            found[known, i] = np.rint(values * ratio).astype(np.int64)
    return found
