"""A recording whose sources are decoded once, whoever asks for their samples."""

from __future__ import annotations

from powermeter.recording import Recording
from powermeter.recording.event_columns import EventColumns
from powermeter.recording.protocol import RecordingLike, Samples


class ReadOnce:
    """A recording that decodes the samples of each source once, whoever asks for them."""

    def __init__(self, recording: RecordingLike) -> None:
        self._recording = recording
        self._samples: dict[int, Samples] = {}
        self.path, self.metadata, self.sources = recording.path, recording.metadata, recording.sources
        self.gaps, self.events, self.facts = recording.gaps, recording.events, recording.facts
        self.clock_pairs, self.ticks = recording.clock_pairs, recording.ticks
        self.stream, self.slice, self.summaries = recording.stream, recording.slice, recording.summaries
        self.flag_counts = recording.flag_counts
        self.warnings = getattr(recording, "warnings", [])

    def event_columns(self) -> EventColumns:
        """Return its events as columns; one that holds no objects of them is not asked for any."""
        if isinstance(self._recording, Recording):
            return self._recording.event_columns()
        return EventColumns.of(self._recording.events())

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        if start_ns is not None or end_ns is not None:
            return self._recording.samples(source, start_ns, end_ns)
        if source not in self._samples:
            self._samples[source] = self._recording.samples(source)
        return self._samples[source]
