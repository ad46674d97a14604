"""Which rail of an imported log is counted as the whole: the import's own decision, or what an analysis of the recording counts."""

from __future__ import annotations

from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.log import Log
from powermeter.recording import Recording
from powermeter.signals.headline_rail import choose
from powermeter.signals.rails import lines


def counted_rail(log: Log, out: Path) -> tuple[str, str] | None:
    """Return (rail, why) of a log with several rails, or None where it has one or none with a power.

    Args:
        log: As it was read.
        out: The recording that was written of it.
    """
    rails = {channel.rail.name for source in log.sources for channel in source.channels if channel.rail}
    if len(rails) < 2:
        return None
    decided = log.facts.get("whole")
    if decided is not None:
        return decided["rail"], decided["why"]
    try:
        with Recording.open(out) as recording:
            line = choose(lines(recording))
    except (ConfigurationError, DataError):
        return None
    return line.rail.name, line.covers
