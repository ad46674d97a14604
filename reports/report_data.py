"""Everything a report prints, gathered once from a recording; reports compute nothing.

`gather` is the one door.  A `ReportData` holds results, never text with numbers in it, except the method
paragraph, which exists to be pasted into a paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.groups import OTHER_LABELS
from powermeter.analysis.label_choice import rows_meant
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import in_short
from powermeter.analysis.published import PublishedSet, published
from powermeter.analysis.rail_voltage import BUDGET_V, socket_charge
from powermeter.analysis.subject import Subject, of_row
from powermeter.analysis.subject import gather as subject_of
from powermeter.analysis.tokens.energy import token_table
from powermeter.analysis.tokens.measures import DECODE, PHASE
from powermeter.analysis.tokens.table import TokenTable
from powermeter.battery.battery import Battery, Budget
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.simulated_discharge import highest_w
from powermeter.battery.stages import StageOutcome, check, parse_stage
from powermeter.errors import ConfigurationError
from powermeter.footprint import Footprint, Place, footprint
from powermeter.footprint.lifetime_assessment import assess
from powermeter.footprint.lifetime_options import parse_wanted
from powermeter.footprint.lifetime_report import LifetimeReport
from powermeter.recording import Recording
from powermeter.result import Grade, Result, worst
from powermeter.result.notes import Note

from .close_ups import CloseUp, close_ups
from .earlier_run import Against, set_against
from .instruments import Instrument, OwnCost, instruments, mapping, own_cost
from .items_per_charge import Charges
from .order_of_problems import notes_in_order, problems_in_order
from .rails_table import RailUse, rails_of
from .report_options import ReportOptions

OPEN = "the energy is known from below only; no footprint is printed: {remedy}"

_OPEN_FOR = {
    "clipped-readings": "use a larger range or a smaller shunt",
    "unseen-events": "sample faster, or mark larger pieces of work",
}
"""Remark that leaves an energy open upwards → what to do."""

NEGATIVE = (
    "the energy is below zero: does the battery charge, or are IN+ and IN- swapped? No footprint is printed"
)

HEADLINES = ("infer", "predict", "forward", "generate", "query", "queries")
"""Beginnings of the labels that a report is about; without one it is the label with the most items."""


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything a report prints about one recording.

    Attributes:
        path: The recording.
        metadata: As recorded.
        analysis: Energies, rows, events.
        headline: The row the report is about (the inferences); None without events that last.
        instruments: The sources.
        own_cost: Of the recorder; None for imported recordings.
        battery: What use is set against.
        rail_voltage_v: Of the counted rail: given, measured, nominal, or `BUDGET_V`.
        voltage_known: False where `BUDGET_V` stands in; charges are then *assumed*.
        budget: The battery's share, hours and count; None where they cannot be known.
        footprint: Of the whole run; None where its energy is below zero or open above.
        item_footprint: Of one item of the headline, or None.
        published: The energies by the rule of whoever published them, or None.
        started: UTC of the first sample, or None where no wall clock is known.
        warnings: What went wrong or must not be overlooked.
        notes: What a reader should know.
        given_title: What the user calls it; `title` falls back to the program's name.
        against: An earlier run that it is set against, or None.
        tokens: The language models in it, or None.
        lifetime: Years of one item of the headline here and in a data centre, or None.
        stages: Stages with what each used of its budget; empty where none was asked for.
        rails: What each rail used over the run, where there are several.
        device: What was made, as typed, or None.
        chain: Efficiency between plug and meter, as typed, or None.
        close_ups: Where the page goes down to single readings.
    """

    path: Path
    metadata: Mapping[str, Any]
    analysis: Analysis
    headline: LabelRow | None
    instruments: tuple[Instrument, ...]
    own_cost: OwnCost | None
    battery: Battery
    rail_voltage_v: float
    voltage_known: bool
    budget: Budget | None
    footprint: Footprint | None
    item_footprint: Footprint | None
    published: PublishedSet | None
    started: datetime | None
    warnings: tuple[Note, ...]
    notes: tuple[Note, ...]
    given_title: str = ""
    against: Against | None = None
    tokens: TokenTable | None = None
    lifetime: LifetimeReport | None = None
    stages: tuple[StageOutcome, ...] = ()
    rails: tuple[RailUse, ...] = ()
    device: str | None = None
    chain: str | float | None = None
    close_ups: tuple[CloseUp, ...] = ()

    @property
    def tokens_per_charge(self) -> Result | None:
        """How many generated tokens one charge of the battery holds, at this run's energy of whole requests; or None."""
        models = self.tokens.models if self.tokens is not None else ()
        if len(models) != 1 or models[0].per_generated is None or models[0].per_generated.value <= 0:
            return None
        return self.charges.held(models[0].per_generated)

    @property
    def item(self) -> str:
        """What one item of the headline is called: `inference`, or `item of LABEL`."""
        if self.analysis.item_name:
            return self.analysis.item_name
        if self.headline is None:
            return "item"
        if self._is_decode:
            return "further token"
        label = self.headline.label if len(self.headline.label) <= 60 else f"{self.headline.label[:57]}…"
        if label.lower().startswith(HEADLINES):
            return "query" if label.lower().startswith("quer") else "inference"
        return label if self.headline.items == self.headline.events else f"item of {label}"

    @property
    def _is_decode(self) -> bool:
        """Whether the headline is a language model's decode."""
        if self.headline is None or self.tokens is None or not self.headline.index.size:
            return False
        return self.analysis.events[int(self.headline.index[0])].measures.get(PHASE) == DECODE

    @property
    def has_items(self) -> bool:
        """Whether there is one item to speak of: of the headline, or of the whole run as the user counts."""
        return self.headline is not None or self.analysis.run_items is not None

    @property
    def title(self) -> str:
        """What the user calls it, or the measured program's name, or the recording's."""
        if self.given_title:
            return self.given_title
        words = [Path(word).name for word in self.command if not word.startswith("-")]
        script = next((word for word in words if word.endswith((".py", ".sh"))), None)
        if script or (words and not words[0].startswith("powermeter")):
            return script or words[0]
        return str(self.noted("imported").get("name") or self.path.stem)

    @property
    def machine(self) -> str:
        """The board, or processor, in few words; empty where it is not known."""
        host = self.noted("host")
        return str(host.get("board") or self.metadata.get("board") or host.get("cpu") or "")

    @property
    def command(self) -> list[str]:
        """The measured command, word by word; empty where none is noted."""
        words = self.metadata.get("command")
        return [str(word) for word in words] if isinstance(words, list) else []

    def noted(self, key: str) -> Mapping[str, Any]:
        """Return a group of metadata (`host`, `attributes`, `frameworks`); empty where it is none."""
        return mapping(self.metadata.get(key))

    @property
    def battery_name(self) -> str:
        """`4 Ah`, or the preset's title."""
        return self.battery.title or self.battery.capacity

    @property
    def grade(self) -> Grade:
        """Of the energies."""
        return self.analysis.energy.grade

    @property
    def quoted_grade(self) -> Grade:
        """Of the number that the headline quotes: of an item's energy where there is one, of the run's otherwise."""
        quoted = self.headline.per_item if self.headline is not None else None
        return self.grade if quoted is None else quoted.grade

    @property
    def charges(self) -> Charges:
        """The charges, and what one battery holds."""
        return Charges(self.analysis, self.battery, self.rail_voltage_v, self.voltage_known)

    @property
    def charge(self) -> Result | None:
        """Charge of the whole run in C; through the rail's voltage where no current was recorded."""
        return self.charges.whole

    def charge_of(self, row: LabelRow) -> Result | None:
        """Return the charge of a label's events in C, as `charge`."""
        return self.charges.of(row)

    def charge_grade(self, rows: Sequence[LabelRow]) -> Grade | None:
        """Return the worst grade of the charges of labels; None where none has one."""
        known = [one.grade for one in map(self.charge_of, rows) if one is not None]
        return worst(known) if known else None

    def charge_each(self, row: LabelRow) -> Result | None:
        """Return the charge of an item of a label, the mean of further ones, in C, or None."""
        return self.charges.each(row)

    def per_charge(self, row: LabelRow) -> Result | None:
        """Return how many items of a label one charge of the battery holds, or None."""
        return self.charges.items_held(row)

    def per_item(self, row: LabelRow) -> Result | None:
        """Return what the next item of a label takes from the battery, in C or J by its convention, or None."""
        return self.charges.per_item(row)


