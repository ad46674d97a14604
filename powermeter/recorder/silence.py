"""When a source is silent: how long nothing may come from it, and which pause in its stream is a gap.

A log's gaps are found by `importers/hole_limits.py`; which intervals an analysis takes for holes is in `analysis/finding_holes.py`.
"""

from __future__ import annotations

from powermeter.channel import Gap
from powermeter.errors import Reason
from powermeter.source import PolledSource, Source

USUAL_STEPS = 3
"""Of a source's own steps so many pass before it is silent, however short its patience."""


class Patience:
    """How long a source may send nothing, by what it states and by its usual pace.

    Args:
        source: Its `patience_s`, and the period of a polled one, are asked anew each time.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._usual_ns = 0

    @property
    def ns(self) -> int:
        """How long nothing may come before the source counts as silent."""
        own = self._source.patience_s
        if isinstance(self._source, PolledSource):
            own = max(own, USUAL_STEPS * self._source.period_ns / 1e9)
        return round(max(own * 1e9, USUAL_STEPS * self._usual_ns))

    def gap_between(self, last_ns: int, first_ns: int) -> Gap | None:
        """Return the gap between a stream's last sample and the first of its next block; None where it is no silence.

        Of a stream whose pace is not known yet no pause is one.
        """
        pause = first_ns - last_ns
        if not (pause > self._source.patience_s * 1e9 and pause > USUAL_STEPS * self._usual_ns > 0):
            return None
        return Gap(last_ns, first_ns, Reason.NO_ANSWER.value, f"nothing came for {pause / 1e9:.1f} s")

    def follow(self, spacing_ns: int) -> None:
        """Take a block's mean step into the usual pace, a quarter of the way; a silence is not a pace."""
        self._usual_ns += (spacing_ns - self._usual_ns) // 4 if self._usual_ns else spacing_ns
