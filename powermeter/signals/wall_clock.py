"""Wall-clock stamps on the recording's monotonic clock, through the pairs of both that the recorder keeps.

An instrument's own clock is put right while it is recorded (`powermeter.drivers.meters.tick_clock`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

MAX_SLEW = 600e-6
"""A disciplined wall clock is slewed by at most 500 ppm (adjtimex(2)); more is a step."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A place where the wall clock was set.

    Attributes:
        before_ns, host_ns: When, on the monotonic clock; the last pair before it and the first after it.
        text: One sentence.
    """

    before_ns: int
    host_ns: int
    text: str


class WallClock:
    """Maps wall-clock stamps to the recording's monotonic clock through its clock pairs.

    Between two pairs the map is a straight line: a slewed clock is followed.  Where the two clocks
    part by more than `MAX_SLEW` allows, the wall clock was stepped: stamps near a step are known only
    to within the pairs' distance, and times that a step back made happen twice are not known at all.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], stamp_u_ns: float = 1e6) -> None:
        """Take (monotonic ns, UTC ns) pairs.

        Args:
            stamp_u_ns: Standard uncertainty of one pair.

        Raises:
            DataError: There is no pair.
        """
        if not pairs:
            raise DataError("the recording has no clock pairs: wall-clock stamps cannot be placed in it")
        ordered = sorted(pairs)
        self.monotonic = np.array([m for m, _ in ordered], np.int64)
        self.utc = np.array([u for _, u in ordered], np.int64)
        self.stamp_u_ns = stamp_u_ns
        apart = np.diff(self.utc) - np.diff(self.monotonic)
        allowed = np.diff(self.monotonic) * MAX_SLEW + 4 * stamp_u_ns
        self._stepped = np.abs(apart) > allowed
        self.steps = [
            ClockStep(
                int(self.monotonic[i]),
                int(self.monotonic[i + 1]),
                f"the wall clock was set by {apart[i] * 1e-9:+.3f} s",
            )
            for i in np.flatnonzero(self._stepped).tolist()
        ]

    def to_monotonic(self, utc_ns: Any) -> tuple[Times, Floats]:
        """Return monotonic times of UTC stamps, and their standard uncertainties in ns (inf: not known)."""
        wanted = np.atleast_1d(np.asarray(utc_ns, np.int64))
        times = np.empty(wanted.size, np.int64)
        spread = np.full(wanted.size, np.inf)
        hits = np.zeros(wanted.size, int)
        cuts = [0, *(np.flatnonzero(self._stepped) + 1).tolist(), self.utc.size]
        for k, (a, b) in enumerate(itertools.pairwise(cuts)):
            mono, utc = self.monotonic[a:b], self.utc[a:b]
            low = -np.inf if k == 0 else utc[0] - (mono[0] - self.monotonic[a - 1])
            high = np.inf if k == len(cuts) - 2 else utc[-1] + (self.monotonic[b] - mono[-1])
            inside = (wanted >= low) & (wanted <= high)
            times[inside] = _along(wanted[inside], utc, mono)
            beyond = np.maximum(np.maximum(utc[0] - wanted, wanted - utc[-1]), 0)[inside]
            spread[inside] = np.hypot(self.stamp_u_ns, beyond * 50e-6)
            hits += inside
        spread[hits > 1] = np.inf
        return times, spread


def _along(wanted: Times, utc: Times, mono: Times) -> Times:
    result: Times
    if utc.size == 1:
        result = mono[0] + (wanted - utc[0])
        return result
    i = np.clip(np.searchsorted(utc, wanted) - 1, 0, utc.size - 2)
    rate = np.diff(mono) / np.maximum(np.diff(utc), 1)
    rate_end = np.where((wanted < utc[0]) | (wanted > utc[-1]), 1.0, rate[i])
    base = np.where(wanted > utc[-1], utc.size - 1, np.where(wanted < utc[0], 0, i))
    result = mono[base] + np.rint((wanted - utc[base]) * rate_end).astype(np.int64)
    return result
