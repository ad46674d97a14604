"""What a report, a budget, a footprint or a lifetime is asked of: a recording, a label in it, or numbers typed in.

Every verb that reads a recording for its numbers goes through `gather`: one analysis, one rail voltage, one
amount per item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.label_choice import rows_meant, split_for
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.rail_voltage import ChargeOrigin, at_the_socket, charge_origin, rail_voltage
from powermeter.analysis.remarks import remarks_of_rows
from powermeter.analysis.selection import Asked
from powermeter.analysis.tokens import measures as token_measures
from powermeter.errors import ConfigurationError, plural
from powermeter.recording import Recording
from powermeter.result import Grade, Result, combine, product, ratio, worst
from powermeter.result.notes import Note
from powermeter.units import parse_duration, parse_quantity

TOKEN_MEASURES = ("generated_tokens", "completion_tokens", "output_tokens", "tokens")
PROMPT_MEASURES = ("prompt_tokens", "input_tokens")
"""Names under which an event carries the tokens it generated, or read."""


@dataclass
class Subject:
    """What was measured, or typed in; None where not known.

    Attributes:
        title: As printed.
        energy, charge: Of the whole, in J and C.
        charge_origin: What `charge` was counted from.
        power, current: Mean, in W and A.
        per_item: Energy of one more item in J, as `LabelRow.per_item`; `per_item_charge` in C.
        items: Number of items.
        item: What an item is called.
        events: How many events of the label; a round or an epoch is one of them, whatever its items.
        tokens, prompt_tokens: As the events carry them.
        duration_s: Of the whole.
        rail_voltage_v: Measured mean voltage of the rail, where there is one.
        analysis: Of the recording.
        clock: (monotonic ns, UTC ns) pairs of the recording.
        metadata: Of the recording.
        notes: What a reader must know, a contradiction among them.
        asked: The question.
    """

    title: str
    energy: Result | None = None
    charge: Result | None = None
    power: Result | None = None
    current: Result | None = None
    per_item: Result | None = None
    per_item_charge: Result | None = None
    items: float | None = None
    item: str = "inferences"
    events: int | None = None
    tokens: float | None = None
    prompt_tokens: float | None = None
    duration_s: float | None = None
    rail_voltage_v: float | None = None
    analysis: Analysis | None = None
    clock: Sequence[tuple[int, int]] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    asked: Asked = field(default_factory=Asked)
    charge_origin: ChargeOrigin | None = None


def find(path: Path | None, asked: Asked) -> Subject:
    """Return the subject of a question.

    Raises:
        ConfigurationError: Neither a recording nor numbers were given, or both, or the label is not there.
    """
    typed = {
        "--energy": asked.energy,
        "--power": asked.power,
        "--current": asked.current,
        "--duration": asked.duration,
    }
    given = [name for name, value in typed.items() if value is not None]
    _check_items(asked)
    if path is None:
        if not given:
            raise ConfigurationError("name a recording, or --energy, --power or --current")
        return _typed(asked)
    if given:
        raise ConfigurationError(f"{given[0]} is for use without a recording; {path} was given too")
    with Recording.open(path) as recording:
        return gather(recording, asked)


def find_all(paths: Sequence[Path], asked: Asked) -> Subject:
    """Return the subject of one recording, of several added up, or of numbers.

    What several recordings share (the gain of one meter) stays shared in their sum.

    Raises:
        ConfigurationError: As `find`; or one of several holds no energy of what was asked.
    """
    if len(paths) < 2:
        return find(paths[0] if paths else None, asked)
    if len({path.resolve() for path in paths}) != len(paths):
        raise ConfigurationError("the same recording is given twice")
    _check_items(asked)
    per = asked.per if asked.items is None else None
    each = [find(path, replace(asked, items=None, per=per)) for path in paths]
    for one in each:
        if one.energy is None:
            raise ConfigurationError(f"{one.title}: its energy is not known, so the sum is not; leave it out")
    whole = Subject(
        f"{plural(len(each), 'recording')}: {', '.join(path.name for path in paths)}",
        combine([(1.0, one.energy) for one in each if one.energy is not None]),
        asked=asked,
    )
    whole.duration_s = sum(one.duration_s or 0.0 for one in each)
    whole.metadata = each[0].metadata
    whole.notes = [_of_one(note, one) for one in each for note in one.notes]
    if (asked.label is not None or per is not None) and whole.energy is not None:
        whole.items, whole.item = sum(one.items or 0 for one in each), each[0].item
        whole.per_item = whole.energy.scaled(1 / whole.items) if whole.items else None
        whole.tokens = _sum_of([one.tokens for one in each])
        whole.prompt_tokens = _sum_of([one.prompt_tokens for one in each])
        whole.events = sum(one.events or 0 for one in each)
    if asked.items is not None:
        _take_items(whole, asked.items)
        whole.item = asked.per or whole.item
    return whole


def _of_one(note: Note, one: Subject) -> Note:
    """Return a note of one of several recordings with its name; what a recording warns of itself names it already."""
    names_it = one.analysis is not None and note in one.analysis.warnings
    return note if names_it else note.about(one.title)


def _check_items(asked: Asked) -> None:
    asked.count  # noqa: B018 — it refuses what cannot be a count


def _sum_of(counts: Sequence[float | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _typed(asked: Asked) -> Subject:
    def result(text: str | None, unit: str) -> Result | None:
        if text is None:
            return None
        value = parse_quantity(text, unit, bare=False)
        if value <= 0:
            raise ConfigurationError(f"{text!r} must be above zero")
        return Result.of(value, unit, {}, Grade.ASSUMED)

    seconds = None if asked.duration is None else parse_duration(asked.duration)
    found = Subject(
        "numbers typed in",
        result(asked.energy, "J"),
        power=result(asked.power, "W"),
        current=result(asked.current, "A"),
        duration_s=seconds,
        rail_voltage_v=asked.volts,
        asked=asked,
    )
    if seconds:
        if found.energy is None and found.power is not None:
            found.energy = found.power.scaled(seconds, "J")
        if found.current is not None:
            found.charge = found.current.scaled(seconds, "C")
            found.charge_origin = ChargeOrigin.TYPED
        if found.power is None and found.energy is not None:
            found.power = found.energy.scaled(1 / seconds, "W")
    if found.power is None and found.energy is None and found.current is not None and asked.volts is not None:
        found.power = found.current.scaled(asked.volts, "W")
        found.energy = None if found.charge is None else found.charge.scaled(asked.volts, "J")
    if asked.per is not None and asked.items is None:
        raise ConfigurationError(f"--per {asked.per}: without a recording, state their number with --items")
    found.item = asked.per or found.item
    if asked.items and found.energy is not None:
        found.per_item, found.items = found.energy.scaled(1 / asked.items), asked.items
    if asked.items and found.charge is not None:
        found.per_item_charge, found.items = found.charge.scaled(1 / asked.items), asked.items
    return found


def gather(recording: Recording, asked: Asked | None = None) -> Subject:
    """Return what an open recording measured, the whole of it or one label.

    Raises:
        ConfigurationError: The label, rail or baseline is not there.
        DataError: Nothing in it measures power.
    """
    asked = asked or Asked()
    volts = asked.volts
    analysis = analyse(
        recording,
        rail=asked.rail,
        baseline=asked.baseline,
        by=split_for(asked.by, asked.label or asked.items_of, lambda: recording.event_columns().labels[0]),
        rail_voltage_v=volts,
        items=asked.count,
    )
    found = Subject(
        recording.path.name,
        analysis.energy,
        analysis.charge,
        analysis.power,
        duration_s=(analysis.end_ns - analysis.start_ns) / 1e9,
        rail_voltage_v=volts if volts is not None else rail_voltage(analysis),
        analysis=analysis,
        clock=list(recording.clock_pairs()),
        metadata=dict(recording.metadata),
        notes=[Note.info("counted", f"counted: {analysis.line.key} ({analysis.covers})"), *analysis.notes],
        asked=asked,
    )
    if analysis.baseline is not None:
        text = f"{analysis.baseline.text} is subtracted: energy, and what one item uses, are above it"
        found.notes.append(Note.info("baseline-subtracted", text))
    return _filled(found, analysis)


def as_drawn(found: Subject) -> Subject:
    """Return the same recording with no baseline subtracted, as a battery feeds it, with a note of that."""
    analysis = found.analysis
    if analysis is None or analysis.baseline is None or found.asked.baseline is None:
        return found
    text = f"{analysis.baseline.text} is not subtracted: a battery supplies it too, so use, hours and items are of all that is drawn"
    drawn = replace(
        found,
        energy=analysis.energy,
        charge=analysis.charge,
        current=None,
        asked=replace(found.asked, baseline=None),
        notes=[note for note in found.notes if note.code != "baseline-subtracted"],
    )
    drawn.notes.append(Note.info("baseline-not-subtracted", text))
    return replace(_filled(drawn, analysis), title=found.title)


def _filled(found: Subject, analysis: Analysis) -> Subject:
    """Fill in what is asked of an analysis: a label, the only label, or the whole run."""
    asked, volts = found.asked, found.asked.volts
    if asked.baseline is not None and analysis.above is not None:
        found.energy, found.charge = analysis.above, None
    if asked.label is not None:
        _narrow(found, row_of(analysis, asked.label))
    elif analysis.run_items is None and len(analysis.rows) == 1:
        _take_row(found, analysis.rows[0])
    else:
        _take_run(found, analysis)
        found.tokens = token_measures.total(analysis.events, token_measures.GENERATED)
        found.prompt_tokens = token_measures.total(analysis.events, token_measures.PROMPT)
    found.item = analysis.item_name or found.item
    mains = at_the_socket(analysis.line.rail.boundary, rail_voltage(analysis))
    found.charge_origin = charge_origin(analysis)
    derived = found.charge_origin is ChargeOrigin.ENERGY
    if volts is not None and (mains or derived):
        found.charge = found.per_item_charge = None  # derived with another voltage than the one given
    if found.charge is not None and found.duration_s:
        found.current = found.charge.scaled(1 / found.duration_s, "A")
    return found


def of_row(found: Subject, row: LabelRow) -> Subject:
    """Return the same recording with one of its labels as what is asked of."""
    one = replace(found, notes=list(found.notes), asked=replace(found.asked, label=row.title))
    _narrow(one, row)
    return one


def charge_per_item(row: LabelRow) -> Result | None:
    """Return the charge of an item, the mean of further ones, in C, as `LabelRow.per_item`; None where no current was recorded."""
    energy, mean, charge = row.per_item, row.energy_per_item, row.charge_per_item
    if energy is None or charge is None or mean is None or mean.value <= 0:
        return None
    if row.expected_per_item is None:  # one event is all there is: its charge has an interval of its own
        grade = charge.grade if row.share is None else worst((charge.grade, Grade.DERIVED))
        return replace(charge.scaled(1.0 if row.share is None else row.share), grade=grade)
    grade = worst((energy.grade, charge.grade))
    found = energy.scaled(charge.value / mean.value, "C")
    known = not (energy.is_bound or mean.is_bound or charge.is_bound)
    if known and charge.half_width * mean.value > 1.001 * mean.half_width * charge.value:
        found = product(
            energy, ratio(charge, mean), "C"
        )  # a nominal voltage leaves more open than the energy
    return replace(found, grade=grade)


def _take_row(found: Subject, row: LabelRow) -> bool:
    """Take what one item of a row is; return whether it is counted above the baseline."""
    assert found.analysis is not None
    above = found.asked.baseline is not None and row.above is not None
    found.per_item = row.per_item_above if above else row.per_item
    found.per_item_charge = None if above else charge_per_item(row)
    found.items, found.item, found.events = row.items, row.label, row.events
    events = found.analysis.events.at(row.index)
    found.tokens = token_measures.sum_of(events, TOKEN_MEASURES)
    found.prompt_tokens = token_measures.sum_of(events, PROMPT_MEASURES)
    return above


def _take_run(found: Subject, analysis: Analysis) -> None:
    """Take what one item is where the user counts the whole run's; nothing where nobody did."""
    found.items = analysis.run_items
    found.per_item = found.energy.scaled(1 / found.items) if found.items and found.energy else None
    found.notes = [note for note in found.notes if note.code != "warm-up"]  # all of it is counted
    if found.items and found.charge is not None:
        found.per_item_charge = found.charge.scaled(1 / found.items)


