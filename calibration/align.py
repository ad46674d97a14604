"""An external meter's recording put on the host's clock: which trace to look at, by what, and how sure.

Four ways: the pattern that `powermeter sync` played, the run's own activity, a marker line that both
saw, and the wall clock where both have one.  `sync.py` does the arithmetic of the first three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.recording.protocol import RecordingLike
from powermeter.result.notes import Note
from powermeter.signals.headline_rail import choose
from powermeter.signals.line import Line
from powermeter.signals.rails import lines
from powermeter.signals.trace import Trace, median_interval_ns
from powermeter.signals.wall_clock import WallClock

from .correlate import Alignment, align
from .markers import align_markers
from .meter_trace import MeterTrace
from .pattern import EVENT
from .stretches import HELD, RecordingPart, bounds, by_stretches, rows

WAYS = ("pattern", "activity", "markers", "clock")

_ENOUGH_NS = 1_000_000
_MARKER_TOLERANCE_NS = 1_000_000
_NONE_THERE = "the meter's recording has no sample in that part of it"


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


def place(host: Any, meter: Any, sources: Sequence[Any], options: AlignOptions | None = None) -> Placement:
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
    seen = what_was_seen(meter, sources, how)
    interval = seen.interval_ns if seen.long is None else seen.long.head.interval_ns
    if by == "markers":
        found = _by_markers(meter, sources, events, how.marker, how.pin)
        return Placement(found, interval, ())
    if by == "clock":
        return Placement(_by_clock(host, meter, seen.trace, how.clock_error_s), interval, ())
    patterns = [e for e in events if e.name == EVENT]
    if by == "pattern" and not patterns:
        raise DataError("no pattern was played in this run; play one with: powermeter sync")
    small = replace(seen, trace=seen.prepare(seen.trace))
    if patterns and by != "activity":
        alignment, notes = _by_patterns(small, patterns)
    else:
        alignment, notes = align(small, activity(events, how.label)), ()
    return Placement(alignment, interval, (*notes, *_cover(bounds(meter, sources), alignment, events)))


def what_was_seen(recording: RecordingLike, sources: Sequence[Any], how: AlignOptions) -> MeterTrace:
    """Return what the best rail of a meter's recording read; of a long one, its means and where to read it.

    Raises:
        DataError: None of the sources measures power or current.
        ConfigurationError: They have no such rail, or nothing lies in the part that is asked for.
    """
    enough = partial(thinned, interval_ns=_ENOUGH_NS)
    if rows(recording, sources) <= HELD:
        trace = meter_trace(recording, sources, how.rail)
        return MeterTrace(trace if how.between_s is None else _part(trace, how.between_s), prepare=enough)
    first, last = bounds(recording, sources)
    if how.between_s is not None:
        start, end = (first + round(seconds * 1e9) for seconds in how.between_s)
        if end < first or start > last:
            raise ConfigurationError(_NONE_THERE)
        first, last = max(start, first), min(end, last)

    def between(start_ns: int, end_ns: int) -> Trace | None:
        try:
            return meter_trace(RecordingPart(recording, start_ns, end_ns), sources, how.rail)
        except DataError:
            return None

    long = by_stretches(first, last, between, "the meter's recording")
    interval = max(_ENOUGH_NS, (last - first) // HELD)
    windows = max(HELD // 4 * max(long.head.interval_ns, 1) // interval, 8)
    means = [thinned(piece, interval) for piece in long.pieces(windows * interval)]
    means = [piece for piece in means if piece.kind is means[0].kind]  # not a last one too short for a mean
    times = np.concatenate([piece.times_ns for piece in means])
    whole = replace(
        means[0],
        times_ns=times,
        values=np.concatenate([piece.values for piece in means]),
        interval_ns=median_interval_ns(times),
    )
    return MeterTrace(whole, long, enough)


def meter_trace(recording: RecordingLike, sources: Sequence[Any], rail: str | None = None) -> Trace:
    """Return the power (or the current, where no voltage is known) of the best rail, on its own clock.

    Raises:
        DataError: None of the sources measures power or current.
        ConfigurationError: They have no such rail.
    """
    wanted = {str(source.id) for source in sources}
    found = [line for line in lines(recording, aligned=False) if line.source in wanted]
    try:
        power = choose(found, rail).power()
        assert power is not None
        return power
    except DataError:
        for line in found:
            current = line.direct(Quantity.CHARGE) or line.direct(Quantity.CURRENT)
            if current is not None and _named(line, rail):
                return current
        raise


def _named(line: Line, rail: str | None) -> bool:
    return rail is None or rail in (line.key, line.rail.name)


def _part(trace: Trace, between_s: tuple[float, float]) -> Trace:
    start, end = (trace.start_ns + round(seconds * 1e9) for seconds in between_s)
    part = trace.between(start, end)
    if not len(part):
        raise ConfigurationError(_NONE_THERE)
    return part


def thinned(trace: Trace, interval_ns: int) -> Trace:
    """Return a trace with means over about `interval_ns`, or the trace itself where it is no faster.

    To find a load, a thousand samples a second are enough; a profiler takes a hundred times as many.
    """
    every = round(interval_ns / trace.interval_ns) if trace.interval_ns > 0 else 1
    if every < 2 or len(trace) < 2 * every:
        return trace
    if trace.kind is Kind.COUNTER:
        times, values = trace.times_ns[::every], trace.values[::every]
        return replace(trace, times_ns=times, values=values, interval_ns=median_interval_ns(times))
    starts = np.arange(0, len(trace) - every + 1, every)
    sums = np.concatenate([[0.0], np.cumsum(trace.values)])
    values = (sums[starts + every] - sums[starts]) / every
    # An instant speaks for half an interval on either side of it.
    late = trace.interval_ns // 2 if trace.kind is Kind.INSTANT else 0
    times = trace.times_ns[starts + every - 1] + late
    return replace(
        trace,
        times_ns=times,
        values=values,
        kind=Kind.MEAN,
        interval_ns=median_interval_ns(times),
        window_ns=None,
    )


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
    meter: Any, sources: Sequence[Any], events: Sequence[Event], marker: str | None, pin: int | None
) -> Alignment:
    if marker is None:
        raise ConfigurationError("name the events that changed the line: --marker NAME")
    moments = [t for e in events if e.name == marker for t in sorted({e.start_ns, e.end_ns or e.start_ns})]
    if not moments:
        known = ", ".join(dict.fromkeys(e.name for e in events)) or "none"
        raise ConfigurationError(f"no event {marker!r} in the recording; it has {known}")
    edges = marker_edges(meter, sources, pin)
    return align_markers(edges, moments, _MARKER_TOLERANCE_NS)


def marker_edges(meter: Any, sources: Sequence[Any], pin: int | None = None) -> NDArray[np.int64]:
    """Return the moments (meter's clock) at which a logic input changed.

    From the marker channel of a source, else from the windows that an import made of such inputs.

    Raises:
        DataError: No input ever changed.
        ConfigurationError: Several did and `pin` does not state which, or that one did not.
    """
    by_pin: dict[int, list[int]] = {}
    for source in sources:
        names = [c.name for c in source.channels if c.quantity is Quantity.MARKER]
        if not names:
            continue
        last = np.empty(0, np.int64)
        for piece in meter.stream(source.id, channels=names[:1]):
            good = piece.codes[names[0]] >= 0
            times, bits = piece.times_ns[good], np.concatenate([last, piece.codes[names[0]][good]])
            for number in range(16):
                changes = np.flatnonzero(np.diff((bits >> number) & 1)) + 1 - last.size
                if changes.size:
                    by_pin.setdefault(number, []).extend(times[changes].tolist())
            last = bits[-1:]
    if not by_pin:
        pulses = [e for e in meter.events() if e.end_ns is not None and e.name != EVENT]
        if not pulses:
            raise DataError("the meter's recording holds no logic input and no window of one")
        times = {t for e in pulses for t in (e.start_ns, e.end_ns or e.start_ns)}
        return np.array(sorted(times), np.int64)
    if pin is None:
        if len(by_pin) > 1:
            raise ConfigurationError(
                f"inputs {', '.join(map(str, sorted(by_pin)))} changed; choose one: --pin 0"
            )
        (pin,) = by_pin
    if pin not in by_pin:
        raise ConfigurationError(f"input {pin} never changed; {', '.join(map(str, sorted(by_pin)))} did")
    return np.array(sorted(by_pin[pin]), np.int64)


def _by_clock(host: Any, meter: Any, seen: Trace, clock_error_s: float | None) -> Alignment:
    """Align by the wall clock: the meter's stamps are UTC, the host has pairs of both clocks.

    The map through the pairs is fitted by a line; where the wall clock was set during the run there
    is none.
    """
    if clock_error_s is None:
        raise ConfigurationError(
            "state how far the meter's wall clock may be off: --clock-error 0.5s (1ms where it is this machine's own)"
        )
    if meter.metadata.get("clock") != "utc":
        raise DataError("the meter's recording has no wall-clock times; align by a pattern or by activity")
    pairs = host.clock_pairs()
    if not pairs or all(monotonic == utc for monotonic, utc in pairs):
        raise DataError("the host's recording has no clock pairs; align by a pattern or by activity")
    pick = np.unique(np.linspace(0, len(seen) - 1, 2000).astype(np.int64))
    stamps = seen.times_ns[pick]
    times, spread = WallClock(pairs).to_monotonic(stamps)
    if not np.isfinite(spread).all():
        raise DataError(
            "the host's wall clock was set during the run: its stamps are ambiguous; align by a pattern"
        )
    origin = int(stamps[stamps.size // 2])
    x = (stamps - origin).astype(np.float64)
    offsets = times - stamps
    base = int(offsets[0])
    y = (offsets - base).astype(np.float64)
    drift, level = np.polyfit(x, y, 1) if stamps.size > 1 and np.ptp(x) > 0 else (0.0, float(y[0]))
    residual = float(np.max(np.abs(y - level - drift * x)))
    uncertainty = math.hypot(clock_error_s * 1e9, float(np.max(spread)))
    if residual > max(uncertainty, 5e6):
        raise DataError(
            f"the host's wall clock was set by {residual * 1e-9:.3g} s during the run; align by a pattern"
        )
    return Alignment(
        float(base + level),
        float(drift),
        origin,
        math.hypot(uncertainty, residual),
        0.0,
        residual,
        1.0,
        "clock",
        len(pairs),
    )
