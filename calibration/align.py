"""An external meter's recording put on the host's clock: by what, and how sure.

Four ways: the pattern that `powermeter sync` played, the run's own activity, a marker line that both
saw, and the wall clock where both have one.  `correlate` does the arithmetic of the first
two, `markers` and `by_wall_clock` that of the others; `trace_to_align` chooses the meter's trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.recording.protocol import RecordingLike, SourceInfo
from powermeter.result.notes import Note

from .by_wall_clock import align_by_clock
from .correlate import Alignment, align
from .markers import align_markers, marker_edges
from .meter_trace import MeterTrace
from .pattern import EVENT
from .stretches import bounds
from .trace_to_align import what_was_seen

WAYS = ("pattern", "activity", "markers", "clock")

_MARKER_TOLERANCE_NS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A meter's recording on the host's clock.

    Attributes:
        alignment: Where it lies.
        interval_ns: The meter's sample interval.
        notes: What to know about it; one sentence each.
    """

    alignment: Alignment
    interval_ns: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignOptions:
    """How an alignment is found.

    Attributes:
        by: One of `WAYS`; None takes the pattern where one was played, else the activity.
        rail: The rail in which the load is to be seen; the best one otherwise.
        label: Activity: only events of this label; else all that have no event inside them.
        marker: Markers: the label of the events at whose start and end the program changed the line.
        pin: Markers: the input that saw it; the only one that ever changed otherwise.
        clock_error_s: Clock: standard uncertainty of the meter's wall clock in s.
        between_s: Pattern and activity: look only between these times, in s from the meter's first sample.
    """

    by: str | None = None
    rail: str | None = None
    label: str | None = None
    marker: str | None = None
    pin: int | None = None
    clock_error_s: float | None = None
    between_s: tuple[float, float] | None = None


def place(
    host: RecordingLike,
    meter: RecordingLike,
    sources: Sequence[SourceInfo],
    options: AlignOptions | None = None,
) -> Placement:
    """Return the alignment of some sources of one recording with the events of another (or of the same).

    Args:
        host: The recording with the events.
        meter: The recording with the samples.
        sources: Those of the meter's sources that lie on its clock.
        options: How it is found.

    Raises:
        DataError: Nothing fits, or more than one place does.
        ConfigurationError: The options do not go together.
    """
    how = options or AlignOptions()
    by = how.by
    if by is not None and by not in WAYS:
        raise ConfigurationError(f"{by!r} is not a way to align; choose {', '.join(WAYS)}")
    events = [e for e in host.events() if e.end_ns is not None]
    seen = what_was_seen(meter, sources, how.rail, how.between_s)
    interval = seen.interval_ns if seen.long is None else seen.long.head.interval_ns
    if by == "markers":
        found = _by_markers(meter, sources, events, how.marker, how.pin)
        return Placement(found, interval, ())
    if by == "clock":
        return Placement(align_by_clock(host, meter, seen.trace, how.clock_error_s), interval, ())
    patterns = [e for e in events if e.name == EVENT]
    if by == "pattern" and not patterns:
        raise DataError("no pattern was played in this run; play one with: powermeter sync")
    small = replace(seen, trace=seen.prepare(seen.trace))
    if patterns and by != "activity":
        alignment, notes = _by_patterns(small, patterns)
    else:
        alignment, notes = align(small, activity(events, how.label)), ()
    return Placement(alignment, interval, (*notes, *_cover(bounds(meter, sources), alignment, events)))


def activity(events: Sequence[Event], label: str | None = None) -> list[Event]:
    """Return the events that show when the program worked: those of a label, or those with none inside.

    Raises:
        ConfigurationError: No event has that label.
    """
    usable = [e for e in events if e.name != EVENT and not e.is_mark]
    if label is not None:
        chosen = [e for e in usable if e.name == label]
        if not chosen:
            known = ", ".join(dict.fromkeys(e.name for e in usable)) or "none"
            raise ConfigurationError(f"no event {label!r} in the recording; it has {known}")
        return chosen
    outer = {(e.process, e.thread, e.parent) for e in usable if e.parent is not None}
    return [e for e in usable if not e.uid or (e.process, e.thread, e.uid) not in outer]


def _by_patterns(trace: MeterTrace, patterns: Sequence[Event]) -> tuple[Alignment, tuple[Note, ...]]:
    """Align by all patterns, or, where the meter did not see all of them, by those that it saw."""
    try:
        return align(trace, patterns), _one_place(len(patterns))
    except DataError:
        if len(patterns) < 2:
            raise
        seen = []
        for one in patterns:
            try:
                align(trace, [one])
            except DataError:
                continue
            seen.append(one)
        if not seen or len(seen) == len(patterns):
            raise
        lost = len(patterns) - len(seen)
        notes = (
            Note.warning(
                "patterns-missing", f"{lost} of {len(patterns)} patterns are not in the meter's recording"
            ),
            *_one_place(len(seen)),
        )
        return align(trace, seen), notes


def _one_place(count: int) -> tuple[Note, ...]:
    if count > 1:
        return ()
    return (
        Note.info(
            "drift-unknown",
            "one pattern fixes no drift: it is taken as 0 ± 200 ppm; play a second with: powermeter sync --end",
        ),
    )


def _cover(seen_ns: tuple[int, int], alignment: Alignment, events: Sequence[Event]) -> tuple[Note, ...]:
    first, last = alignment.to_host(seen_ns).tolist()
    outside = sum(1 for e in events if e.start_ns < first or (e.end_ns or 0) > last)
    if not outside:
        return ()
    return (
        Note.warning(
            "events-outside", f"{outside} of {plural(len(events), 'event')} lie outside the meter's recording"
        ),
    )


def _by_markers(
    meter: RecordingLike,
    sources: Sequence[SourceInfo],
    events: Sequence[Event],
    marker: str | None,
    pin: int | None,
) -> Alignment:
    if marker is None:
        raise ConfigurationError("name the events that changed the line: --marker NAME")
    moments = [t for e in events if e.name == marker for t in sorted({e.start_ns, e.end_ns or e.start_ns})]
    if not moments:
        known = ", ".join(dict.fromkeys(e.name for e in events)) or "none"
        raise ConfigurationError(f"no event {marker!r} in the recording; it has {known}")
    edges = marker_edges(meter, sources, pin)
    return align_markers(edges, moments, _MARKER_TOLERANCE_NS)
