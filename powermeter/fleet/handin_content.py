"""Whether a hand-in holds what the class asks for: label, events, time, budget, what a method paragraph needs, plausible values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import numpy as np

from powermeter.analysis.energy import Analysis, analyse
from powermeter.battery.battery import Battery
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.channel import Kind
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.fleet.findings import HandInFinding, ask, fail, note
from powermeter.fleet.rubric import Rubric
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.units import format_duration, format_quantity

_MANY = 30
_CAPACITY = 1e-3


def of_content(recording: Recording, rubric: Rubric) -> Iterator[HandInFinding]:
    """Yield what a recording lacks of what is asked."""
    yield from _budget(recording, rubric)
    yield from _date(recording, rubric)
    try:
        analysis = analyse(recording)
    except DataError as error:
        yield fail("no-energy", " ".join(str(error).split()))
        return
    yield from _complete(analysis, rubric)
    yield from _method(recording, analysis)
    yield from _plausible(analysis, rubric)


def _budget(recording: Recording, rubric: Rubric) -> Iterator[HandInFinding]:
    noted = recording.metadata.get("battery")
    if rubric.battery is None or noted is None:
        return  # without a note the reports use the class's own
    wanted = parse_battery(rubric.battery)
    try:
        found = parse_battery(str(noted))
    except ConfigurationError:
        yield fail("budget", f"it is set against {str(noted)[:60]!r}, which is not a battery")
        return
    if not _is_same(found, wanted):
        yield fail(
            "budget",
            f"it is set against {found.capacity} by {found.convention}; the class counts {wanted.capacity} by {wanted.convention}",
        )


def _is_same(found: Battery, wanted: Battery) -> bool:
    if found.convention != wanted.convention or found.efficiency != wanted.efficiency:
        return False
    ours, theirs = (
        battery.charge_c if battery.convention == "charge" else battery.energy_j
        for battery in (wanted, found)
    )
    return abs(ours - theirs) <= _CAPACITY * ours and abs(found.kept - wanted.kept) <= _CAPACITY


def _date(recording: Recording, rubric: Rubric) -> Iterator[HandInFinding]:
    pairs = recording.clock_pairs()
    if not pairs:
        if rubric.opens or rubric.closes:
            yield note("date", "it has no wall clock, so that its date is not known")
        return
    try:
        at = datetime.fromtimestamp(pairs[0][1] / 1e9, timezone.utc)
    except (OverflowError, ValueError, OSError):
        yield ask("date", "its wall clock shows a time that is none")
        return
    early, late = rubric.opens and at < rubric.opens, rubric.closes and at > rubric.closes
    if early or late:
        yield ask(
            "date",
            f"its clock showed {at:%Y-%m-%d %H:%M} UTC, {'before' if early else 'after'} the exercise; a board without a "
            "battery for its clock may be years off",
        )


def _complete(a: Analysis, rubric: Rubric) -> Iterator[HandInFinding]:
    rows = [row for row in a.rows if rubric.label in (None, row.label)]
    lasting = [row for row in rows if row.seconds > 0]
    if not lasting and (rubric.label is not None or rubric.events > 0):
        known = ", ".join(dict.fromkeys(row.label for row in a.rows)) or "none"
        wanted = f"{rubric.label!r}" if rubric.label else "that lasts"
        yield fail("label-missing", f"no event {wanted} lies inside its readings; its labels: {known}")
    elif lasting:
        most = max(lasting, key=lambda row: row.events)
        if most.events < rubric.events:
            yield fail(
                "few-events",
                f"{plural(most.events, 'event')} {most.label!r}; at least {rubric.events} are asked for",
            )
        filled = [
            row.label for row in lasting if row.per_item is not None and _is_filled_in(row.per_item.grade, a)
        ]
        if rubric.measured and filled:
            yield note(
                "filled-in",
                f"the energy of {', '.join(map(repr, filled))} is estimated: the meter left gaps or too few readings",
            )
        if all(row.per_item is None for row in lasting):
            yield fail("no-energy", f"no energy is known of {most.label!r}: {most.verdict.text}")
    if a.duration.value < rubric.seconds:
        yield fail(
            "short",
            f"it lasts {format_duration(a.duration.value)}; at least {format_duration(rubric.seconds)} are asked for",
        )


def _is_filled_in(grade: Grade, a: Analysis) -> bool:
    """Return whether an energy is worse than what the meter's channels are."""
    real = (Grade.MEASURED, Grade.DERIVED)
    return grade not in real and a.power_trace.grade in real


def _method(recording: Recording, a: Analysis) -> Iterator[HandInFinding]:
    noted = [recording.metadata, *(recording.metadata.get(name) for name in ("host", "attributes"))]
    facts = [found for found in noted if isinstance(found, dict)]
    if not any(found.get(name) for found in facts for name in ("board", "cpu")):
        yield fail("no-machine", "neither board nor processor is named: add --attribute board=NAME")
    source = next((s for s in recording.sources if str(s.id) == a.line.source), None)
    channels = [] if source is None else [c for c in source.channels if c.rail == a.line.rail]
    if not any(c.accuracy.source for c in channels) and not recording.facts("calibration"):
        yield fail("no-accuracy", f"{a.line.key}: no accuracy is stated and no calibration is noted")
    if not a.covers:
        yield fail("no-boundary", f"{a.line.key}: what the rail covers is not stated")
    if recording.metadata.get("clock_aligned") is False and not recording.facts("alignment"):
        yield ask("not-aligned", "the meter's clock was not aligned with the program's: powermeter align")


def _plausible(a: Analysis, rubric: Rubric) -> Iterator[HandInFinding]:
    low, high = rubric.power
    watts = a.power
    if watts.high < low or watts.low > high:
        yield ask(
            "power-range",
            f"a mean of {watts.show().text}; {format_quantity(low, 'W')} to {format_quantity(high, 'W')} are expected",
        )
    trace = a.power_trace
    if trace.kind is not Kind.COUNTER and len(trace) > _MANY and float(np.ptp(trace.values)) == 0:
        yield ask(
            "constant",
            f"all {plural(len(trace), 'reading is', 'readings are')} the same: was the meter read at all?",
        )
    for row in a.rows:
        lasted = a.energies.end_ns[row.index] - a.energies.start_ns[row.index]
        if row.events >= _MANY and row.seconds > 0 and np.unique(lasted).size == 1:
            yield ask(
                "regular",
                f"all {plural(row.events, 'event')} {row.label!r} last the same to the nanosecond: a program may have written them",
            )
