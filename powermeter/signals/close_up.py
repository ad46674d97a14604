"""Every reading of a short stretch of a long recording, for a closer look: of a long run analysis holds only some."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from powermeter.channel import Gap
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.signals.alignment import instrument_times, of_cut_stamps
from powermeter.signals.headline_rail import choose
from powermeter.signals.line import Line
from powermeter.signals.rails import alignment_of, lines
from powermeter.signals.trace import Trace


def close_up(recording: RecordingLike, line: Line, start_ns: int, end_ns: int) -> Trace | None:
    """Return what a rail's energy comes from, between two moments of the events' clock; None where it is not found there."""
    source = next((one for one in recording.sources if str(one.id) == line.source), None)
    if source is None:
        return None
    alignment = alignment_of(recording, line.source) or of_cut_stamps(source.info)
    ends = np.array([start_ns, end_ns], np.int64)
    first, last = (ends if alignment is None else instrument_times(ends, alignment)).tolist()
    try:
        return choose(
            lines(cast(RecordingLike, _CutRecording(recording, source, first, last))), line.key
        ).power()
    except (ConfigurationError, DataError):
        return None


class _CutRecording:
    """A recording of one source, cut to a stretch of time; its other parts are the whole one's."""

    summaries = None

    def __init__(self, recording: RecordingLike, source: SourceInfo, start_ns: int, end_ns: int) -> None:
        self._recording, self._start_ns, self._end_ns = recording, start_ns, end_ns
        self.sources = (source,)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recording, name)

    def samples(self, source: int) -> Samples:
        return self._recording.samples(source, self._start_ns, self._end_ns)

    def gaps(self, source: int) -> list[Gap]:
        found = self._recording.gaps(source)
        return [gap for gap in found if gap.end_ns >= self._start_ns and gap.start_ns <= self._end_ns]
