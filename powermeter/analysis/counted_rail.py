"""Which rail of a recording is counted where none is named, for who writes one and analyses nothing."""

from __future__ import annotations

from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording
from powermeter.signals.headline_rail import choose
from powermeter.signals.rails import lines


def counted_rail(path: Path) -> tuple[str, str] | None:
    """Return the rail that an analysis of a recording counts and what it covers, or None where none has a power."""
    try:
        with Recording.open(path) as recording:
            line = choose(lines(recording))
    except (ConfigurationError, DataError):
        return None
    return line.rail.name, line.covers