def _narrow(found: Subject, row: LabelRow) -> None:
    """Make one label's row the whole subject."""
    above = _take_row(found, row)
    found.title = f"{found.title}, {row.title}"
    found.energy, found.charge = (row.above, None) if above else (row.energy, row.charge)
    found.power, found.duration_s = row.power, row.seconds
    own = remarks_of_rows([row])
    found.notes = [note for note in found.notes if note.code != "warm-up" or note in own]


def _take_items(found: Subject, items: float) -> None:
    """Take the user's count of items of several recordings; a count they contradict is reported."""
    if found.items and abs(found.items - items) > 1e-9 * items:
        found.notes.append(
            Note.warning(
                "items-contradict",
                f"--items {items:g} contradicts what was recorded: {plural(found.events or 0, 'event')} of {found.item!r} "
                f"count {plural(found.items, 'item')}; figures per item are for {items:g}",
            )
        )
    assert found.energy is not None
    found.items, found.per_item = items, found.energy.scaled(1 / items)
    found.per_item_charge = None if found.charge is None else found.charge.scaled(1 / items)


def row_of(analysis: Analysis, label: str) -> LabelRow:
    """Return the one row of a label.

    Raises:
        ConfigurationError: There is none, or several.
    """
    found = rows_meant(analysis.rows, label)
    if len(found) > 1:
        raise ConfigurationError(f"several rows are labelled {label!r}; name one as {found[0].title!r}")
    return found[0]
