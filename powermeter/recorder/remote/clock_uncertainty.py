"""Notes in a finished recording how far the marks of a board may lie from the readings of its sources."""

from __future__ import annotations

import math
from pathlib import Path

from powermeter.recording import Recording
from powermeter.recording.writer import append_to


def note_doubt(path: Path, doubt_ns: float) -> None:
    """Widen what each source's clock may be off by that much, which is the most that it is.

    Raises:
        DataError, OSError: The recording cannot be written.
    """
    with Recording.open(path) as recording:
        sources = [source.id for source in recording.sources]
        known = {fact.get("source"): fact for fact in recording.facts("alignment")}
    with append_to(path) as writer:
        for source in sources:
            fact = known.get(source, {"offset_ns": 0.0, "drift": 0.0})
            spread = math.hypot(float(fact.get("offset_u_ns", 0.0)), doubt_ns / math.sqrt(3))
            writer.add_fact(
                "alignment",
                {**fact, "source": source, "offset_u_ns": spread, "method": "exchanges of messages"},
            )
