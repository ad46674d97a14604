"""Many recordings beside each other: a row for each recording and label, unreadable files as rows with their reason.

Every number is the one that `show` prints of the same file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from powermeter.analysis.groups import AttributeMissing
from powermeter.analysis.label_choice import rows_meant
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.subject import charge_per_item
from powermeter.errors import ConfigurationError, PowermeterError
from powermeter.errors.suggestions import nearest
from powermeter.fleet.findings import HandInFinding, Weight
from powermeter.fleet.handins import HandIn
from powermeter.fleet.rubric import Rubric
from powermeter.footprint import footprint
from powermeter.recording import Recording
from powermeter.result import Grade, Result
from powermeter.result.notes import Note

from .export_columns import Table
from .report_data import ReportData, gather
from .report_options import ReportOptions
from .wording import items_counted

WHOLE_RUN = "(whole run)"
"""The label of a row of a recording without events."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One label of one recording, or one recording that cannot be read.

    Attributes:
        file, team: Its path below the folder, and who hands it in.
        device, source: What was measured, and with what.
        label: Of its events, or `(whole run)`.
        group: Attribute → value, of those asked for with `by`.
        grade: Of the energy; None where there is none.
        simulated: Whether nothing real was measured.
        events, items: How many; items None where not known.
        per_item: What further items will use on average, in J; of the whole run where there are no events.
        above: The same above the baseline that was asked for, in J.
        meter: Half of the interval that the meter alone leaves, in J.
        charge: Per item, in C.
        share: Of the battery's charge that one item takes, 1.
        latency_s: Mean of one event.
        carbon: Per item, in g CO2e.
        notes: What a reader must know.
        problem: Why there are no numbers; empty where there are.
        verdict: `accepted`, `look`, `not accepted`; empty where nothing was judged.
        points: What it earns; None where nothing was judged.
        rank: Its place; equal where the intervals cannot separate two.  None where it has none.
    """

    file: str
    team: str
    device: str = ""
    source: str = ""
    label: str = ""
    group: Mapping[str, Any] = field(default_factory=dict)
    grade: Grade | None = None
    simulated: bool | None = None
    events: int | None = None
    items: float | None = None
    per_item: Result | None = None
    above: Result | None = None
    meter: float | None = None
    charge: Result | None = None
    share: Result | None = None
    latency_s: float | None = None
    carbon: Result | None = None
    notes: tuple[Note, ...] = ()
    problem: str = ""
    verdict: str = ""
    points: float | None = None
    rank: int | None = None

    @property
    def is_of_the_run(self) -> bool:
        """Whether its energy, charge and carbon are of a whole run and of no item, so that they rank beside none."""
        return self.label == WHOLE_RUN and not self.events and self.items is None

    @property
    def repeats(self) -> float | None:
        """Half of the interval beyond what the meter leaves, in J: the spread between repeats; None where nothing was repeated."""
        if self.per_item is None or self.meter is None or not math.isfinite(self.per_item.half_width):
            return None
        if (self.events or 0) < 2:
            return None
        return math.sqrt(max(self.per_item.half_width**2 - self.meter**2, 0.0))


OF_ITEMS = ("energy", "charge", "carbon")
"""Orders by what an item uses: a whole run stands behind the items there."""


def class_rows(
    handins: Sequence[HandIn],
    options: ReportOptions | None = None,
    rubric: Rubric | None = None,
    label: str | None = None,
) -> list[ClassRow]:
    """Return the rows of some recordings, in their order.

    Args:
        handins: As found; judged already where `rubric` is given.
        options: How each is read.
        rubric: What verdict and points come from; None leaves them empty.
        label: Only events of this label.

    Raises:
        ConfigurationError: An option cannot be used, whatever the recording.
    """
    options = options or ReportOptions()
    if rubric is not None and rubric.battery and options.battery is None:
        options = replace(options, battery=rubric.battery)
    rows: list[ClassRow] = []
    lacking: list[Mapping[str, tuple[str, ...]]] = []
    for one in handins:
        found, missing = _rows_of(one, options, label)
        lacking.append(missing)
        if rubric is not None:
            of_findings = tuple(_note(f) for f in one.findings)
            points = one.points(rubric)
            found = [
                replace(row, verdict=one.word, points=points, notes=(*of_findings, *row.notes))
                for row in found
            ]
        rows += found
    for name in options.groups:
        if any(name in missing for missing in lacking) and not any(name in row.group for row in rows):
            known = dict.fromkeys(other for missing in lacking for other in missing.get(name, ()))
            raise ConfigurationError(
                f"no event of any recording carries an attribute {name!r}; {nearest(name, known)}"
            )
    return rows


def _rows_of(
    one: HandIn, options: ReportOptions, label: str | None
) -> tuple[list[ClassRow], dict[str, tuple[str, ...]]]:
    """Return the rows of one recording, and of the attributes asked for those that it lacks, each with those it has."""
    missing: dict[str, tuple[str, ...]] = {}
    while True:
        try:
            return _read(one, options, label), missing
        except AttributeMissing as error:  # others of the folder may have it: a cell without a value here
            missing[error.name] = error.known
            options = replace(options, by=tuple(n for n in options.groups if n != error.name))


def _read(one: HandIn, options: ReportOptions, label: str | None) -> list[ClassRow]:
    blank = ClassRow(one.name, one.team)
    if label is not None and "[" in label:  # attributes that labels are split by
        options = replace(options, label=label)
    try:
        with Recording.open(one.path) as recording:
            data = gather(recording, options)
    except ConfigurationError as error:
        if isinstance(error, AttributeMissing) and error.name in options.groups:
            raise
        asked = (options.rail, options.baseline, options.label, options.per)
        if all(one is None for one in asked):
            raise
        return [replace(blank, problem=_line(error, one))]
    except (PowermeterError, OSError) as error:
        return [replace(blank, problem=_line(error, one))]
    whole = replace(
        blank,
        device=_device(data),
        source=next(
            (i.name for i in data.instruments if i.health.source == data.analysis.line.source),
            data.instruments[0].name,
        ),
        simulated=any(i.simulated for i in data.instruments) or bool(data.metadata.get("simulated")),
        notes=data.warnings,
    )
    try:
        meant = data.analysis.rows if label is None else rows_meant(data.analysis.rows, label)
    except ConfigurationError as error:
        return [replace(whole, problem=str(error))]
    rows = [row for row in meant if row.seconds > 0]
    if not rows or data.analysis.run_items is not None:
        return [_whole_run(whole, data)]
    return [_of_label(whole, row, data, options) for row in rows]


def _note(found: HandInFinding) -> Note:
    make = Note.info if found.weight is Weight.NOTE else Note.warning
    return make(found.code, found.text)


def _line(error: Exception, one: HandIn) -> str:
    return " ".join(str(error).replace(str(one.path), one.path.name).split())


def _device(data: ReportData) -> str:
    attributes, host = data.noted("attributes"), data.noted("host")
    return str(attributes.get("device") or host.get("name") or data.machine or "")


def _whole_run(whole: ClassRow, data: ReportData) -> ClassRow:
    a = data.analysis
    energy, items = a.run_per_item or a.energy, a.run_items
    share = data.budget.share_used if data.budget else None
    whole_footprint = data.footprint if items is None else data.item_footprint
    each = 1.0 if items is None else 1.0 / items
    return replace(
        whole,
        label=WHOLE_RUN,
        grade=a.energy.grade,
        events=0,
        items=items,
        per_item=energy,
        meter=energy.half_width if math.isfinite(energy.half_width) else None,
        charge=None if data.charge is None else data.charge.scaled(each),
        share=None if share is None else share.scaled(each),
        latency_s=None,
        carbon=whole_footprint.carbon if whole_footprint else None,
    )


def _of_label(whole: ClassRow, row: LabelRow, data: ReportData, options: ReportOptions) -> ClassRow:
    energy = row.per_item
    charge = data.per_item(row)
    share = None
    mains = data.charges.from_mains and data.battery.convention == "charge"
    if charge is not None and charge.value > 0 and not mains:
        power_w = data.analysis.power.value if row.power is None else row.power.value
        try:
            share = (
                None
                if data.battery.overload(power_w)
                else data.battery.share_used(charge, data.rail_voltage_v, data.analysis.power.value)
            )
        except ConfigurationError:
            share = None
    carbon = None
    if energy is not None and energy.value >= 0 and math.isfinite(energy.high):
        carbon = footprint(
            energy, options.place or _text(data.metadata.get("place")), chain=options.chain
        ).carbon
    if charge is not None and charge.unit == "C":
        next_charge: Result | None = charge
    else:
        next_charge = None if data.charges.from_mains else charge_per_item(row)
    return replace(
        whole,
        label=row.label,
        group=row.group,
        grade=energy.grade if energy is not None else None,
        events=row.events,
        items=items_counted(row),
        per_item=energy,
        above=row.per_item_above,
        meter=row.meter_half_width,
        charge=next_charge,
        share=share,
        latency_s=row.latency_mean,
        carbon=carbon,
        problem=""
        if energy is not None
        else row.verdict.text or "the number of items is not known, so that nothing is per item",
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def as_table(rows: Sequence[ClassRow], by: Sequence[str] = ()) -> Table:
    """Return the rows as plain columns in SI, None for what is missing."""

    def ends(results: Sequence[Result | None], name: str, unit: str) -> dict[str, list[Any]]:
        return {
            f"{name}_{unit}": [None if r is None else r.value for r in results],
            f"{name}_low_{unit}": [None if r is None else r.low for r in results],
            f"{name}_high_{unit}": [None if r is None else r.high for r in results],
        }

    table: dict[str, list[Any]] = {}
    if any(row.rank is not None for row in rows):
        table["rank"] = [row.rank for row in rows]
    for name in ("file", "team", "device", "source", "label"):
        table[name] = [getattr(row, name) for row in rows]
    for name in by:
        table[name] = [row.group.get(name) for row in rows]
    table["grade"] = [row.grade.value if row.grade else None for row in rows]
    for name in ("simulated", "events", "items"):
        table[name] = [getattr(row, name) for row in rows]
    table |= ends([row.per_item for row in rows], "per_item", "j")
    if any(row.above is not None for row in rows):
        table |= ends([row.above for row in rows], "above_baseline_per_item", "j")
    table["meter_half_width_j"] = [row.meter for row in rows]
    table["repeats_half_width_j"] = [row.repeats for row in rows]
    table |= ends([row.charge for row in rows], "charge_per_item", "c")
    table["share_of_battery"] = [None if row.share is None else row.share.value for row in rows]
    table["latency_s"] = [row.latency_s for row in rows]
    table |= ends([row.carbon for row in rows], "carbon_per_item", "g")
    if any(row.verdict for row in rows):
        table["verdict"] = [row.verdict for row in rows]
        table["points"] = [row.points for row in rows]
    table["notes"] = ["; ".join(row.notes) for row in rows]
    table["problem"] = [row.problem for row in rows]
    return table
