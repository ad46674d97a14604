"""How it was measured, in sentences that can be pasted into a paper, and what the numbers do not cover."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from powermeter.analysis.advice import advise
from powermeter.analysis.uncertainty import WORDS
from powermeter.analysis.unrecorded_time import unrecorded
from powermeter.channel import Boundary, Kind
from powermeter.errors import plural
from powermeter.footprint.grid_of_place import PLACE_UNKNOWN
from powermeter.result import Grade, Result
from powermeter.result.bounds_in_print import is_printed_as_bound
from powermeter.result.notes import Note
from powermeter.units import format_duration, format_percent, format_quantity

from .instruments import Instrument
from .recording_notes import REMEDIES
from .report_data import ReportData
from .wording import left_out, percent, show, spread

RULE_TEXT = {
    Kind.INSTANT: "the trapezoidal rule over the samples for the whole run, and for events the samples inside them, each weighted by the time that "
    "it represents",
    Kind.MEAN: "each sample's mean power times its interval, divided at the edges of events",
    Kind.COUNTER: "the difference of the instrument's energy counter, divided at the edges of events",
}


_OPTION = re.compile(r" \(--[a-z][^()]*\)")
_UNMEASURED = (Grade.ESTIMATED, Grade.ASSUMED, Grade.SIMULATED)

_COUNTED: Mapping[bool | None, str] = {
    True: "which is part of the energy {grade}",
    False: "which is not included in any number",
    None: "which is part of the energy only as far as the rail feeds that core",
}


def method(data: ReportData) -> str:
    """Return the method paragraph: instrument, rail, rate, clock, rule, interval, largest contribution."""
    return " ".join(_sentences(data))


def _sentences(data: ReportData) -> Iterator[str]:
    a = data.analysis
    instrument = counted(data)
    h = instrument.health
    verb = f"was {a.line.grade.value if a.line.grade in _UNMEASURED else 'recorded'}"
    model = instrument.facts.get("model")
    what = f"{instrument.name} ({model})" if model and str(model) not in instrument.name else instrument.name
    machine = f" of {measured_machine(data)}" if measured_machine(data) else ""
    yield (
        f"Power{machine} {verb} with {what}, driver {instrument.driver}, on the rail {a.line.rail.name}, "
        f"which covers {a.covers}."
    )
    rate = format_quantity(h.rate_hz, "Hz", 3)
    asked = f" of {format_quantity(1 / h.asked_s, 'Hz', 3)} asked for" if h.asked_s else ""
    missed = f"; {plural(instrument.missed, 'reading')} missed" if instrument.missed else ""
    gaps = f"; gaps of {format_duration(a.gap_s)} in total were bridged" if a.gap_s > 0 else ""
    yield f"It returned {plural(h.samples, 'sample')} over {format_duration(a.duration.value)} ({rate}{asked}){missed}{gaps}."
    missing = unrecorded(a)
    if missing is not None:
        yield f"{missing.text[0].upper()}{missing.text[1:]}: the energies are those of what came before."
    if data.metadata.get("clock") == "monotonic":
        yield "Samples and events are stamped by the monotonic clock of one machine."
    elif data.metadata.get("clock") == "utc":
        yield "Samples and events carry wall-clock stamps as logged."
    yield (
        f"Energy is {RULE_TEXT[a.power_trace.kind]}; "
        "energies per item are an event's energy over its number of items."
    )
    row = data.headline
    if row is not None and (warmup := left_out(row)):
        first = f"the first {warmup:,} of {plural(row.events, 'event')}"
        yield f"The energy of one {data.item} leaves {first} out as warm-up; totals include them."
    if a.baseline is not None:
        yield (
            f"A baseline of {show(a.baseline.power).text} ({a.baseline.origin}) was subtracted "
            "where a number is stated to be above the baseline."
        )
    yield (
        "Intervals are 95 % and follow the GUM (JCGM 100:2008): gain, offset, resolution, noise, event edges, "
        f"clock and gaps are combined.{_accuracy(instrument)}"
    )
    yield from _interval(data)
    if data.own_cost is not None and data.own_cost.share is not None:
        core = "one processor core"
        if not measured_machine(data) and data.machine:
            core += f" of the machine that recorded, {data.machine}"
        yield f"Recording took {percent(data.own_cost.share)} of {core}, {_counts_recorder(instrument, data)}."
    version = data.metadata.get("powermeter")
    if version:
        yield f"Software: powermeter {version}."


def _interval(data: ReportData) -> Iterator[str]:
    """Yield how wide the interval of the quoted energy is, what makes most of it, and what would narrow it."""
    result = stated(data)
    if result is None or not result.parts:
        return
    kind, share = largest(result)
    what_, remedy = WORDS.get(kind, (kind, ""))
    found = advise(data.analysis, data.headline)
    remedy = str(found) if found is not None else remedy
    about = f"of one {data.item}" if data.has_items else "of the run"
    share_text = format_percent(share)
    narrow = f" To narrow it: {remedy}." if remedy else ""
    if not math.isfinite(result.high - result.low):
        clipped = data.analysis.power_trace.saturated_ns
        ended = (
            ", because readings reached the end of the meter's range"
            if clipped is not None and clipped.size
            else ""
        )
        yield f"The interval of the energy {about} is open{ended}.{narrow}"
    elif is_printed_as_bound(result):
        known = f"Of the energy {about} only a bound is known, {show(result).bare}"
        yield f"{known}; {share_text} of the variance is {what_}.{narrow}"
    else:
        yield f"The interval of the energy {about} is {spread(result)}; {share_text} of its variance is {what_}.{narrow}"


def _counts_recorder(instrument: Instrument, data: ReportData) -> str:
    """Return whether recording is part of the energy, which was measured, estimated or simulated."""
    line = data.analysis.line
    grade = line.grade if line.grade in _UNMEASURED else Grade.MEASURED
    return _COUNTED[instrument.counts_recorder(line.rail)].format(grade=grade.value)


def _accuracy(instrument: Instrument) -> str:
    """Return where an instrument's limits come from, as a sentence of its own: its sources may be sentences themselves."""
    return (
        f" The limits of the instrument are taken from: {'; '.join(instrument.accuracy)}."
        if instrument.accuracy
        else ""
    )