def gather(recording: Recording, options: ReportOptions | None = None) -> ReportData:
    """Return everything a report prints about an open recording.

    Raises:
        DataError: Nothing in it measures power.
        ConfigurationError: The battery, place, rail, baseline or chain cannot be used.
    """
    options = options or ReportOptions()
    noted = {key: value for key, value in recording.metadata.items() if isinstance(value, str)}
    battery = options.battery or noted.get("battery") or "4Ah"
    cell = battery if isinstance(battery, Battery) else parse_battery(battery)
    options = replace(options, place=options.place or noted.get("place"))
    subject = subject_of(recording, options.asked)
    analysis = subject.analysis
    assert analysis is not None
    headline = None if analysis.run_items else _headline(_rows_of(analysis, options.label))
    known_v = subject.rail_voltage_v
    volts = known_v or BUDGET_V
    budget, problem = _budget(Charges(analysis, cell, volts, known_v is not None), headline)
    whole = _footprint(analysis.energy, options)
    per_item = headline.per_item if headline is not None else analysis.run_per_item
    sources = tuple(instruments(recording, analysis))
    rails = rails_of(analysis)
    withheld = [Note.withheld("no-budget", problem)] if problem else []
    withheld += [no_footprint(analysis)] if whole is None else []
    return ReportData(
        path=recording.path,
        metadata=recording.metadata,
        analysis=analysis,
        headline=headline,
        instruments=sources,
        own_cost=own_cost(recording, analysis),
        battery=cell,
        rail_voltage_v=volts,
        voltage_known=known_v is not None,
        budget=budget,
        footprint=whole,
        item_footprint=_footprint(per_item, options),
        published=published(recording),
        started=_started(recording, analysis),
        warnings=problems_in_order(
            recording,
            analysis,
            sources,
            rails,
            voltage_known=known_v is not None,
            withheld=withheld,
            footprint=whole,
        ),
        notes=notes_in_order(recording, analysis, headline, whole),
        tokens=_tokens(recording, analysis, options),
        given_title=options.title.strip(),
        against=set_against(recording.path, headline, options),
        lifetime=_lifetime(subject, headline, options),
        stages=tuple(check(parse_stage(text, cell), analysis, known_v) for text in options.stages),
        rails=rails,
        device=options.device,
        chain=options.chain,
        close_ups=close_ups(recording, analysis, headline),
    )


