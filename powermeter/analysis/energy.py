"""From a recording to what was used: the whole run, every event, every label.

`analyse` is the one door; reports, the command line, battery and footprint read the `Analysis` it
returns.  Everything in it is SI (J, C, W, s, byte) and None where it is not known.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from powermeter import registry
from powermeter.analysis import above_baseline as idle
from powermeter.analysis import throttling
from powermeter.analysis.above_baseline import Baseline, BaselineSpec
from powermeter.analysis.asynchronous_calls import notes_of_calls_alone
from powermeter.analysis.charge_from_energy import SteadyVoltage
from powermeter.analysis.counted_rail import rail_to_count
from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.groups import (
    groups_of,
    inside_own_label,
    instants_of_events,
    members_of,
    notes_of_inside,
    notes_of_instants,
    together,
)
from powermeter.analysis.health import Disagreement, SourceHealth, disagreements, source_health
from powermeter.analysis.holes import Bridges
from powermeter.analysis.idle_noise import with_idle_noise
from powermeter.analysis.integral import Integral, highest_power
from powermeter.analysis.item_count import ItemCount, countable, counted
from powermeter.analysis.label_charges import LabelCharges, charge_of_run
from powermeter.analysis.label_row import LabelRow, RowName
from powermeter.analysis.label_rows import rows_called, rows_of
from powermeter.analysis.mark_edges import with_edges_of_commands
from powermeter.analysis.measurement_conditions import conditions
from powermeter.analysis.origin import Origin
from powermeter.analysis.rails_not_counted import notes_of_rails_not_counted
from powermeter.analysis.raised_events import Raised, notes_of_raised, raised_in
from powermeter.analysis.read_once import ReadOnce
from powermeter.analysis.reading_kind import as_events_show
from powermeter.analysis.remarks import remarks
from powermeter.analysis.shares_of_overlapping import Shares, parents_of, shares
from powermeter.analysis.smoothing_instrument import smoothing
from powermeter.analysis.upper_limits import containers
from powermeter.analysis.whole_run import measure_run, never_negative
from powermeter.analysis.windows import Windows
from powermeter.errors import DataError, plural
from powermeter.recording import Recording
from powermeter.recording.event_columns import EventColumns
from powermeter.recording.protocol import RecordingLike
from powermeter.result import COVERAGE_95, Grade, Result, worst
from powermeter.result.notes import Note
from powermeter.signals.clock_ticks import as_clocked, open_in_ticks
from powermeter.signals.decimation import Around
from powermeter.signals.headline_rail import whole
from powermeter.signals.line import Line
from powermeter.signals.rails import lines
from powermeter.signals.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What a recording holds about one rail.

    Attributes:
        line: The rail that was counted (`.rail`, `.key`, `.covers`, `.source`, `.source_name`).
        lines: All rails of the recording, measured ones and declared sums.
        power_trace: What the energy came from (W, or J for an energy counter).
        charge_trace: What the charge came from (A, or C for a counter), or None.
        voltage_trace: The measured voltage, or None.
        start_ns, end_ns: The span of the samples.
        duration: In s.
        energy: Of the whole span, in J.
        charge: Of the whole span, in C, or None.
        power: Mean over the span, in W.
        peak_w: The largest sample (or counter slope), in W.
        plain_energy: The bare trapezoid (or its like) in J, equal to `energy.value` without gaps.
        gap_s: Seconds of gaps in the span, bridged.
        baseline: What was subtracted, or None.
        above: Energy above the baseline over the span, in J, or None.
        events: The finished events, in the order of the recording; the arrays below follow it.
        energies: What each event used (`Windows`: `.value`, `.half_width()`, `.result(i)` …), in J.
        of_labels: The same in C, or None; `charges` has those of all events.
        rows: One `LabelRow` for each label (and group), in order of first appearance.
        by: The attributes the rows are grouped by.
        health: One `SourceHealth` for each source.
        disagreements: Where two instruments saw the same thing.
        notes: What a reader must know: a code, a severity and a sentence each.
        shares: What part of the energy during each event is its, where some run at the same time; None where none do.
        run_items: How many items the user counts in the whole run, whatever its labels; otherwise None.
        item_name: What the user calls one item; empty where nobody stated it.
        raised: What exceptions ended, one for each row that has such events.
        warnings: What the recording warns of itself: how its program and its recorder ended, what is damaged; first in `notes`.
        origin: Which recording, instrument and program it comes from, and when that began.
    """

    line: Line
    lines: tuple[Line, ...]
    power_trace: Trace
    charge_trace: Trace | None
    voltage_trace: Trace | None
    start_ns: int
    end_ns: int
    duration: Result
    energy: Result
    charge: Result | None
    power: Result
    peak_w: float
    plain_energy: float
    gap_s: float
    baseline: Baseline | None
    above: Result | None
    events: EventColumns
    energies: Windows
    of_labels: LabelCharges | None
    rows: Sequence[LabelRow]
    by: tuple[str, ...]
    health: tuple[SourceHealth, ...]
    disagreements: tuple[Disagreement, ...]
    notes: tuple[Note, ...]
    origin: Origin
    integral: Integral = field(repr=False)
    charge_integral: Integral | None = field(repr=False, default=None)
    shares: Shares | None = field(repr=False, default=None)
    run_items: float | None = None
    item_name: str = ""
    raised: tuple[Raised, ...] = ()
    warnings: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<Analysis of {self.line.rail.name}: {self.energy} in {self.duration}, {self.energy.grade.value}, "
            f"{plural(len(self.rows), 'label')}, {plural(len(self.events), 'event')}>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows of it."""
        html: str = registry.load(registry.NOTEBOOK["analysis"])(self)
        return html

    @property
    def charges(self) -> Windows | None:
        """What each event drew, in C, as `energies`; None where no current was recorded."""
        return None if self.of_labels is None else self.of_labels.whole

    @property
    def divided(self) -> NDArray[np.floating[Any]]:
        """Energy of each event in J, divided among those that ran at the same time, its parts included."""
        return self.energies.value if self.shares is None else self.energies.value * self.shares.whole

    @property
    def run_per_item(self) -> Result | None:
        """Energy of the whole run (above the baseline, where one is subtracted) over `run_items`, in J; None without it."""
        if not self.run_items:
            return None
        energy = self.energy if self.above is None else self.above
        return energy.scaled(1 / self.run_items)

    @property
    def covers(self) -> str:
        """What the counted rail includes, in words."""
        if any(note.code == "rails-unrelated" for note in self.notes):
            return f"what flows through {self.line.rail.name}; the recording does not state what that is"
        return self.line.covers

    def row(self, label: str, **group: Any) -> LabelRow:
        """Return the row of a label.

        Raises:
            KeyError: There is none, or several and `group` does not distinguish them.
        """
        found = [
            r
            for r in rows_called(self.rows, label)
            if r.label == label and all(r.group.get(k) == v for k, v in group.items())
        ]
        if len(found) != 1:
            raise KeyError(f"{plural(len(found), 'row is', 'rows are')} labelled {label!r}")
        return found[0]

    def to_frame(self, what: Literal["events", "labels"] = "events", *, battery: object = None) -> Any:
        """Return the events or the labels as a data frame; see `powermeter.to_frame`.

        Raises:
            ConfigurationError: `what` is neither, or the battery cannot be used.
            NotInstalledError: Neither pandas nor pyarrow is there.
        """
        return registry.load(registry.FRAME_OF_ANALYSIS)(self, what, battery=battery)

    def window(self, start_ns: int, end_ns: int) -> tuple[Result, Result | None]:
        """Return energy (J) and charge (C, or None) between two moments of the recording's clock, in monotonic ns.

        Raises:
            DataError: The window is not covered by samples.
        """
        slack = self.integral.trace.interval_ns
        if (
            end_ns < start_ns
            or start_ns < self.integral.start_ns - slack
            or end_ns > self.integral.end_ns + slack
        ):
            raise DataError("this window lies outside the recorded samples")
        energy = _of_window(self.integral, start_ns, end_ns)
        charge = None if self.charge_integral is None else _of_window(self.charge_integral, start_ns, end_ns)
        return energy, charge


