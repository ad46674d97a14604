"""Which readings of a source are refused before they are recorded: misshapen rows and blocks, stamps that cannot be, clocks set back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.errors import ReadError, Reason
from powermeter.source import Block, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

FUTURE_NS, PAST_NS = 3_600_000_000_000, 86_400_000_000_000
"""How far a stamp may be from the moment it is handed over: a clock being fitted, a buffer being emptied."""
BACK_NS = 10_000_000
"""How far a stamp may lie before an earlier reading's: what overtakes another by less is put in order."""


def misshapen(row: object, width: int) -> ReadError:
    """Return the error of what `sample` returned in place of a row of the right width."""
    if isinstance(row, Row):
        return ReadError(f"{len(row.codes)} codes for {width} channels", Reason.BAD_DATA)
    return ReadError(f"sample() returned a {type(row).__name__}, not a Row", Reason.BAD_DATA)


def check_stamps(first_ns: int, last_ns: int, now_ns: int) -> None:
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


def furthest_back(times_ns: NDArray[np.int64], last_ns: int | None) -> int:
    """Return how far a stamp lies before an earlier one at most, in ns; `last_ns` is the one before all of them."""
    latest = np.maximum.accumulate(times_ns)
    if last_ns is not None:
        latest = np.maximum(latest, last_ns)
    return int((latest - times_ns).max())


def check_order(back_ns: int) -> None:
    """Refuse readings of an instrument whose clock was set back: all of them would be put into the moment of the last one.

    Raises:
        ReadError: One is stamped more than `BACK_NS` before an earlier one.
    """
    if back_ns > BACK_NS:
        raise ReadError(f"a reading is stamped {back_ns / 1e9:.3g} s before an earlier one", Reason.BAD_DATA)


def check_block(block: object, width: int) -> None:
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


def whole_numbers(rows: Sequence[Any]) -> NDArray[np.int64]:
    """Return rows of codes as an int64 array.

    Raises:
        TypeError, ValueError, OverflowError: One is a fraction, None, or beyond 64 bits.
    """
    codes = np.array(rows)
    if codes.dtype.kind != "i":
        raise TypeError(f"its codes are {codes.dtype.name}, not whole numbers")
    return codes.astype(np.int64, copy=False)
