"""What happened around a measurement that a reader must know of: wires put in the wrong way, clocks that were set."""

from __future__ import annotations

from powermeter.notes import Note
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.direction import direction_note
from powermeter.signals.rails import Line

MOST = 5
"""Clock steps that are listed one by one."""


def conditions(recording: RecordingLike, line: Line) -> tuple[Note, ...]:
    """Return the notes on how a rail was measured."""
    notes = [] if (reversed_ := direction_note(line)) is None else [reversed_]
    steps = [fact for fact in recording.facts("clock_step") if isinstance(fact.get("text"), str)]
    notes += [Note.info("clock-set", fact["text"][:300]) for fact in steps[:MOST]]
    if len(steps) > MOST:
        notes.append(Note.info("clock-set", f"the wall clock was set {len(steps) - MOST} times more"))
    return tuple(notes)