def analyse(
    recording: RecordingLike | str | os.PathLike[str],
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
    rail_voltage_v: float | None = None,
    items: ItemCount | None = None,
) -> Analysis:
    """Return the energies of a recording, its events and its labels.

    ::

        analysis = powermeter.analyse("run.power", by="model")
        for row in analysis.rows:
            print(row.title, row.per_item)

    Args:
        recording: A path, an open `Recording`, or anything with its sources, samples, gaps and events.
        rail: The rail to count, by name or `source/rail`; None takes the best stand-in for what the
            battery sees.
        baseline: What to subtract: watts, `"2.1W"`, the name of an idle event, a (start_ns, end_ns)
            window, a `Result` in W, or None.
        by: Attributes that split a label into several rows, one as a plain name; an event without one is
            looked up in the run's own attributes.
        rail_voltage_v: The voltage of rails of which a current (or a charge) was measured and no voltage is known.
        items: How many items a label, or the run, stands for; None takes the events' own counts.

    Raises:
        DataError: It cannot be read, nothing in it measures power, or too few samples do.
        ConfigurationError: No such rail, no such baseline, no such label to count.
    """
    if isinstance(recording, (str, os.PathLike)):
        with Recording.open(Path(recording)) as opened:
            return analyse(
                opened, rail=rail, baseline=baseline, by=by, rail_voltage_v=rail_voltage_v, items=items
            )
    by = (by,) if isinstance(by, str) and by else tuple(by)
    recording = ReadOnce(recording)
    listed = recording.event_columns()
    events, odd = countable(listed.finished())
    starts, ends = events.start_ns, events.end_ns
    keys, group = groups_of(events, by, getattr(recording, "metadata", {}) or {})
    parents, aside = parents_of(events), instants_of_events(group, ends - starts)
    failed, raised = raised_in(events, keys, group)
    again = inside_own_label(parents, group, starts, ends) & ~aside
    count = counted(items, events, keys, np.where(again | aside | failed, group + len(keys), group), by)
    events = count.events
    keys, group, of_folded = together(
        keys, group, ends - starts, apart=None if items is None else items.label
    )
    if of_folded:
        again = inside_own_label(parents, group, starts, ends) & ~aside
    of_inside = (*of_folded, *notes_of_inside(keys, group, again), *notes_of_instants(keys, group, aside))
    group = np.where(again | aside | failed, group + len(keys), group)
    found = lines(recording, around=_around(starts, ends, group, baseline))
    if rail_voltage_v is not None:
        for one in found:
            one.take_voltage(rail_voltage_v)
    line = rail_to_count(recording, found, rail)
    power = line.power()
    assert power is not None
    name, power = power.digest, as_clocked(power)
    smooths = smoothing(power, starts, ends, group)
    shown = as_events_show(power, starts, ends, smooths)
    power = replace(shown if power.noise else with_idle_noise(shown, starts, ends), recording=name)
    integral = Integral.of(power)
    current = line.current()
    if current is not None:
        current = replace(open_in_ticks(as_clocked(current), placed=False), recording=name)
    charge_integral = Integral.of(current) if current is not None and len(current) > 1 else None

    subtract = idle.find(baseline, integral, events)
    bridges = Bridges.of(integral)
    energies = measure(integral, starts, ends, group, bridges=bridges, smooths=smooths)
    run = measure_run(integral, activity=activity_of(energies), bridges=bridges)
    energies = replace(
        with_edges_of_commands(energies, events),
        ceiling=run.energy.high,
        around=containers(parents, starts, ends),
    )
    steady = SteadyVoltage.of(power, current, line.voltage())
    charges = (
        None if charge_integral is None else LabelCharges(charge_integral, group, energies, smooths, steady)
    )
    parts = shares(integral, events, starts, ends)
    members = members_of(group, len(keys))
    named = [RowName(key[0], dict(zip(by, key[1:], strict=True))) for key in keys]
    rows = rows_of(named, members, events, energies, charges, subtract, parts)
    every = (*found, *whole(found))
    differing = disagreements(found)
    return Analysis(
        line=line,
        lines=every,
        power_trace=power,
        charge_trace=current,
        voltage_trace=line.voltage(),
        start_ns=integral.start_ns,
        end_ns=integral.end_ns,
        duration=Result.of(run.seconds, "s"),
        energy=run.energy,
        charge=charge_of_run(integral, charges, run, steady),
        power=run.power,
        peak_w=highest_power(integral),
        plain_energy=run.plain,
        gap_s=run.gap_s,
        baseline=subtract,
        above=subtract.above(run.energy, run.seconds, power.errors) if subtract is not None else None,
        events=events,
        energies=energies,
        of_labels=charges,
        rows=rows,
        by=tuple(by),
        health=tuple(
            source_health(recording, source, integral if str(source.id) == str(line.source) else None)
            for source in recording.sources
        ),
        disagreements=differing,
        notes=(
            *recording.warnings,
            *odd,
            *notes_of_raised(raised),
            *notes_of_calls_alone(events),
            *count.notes,
            *of_inside,
            *idle.holds_work(baseline, events),
            *idle.contradicted(subtract),
            *remarks(power, energies, rows, len(listed) - len(events), differing, run),
            *conditions(recording, line),
            *notes_of_rails_not_counted(line, found),
            *throttling.notes(recording),
            *(parts.notes() if parts is not None else ()),
        ),
        origin=Origin.of(recording, line, integral.start_ns, name),
        integral=integral,
        shares=parts,
        charge_integral=charge_integral,
        run_items=count.of_run,
        item_name=count.name,
        raised=raised,
        warnings=tuple(recording.warnings),
    )


