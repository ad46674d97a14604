"""What a recording of a current without a voltage shows: exact charges, and no energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.recording.protocol import RecordingLike
from powermeter.result import Result
from powermeter.result.notes import Note
from powermeter.signals.clock_ticks import as_clocked, open_in_ticks
from powermeter.signals.counter_or_power import current_at_refreshes
from powermeter.signals.decimation import Around
from powermeter.signals.line import Line
from powermeter.signals.rails import lines
from powermeter.signals.trace import Trace


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """The charge of one label.

    Attributes:
        label: The events' name.
        events: How many of them the recording covers.
        total, per_item: In C; None where they are not known.
    """

    label: str
    events: int
    total: Result | None
    per_item: Result | None


@dataclass(frozen=True, slots=True, eq=False)
class ChargeOnly:
    """The charge of a recording in which no voltage is known.

    Attributes:
        line: The rail.
        charge: Of the whole run, in C.
        current: Its mean, in A.
        peak_a: The largest reading in A; None for a charge counter.
        seconds: From the first to the last reading.
        rows: One for each label, in the order of their first event.
        notes: What a reader must know.
    """

    line: Line
    charge: Result
    current: Result
    peak_a: float | None
    seconds: float
    rows: tuple[ChargeRow, ...]
    notes: tuple[Note, ...]


def charge_only(recording: RecordingLike, rail: str | None = None) -> ChargeOnly | None:
    """Return the charges of a recording that measures a current and no voltage; None where it measures neither, or power.

    Raises:
        ConfigurationError: No such rail.
        DataError: Too few readings.
    """
    if _has_energy(recording):
        return None
    events = [e for e in recording.events() if e.end_ns is not None and e.end_ns >= e.start_ns]
    starts = np.array([e.start_ns for e in events], np.int64)
    ends = np.array([e.end_ns or 0 for e in events], np.int64)
    numbers: dict[str, int] = {}
    group = np.array([numbers.setdefault(e.name, len(numbers)) for e in events], np.int64)
    found = lines(recording, around=Around(starts, ends, group))
    if any(line.power() is not None for line in found):
        return None
    able = [line for line in found if _measured(line) is not None]
    if rail is not None:
        able = [line for line in able if rail in (line.key, line.rail.name)]
        if not able:
            known = ", ".join(line.key for line in found) or "none"
            raise ConfigurationError(
                f"{rail!r} is not a rail with a current of this recording; there are: {known}"
            )
    if not able:
        return None
    line = able[0]
    current = _measured(line)
    assert current is not None
    current = open_in_ticks(as_clocked(current), placed=False)
    integral = Integral.of(current)
    bridges = Bridges.of(integral)
    windows = measure(integral, starts, ends, group, bridges=bridges)
    run = measure_run(integral, activity=activity_of(windows), bridges=bridges)
    rows = []
    for label, number in numbers.items():
        mine = (group == number) & windows.known
        total = windows.combine(mine.astype(np.float64), label) if mine.any() else None
        counts = [events[i].count for i in np.flatnonzero(mine).tolist()]
        items = sum(count for count in counts if count is not None) if None not in counts else 0
        per_item = total.scaled(1 / items) if total is not None and items else None
        rows.append(ChargeRow(label, int(((group == number) & windows.covered).sum()), total, per_item))
    peak = float(current.values.max()) if current.quantity is Quantity.CURRENT else None
    return ChargeOnly(line, run.energy, run.power, peak, run.seconds, tuple(rows), current.notes)


def _has_energy(recording: RecordingLike) -> bool:
    """Return whether the channels of any rail yield a power, so that no reading need be looked at."""
    by_rail: dict[tuple[int, str], set[Quantity]] = {}
    for source in recording.sources:
        for channel in source.channels:
            if channel.rail is None:
                continue
            have = by_rail.setdefault((source.id, channel.rail.name), set())
            have.add(channel.quantity)
            if channel.rail.nominal_v and have & {Quantity.CURRENT, Quantity.CHARGE}:
                return True
    direct, both = {Quantity.POWER, Quantity.ENERGY}, {Quantity.VOLTAGE, Quantity.CURRENT}
    return any(have & direct or have >= both for have in by_rail.values())


def _measured(line: Line) -> Trace | None:
    if (counted := line.direct(Quantity.CHARGE)) is not None:
        return counted
    current = line.direct(Quantity.CURRENT)
    return None if current is None else current_at_refreshes(current)
