"""What a source returns: a row of codes when it is asked, or a block of what it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from powermeter.channel import Gap
from powermeter.events import Event

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sampling(str, Enum):
    """Who chose the moments of a source's readings, and how."""

    DITHERED = (
        "dithered"  # one at a random moment in each interval of the grid: no load can be in step with it
    )
    REGULAR = "regular"  # on the grid itself
    INSTRUMENT = "instrument"  # the instrument converts, refreshes or sends when it likes


class Row(NamedTuple):
    """One reading of a polled source.

    Attributes:
        codes: One raw code per channel, `MISSING` for one that this reading does not have.
        flags: `REPEAT`, `SATURATED`, or `saturated(0)` where only the first rail was; `REPEAT` is also set by
            the recorder, see `stale_when_equal`.
        at_ns: When it was measured, in monotonic ns; None for the middle of the call.
    """

    codes: Sequence[int]
    flags: int = 0
    at_ns: int | None = None


@dataclass(slots=True)
class Block:
    """What a streaming source returns at once.

    An instrument with a clock of its own is put on the host's clock by its driver
    (`powermeter.drivers.meters.tick_clock`).

    Attributes:
        times_ns: int64, shape (n,): host monotonic nanoseconds of each sample, never decreasing.
        codes: int64, shape (n, channels): raw codes; `MISSING` where a sample lacks a channel.
        flags: uint8, shape (n,), or None for all zero.
        gaps: Losses the instrument or the driver noticed.
        events: What the measured device itself marked, on a logic input, in the instrument's own clock.
    """

    times_ns: NDArray[np.int64]
    codes: NDArray[np.int64]
    flags: NDArray[np.uint8] | None = None
    gaps: Sequence[Gap] = ()
    events: Sequence[Event] = ()
