"""What is reported of a recording none of whose sources has a reading."""

from __future__ import annotations

from powermeter.recording.protocol import RecordingLike


def no_reading(recording: RecordingLike) -> str:
    """Return which sources have no reading, and the reason that was noted of each; empty where none measures a rail."""
    silent = [source for source in recording.sources if any(c.rail for c in source.channels)]
    if not silent:
        return ""
    names = ", ".join(source.name or source.url for source in silent)
    gaps = [gap for source in silent for gap in recording.gaps(source.id) if gap.reason != "missed"]
    noted = "; ".join(dict.fromkeys(gap.detail or gap.reason for gap in gaps))
    later = (
        ""
        if recording.facts("closed")
        else "if it is still being written, ask again when the first ones have arrived"
    )
    return "; ".join(part for part in (f"no reading of {names} is in this recording", noted, later) if part)
