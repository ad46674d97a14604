"""When the samples of a stream were taken: no later than they arrived, nor than those behind them permit, and not all at once where a burst came."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from .tick_clock import RATE_ERROR, slewed

_ANOTHER_TIME_NS = 1_000_000_000
"""An estimate that is off by so much is no better one but another time."""


def latest_by_ticks(samples: Sequence[tuple[int, int]], tick_ns: float) -> list[int]:
    """Return the latest moment at which each sample of a read can have been taken, ns: those behind it were taken later by their ticks, and have arrived.

    Args:
        samples: The running tick of each and when it arrived.
        tick_ns: Nominal nanoseconds per tick, which may be less by `RATE_ERROR`.
    """
    latest: list[int] = []
    behind: tuple[int, int] | None = None
    for tick, arrival_ns in reversed(samples):
        moment = arrival_ns
        if behind is not None and 0 <= (between := (behind[0] - tick) * tick_ns) < _ANOTHER_TIME_NS:
            moment = min(moment, behind[1] - round(between * (1 - RATE_ERROR)))
        latest.append(moment)
        behind = tick, moment
    return latest[::-1]


def spread(arrivals_ns: Sequence[int], since_ns: int, interval_ns: int | None) -> list[int]:
    """Return moments for samples that state no time: those that arrived at once were taken one after another.

    Args:
        arrivals_ns: When each arrived.
        since_ns: When the one before was taken, or the meter opened.
        interval_ns: Between two samples, where it is stated; else as the time since the one before holds.
    """
    moments: list[int] = []
    for arrival_ns, together in groupby(arrivals_ns):
        count = len(list(together))
        step = max(arrival_ns - since_ns, 0) / count
        step = step if interval_ns is None else min(step, interval_ns)
        moments += [arrival_ns - round(step * (count - 1 - at)) for at in range(count)]
        since_ns = arrival_ns
    return moments


class Moments:
    """The stamps of one stream, which never run back.

    Attributes:
        last_ns: That of the newest sample; 0 before the first.
        shared: Samples that could only be stamped as the one before, over all connections: it turned out to have been stamped too late.
    """

    def __init__(self) -> None:
        self.shared = 0
        self.connect()

    def connect(self) -> None:
        """Begin anew with a new connection."""
        self.last_ns = 0
        self._placed: tuple[int, int] | None = None

    def stamp(self, at_ns: int) -> int:
        """Return the stamp of the next sample, taken at about that time."""
        self.shared += 0 < at_ns <= self.last_ns
        self.last_ns = max(at_ns, self.last_ns)
        return self.last_ns

    def slewed(self, tick: int, at_ns: int, latest_ns: int, tick_ns: float) -> int:
        """Return the time of a tick, reached smoothly from the one before, and no later than it can have been."""
        if self._placed is not None:
            passed = (tick - self._placed[0]) * tick_ns
            nominal = self._placed[1] + passed
            if passed >= 0 and abs(at_ns - nominal) < _ANOTHER_TIME_NS:
                at_ns = min(slewed(at_ns, nominal, passed), latest_ns)
        self._placed = tick, at_ns
        return at_ns
