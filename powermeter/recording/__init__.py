"""The recording: one SQLite file, written once, read by every report later.

`docs/file-format.md` describes the file so that a reader can be written without this package.
"""

from __future__ import annotations

from powermeter.recording.reader import Recording, Samples, SourceInfo
from powermeter.recording.writer import Writer

__all__ = ["Recording", "Samples", "SourceInfo", "Writer"]
