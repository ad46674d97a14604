"""What a meter saw, as an alignment searches it: all of it at once, or a long recording by its means and stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from powermeter.signals.trace import Trace

from .stretches import Stretches


@dataclass(frozen=True, slots=True)
class MeterTrace:
    """What the meter saw, and how it is searched.

    Attributes:
        trace: All of it; of a long recording means over longer stretches.
        long: The recording of which `trace` holds means, to be read where it matters; None where it is all there.
        prepare: What is done to each stretch of it.
    """

    trace: Trace
    long: Stretches | None = None
    prepare: Callable[[Trace], Trace] = lambda trace: trace
    base_ns: int = 0
    drift: float = 0.0

    @property
    def interval_ns(self) -> int:
        """The distance of two readings of what places are refined in."""
        return self.trace.interval_ns if self.long is None else self.prepare(self.long.head).interval_ns

    def without(self, base_ns: int, drift: float) -> MeterTrace:
        """Return what was seen with a drift of the meter's clock about a moment taken out."""
        return replace(self, trace=_moved(self.trace, base_ns, drift), base_ns=base_ns, drift=drift)

    def between(self, start_ns: int, end_ns: int) -> Trace:
        """Return a stretch in full."""
        if self.long is None:
            return self.trace.between(start_ns, end_ns)
        own = [self.base_ns + round((time - self.base_ns) / (1 + self.drift)) for time in (start_ns, end_ns)]
        return _moved(self.prepare(self.long.between(*own)), self.base_ns, self.drift)

    def pieces(self, length_ns: int, overlap_ns: int) -> Iterator[Trace]:
        """Yield all of it in full, in pieces that overlap."""
        assert self.long is not None
        for piece in self.long.pieces(length_ns, overlap_ns):
            yield _moved(self.prepare(piece), self.base_ns, self.drift)


def _moved(trace: Trace, base_ns: int, drift: float) -> Trace:
    if not drift:
        return trace
    moved = np.rint(drift * (trace.times_ns - base_ns)).astype(np.int64)
    return replace(trace, times_ns=trace.times_ns + moved)
