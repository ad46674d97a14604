"""What a reader hands over: rows and blocks, checked for their shape, with the gaps and the health beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from powermeter.channel import Gap
from powermeter.errors import ReadError, Reason
from powermeter.events import Event
from powermeter.source import Block, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray


FUTURE_NS, PAST_NS = 3_600_000_000_000, 86_400_000_000_000
"""How far a stamp may be from the moment it is handed over: a clock being fitted, a buffer being emptied."""
BACK_NS = 10_000_000
"""How far a stamp may lie before an earlier reading's: what overtakes another by less is put in order."""

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
        postponed: Readings whose moment had passed when the one before was finished; taken at once.
        repeats: Rows in which the instrument had not refreshed.
        errors: Reads that failed.
        reopened: How often it was opened again.
        last_error: The newest error's text.
    """

    samples: int = 0
    missed: int = 0
    postponed: int = 0
    repeats: int = 0
    errors: int = 0
    reopened: int = 0
    last_error: str = ""


def _misshapen(row: object, width: int) -> ReadError:
    """Return the error of what `sample` returned in place of a row of the right width."""
    if isinstance(row, Row):
        return ReadError(f"{len(row.codes)} codes for {width} channels", Reason.BAD_DATA)
    return ReadError(f"sample() returned a {type(row).__name__}, not a Row", Reason.BAD_DATA)


def _check_stamps(first_ns: int, last_ns: int, now_ns: int) -> None:
    """Refuse stamps that no reading can have: they would make a recording of years.

    Raises:
        ReadError: They are.
    """
    if not isinstance(first_ns, (int, np.integer)):
        raise ReadError(f"a stamp is {type(first_ns).__name__}, not int", Reason.BAD_DATA)
    if last_ns > now_ns + FUTURE_NS:
        raise ReadError(
            f"a reading is stamped {(last_ns - now_ns) / 1e9:.3g} s in the future", Reason.BAD_DATA
        )
    if first_ns < now_ns - PAST_NS:
        raise ReadError(
            f"a reading is stamped {(now_ns - first_ns) / 1e9:.3g} s in the past", Reason.BAD_DATA
        )


def _furthest_back(times_ns: NDArray[np.int64], last_ns: int | None) -> int:
    """Return how far a stamp lies before an earlier one at most, in ns; `last_ns` is the one before all of them."""
    latest = np.maximum.accumulate(times_ns)
    if last_ns is not None:
        latest = np.maximum(latest, last_ns)
    return int((latest - times_ns).max())


def _check_order(back_ns: int) -> None:
    """Refuse readings of an instrument whose clock was set back: all of them would be put into the moment of the last one.

    Raises:
        ReadError: One is stamped more than `BACK_NS` before an earlier one.
    """
    if back_ns > BACK_NS:
        raise ReadError(f"a reading is stamped {back_ns / 1e9:.3g} s before an earlier one", Reason.BAD_DATA)


def _check_block(block: object, width: int) -> None:
    """Refuse a block whose arrays are not as the contract requires.

    Raises:
        ReadError: They are not.
    """
    if not isinstance(block, Block):
        raise ReadError(f"read_block() returned a {type(block).__name__}, not a Block", Reason.BAD_DATA)
    times, codes = block.times_ns, block.codes
    whole = all(getattr(array, "dtype", None) == np.int64 for array in (times, codes))
    if not whole or times.ndim != 1 or codes.shape != (len(times), width):
        raise ReadError(
            f"a block must hold int64 times of shape (n,) and int64 codes of shape (n, {width})",
            Reason.BAD_DATA,
        )
    if block.flags is not None and (block.flags.dtype != np.uint8 or block.flags.shape != times.shape):
        raise ReadError("the flags of a block must be uint8, one a sample", Reason.BAD_DATA)


def _whole_numbers(rows: Sequence[Any]) -> NDArray[np.int64]:
    """Return rows of codes as an int64 array.

    Raises:
        TypeError, ValueError, OverflowError: One is a fraction, None, or beyond 64 bits.
    """
    codes = np.array(rows)
    if codes.dtype.kind != "i":
        raise TypeError(f"its codes are {codes.dtype.name}, not whole numbers")
    return codes.astype(np.int64, copy=False)
