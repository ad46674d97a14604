"""What is missing at the end of a recording whose recorder died, found and listed in the file."""

from __future__ import annotations

from pathlib import Path

from powermeter.channel import Gap
from powermeter.events import now_ns
from powermeter.recording import Recording
from powermeter.recording.writer import append_to

LOCK_WAIT_MS = 300


def list_missing(path: Path, why: str) -> float:
    """Add a gap from each source's last reading to this moment, and return the longest in s.

    Args:
        path: The recording.
        why: What happened to the recorder.

    Raises:
        DataError: The recording cannot be read.
    """
    end_ns = now_ns()
    with Recording.open(path) as recording:
        began_ns = min((pair[0] for pair in recording.clock_pairs()), default=end_ns)
        spans = {source.id: recording.span_ns(source.id) for source in recording.sources}
    ends = {source: began_ns if span is None else span[1] for source, span in spans.items()}
    writer = append_to(path)
    writer.wait_for_lock(LOCK_WAIT_MS)
    with writer:
        for source, at_ns in ends.items():
            writer.add_gap(source, Gap(at_ns, max(at_ns, end_ns), "failed", why))
    return max(0, end_ns - min(ends.values(), default=end_ns)) / 1e9
