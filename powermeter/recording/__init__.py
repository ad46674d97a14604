"""The recording: one SQLite file, written once, read by every report later.

`docs/file-format.md` describes the file so that a reader can be written without this package.
Reading and writing samples needs numpy; noting events does not, so the names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powermeter.recording.overview import Overview
    from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
    from powermeter.recording.reader import Recording
    from powermeter.recording.stored_summaries import ProcessCounts, Summaries
    from powermeter.recording.writer import Writer, append_to

__all__ = [
    "Overview",
    "ProcessCounts",
    "Recording",
    "RecordingLike",
    "Samples",
    "SourceInfo",
    "Summaries",
    "Writer",
    "append_to",
]


def __getattr__(name: str) -> Any:
    from powermeter.registry import OF_RECORDING, late

    return late(__name__, OF_RECORDING, name)
