"""What a reader hands over: rows and blocks, with the gaps and the health beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from powermeter.channel import Gap
from powermeter.events import Event

if TYPE_CHECKING:
    from numpy.typing import NDArray


PIECE = 1 << 18
"""Rows of a block that are worked on at once: what is computed of them takes several times their size."""


_Rows: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8] | None]"


def _joined(blocks: Sequence[_Rows]) -> Iterator[_Rows]:
    """Yield blocks, neighbours as one where they hold at most `PIECE` rows together."""
    group: list[_Rows] = []
    rows = 0
    for block in blocks:
        if group and rows + len(block[0]) > PIECE:
            yield _as_one(group)
            group, rows = [], 0
        group.append(block)
        rows += len(block[0])
    if group:
        yield _as_one(group)


def _as_one(blocks: Sequence[_Rows]) -> _Rows:
    if len(blocks) == 1:
        return blocks[0]
    times, codes, flags = zip(*blocks, strict=True)
    marks = None
    if any(flag is not None for flag in flags):
        marks = np.concatenate(
            [
                np.zeros(len(at), np.uint8) if flag is None else flag
                for at, flag in zip(times, flags, strict=True)
            ]
        )
    return np.concatenate(times), np.concatenate(codes), marks


@dataclass(slots=True)
class Harvest:
    """What was read since it was last asked for.

    `blocks` hold (times_ns, codes, flags); the rest are lists to be written beside them.
    """

    blocks: list[_Rows] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    read_ns: int | None = None

    @property
    def size(self) -> int:
        """Bytes of its blocks."""
        arrays = (array for block in self.blocks for array in block if array is not None)
        return sum(array.nbytes for array in arrays)

    def pieces(self) -> Iterator[_Rows]:
        """Yield its rows: short blocks together, long ones in even pieces, of at most `PIECE` rows.

        A stream hands over a few frames at a read; each piece is written and added up on its own.
        """
        for times, codes, flags in _joined(self.blocks):
            ends = np.linspace(0, len(times), -(-len(times) // PIECE) + 1).astype(int).tolist()
            for first, last in pairwise(ends):
                part = slice(first, last)
                yield times[part], codes[part], None if flags is None else flags[part]

    def as_gap(self, why: str, earlier: Gap | None = None) -> Gap | None:
        """Return what is lost where this, and what was dropped before it, cannot be written; None where nothing is."""
        gaps = self.gaps if earlier is None else [earlier, *self.gaps]
        spans = [(gap.start_ns, gap.end_ns, gap.lost or 0) for gap in gaps]
        spans += [(int(times[0]), int(times[-1]), len(times)) for times, _, _ in self.blocks]
        if not spans:
            return None
        starts, ends, lost = zip(*spans, strict=True)
        return Gap(min(starts), max(ends), "dropped", why, sum(lost))


@dataclass(slots=True)
class Health:
    """How the reading of one source goes; written into the recording.

    Attributes:
        samples: Rows read.
        missed: Intervals of the grid that passed without a reading.
        repeats: Rows in which the instrument had not refreshed.
        errors: Reads that failed.
        reopened: How often it was opened again.
        last_error: The newest error's text.
    """

    samples: int = 0
    missed: int = 0
    repeats: int = 0
    errors: int = 0
    reopened: int = 0
    last_error: str = ""
