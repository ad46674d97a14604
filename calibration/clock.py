"""Clocks that are not ours: an instrument's ticks seen through late arrivals, wall-clock stamps, steps and stops.

The recorder keeps pairs; this file makes clocks of them afterwards, when all are there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

MAX_DRIFT = 1000e-6
"""A quartz that is further off than this is broken, or the nominal tick is wrong."""
MAX_SLEW = 600e-6
"""A disciplined wall clock is slewed by at most 500 ppm (adjtimex(2)); more is a step."""
_STEP_NS = 5_000_000
_BLOCKS = 24


@dataclass(frozen=True, slots=True)
class TickFit:
    """The host time of an instrument's ticks over one stretch without a jump.

    host = `host_ns` + (tick − `tick`) × `tick_ns` × (1 + `drift`)

    Attributes:
        tick, host_ns: The middle of the stretch.
        tick_ns: Nominal nanoseconds per tick.
        drift: How much slower than nominal the instrument's clock runs, relative.
        offset_u_ns: Standard uncertainty of `host_ns`; the shortest delay itself stays in it unseen.
        drift_u: Standard uncertainty of `drift`.
        delay_ns: Median of how much later than the earliest the arrivals are.
        first_tick, last_tick: The stretch.
    """

    tick: int
    host_ns: int
    tick_ns: float
    drift: float
    offset_u_ns: float
    drift_u: float
    delay_ns: float
    first_tick: int
    last_tick: int

    def to_host(self, ticks: Any) -> Times:
        """Return host monotonic nanoseconds of some ticks."""
        passed = (np.asarray(ticks, np.int64) - self.tick) * (self.tick_ns * (1 + self.drift))
        result: Times = self.host_ns + np.rint(passed).astype(np.int64)
        return result


@dataclass(frozen=True, slots=True)
class Trouble:
    """A place where a clock did not go on as it had.

    Attributes:
        what: `jumped`, `restarted` or `stopped`.
        host_ns: When, on the host's clock.
        size_ns: By how much the host's time of a tick changed, where that is known.
        text: One sentence.
    """

    what: str
    host_ns: int
    size_ns: float
    text: str


def fit_ticks(pairs: Sequence[tuple[int, int]], tick_ns: float) -> tuple[list[TickFit], list[Trouble]]:
    """Return an instrument's clock from (tick, host arrival) pairs, one fit for each stretch without a jump.

    Delay only ever adds: the line is laid under the arrivals so that it touches them and leaves the
    least between (the side of their lower convex hull over the middle).  Its uncertainty comes from
    the earliest arrivals of 24 blocks: how far they lie above the line.

    Raises:
        DataError: Fewer than three pairs, or the drift is beyond `MAX_DRIFT`.
    """
    if len(pairs) < 3:
        raise DataError(
            f"{len(pairs)} pairs of ticks and arrivals are too few for a clock; three are the least"
        )
    ticks = np.array([tick for tick, _ in pairs], np.int64)
    host = np.array([arrival for _, arrival in pairs], np.int64)
    order = np.argsort(host, kind="stable")
    ticks, host = ticks[order], host[order]
    troubles: list[Trouble] = []
    cuts = [0]
    steps = np.diff(ticks)
    for i in np.flatnonzero(steps < 0).tolist():
        cuts.append(i + 1)
        troubles.append(
            Trouble("restarted", int(host[i + 1]), math.nan, "the instrument's tick count went back")
        )
    troubles += _stops(ticks, host, tick_ns)
    cuts.append(ticks.size)
    fits: list[TickFit] = []
    for first, last in itertools.pairwise(cuts):
        inner, found = _jumps(ticks[first:last], host[first:last], tick_ns)
        troubles += found
        for a, b in inner:
            if b - a >= 3 and ticks[first + b - 1] > ticks[first + a]:
                fits.append(_envelope(ticks[first + a : first + b], host[first + a : first + b], tick_ns))
    if not fits:
        raise DataError("the instrument's clock never ran steadily for three arrivals")
    return fits, sorted(troubles, key=lambda t: t.host_ns)


def _stops(ticks: Times, host: Times, tick_ns: float) -> list[Trouble]:
    """Find runs of one tick that last longer than any other distance of two ticks by far."""
    usual = float(np.median(np.diff(host))) if host.size > 1 else 0.0
    changed = np.flatnonzero(np.concatenate([[True], np.diff(ticks) != 0]))
    ends = np.concatenate([changed[1:], [ticks.size]]) - 1
    lasted = host[ends] - host[changed]
    found = []
    for start, length in zip(changed.tolist(), lasted.tolist(), strict=True):
        if length > max(8 * usual, 4 * tick_ns, 50e6):
            found.append(
                Trouble(
                    "stopped",
                    int(host[start]),
                    float(length),
                    f"its clock stood still for {length * 1e-9:.3g} s",
                )
            )
    return found


def _jumps(ticks: Times, host: Times, tick_ns: float) -> tuple[list[tuple[int, int]], list[Trouble]]:
    """Cut where the earliest arrivals of the blocks before and after differ by a step that stays."""
    n = ticks.size
    if n < 12:
        return [(0, n)], []
    late = (host - host[0]) - (ticks - ticks[0]) * tick_ns
    size = max(4, n // 64)
    starts = np.arange(0, n - size + 1, size)
    low = np.array([late[s : s + size].min() for s in starts])
    middle = np.array([float(host[s : s + size].mean()) for s in starts])
    slope = float(np.median(np.diff(low) / np.diff(middle))) if low.size > 2 else 0.0
    flat = low - slope * (middle - middle[0])
    change = np.diff(flat)
    usual = 1.4826 * float(np.median(np.abs(change - np.median(change))))
    limit = max(8 * usual, _STEP_NS)
    cuts, troubles = [0], []
    for k in np.flatnonzero(np.abs(change) > limit).tolist():
        before, after = flat[max(k - 2, 0) : k + 1].min(), flat[k + 1 : k + 4].min()
        if abs(after - before) <= limit:
            continue  # one late block, not a step that stays
        lo, hi = int(starts[k]), int(min(starts[k + 1] + size, n))
        if cuts[-1] >= lo:
            continue
        inner = late[lo:hi] - slope * (host[lo:hi] - host[lo])
        at = lo + int(np.argmax(np.abs(np.diff(inner)))) + 1
        cuts.append(at)
        size_ns = float(after - before)
        troubles.append(
            Trouble("jumped", int(host[at]), size_ns, f"its clock jumped by {-size_ns * 1e-6:+.4g} ms")
        )
    cuts.append(n)
    return list(itertools.pairwise(cuts)), troubles


def _envelope(ticks: Times, host: Times, tick_ns: float) -> TickFit:
    middle_tick, middle_host = int(ticks[ticks.size // 2]), int(host[host.size // 2])
    x = (ticks - middle_tick) * tick_ns
    y = (host - middle_host) - x
    slope, level = _lower_line(x, y)
    if abs(slope) > MAX_DRIFT:
        raise DataError(
            f"the instrument's clock seems to be off by {slope * 1e6:.0f} ppm: "
            f"is a tick really {tick_ns:g} ns?"
        )
    above = y - (level + slope * x)
    blocks = np.array_split(np.arange(x.size), min(_BLOCKS, max(2, x.size // 3)))
    earliest = np.array([above[b].min() for b in blocks if b.size])
    centres = np.array([x[b].mean() for b in blocks if b.size])
    spread = float(np.sqrt(np.mean(earliest**2)))
    lever = float(np.sqrt(np.sum((centres - centres.mean()) ** 2)))
    return TickFit(
        tick=middle_tick,
        host_ns=middle_host + round(level),
        tick_ns=tick_ns,
        drift=slope,
        offset_u_ns=spread / math.sqrt(earliest.size),
        drift_u=spread / lever if lever else math.inf,
        delay_ns=float(np.median(above)),
        first_tick=int(ticks[0]),
        last_tick=int(ticks[-1]),
    )


def _lower_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and level of the lower hull's side over the mean of x: least sum above, none below."""
    order = np.lexsort((y, x))
    hull: list[tuple[float, float]] = []
    for point in zip(x[order].tolist(), y[order].tolist(), strict=True):
        if hull and point[0] == hull[-1][0]:
            continue
        while len(hull) >= 2:
            (x1, y1), (x2, y2) = hull[-2], hull[-1]
            if (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1) > 0:
                break
            hull.pop()
        hull.append(point)
    centre = float(x.mean())
    for (x1, y1), (x2, y2) in itertools.pairwise(hull):
        if x1 <= centre <= x2:
            slope = (y2 - y1) / (x2 - x1)
            return slope, y1 - slope * x1
    return 0.0, float(y.min())


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
            Trouble(
                "jumped",
                int(self.monotonic[i + 1]),
                float(apart[i]),
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