def counted(data: ReportData) -> Instrument:
    """Return the instrument of the counted rail."""
    wanted = data.analysis.line.source
    return next((i for i in data.instruments if i.health.source == wanted), data.instruments[0])


def measured_machine(data: ReportData) -> str:
    """Return the machine whose power the counted rail carries; empty where the recording does not know it.

    What is noted of the host is the machine that recorded: a meter in a cable may have measured another.
    """
    instrument, boundary = counted(data), data.analysis.line.rail.boundary
    inside = instrument.on_host and boundary is not Boundary.DEVICE
    return data.machine if inside or instrument.is_import else ""


def machine_text(data: ReportData) -> str:
    """Return the measured machine for a heading; where it is not known, the one that recorded, named as that."""
    return measured_machine(data) or (f"recorded on {data.machine}" if data.machine else "")


def stated(data: ReportData) -> Result | None:
    """Return the result whose uncertainty a report takes apart: the quoted energy per item, or the run's."""
    if data.headline is not None:
        return data.headline.per_item
    return data.analysis.run_per_item or data.analysis.energy


def largest(result: Result) -> tuple[str, float]:
    """Return the kind of the largest part and its share of the variance."""
    kinds = result.by_kind()
    total = sum(part * part for part in kinds.values())
    kind = next(iter(kinds))
    return kind, kinds[kind] ** 2 / total if total else 0.0


_LIMITS = {
    Boundary.WALL: "The rail is at the socket: the power supply's own loss is included in every number.",
    Boundary.MODULE: "The rail feeds the compute module only: what the carrier board draws is not included in any number.",
    Boundary.DEVICE: "The rail feeds one device: the machine around it is not included in any number.",
    Boundary.PART: "The rail is a part of the board: the rest of the board is not included in any number.",
    Boundary.MODEL: "No rail was measured: the numbers come from a model of the machine. Compare such numbers with care, publish them with their interval.",
}


def limits(data: ReportData) -> list[str]:
    """Return what the numbers do not cover, a sentence each."""
    a = data.analysis
    found = [_LIMITS[a.line.rail.boundary]] if a.line.rail.boundary in _LIMITS else []
    found.append(
        "Everything the rail feeds is counted: other programs, a display and radios too, unless a baseline was subtracted."
        if a.baseline is None
        else "What other programs used beyond the baseline is counted as the events' own."
    )
    found.append(
        "The interval covers the errors of measuring, not how the next run may differ; repeat the run to learn that."
    )
    if _is_charge_assumed(data):
        found.append(f"No rail voltage is known; charge is counted as if drawn at {data.rail_voltage_v:g} V.")
    if data.battery.convention == "charge" and data.budget is not None:
        found.append(
            "The battery is counted by charge on the measured rail: its own voltage and a converter's loss are not included."
        )
    if _is_place_unknown(data):
        found.append(
            "The place is not known: the footprint spans the world's grids and is good to one significant digit."
        )
    found.append(
        "The footprint is that of the electricity used; making and disposing of the device are not included."
    )
    return found


def beside_limits(data: ReportData, notes: Iterable[Note]) -> list[Note]:
    """Return the notes but those that `limits` states too, without remedies that are options of a command line."""
    stated = {"voltage-unknown"} if _is_charge_assumed(data) else set()
    stated |= {PLACE_UNKNOWN} if _is_place_unknown(data) else set()
    kept = [note for note in notes if note.code not in stated]
    return [
        Note(n.code, n.severity, without_options(n.text.removesuffix(REMEDIES.get(n.code, "")))) for n in kept
    ]


def without_options(text: str) -> str:
    """Return a sentence without the options of a command line that stand in its brackets: a paper has none."""
    return _OPTION.sub("", text)


def _is_charge_assumed(data: ReportData) -> bool:
    return not data.voltage_known and data.charge is not None and data.analysis.charge is None


def _is_place_unknown(data: ReportData) -> bool:
    return data.footprint is not None and data.footprint.place is None
