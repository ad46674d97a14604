"""What of a recording nobody measured: the time after a rail's last reading, and the events in it."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.analysis.energy import Analysis
from powermeter.errors import plural
from powermeter.result.notes import having
from powermeter.units import format_duration

MUCH = 0.05
"""From this share of a recording on, what was measured does not stand for the rest."""


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """The part of a recording that no reading covers.

    Attributes:
        seconds: From the last reading to the end.
        seen_s: From the first reading to the last.
        events, of_events: Events without an energy, and all of them.
    """

    seconds: float
    seen_s: float
    events: int
    of_events: int

    @property
    def is_much(self) -> bool:
        """Whether so much is missing that what was measured does not stand for all of it."""
        return self.seconds > MUCH * (self.seconds + self.seen_s)

    @property
    def text(self) -> str:
        """`the last 2.093 s and 101 of 148 events were not measured`."""
        some = f" and {self.events:,} of {plural(self.of_events, 'event')}" if self.events else ""
        return f"the last {format_duration(self.seconds)}{some} were not measured"


def unrecorded(analysis: Analysis) -> Unrecorded | None:
    """Return what was not measured at the end of a recording; None where nothing worth a warning is missing."""
    if not having(analysis.notes, "unseen-end"):
        return None
    names = analysis.line.source.split(" + ")
    longest = max(
        sum(max(0, gap.end_ns - max(gap.start_ns, analysis.end_ns)) for gap in health.gaps)
        for health in analysis.health
        if health.source in names
    )
    covered = analysis.energies.covered
    outside = int((~covered).sum())
    return Unrecorded(longest * 1e-9, analysis.duration.value, outside, int(covered.size))