def _of_window(integral: Integral, start_ns: int, end_ns: int) -> Result:
    """Return what a window used by the run's own rule, as far as one event between its edges is known to."""
    bridges = Bridges.of(integral)
    found = measure_run(integral, start_ns, end_ns, bridges=bridges, origin="window").energy
    if start_ns <= integral.start_ns and end_ns >= integral.end_ns:
        return found
    edges = np.array([start_ns], np.int64), np.array([end_ns], np.int64)
    event = measure(integral, *edges, bridges=bridges).result(0)
    if event is None:
        least = 0.0 if never_negative(integral) else -np.inf
        return replace(found, low=least, high=np.inf, grade=worst((found.grade, Grade.ESTIMATED)))
    low, high = min(found.low, event.low), max(found.high, event.high)
    more = max(event.half_width**2 - found.half_width**2, 0.0) ** 0.5 / COVERAGE_95
    parts = {**found.parts, f"edges:{integral.trace.own} window": more} if np.isfinite(more) else found.parts
    return replace(found, low=low, high=high, grade=worst((found.grade, event.grade)), parts=parts)


def _around(
    starts: NDArray[np.int64], ends: NDArray[np.int64], group: NDArray[np.int64], baseline: BaselineSpec
) -> Around:
    """Return what a long recording is read for: its events, and the window of a baseline."""
    if isinstance(baseline, tuple):
        starts, ends = np.append(starts, baseline[0]), np.append(ends, baseline[1])
        group = np.append(group, int(group.max(initial=-1)) + 1)
    return Around(starts, ends, group)