def _lifetime(subject: Subject, headline: LabelRow | None, options: ReportOptions) -> LifetimeReport | None:
    """Return years of one item here against years in a data centre, or None where they are not asked for."""
    if options.lifetime is None:
        return None
    wanted = parse_wanted(options.lifetime)
    place = options.place
    if wanted.home is None and place is not None:
        wanted = replace(wanted, home=place.code if isinstance(place, Place) else place)
    return assess(subject if headline is None else of_row(subject, headline), wanted)


def _tokens(recording: Recording, analysis: Analysis, options: ReportOptions) -> TokenTable | None:
    """Return the language models of a recording; models of their own powers are analysed apart."""
    found = token_table(analysis)
    if found is None or len(found.models) < 2 or "model" in analysis.by:
        return found
    by = (*analysis.by, "model")
    return token_table(analyse(recording, rail=options.rail, baseline=options.baseline, by=by))


def _footprint(energy: Result | None, options: ReportOptions) -> Footprint | None:
    """Return the footprint of an energy; None where there is none, it is below zero, or open above."""
    if energy is None or not energy.value >= 0 or not math.isfinite(energy.high):
        return None
    return footprint(energy, options.place, chain=options.chain, cooling=options.cooling)


def no_footprint(analysis: Analysis) -> Note:
    """Return why a run's energy has no footprint, and what to do."""
    if not analysis.energy.value >= 0:
        return Note.withheld("no-footprint", NEGATIVE)
    codes = {note.code for note in analysis.notes}
    remedy = next(
        (text for code, text in _OPEN_FOR.items() if code in codes), "sample faster, or record for longer"
    )
    return Note.withheld("no-footprint", OPEN.format(remedy=remedy))


def _rows_of(analysis: Analysis, label: str | None) -> Sequence[LabelRow]:
    """Return the rows that a report is about: those of the label asked for, or all.

    Raises:
        ConfigurationError: There is no such label.
    """
    return analysis.rows if label is None else rows_meant(analysis.rows, label)


def _headline(rows: Sequence[LabelRow]) -> LabelRow | None:
    every = in_short(rows)
    lasting = [
        i
        for i, row in enumerate(every)
        if row.energy_j is not None and row.items and row.label != OTHER_LABELS
    ]
    named = [i for i in lasting if every[i].label.lower().startswith(HEADLINES)]
    named = named or [i for i in lasting if every[i].label == DECODE]
    found = max(named or lasting, key=lambda i: every[i].items or 0, default=None)
    return None if found is None else rows[found]


def _budget(charges: Charges, headline: LabelRow | None) -> tuple[Budget | None, str]:
    analysis, battery = charges.analysis, charges.battery
    if battery.convention == "charge" and charges.from_mains:
        return None, socket_charge(battery.capacity)
    used = charges.taken
    if used is None:
        return None, charges.refused or socket_charge(battery.capacity)
    seconds = analysis.duration.value
    rate = (
        used.scaled(1 / seconds, {"C": "A", "J": "W"}[used.unit]) if seconds > 0 and used.value > 0 else None
    )
    per_item = charges.of_run_item if headline is None else charges.per_item(headline)
    if per_item is not None and per_item.value <= 0:
        per_item = None
    try:
        volts, highest = charges.rail_voltage_v, highest_w(analysis)
        found = battery.budget(used, rate, per_item, rail_voltage_v=volts, highest_w=highest)
        return found, found.overload
    except ConfigurationError as error:
        return None, str(error)


def _started(recording: Recording, analysis: Analysis) -> datetime | None:
    pairs = recording.clock_pairs()
    if not pairs:
        return None
    monotonic, utc = min(pairs, key=lambda pair: abs(pair[0] - analysis.start_ns))
    ns = utc + analysis.start_ns - monotonic
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=ns // 1000)
    except OverflowError:
        return None
