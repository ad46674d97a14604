"""What happened around a measurement that a reader must know of: wires put in the wrong way, clocks that were set."""

from __future__ import annotations

from powermeter.analysis.mostly_refused import REFUSED_SHARE
from powermeter.errors import Reason, plural
from powermeter.recording.protocol import RecordingLike
from powermeter.result.notes import Note
from powermeter.signals.current_direction import direction_note
from powermeter.signals.line import Line
from powermeter.signals.wall_clock import WallClock
from powermeter.units import format_duration

UNSEEN_S, UNSEEN_SHARE = 0.5, 0.01
"""A recording that went on for longer than both after the last reading is worth a warning."""

REFUSED = "mostly-refused"

MOST = 5
"""Clock steps that are listed one by one."""


def conditions(recording: RecordingLike, line: Line) -> tuple[Note, ...]:
    """Return the notes on how a rail was measured."""
    notes = [] if (reversed_ := direction_note(line)) is None else [reversed_]
    notes += _unseen_end(recording, line)
    notes += _mostly_refused(recording, line)
    steps = _clock_steps(recording)
    notes += [Note.info("clock-set", text[:300]) for text in steps[:MOST]]
    if len(steps) > MOST:
        notes.append(Note.info("clock-set", f"the wall clock was set {len(steps) - MOST} times more"))
    return tuple(notes)


def _clock_steps(recording: RecordingLike) -> list[str]:
    """Return how often the wall clock was set, by what the recorder noted and by what its clock pairs show besides."""
    noted = [fact for fact in recording.facts("clock_step") if isinstance(fact.get("text"), str)]
    texts = [str(fact["text"]) for fact in noted]
    pairs = recording.clock_pairs()
    if len(pairs) < 2:
        return texts
    known = [fact["at_ns"] for fact in noted if isinstance(fact.get("at_ns"), int)]
    for step in WallClock(pairs).steps:
        if not any(step.before_ns <= at <= step.host_ns for at in known):
            texts.append(
                f"{step.text}; times inside the recording are not affected, nothing is counted twice"
            )
    return texts


def _unseen_end(recording: RecordingLike, line: Line) -> list[Note]:
    """Return a note where the recording went on after the last reading of a rail."""
    trace = line.power()
    if trace is None or not len(trace):
        return []
    first_ns, last_ns = int(trace.times_ns[0]), int(trace.times_ns[-1])
    seen_s = (last_ns - first_ns) * 1e-9
    found = []
    for source in recording.sources:
        if str(source.id) not in line.source.split(" + "):
            continue
        known = recording.gaps(source.id)
        gaps = [
            *known,
            *(gap for gap in trace.gaps if gap.reason == Reason.FROZEN.value and gap not in known),
        ]
        unseen_s = sum(max(0, gap.end_ns - max(gap.start_ns, last_ns)) for gap in gaps) * 1e-9
        if unseen_s > max(UNSEEN_S, UNSEEN_SHARE * seen_s):
            found.append(
                Note.warning(
                    "unseen-end",
                    f"{source.name or source.url} delivered its last reading {format_duration(unseen_s)} before the end: "
                    f"the energy is that of the first {format_duration(seen_s)} only",
                )
            )
    return found


def _mostly_refused(recording: RecordingLike, line: Line) -> list[Note]:
    """Return a note for each source of a rail that sent readings which cannot be (out of its range, or damaged) about as often as others."""
    trace, found = line.power(), []
    kept = 0 if trace is None or not len(trace) else trace.readings
    for source in recording.sources:
        if str(source.id) not in line.source.split(" + "):
            continue
        bad = [gap for gap in recording.gaps(source.id) if gap.reason == Reason.BAD_DATA.value]
        lost = sum(gap.lost or 0 for gap in bad)
        if lost > REFUSED_SHARE * kept:
            found.append(
                Note.warning(
                    REFUSED,
                    f"{source.name or source.url} sent {plural(lost, 'reading')} that are impossible, beside {kept} that are not ({bad[0].detail}): "
                    "nothing bounds the energy from above, for they may have been overloads; by how much they may have been less is in its lower end. "
                    "Check range, wiring and the format of its lines",
                )
            )
    return found
