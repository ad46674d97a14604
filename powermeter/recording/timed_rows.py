"""The clock pairs, ticks and noted gaps of a recording, without those at impossible times."""

from __future__ import annotations

from powermeter.channel import Gap
from powermeter.recording import schema
from powermeter.recording.rows import Rows
from powermeter.result.notes import Note


class TimedRows:
    """What a recording notes with its time, beside samples and events.

    Args:
        rows: The recording's rows; what is left out is noted among their warnings.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the (monotonic ns, UTC ns) pairs, oldest first."""
        return [
            (monotonic, utc)
            for _, monotonic, utc in self._rows.sound("clock")
            if self._are_times(monotonic, utc, what="a clock pair")
        ]

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the (instrument tick, host arrival ns) pairs of a source."""
        return [
            (tick, arrival)
            for _, owner, tick, arrival in self._rows.sound("tick")
            if owner == source and self._are_times(arrival, what="a tick")
        ]

    def gaps(self, source: int) -> list[Gap]:
        """Return the gaps that were noted of a source, in the order in which they were."""
        return [
            Gap(start, end, reason, detail or "", lost)
            for _, owner, start, end, reason, detail, lost in self._rows.sound("gap")
            if owner == source and self._are_times(start, end, what="a gap") and start <= end
        ]

    def _are_times(self, *times_ns: int, what: str) -> bool:
        if all(abs(time_ns) < schema.TIME_LIMIT for time_ns in times_ns):
            return True
        self._rows.warn(Note.warning("time-implausible", f"{what} is at an implausible time and is left out"))
        return False
