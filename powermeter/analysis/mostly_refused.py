"""A source whose readings were refused about as often as kept (out of any range, damaged): what those left open.

Where most intervals hold a refused reading, the usual interval is that one, and none of them shows as a hole to be bridged and paid for.
Nothing states what the load was at those: an overload is refused just as a frame that the line damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind
from powermeter.errors import Reason
from powermeter.signals.trace import Trace

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]

REFUSED_SHARE = 0.5
"""So many readings refused for each that was kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """The stretches of a trace with refused readings.

    Attributes:
        share: Of its readings, that were refused.
        start_ns, end_ns: The stretches, disjoint and in order.
    """

    share: float
    start_ns: Times
    end_ns: Times

    def opened(
        self, edges: tuple[Times, Times], value: Floats, below: Floats, above: Floats
    ) -> tuple[Floats, Floats]:
        """Return by how much energies may be lower, and higher, than found (J or C): where readings were refused, nothing bounds them from above.

        Args:
            edges: Starts and ends, shape (n,).
            value: What was found; NaN where nothing is known.
            below, above: The same without refused readings.
        """
        start, end = edges
        touched = self._seconds(end) > self._seconds(start)
        seconds = np.maximum((end - start) * 1e-9, 1e-12)
        inside = np.minimum((self._seconds(end) - self._seconds(start)) / seconds, 1.0)
        lower = np.where(touched, self.share * inside * np.abs(np.nan_to_num(value)), 0.0)
        return np.maximum(below, lower), np.where(touched, np.inf, above)

    def _seconds(self, times_ns: Times) -> Floats:
        """Return how many seconds of the stretches lie before each time."""
        lengths = (self.end_ns - self.start_ns) * 1e-9
        upto = np.concatenate([[0.0], np.cumsum(lengths)])
        k = np.searchsorted(self.start_ns, times_ns, side="right")
        rest = np.maximum(self.end_ns[np.maximum(k - 1, 0)] - times_ns, 0) * 1e-9
        found: Floats = upto[k] - np.where(k > 0, rest, 0.0)
        return found


def mostly_refused(trace: Trace) -> Refused | None:
    """Return the stretches in which a trace's readings were refused, where they are about as many as those kept; None of a counter, which counts on."""
    if trace.kind is Kind.COUNTER or not trace.gaps:
        return None
    if "mostly_refused" not in trace.looked_for:
        trace.looked_for["mostly_refused"] = _found(trace)
    found = trace.looked_for["mostly_refused"]
    return found if isinstance(found, Refused) else None


def _found(trace: Trace) -> Refused | None:
    bad = sorted((g.start_ns, g.end_ns, g.lost or 0) for g in trace.gaps if g.reason == Reason.BAD_DATA.value)
    lost = sum(one for _, _, one in bad)
    if lost <= REFUSED_SHARE * trace.readings:
        return None
    start, end = (np.array(column, np.int64) for column in list(zip(*bad, strict=True))[:2])
    latest = np.maximum.accumulate(end)
    begins = np.flatnonzero(np.append(True, start[1:] > latest[:-1]))
    return Refused(
        lost / (lost + trace.readings), start[begins], latest[np.append(begins[1:], start.size) - 1]
    )
