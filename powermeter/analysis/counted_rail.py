"""Which rail of a recording is counted, for an analysis and for who writes one and analyses nothing."""

from __future__ import annotations

from pathlib import Path

from powermeter.analysis.no_reading import no_reading
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.headline_rail import choose
from powermeter.signals.line import Line
from powermeter.signals.rails import lines


def counted_rail(path: Path) -> tuple[str, str] | None:
    """Return the rail that an analysis of a recording counts and what it covers, or None where none has a power."""
    try:
        with Recording.open(path) as recording:
            line = choose(lines(recording))
    except (ConfigurationError, DataError):
        return None
    return line.rail.name, line.covers


def rail_to_count(recording: RecordingLike, found: tuple[Line, ...], rail: str | None) -> Line:
    """Return the rail to count.

    Raises:
        ConfigurationError: No rail has that name, or several have.
        DataError: There is none; what the recording lost is part of the reason.
    """
    try:
        return choose(found, rail)
    except DataError as error:
        warnings = getattr(recording, "warnings", None)
        if warnings:
            raise DataError(f"{error}: {warnings[0]}") from error
        if not found and (silent := no_reading(recording)):
            raise DataError(silent) from error
        raise
